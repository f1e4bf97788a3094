package merge

import (
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/sets"
)

// ruleSet is the rules of one direction that stand so far.
type ruleSet struct {
	rules []standingRule
	// samePeers are the indices of rules with a set of peers, by the key of that set.
	samePeers map[string][]int
	steps     *int // left, to this set alone or to several together
}

// To compare each rule with each other would take hours for some inputs. So a set of
// rules may take this many steps (a step is about 20 ns), and at least some for each
// rule that it is asked about, however many it took before. With none left, the
// answer is "not covered", which is always safe: a rule is added that is redundant, or
// more is told to be beyond or different than is.
const (
	steps        = 3_000_000
	stepsPerRule = 200
)

func (s *ruleSet) spend(n int) bool {
	*s.steps -= n
	return *s.steps > 0
}

type standingRule struct {
	from    []networkingv1.NetworkPolicyPeer // as they are written
	peers   []peer                           // the same as sets
	key     string                           // of the set of peers
	entries []span                           // one for each port; everything if the rule has none
	hasAll  bool                             // the rule has no ports
	ports   spans                            // the entries as a set
	size    int                              // steps to compare the peers with another
}

func newStandingRule(rule Rule) standingRule {
	peers, key := peersOf(rule.Peers)
	r := standing(peers, key, requestsOf(rule.Ports))
	r.from, r.hasAll = rule.Peers, len(rule.Ports) == 0
	return r
}

func standing(peers []peer, key string, entries []span) standingRule {
	r := standingRule{peers: peers, key: key, entries: entries, ports: spansOf(entries)}
	for _, p := range peers {
		r.size += p.size()
	}
	return r
}

func newRuleSet(rules []Rule) *ruleSet {
	s := &ruleSet{samePeers: map[string][]int{}, steps: new(steps)}
	for _, rule := range rules {
		s.append(newStandingRule(rule))
	}
	return s
}

func (s *ruleSet) append(rule standingRule) int {
	s.samePeers[rule.key] = append(s.samePeers[rule.key], len(s.rules))
	s.rules = append(s.rules, rule)
	return len(s.rules) - 1
}

// fold adds the missing parts of rule to the set and returns them as a Change.
func (s *ruleSet) fold(rule Rule) Change {
	q := s.ask(newStandingRule(rule))
	into, stands := q.samePeersSomePorts()
	change := Change{Action: Covered}
	apart := sets.Set[span]{} // added ports that touch no other of the rule
	for i, asked := range q.entries {
		port := i
		if q.hasAll {
			port = -1
		}
		by := q.coveredBy(asked)
		if apart.Has(asked) {
			by = []int{into}
		}
		if len(by) > 0 {
			change.Allowed = append(change.Allowed, s.allowed(port, asked, by))
			continue
		}
		change.Ports = append(change.Ports, i)
		if !stands {
			continue
		}
		change.Added.Ports = append(change.Added.Ports, rule.Ports[i])
		grown := &s.rules[into]
		grown.entries = append(grown.entries, asked)
		if q.ports[q.ports.find(asked.from)] == asked {
			apart.Insert(asked)
		} else { // at once, as it may cover a part of the next port
			grown.ports = grown.ports.add(asked)
		}
	}
	switch {
	case len(change.Ports) == 0:
	case stands:
		change.Action, change.Into = PortsAdded, into
		s.rules[into].ports = s.rules[into].ports.addAll(apart.UnsortedList())
	default:
		change.Action, change.Into, change.Added, change.Ports = RuleAppended, s.append(q.standingRule), rule, nil
		for i := range rule.Ports {
			change.Ports = append(change.Ports, i)
		}
	}
	return change
}

// mostNamed bounds how many rules, and how many ports of each, are named as what
// allows something together. Thousands help nobody.
const mostNamed = 10

func (s *ruleSet) allowed(port int, asked span, by []int) Allowed {
	a := Allowed{Port: port, More: max(0, len(by)-mostNamed)}
	for _, i := range by[:len(by)-a.More] {
		a.By = append(a.By, AllowedBy{Rule: i, Ports: s.portsAllowing(i, asked)})
	}
	return a
}

// portsAllowing returns the indices of a rule's ports that allow what is asked, or what
// the rule allows of it: the first that does so alone, else those that have a part of it.
func (s *ruleSet) portsAllowing(rule int, asked span) (ports []int) {
	r := s.rules[rule]
	if r.hasAll || !s.spend(len(r.entries)/4) {
		return nil
	}
	for i, entry := range r.entries {
		if (spans{entry}).covers(asked) {
			return []int{i}
		}
		if len(ports) < mostNamed && (spans{entry}).overlaps(asked) {
			ports = append(ports, i)
		}
	}
	return ports
}
