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

// beyondAll returns what the rules allow and the others do not.
func beyondAll(rules, others []Rule) []Rule {
	set := newRuleSet(others)
	ports := map[string][]traffic{}
	peers := map[string][]networkingv1.NetworkPolicyPeer{}
	for _, rule := range rules {
		_, key := peersOf(rule.Peers)
		peers[key] = rule.Peers
		list := entries(rule.Ports)
		if len(list) == 0 {
			list = []traffic{{}}
		}
		ports[key] = append(ports[key], list...)
	}
	var parts []Rule
	for _, key := range slices.Sorted(maps.Keys(peers)) {
		rule := Rule{Peers: peers[key], Ports: portsOf(newPortSet(ports[key]).entries())}
		q := set.ask(rule)
		for _, asked := range q.requests {
			some, found := q.beyond(rule, asked)
			if !found {
				parts = append(parts, rule)
				break
			}
			parts = append(parts, some...)
		}
	}
	return join(parts)
}
