package merge

import (
	networkingv1 "k8s.io/api/networking/v1"
)

// Excess is a part of an overlay's rule that the ceilings do not allow.
type Excess struct {
	Direction networkingv1.PolicyType
	Rule      int // index into the overlay's rules in Direction
	// Port is an index into the rule's ports; -1 if the rule is for all traffic.
	Port int
	// Peers are those of the rule's peers that may not have the port; nil if
	// the rule is for any peer.
	Peers []networkingv1.NetworkPolicyPeer
}

// Beyond returns what an overlay asks for beyond the rules of the ceilings,
// taken together. Only their rules count: whom they select and what they isolate
// does not.
func Beyond(overlay *networkingv1.NetworkPolicy, ceilings []*networkingv1.NetworkPolicy) []Excess {
	var beyond []Excess
	for _, direction := range Directions() {
		allowed := newRuleSet(nil)
		for _, ceiling := range ceilings {
			for _, rule := range Rules(ceiling, direction) {
				allowed.append(rule)
			}
		}
		for i, rule := range Rules(overlay, direction) {
			if len(rule.Ports) == 0 {
				beyond = append(beyond, allowed.beyond(rule, traffic{}, Excess{Direction: direction, Rule: i, Port: -1})...)
			}
			for j, port := range rule.Ports {
				beyond = append(beyond, allowed.beyond(rule, trafficOf(port), Excess{Direction: direction, Rule: i, Port: j})...)
			}
		}
	}
	return beyond
}

// Allows tells whether the policy's rules in a direction, taken together, allow all
// of a rule.
func Allows(policy *networkingv1.NetworkPolicy, direction networkingv1.PolicyType, rule Rule) bool {
	peers, _ := peersOf(rule.Peers)
	_, missing := newRuleSet(Rules(policy, direction)).allowed(peers, rule.Ports)
	return !missing
}

// beyond completes an excess with the peers that it is about; there is none if
// the rules allow t for all of them.
func (s *ruleSet) beyond(rule Rule, t traffic, excess Excess) []Excess {
	peers, _ := peersOf(rule.Peers)
	missing := false
	for i, p := range peers {
		if !p.isEmpty() && s.peerCoveredBy(p, t) == nil {
			missing = true
			if !p.any {
				excess.Peers = append(excess.Peers, rule.Peers[i])
			}
		}
	}
	if !missing {
		return nil
	}
	return []Excess{excess}
}
