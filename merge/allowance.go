package merge

import networkingv1 "k8s.io/api/networking/v1"

// Allowance is what policies for the same pods allow together. It is made once, to
// be asked often, but by one goroutine at a time.
type Allowance struct {
	rules map[networkingv1.PolicyType]*ruleSet
}

// NewAllowance returns what the policies allow together: in a direction that one of
// them isolates, the rules of those that isolate it add up. A direction that none
// isolates is unbounded. So without policies everything is allowed.
func NewAllowance(policies ...*networkingv1.NetworkPolicy) *Allowance {
	a := &Allowance{rules: map[networkingv1.PolicyType]*ruleSet{}}
	for _, direction := range Directions() {
		a.rules[direction] = together(inForce(policies, direction))
	}
	return a
}

// inForce are the rules of each policy in a direction; nil if the policy does not isolate
// it.
func inForce(policies []*networkingv1.NetworkPolicy, direction networkingv1.PolicyType) [][]standingRule {
	all := make([][]standingRule, len(policies))
	for i, policy := range policies {
		if !Isolates(policy, direction) {
			continue
		}
		all[i] = []standingRule{}
		for _, rule := range Rules(policy, direction) {
			all[i] = append(all[i], newStandingRule(rule))
		}
	}
	return all
}

// together adds up what is in force of policies. That none isolates the direction is the
// same as one rule for everything.
func together(policies [][]standingRule) *ruleSet {
	set, isolated := newRuleSet(nil), false
	for _, rules := range policies {
		isolated = isolated || rules != nil
		for _, rule := range rules {
			set.append(rule)
		}
	}
	if !isolated {
		set.append(newStandingRule(Rule{}))
	}
	return set
}

// Excess is a part of a rule that is beyond an allowance.
type Excess struct {
	Position // of the policy's rule; its Index is 0 if a single rule was asked about
	// Port is an index into the rule's ports; -1 if the rule is for all traffic, or is
	// told as a whole.
	Port int
	// Part is just what is beyond, for this port: ranges and networks are cut, peers
	// that may have the port are left out. What a rule could not say, or not shortly, is
	// not cut: any peer, selected pods, and all ports of a protocol.
	Part Rule
	// Unknown reports whether there was too much to be compared: the rule, told as a
	// whole, may be allowed.
	Unknown bool
}

// Beyond returns what a policy allows that is not allowed, in the directions that it
// isolates.
func (a *Allowance) Beyond(policy *networkingv1.NetworkPolicy) (beyond []Excess) {
	for at, rule := range AllRules(policy) {
		if !Isolates(policy, at.Direction) {
			continue
		}
		for _, excess := range a.BeyondRule(at.Direction, rule) {
			excess.Position = at
			beyond = append(beyond, excess)
		}
	}
	return beyond
}

// BeyondRule returns what of a single rule is not allowed. A rule that is too large to
// be compared is told as a whole.
func (a *Allowance) BeyondRule(direction networkingv1.PolicyType, rule Rule) (beyond []Excess) {
	q := a.rules[direction].ask(newStandingRule(rule))
	for i, asked := range q.entries {
		port := i
		if q.hasAll {
			port = -1
		}
		boxes, found := q.beyond(asked)
		parts, told := tell(boxes)
		if !found || !told {
			return []Excess{{Position{Direction: direction}, -1, rule, true}}
		}
		for _, part := range parts {
			beyond = append(beyond, Excess{Position{Direction: direction}, port, part, false})
		}
	}
	return beyond
}

// Allows reports whether all of a rule is allowed.
func (a *Allowance) Allows(direction networkingv1.PolicyType, rule Rule) bool {
	return len(a.BeyondRule(direction, rule)) == 0
}
