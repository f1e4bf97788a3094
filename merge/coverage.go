package merge

import (
	"fmt"
	"slices"

	"go4.org/netipx"
	networkingv1 "k8s.io/api/networking/v1"
)

// ruleSet is the rules of one direction that stand so far.
type ruleSet struct {
	rules []standingRule
	// samePeers finds the first rule with a set of peers, by the key of that
	// set. Rules that allow all ports are left out: appending to "all" narrows.
	samePeers map[string]int
	// anchored finds rules by an anchor of each of their peers, and labelled
	// those whose anchor is a label, whatever its value.
	anchored map[anchor][]int
	labelled map[string][]int
}

type standingRule struct {
	peers []peer
	ports *portSet
}

func newRuleSet(rules []Rule) *ruleSet {
	s := &ruleSet{samePeers: map[string]int{}, anchored: map[anchor][]int{}, labelled: map[string][]int{}}
	for _, rule := range rules {
		s.append(rule)
	}
	return s
}

func (s *ruleSet) append(rule Rule) int {
	peers, key := peersOf(rule.Peers)
	if _, stands := s.samePeers[key]; !stands && len(rule.Ports) > 0 {
		s.samePeers[key] = len(s.rules)
	}
	for _, p := range peers {
		s.addAnchor(p, len(s.rules))
	}
	s.rules = append(s.rules, standingRule{peers: peers, ports: newPortSet(rule.Ports)})
	return len(s.rules) - 1
}

// addAnchor files a rule under the rarest of a peer's anchors.
func (s *ruleSet) addAnchor(p peer, rule int) {
	rarest := slices.MinFunc(p.anchors, func(a, b anchor) int { return len(s.anchored[a]) - len(s.anchored[b]) })
	s.anchored[rarest] = append(s.anchored[rarest], rule)
	switch {
	case p.addresses != nil:
		s.anchored[networkAnchor] = append(s.anchored[networkAnchor], rule)
	case p.pods != nil && rarest != podsAnchor:
		s.labelled[rarest.label()] = append(s.labelled[rarest.label()], rule)
	}
}

// mostLabelled is the most rules about a label that are tried for a peer that leaves
// the label open, which only several of them together could cover. With more, none
// is, and the answer is "not covered".
const mostLabelled = 1000

