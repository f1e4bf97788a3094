package merge

import (
	"maps"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
)

// Gained returns what policies for the same pods allow in a direction and others did not
// before: just what differs, as Excess.Part does; the empty rule is everything. The answer
// does not depend on the order or the form of rules, peers and ports. Without policies
// everything is allowed. If there is too much to be compared, it is not exact: rules that
// allow more, or may, are told whole.
func Gained(before, after []*networkingv1.NetworkPolicy, direction networkingv1.PolicyType) (gained []Rule, exact bool) {
	return beyondAll(rulesInForce(after, direction), rulesInForce(before, direction))
}

// beyondAll returns what the rules allow and the others do not. If that is too much to be
// cut, those of the rules that allow more are told whole.
func beyondAll(rules, others []Rule) (beyond []Rule, exact bool) {
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
		return parts, true
	}
	return whole, false
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
