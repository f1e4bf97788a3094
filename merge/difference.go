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
	set := together(inForce(before, direction))
	var boxes []box
	var whole []Rule
	complete := true
	for _, rule := range joinPorts(together(inForce(after, direction)).rules) {
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
func joinPorts(rules []standingRule) (joined []Rule) {
	peers, ports := map[string][]networkingv1.NetworkPolicyPeer{}, map[string][]span{}
	for _, rule := range rules {
		peers[rule.key], ports[rule.key] = rule.from, append(ports[rule.key], rule.entries...)
	}
	for _, key := range slices.Sorted(maps.Keys(peers)) {
		joined = append(joined, Rule{peers[key], portsOf(tellable(spansOf(ports[key])))})
	}
	return joined
}
