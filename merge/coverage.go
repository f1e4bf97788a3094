package merge

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// ruleSet is the rules of one direction that stand so far.
type ruleSet struct {
	rules []standingRule
	// samePeers are the indices of rules with a set of peers, by the key of that set.
	samePeers map[string][]int
	steps     int // left
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
	s.steps -= n
	return s.steps > 0
}

type standingRule struct {
	peers   []peer
	key     string    // of the set of peers
	entries []traffic // none for all traffic
	ports   *portSet
	size    int // steps to compare the peers with another
}

func newRuleSet(rules []Rule) *ruleSet {
	s := &ruleSet{samePeers: map[string][]int{}, steps: steps}
	for _, rule := range rules {
		s.append(s.ask(rule))
	}
	return s
}

func (s *ruleSet) append(q *query) int {
	s.samePeers[q.key] = append(s.samePeers[q.key], len(s.rules))
	rule := standingRule{peers: q.peers, key: q.key, entries: q.entries, ports: q.ports}
	for _, p := range q.peers {
		rule.size += p.size()
	}
	s.rules = append(s.rules, rule)
	return len(s.rules) - 1
}

// fold adds the missing parts of rule to the set and returns them as a Change.
func (s *ruleSet) fold(rule Rule) Change {
	q := s.ask(rule)
	into, stands := q.samePeersSomePorts()
	change := Change{Action: Covered}
	for i, asked := range q.requests {
		port := i
		if len(rule.Ports) == 0 {
			port = -1
		}
		if by := q.coveredBy(asked); by != nil {
			change.Allowed = append(change.Allowed, s.allowed(port, asked, by))
			continue
		}
		change.Ports = append(change.Ports, i)
		if stands { // at once, as it may cover the next port
			s.rules[into].ports.add(asked)
			s.rules[into].entries = append(s.rules[into].entries, asked)
			change.Added.Ports = append(change.Added.Ports, rule.Ports[i])
		}
	}
	switch {
	case len(change.Ports) == 0:
	case stands:
		change.Action, change.Into = PortsAdded, into
	default:
		change.Action, change.Into, change.Added, change.Ports = RuleAppended, s.append(q), rule, nil
		for i := range rule.Ports {
			change.Ports = append(change.Ports, i)
		}
	}
	return change
}

// mostNamed bounds how many rules, and how many ports of each, are named as what
// allows something together. Thousands help nobody.
const mostNamed = 10

func (s *ruleSet) allowed(port int, t traffic, by []int) Allowed {
	a := Allowed{Port: port, More: max(0, len(by)-mostNamed)}
	for _, i := range by[:len(by)-a.More] {
		a.By = append(a.By, AllowedBy{Rule: i, Ports: s.portsAllowing(i, t)})
	}
	return a
}

// portsAllowing returns the indices of a rule's ports that allow t, or what the rule
// allows of it: the first that does so alone, else those that do together.
func (s *ruleSet) portsAllowing(rule int, t traffic) (ports []int) {
	list := s.rules[rule].entries
	if !s.spend(len(list) / 4) {
		return nil
	}
	if i := slices.IndexFunc(list, func(entry traffic) bool { return entry.covers(t) }); i >= 0 {
		return []int{i}
	}
	sum := &portSet{protocols: map[corev1.Protocol]*protocolPorts{}}
	for i, entry := range list {
		if len(ports) == mostNamed || sum.covers(t) {
			break
		}
		if entry.overlaps(t) {
			sum.add(entry)
			ports = append(ports, i)
		}
	}
	return ports
}
