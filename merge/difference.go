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
// compared, the rules are told as a whole.
func beyondAll(rules, others []Rule) []Rule {
	set := newRuleSet(others)
	var boxes []box
	var whole []Rule
	for _, rule := range joinPorts(rules) {
		q := set.ask(rule)
		before := len(boxes)
		for _, asked := range q.ports {
			some, found := q.beyond(asked)
			if !found {
				some = nil
				for i, p := range q.peers {
					if !p.isEmpty() {
						some = append(some, box{q.ports, p.selector, &q.peers[i]})
					}
				}
			}
			boxes = append(boxes, some...)
			if !found {
				break
			}
		}
		if len(boxes) > before {
			whole = append(whole, ruleOf(rule.peers, rule.ports))
		}
	}
	if parts, told := tell(boxes); told {
		return parts
	}
	return whole
}

// joinPorts makes one rule of all with the same peers.
func joinPorts(rules []Rule) (joined []standingRule) {
	byPeers := map[string]standingRule{}
	for _, rule := range rules {
		r := newStandingRule(rule)
		known := byPeers[r.key]
		r.entries = append(known.entries, r.entries...)
		byPeers[r.key] = r
	}
	for _, key := range slices.Sorted(maps.Keys(byPeers)) {
		r := byPeers[key]
		r.ports = spansOf(r.entries)
		joined = append(joined, r)
	}
	return joined
}
