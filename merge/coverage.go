package merge

import (
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
	// anchored finds rules by the anchors of their peers.
	anchored map[string][]int
}

type standingRule struct {
	peers []peer
	ports *portSet
}

func newRuleSet(rules []Rule) *ruleSet {
	s := &ruleSet{samePeers: map[string]int{}, anchored: map[string][]int{}}
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
		s.anchored[p.anchor] = append(s.anchored[p.anchor], len(s.rules))
		if p.addresses != nil {
			s.anchored[networkAnchor] = append(s.anchored[networkAnchor], len(s.rules))
		}
	}
	s.rules = append(s.rules, standingRule{peers: peers, ports: newPortSet(rule.Ports)})
	return len(s.rules) - 1
}

// near returns the indices of rules with a peer that may cover or overlap p.
func (s *ruleSet) near(p peer) []int {
	var rules []int
	for _, anchor := range p.lookups {
		rules = append(rules, s.anchored[anchor]...)
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// fold adds what is missing of the rule to the set and says what that was.
func (s *ruleSet) fold(rule Rule) Change {
	peers, key := peersOf(rule.Peers)
	allowed, missing := s.allowed(peers, rule.Ports)
	if !missing {
		return Change{Action: Covered, Allowed: allowed}
	}
	into, stands := s.samePeers[key]
	if !stands || len(rule.Ports) == 0 {
		return Change{Action: RuleAppended, Into: s.append(rule), Added: rule, Allowed: allowed}
	}
	change := Change{Action: PortsAdded, Into: into}
	for _, port := range rule.Ports {
		// Once more for each port: an earlier port of this rule may cover it.
		if by := s.coveredBy(peers, trafficOf(port)); by != nil {
			change.Allowed = append(change.Allowed, Allowed{Port: &port, By: by})
			continue
		}
		s.rules[into].ports.add(trafficOf(port))
		change.Added.Ports = append(change.Added.Ports, port)
	}
	return change
}

// allowed returns which of the ports (none: all traffic) the standing rules
// allow for all of the peers, and whether any is missing.
func (s *ruleSet) allowed(peers []peer, ports []networkingv1.NetworkPolicyPort) (allowed []Allowed, missing bool) {
	if len(ports) == 0 {
		by := s.coveredBy(peers, traffic{})
		if by == nil {
			return nil, true
		}
		return []Allowed{{By: by}}, false
	}
	for _, port := range ports {
		if by := s.coveredBy(peers, trafficOf(port)); by != nil {
			allowed = append(allowed, Allowed{Port: &port, By: by})
		} else {
			missing = true
		}
	}
	return allowed, missing
}

// coveredBy returns the sorted indices of rules that together allow t for all
// of the peers, or nil if no rules do, or if it is not certain.
func (s *ruleSet) coveredBy(peers []peer, t traffic) []int {
	var by []int
	for _, p := range peers {
		one := s.peerCoveredBy(p, t)
		if one == nil {
			return nil
		}
		by = append(by, one...)
	}
	slices.Sort(by)
	return slices.Compact(by)
}

// candidate is a standing rule that may allow a part of what is asked for.
type candidate struct {
	rule      int
	ports     *portSet
	wholePeer bool // the rule allows the whole peer, not only some addresses
}

func (s *ruleSet) peerCoveredBy(p peer, t traffic) []int {
	var candidates []candidate
	var parts []traffic
	for _, i := range s.near(p) {
		rule := s.rules[i]
		common := rule.ports.overlapping(t)
		if common == nil {
			continue
		}
		whole := slices.ContainsFunc(rule.peers, func(standing peer) bool { return standing.covers(p) })
		if !whole && !overlaps(rule.peers, p) {
			continue
		}
		if whole && rule.ports.covers(t) {
			return []int{i}
		}
		candidates = append(candidates, candidate{rule: i, ports: rule.ports, wholePeer: whole})
		parts = append(parts, common...)
	}
	var by []int
	for _, piece := range split(t, parts) {
		one := s.pieceCoveredBy(candidates, p, piece)
		if one == nil {
			return nil
		}
		by = append(by, one...)
	}
	return by
}

// overlaps tells whether a rule allows some of the addresses of an ipBlock.
func overlaps(peers []peer, block peer) bool {
	return block.addresses != nil && slices.ContainsFunc(peers, func(p peer) bool {
		return p.addresses != nil && p.addresses.Overlaps(block.addresses)
	})
}

// pieceCoveredBy is peerCoveredBy for traffic of which every candidate allows
// either all or nothing. Only addresses add up: pods of two selectors are not
// counted together.
func (s *ruleSet) pieceCoveredBy(candidates []candidate, p peer, piece traffic) []int {
	var by []int
	var sum netipx.IPSetBuilder
	for _, c := range candidates {
		if !c.ports.covers(piece) {
			continue
		}
		if c.wholePeer {
			return []int{c.rule}
		}
		by = append(by, c.rule)
		for _, standing := range s.rules[c.rule].peers {
			if standing.addresses != nil {
				sum.AddSet(standing.addresses)
			}
		}
	}
	if p.addresses == nil || len(by) == 0 {
		return nil
	}
	if addresses, err := sum.IPSet(); err == nil && containsAll(addresses, p.addresses) {
		return by
	}
	return nil
}
