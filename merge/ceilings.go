package merge

import (
	"slices"
	"strconv"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Ceilings are policies that bound others: for some pods one of them, for others several
// together. They are made once, to be asked often, but by one goroutine at a time.
type Ceilings struct {
	policies []*networkingv1.NetworkPolicy
	pods     []selector                                   // of each policy
	rules    map[networkingv1.PolicyType][][]standingRule // of each policy
	bounds   map[string]*Bound
	steps    int // left to all bounds
	held     int // rules of all bounds
}

// Bound is what some ceilings allow together.
type Bound struct {
	*Allowance
	Policies []*networkingv1.NetworkPolicy // the ceilings, in their order
}

// Bounds reports whether one of the ceilings bounds the direction. What none bounds may be
// anything.
func (b *Bound) Bounds(direction networkingv1.PolicyType) bool {
	return slices.ContainsFunc(b.Policies, func(p *networkingv1.NetworkPolicy) bool { return Isolates(p, direction) })
}

// A chart may have policies for as many pods as it likes, and for each other ceilings
// count. So it is all bounds together that may take this many steps (0.4 s), and hold this
// many rules (100 MB).
const (
	sharedSteps = 20_000_000
	mostHeld    = 500_000
)

// NewCeilings returns the policies as ceilings.
func NewCeilings(policies []*networkingv1.NetworkPolicy) *Ceilings {
	c := &Ceilings{policies: policies, bounds: map[string]*Bound{}, steps: sharedSteps}
	c.rules = map[networkingv1.PolicyType][][]standingRule{}
	for _, policy := range policies {
		c.pods = append(c.pods, selectorOf(&policy.Spec.PodSelector))
	}
	for _, direction := range Directions() {
		c.rules[direction] = inForce(policies, direction)
	}
	return c
}

// For returns what bounds the policies of a namespace that select these pods: the ceilings
// of that namespace, and those that name none, which select all of the pods, or more. Bound
// is nil if there is none. Known is false if the ceilings were asked for in too many
// combinations to hold another.
func (c *Ceilings) For(namespace string, pods *metav1.LabelSelector) (bound *Bound, known bool) {
	var counting []int
	var key []byte
	selected, held := selectorOf(pods), 0
	for i, ceiling := range c.policies {
		if (ceiling.Namespace == "" || ceiling.Namespace == namespace) && c.pods[i].covers(selected) {
			counting = append(counting, i)
			key = append(strconv.AppendInt(key, int64(i), 10), ' ')
			held += len(ceiling.Spec.Ingress) + len(ceiling.Spec.Egress)
		}
	}
	switch bound = c.bounds[string(key)]; {
	case len(counting) == 0 || bound != nil:
		return bound, true
	case len(c.bounds) > 0 && c.held+held > mostHeld:
		return nil, false
	}
	bound = &Bound{Allowance: &Allowance{rules: map[networkingv1.PolicyType]*ruleSet{}}}
	for _, i := range counting {
		bound.Policies = append(bound.Policies, c.policies[i])
	}
	for direction, all := range c.rules {
		var rules [][]standingRule
		for _, i := range counting {
			rules = append(rules, all[i])
		}
		bound.rules[direction] = together(rules)
		bound.rules[direction].steps = &c.steps
	}
	c.bounds[string(key)] = bound
	c.held += held
	return bound, true
}

// BoundsInSome reports whether a ceiling of some namespace bounds the direction for policies
// that select these pods.
func (c *Ceilings) BoundsInSome(direction networkingv1.PolicyType, pods *metav1.LabelSelector) bool {
	selected := selectorOf(pods)
	for i, ceiling := range c.policies {
		if ceiling.Namespace != "" && Isolates(ceiling, direction) && c.pods[i].covers(selected) {
			return true
		}
	}
	return false
}