// near returns the indices of rules with a peer that may cover or overlap p.
func (s *ruleSet) near(p peer) []int {
	var rules []int
	for _, a := range p.lookups {
		rules = append(rules, s.anchored[a]...)
	}
	if p.pods != nil {
		for label, labelled := range s.labelled {
			requiresOne := slices.ContainsFunc(p.lookups, func(a anchor) bool { return a.label() == label && string(a) != label })
			if !requiresOne && len(labelled) <= mostLabelled {
				rules = append(rules, labelled...)
			}
		}
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// fold adds what is missing of the rule to the set and says what that was.
func (s *ruleSet) fold(rule Rule) Change {
	peers, key := peersOf(rule.Peers)
	into, stands := s.samePeers[key]
	stands = stands && len(rule.Ports) > 0
	requests := requestsOf(rule.Ports)
	reaches := s.reachesOf(peers, func(i int) bool { return stands && i == into || s.rules[i].ports.overlapAny(requests) })
	change := Change{Action: Covered}
	for _, asked := range requests {
		if by := s.coveredBy(reaches, asked.traffic); by != nil {
			change.Allowed = append(change.Allowed, Allowed{Port: asked.port, By: by})
			continue
		}
		change.Ports = append(change.Ports, asked.port)
		if stands { // at once, as it may cover the next port
			s.rules[into].ports.add(asked.traffic)
			change.Added.Ports = append(change.Added.Ports, rule.Ports[asked.port])
		}
	}
	switch {
	case len(change.Ports) == 0:
	case stands:
		change.Action, change.Into = PortsAdded, into
	default:
		change.Action, change.Into, change.Added, change.Ports = RuleAppended, s.append(rule), rule, nil
		for i := range rule.Ports {
			change.Ports = append(change.Ports, i)
		}
	}
	return change
}

// request is what a rule asks for: one of its ports, or all traffic.
type request struct {
	port int // index into the rule's ports; -1 for all traffic
	traffic
}

func requestsOf(ports []networkingv1.NetworkPolicyPort) []request {
	if len(ports) == 0 {
		return []request{{port: -1}}
	}
	requests := make([]request, len(ports))
	for i, port := range ports {
		requests[i] = request{port: i, traffic: trafficOf(port)}
	}
	return requests
}

// reach is a peer and the standing rules that are for it, or for a part of it, and for
// any of the ports that are asked for. It is found once for all of these.
type reach struct {
	peer
	candidates []candidate
	together   map[string][]int // what addUpToPods said, by the rules it was asked about
}

type candidate struct {
	rule      int
	ports     *portSet
	wholePeer bool // the rule is for the whole peer, not only for a part
}

func (s *ruleSet) reachesOf(peers []peer, matters func(rule int) bool) []reach {
	reaches := make([]reach, len(peers))
	for i, p := range peers {
		reaches[i] = reach{peer: p, together: map[string][]int{}}
		for _, j := range s.near(p) {
			if !matters(j) {
				continue
			}
			rule := s.rules[j]
			whole := slices.ContainsFunc(rule.peers, func(standing peer) bool { return standing.covers(p) })
			if whole || slices.ContainsFunc(rule.peers, p.overlaps) {
				reaches[i].candidates = append(reaches[i].candidates, candidate{rule: j, ports: rule.ports, wholePeer: whole})
			}
		}
	}
	return reaches
}

// coveredBy returns the sorted indices of rules that together allow t for all
// of the peers, or nil if no rules do, or if it is not certain. A peer that is
// nobody needs no rule, unless all are.
func (s *ruleSet) coveredBy(reaches []reach, t traffic) []int {
	var by []int
	for _, r := range reaches {
		one := s.reachCoveredBy(r, t)
		if one == nil && !r.isEmpty() {
			return nil
		}
		by = append(by, one...)
	}
	slices.Sort(by)
	return slices.Compact(by)
}

func (s *ruleSet) reachCoveredBy(r reach, t traffic) []int {
	var candidates []candidate
	var parts []traffic
	for _, c := range r.candidates {
		common := c.ports.overlapping(t)
		if common == nil {
			continue
		}
		if c.wholePeer && c.ports.covers(t) {
			return []int{c.rule}
		}
		candidates = append(candidates, c)
		parts = append(parts, common...)
	}
	var by []int
	for _, piece := range split(t, parts) {
		one := s.pieceCoveredBy(candidates, r, piece)
		if one == nil {
			return nil
		}
		by = append(by, one...)
	}
	return by
}

// pieceCoveredBy is reachCoveredBy for traffic of which every candidate allows
// either all or nothing.
func (s *ruleSet) pieceCoveredBy(candidates []candidate, r reach, piece traffic) []int {
	var allowing []int
	for _, c := range candidates {
		if !c.ports.covers(piece) {
			continue
		}
		if c.wholePeer {
			return []int{c.rule}
		}
		allowing = append(allowing, c.rule)
	}
	switch {
	case len(allowing) > 0 && r.addresses != nil && s.addUpToAddresses(allowing, r.peer):
		return allowing
	case r.pods != nil:
		key := fmt.Sprint(allowing)
		if _, known := r.together[key]; !known {
			r.together[key] = s.addUpToPods(allowing, r.peer)
		}
		return r.together[key]
	}
	return nil
}

func (s *ruleSet) addUpToAddresses(rules []int, block peer) bool {
	var sum netipx.IPSetBuilder
	for _, i := range rules {
		for _, standing := range s.rules[i].peers {
			if standing.addresses != nil {
				sum.AddSet(standing.addresses)
			}
		}
	}
	addresses, err := sum.IPSet()
	return err == nil && containsAll(addresses, block.addresses)
}

// mostRemaining bounds the search for selectors that add up, which could grow
// exponentially. Beyond it the answer is "not covered", which is always safe.
const mostRemaining = 100

// addUpToPods takes what the rules select away from what the peer selects and
// returns the rules that took something, or nil if something remains.
func (s *ruleSet) addUpToPods(rules []int, p peer) []int {
	remaining := []selector{p.pods}
	var by []int
	for _, i := range rules {
		for _, standing := range s.rules[i].peers {
			left, took := takeAway(remaining, standing.pods)
			if took {
				by = append(by, i)
			}
			if remaining = left; len(remaining) == 0 {
				return slices.Compact(by)
			}
			if len(remaining) > mostRemaining {
				return nil
			}
		}
	}
	return nil
}

// takeAway returns what the parts select and taken does not; a nil selector
// takes nothing.
func takeAway(parts []selector, taken selector) (left []selector, took bool) {
	if taken == nil {
		return parts, false
	}
	for _, part := range parts {
		if part.overlaps(taken) {
			took = true
			left = append(left, part.without(taken)...)
		} else {
			left = append(left, part)
		}
	}
	return left, took
}
