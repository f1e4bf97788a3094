package merge

import (
	"maps"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
)

// Difference is what changed in one direction.
type Difference struct {
	Direction networkingv1.PolicyType
	// IsolatedBefore and IsolatedAfter report whether a policy isolated the direction.
	// One that is not isolated allows everything.
	IsolatedBefore, IsolatedAfter bool
	// Gained is what is allowed after and was not before, Lost the other way round. A
	// rule here says just what differs, as Excess.Part does; the empty rule is
	// everything.
	Gained, Lost []Rule
}

// Differences compares what policies for the same pods allowed before with what those
// for the same pods allow after, and returns the directions in which that differs.
// The answer does not depend on the order or the form of rules, peers and ports.
// Without policies, nothing is isolated.
func Differences(before, after []*networkingv1.NetworkPolicy) (differences []Difference) {
	for _, direction := range Directions() {
		isolates := func(p *networkingv1.NetworkPolicy) bool { return Isolates(p, direction) }
		d := Difference{
			Direction:      direction,
			IsolatedBefore: slices.ContainsFunc(before, isolates),
			IsolatedAfter:  slices.ContainsFunc(after, isolates),
		}
		was, is := rulesInForce(before, direction), rulesInForce(after, direction)
		d.Gained, d.Lost = beyondAll(is, was), beyondAll(was, is)
		if d.IsolatedBefore != d.IsolatedAfter || len(d.Gained)+len(d.Lost) > 0 {
			differences = append(differences, d)
		}
	}
	return differences
}

// beyondAll returns what the rules allow and the others do not. If that is too much to be
// cut, those of the rules that allow more are told whole.
func beyondAll(rules, others []Rule) []Rule {
	set := newRuleSet(others)
	var boxes []box
	var whole []Rule
	complete := true
	for _, rule := range joinPorts(rules) {
		some, found := set.ask(newStandingRule(rule)).beyondAll()
		if boxes = append(boxes, some...); len(some) > 0 || !found {
			whole = append(whole, rule)
		}
		complete = complete && found
	}
	if parts, told := tell(boxes); complete && told {
		return parts
	}
	return whole
}

func (q *query) beyondAll() (beyond []box, found bool) {
	for _, asked := range q.entries {
		some, found := q.beyond(asked)
		if !found {
			return nil, false
		}
		beyond = append(beyond, some...)
	}
	return beyond, true
}

// joinPorts makes one rule of all with the same peers.
func joinPorts(rules []Rule) (joined []Rule) {
	peers, ports := map[string][]networkingv1.NetworkPolicyPeer{}, map[string][]span{}
	for _, rule := range rules {
		_, key := peersOf(rule.Peers)
		peers[key], ports[key] = rule.Peers, append(ports[key], requestsOf(rule.Ports)...)
	}
	for _, key := range slices.Sorted(maps.Keys(peers)) {
		joined = append(joined, Rule{peers[key], portsOf(tellable(spansOf(ports[key])))})
	}
	return joined
}
