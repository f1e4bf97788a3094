package merge

import (
	"fmt"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
)

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
		a.rules[direction] = newRuleSet(rulesInForce(policies, direction))
	}
	return a
}

// rulesInForce are the rules of a direction, of the policies that isolate it. That
// none does is the same as one rule for everything.
func rulesInForce(policies []*networkingv1.NetworkPolicy, direction networkingv1.PolicyType) []Rule {
	rules, isolated := []Rule{}, false
	for _, policy := range policies {
		if Isolates(policy, direction) {
			isolated = true
			rules = append(rules, Rules(policy, direction)...)
		}
	}
	if !isolated {
		return []Rule{{}}
	}
	return rules
}

// Excess is a part of a rule that is beyond an allowance.
type Excess struct {
	Direction networkingv1.PolicyType
	Rule      int // index into the policy's rules in Direction; 0 if a single rule was asked about
	// Port is an index into the rule's ports; -1 if the rule is for all traffic, or is
	// told as a whole.
	Port int
	// Part is just what is beyond, for this port: ranges and networks are cut, peers
	// that may have the port are left out. What cannot be said as a rule is not cut:
	// any peer, all ports of a protocol, and what would fall into too many pieces.
	Part Rule
}

// Beyond returns what a policy allows that is not allowed, in the directions that it
// isolates.
func (a *Allowance) Beyond(policy *networkingv1.NetworkPolicy) []Excess {
	var beyond []Excess
	for at, rule := range AllRules(policy) {
		if !Isolates(policy, at.Direction) {
			continue
		}
		for _, excess := range a.BeyondRule(at.Direction, rule) {
			excess.Rule = at.Index
			beyond = append(beyond, excess)
		}
	}
	return beyond
}

// BeyondRule returns what of a single rule is not allowed. A rule that is too large to
// be compared is told as a whole.
func (a *Allowance) BeyondRule(direction networkingv1.PolicyType, rule Rule) []Excess {
	var beyond []Excess
	q := a.rules[direction].ask(rule)
	whole := []Excess{{Direction: direction, Port: -1, Part: rule}}
	for i, asked := range q.requests {
		port := i
		if len(rule.Ports) == 0 {
			port = -1
		}
		parts, found := q.beyond(rule, asked)
		if !found {
			return whole
		}
		for _, part := range parts {
			beyond = append(beyond, Excess{Direction: direction, Port: port, Part: part})
		}
	}
	return beyond
}

// Allows reports whether all of a rule is allowed.
func (a *Allowance) Allows(direction networkingv1.PolicyType, rule Rule) bool {
	return len(a.BeyondRule(direction, rule)) == 0
}

// beyond returns what the peers of a rule may not have of t. Peers that may not have
// the same become one rule. Found is false if there are too many to be compared.
func (q *query) beyond(rule Rule, t traffic) (beyond []Rule, found bool) {
	if _, covered := q.coveredByOne(t); covered {
		return nil, true
	}
	index := map[string]int{}
	for i, r := range q.reach() {
		var from networkingv1.NetworkPolicyPeer
		if len(rule.Peers) > 0 {
			from = rule.Peers[i]
		}
		for _, gap := range q.gaps(r, t) {
			if !q.spend(10 + len(gap.left)) {
				return nil, false
			}
			key := fmt.Sprint(gap.traffic)
			at, known := index[key]
			if !known {
				at, index[key] = len(beyond), len(beyond)
				beyond = append(beyond, Rule{Ports: portsOf(gap.traffic)})
			}
			if r.kind != anyone {
				beyond[at].Peers = append(beyond[at].Peers, peersFor(from, r.peer, gap.left)...)
			}
		}
	}
	return beyond, true
}

// gap is what of a peer may not have some traffic.
type gap struct {
	left    []peer
	traffic []traffic
}

// mostPieces is into how many pieces a peer or a range is cut at most. More are no
// help to a reader, so that the whole is told instead.
const mostPieces = 16

// gaps returns what of a peer may not have what of t.
func (q *query) gaps(r *reach, t traffic) (gaps []gap) {
	count := 0
	for _, piece := range q.pieces(r, t) {
		left, _ := q.subtract(r, piece)
		if len(left) == 0 {
			continue
		}
		at := slices.IndexFunc(gaps, func(g gap) bool {
			return slices.EqualFunc(g.left, left, func(a, b peer) bool { return a.key == b.key })
		})
		if at < 0 {
			at = len(gaps)
			gaps = append(gaps, gap{left: left})
		}
		before := len(gaps[at].traffic)
		gaps[at].traffic = appendTraffic(gaps[at].traffic, piece)
		if count += len(gaps[at].traffic) - before; count > mostPieces {
			return []gap{{left: []peer{r.peer}, traffic: []traffic{t}}}
		}
	}
	return gaps
}
