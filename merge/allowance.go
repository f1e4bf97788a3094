package merge

import (
	networkingv1 "k8s.io/api/networking/v1"
)

// Allowance is what the rules of policies, taken together, allow. It is made once,
// to be asked often. Only rules count: whom a policy selects and what it isolates
// does not.
type Allowance struct {
	rules map[networkingv1.PolicyType]*ruleSet
}

// NewAllowance returns what the policies allow.
func NewAllowance(policies ...*networkingv1.NetworkPolicy) *Allowance {
	a := &Allowance{rules: map[networkingv1.PolicyType]*ruleSet{}}
	for _, direction := range Directions() {
		a.rules[direction] = newRuleSet(nil)
		for _, policy := range policies {
			for _, rule := range Rules(policy, direction) {
				a.rules[direction].append(rule)
			}
		}
	}
	return a
}

// Excess is a part of a policy's rule that goes beyond an allowance.
type Excess struct {
	Direction networkingv1.PolicyType
	Rule      int // index into the policy's rules in Direction
	// Port is an index into the rule's ports; -1 if the rule is for all traffic.
	Port int
	// Peers are those of the rule's peers that may not have the port; nil if
	// the rule is for any peer.
	Peers []networkingv1.NetworkPolicyPeer
}

// Beyond returns what a policy asks for that is not allowed.
func (a *Allowance) Beyond(policy *networkingv1.NetworkPolicy) []Excess {
	var beyond []Excess
	for _, direction := range Directions() {
		for i, rule := range Rules(policy, direction) {
			for _, excess := range a.rules[direction].beyond(rule) {
				excess.Direction, excess.Rule = direction, i
				beyond = append(beyond, excess)
			}
		}
	}
	return beyond
}

// Allows tells whether all of a rule is allowed.
func (a *Allowance) Allows(direction networkingv1.PolicyType, rule Rule) bool {
	return len(a.rules[direction].beyond(rule)) == 0
}

// beyond returns what of a rule the set does not allow, port by port.
func (s *ruleSet) beyond(rule Rule) []Excess {
	var beyond []Excess
	peers, _ := peersOf(rule.Peers)
	requests := requestsOf(rule.Ports)
	reaches := s.reachesOf(peers, func(i int) bool { return s.rules[i].ports.overlapAny(requests) })
	for _, asked := range requests {
		excess := Excess{Port: asked.port}
		allowed := true
		for i, r := range reaches {
			if r.isEmpty() || s.reachCoveredBy(r, asked.traffic) != nil {
				continue
			}
			allowed = false
			if !r.any {
				excess.Peers = append(excess.Peers, rule.Peers[i])
			}
		}
		if !allowed {
			beyond = append(beyond, excess)
		}
	}
	return beyond
}
