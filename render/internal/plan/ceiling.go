package plan

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/inspect"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/strict"
	"github.com/networknt/netpol-merge/render/report"
)

// ceilings are the most that the policies of a stream may allow.
type ceilings struct {
	*merge.Ceilings
	set      *manifest.Set
	policies []*networkingv1.NetworkPolicy
	words    map[wordsOf]string
}

// wordsOf is what is said in words: what a bound allows in a direction.
type wordsOf struct {
	*merge.Bound
	networkingv1.PolicyType
}

// mostCeilings is how many ceilings there may be.
const mostCeilings = 500

// readCeilings reads the ceilings. They are checked as the API server would, and for
// unknown fields, as overlays are; as open as the platform wants them to be.
func (m *maker) readCeilings(position int) {
	c := &ceilings{set: m.set, words: map[wordsOf]string{}}
	var problems []report.Problem
	wrong := func(source manifest.Source, position int, reason, hint string) {
		problems = append(problems, report.Problem{Code: report.WrongFile, Source: source.Name, Stream: position, Reason: reason, Hint: hint})
	}
	for i, source := range m.options.CeilingFiles {
		objects, unread := objectsIn(source, position+i)
		problems = append(problems, unread...)
		for _, o := range objects {
			if o.Kind() != "NetworkPolicy" || o.Nested {
				problems = append(problems, wrongKind(o))
				continue
			}
			policy, in := inspect.Policy(o, inspect.StrictRole)
			in.AddConsequences(report.NotForOverlays, merge.GuardTypes(policy))
			problems = append(problems, in.Problems...)
			c.policies = append(c.policies, policy)
		}
		if len(objects)+len(unread) == 0 {
			wrong(source, position+i, "the ceiling holds no NetworkPolicy", "a ceiling lists the most that policies may allow, as rules of a NetworkPolicy")
		}
	}
	if len(c.policies) > mostCeilings {
		wrong(m.options.CeilingFiles[0], position, fmt.Sprintf("there are %d ceilings, and each is compared with each policy", len(c.policies)),
			fmt.Sprintf("use at most %d: put the rules for the same pods into one policy", mostCeilings))
	}
	if len(m.options.CeilingFiles) > 0 && len(problems) == 0 {
		c.Ceilings = merge.NewCeilings(c.policies)
		m.ceilings = c
	}
	m.Problems = append(m.Problems, problems...)
}

// checkCeilings holds every policy that leaves against the ceilings.
func (m *maker) checkCeilings() {
	if m.ceilings == nil {
		return
	}
	for _, o := range m.Reading.Policies {
		switch t := m.TargetOf[o]; {
		case report.IsFull(m.Problems):
			return
		case !o.IsNetworkPolicy():
			m.Problems = append(m.Problems, unbound(o))
		case t != nil:
			m.Problems = append(m.Problems, m.ceilings.beyond(t.Object, t.Policy, t.inspection, t.Overlays)...)
		default:
			policy, in := inspect.Policy(o, inspect.BystanderRole)
			m.Problems = append(m.Problems, in.Problems...)
			m.Problems = append(m.Problems, m.ceilings.beyond(o, policy, in, nil)...)
		}
	}
	for _, o := range m.Reading.Others {
		m.Problems = append(m.Problems, unbound(o))
	}
}

// unbound is the problem of a policy of another vendor, or of another API version.
func unbound(o *manifest.Object) report.Problem {
	if o.Kind() == "NetworkPolicy" && !inspect.IsOfVendor(o.APIVersion()) {
		return inspect.Locate(o, report.NotAPolicy, inspect.WrongVersion(o.APIVersion()))
	}
	return inspect.Locate(o, report.Unbound, strict.Finding{
		Error: field.Forbidden(field.NewPath("kind"), o.Kind()+ofVersion(o)+" opens the network, and a ceiling cannot bound it"),
		Hint:  "take it out of this stream: what is given beside the ceilings is the platform's to apply",
	})
}

// ofVersion is " of" an object's API version, or empty.
func ofVersion(o *manifest.Object) string {
	if o.APIVersion() == "" {
		return ""
	}
	return " of " + o.APIVersion()
}

// beyond finds what a policy, and the overlays of it, allow beyond the ceilings: at the
// overlay what it adds, else at the policy. What is wrong already is not held against
// them: what it asks for is not known.
func (c *ceilings) beyond(o *manifest.Object, policy *networkingv1.NetworkPolicy, in *inspect.Inspection, overlays []*Overlay) (problems []report.Problem) {
	namespace := c.set.NamespaceOf(o)
	b, known := c.For(namespace, &policy.Spec.PodSelector)
	switch {
	case !known:
		return []report.Problem{inspect.Locate(o, report.Unbound, strict.Finding{
			Error: field.Forbidden(field.NewPath("spec", "podSelector"), "for the pods of this stream, the ceilings count in more combinations than can be compared"),
			Hint:  "use fewer ceilings, or fewer policies for different pods",
		})}
	case b == nil:
		return c.noneCounts(o, policy, "no ceiling")
	}
	for _, direction := range merge.Directions() {
		if namespace == "" && !b.Bounds(direction) && allowsSome(direction, policy, overlays) && c.BoundsInSome(direction, &policy.Spec.PodSelector) {
			return c.noneCounts(o, policy, "no ceiling that bounds "+merge.RulesKey(direction))
		}
	}
	hint := "ask for less, or have the platform team raise the ceiling"
	problems = c.excesses(b, &Overlay{Object: o, Policy: policy, inspection: in}, nil, hint+"; the platform's own policy has to be a ceiling, too")
	own := sync.OnceValue(func() *merge.Allowance { return merge.NewAllowance(policy) })
	for _, overlay := range overlays {
		problems = append(problems, c.excesses(b, overlay, own, hint)...)
	}
	return problems
}

// allowsSome reports whether a policy that isolates a direction has rules in it, or its
// overlays have.
func allowsSome(direction networkingv1.PolicyType, policy *networkingv1.NetworkPolicy, overlays []*Overlay) bool {
	return merge.Isolates(policy, direction) && (len(merge.Rules(policy, direction)) > 0 ||
		slices.ContainsFunc(overlays, func(o *Overlay) bool { return len(merge.Rules(o.Policy, direction)) > 0 }))
}

// noneCounts is the problem of a policy for which none of the ceilings counts, in words
// "no ceiling", or none that bounds a direction.
func (c *ceilings) noneCounts(o *manifest.Object, policy *networkingv1.NetworkPolicy, none string) []report.Problem {
	namespace := c.set.NamespaceOf(o)
	hint := "add a ceiling that selects all of these pods, or whose podSelector is empty, in this namespace or without one"
	if namespace == "" && slices.ContainsFunc(c.policies, func(p *networkingv1.NetworkPolicy) bool { return p.Namespace != "" }) {
		hint = "some ceilings are for one namespace, and that of this policy is not known: give " + report.ReleaseNamespace + "; or " + hint
	}
	return []report.Problem{inspect.Locate(o, report.Unbound, strict.Finding{
		Error: field.Forbidden(field.NewPath("spec", "podSelector"), fmt.Sprintf("%s counts for this policy%s, for %s", none, report.InNamespace(namespace), report.PodsInWords(&policy.Spec.PodSelector))),
		Hint:  hint,
	})}
}

// excesses finds the parts of a policy that are beyond the bound, and not allowed by what
// is allowed anyway, if that is not nil.
func (c *ceilings) excesses(b *merge.Bound, o *Overlay, anyway func() *merge.Allowance, hint string) []report.Problem {
	isDoubtful, found := o.inspection.Doubts(), inspect.Of(o.Object)
	if o.inspection.TooMany() {
		return nil
	}
	for _, excess := range b.Beyond(o.Policy) {
		if isDoubtful(excess.Position, excess.Port) || anyway != nil && anyway().Allows(excess.Direction, excess.Part) {
			continue
		}
		reason, todo := report.RuleInWords(excess.Part, excess.Direction)+"; the ceiling allows "+c.inWords(b, excess.Direction), hint
		if excess.Unknown {
			reason, todo = "there is too much to be compared with the ceilings, so the rule counts as beyond them", "use fewer rules, here or in the ceilings"
		}
		found.Add(report.BeyondCeiling, strict.Finding{Error: field.Forbidden(excess.PortPath(excess.Port), reason), Hint: todo})
	}
	return found.Problems
}

// inWords is report.RulesInWords of a bound, made once.
func (c *ceilings) inWords(b *merge.Bound, direction networkingv1.PolicyType) string {
	words, known := c.words[wordsOf{b, direction}]
	if !known {
		words = report.RulesInWords(b.Policies, direction)
		c.words[wordsOf{b, direction}] = words
	}
	return words
}

// opensNetwork reports whether an object is of a kind of another vendor, or of a later
// API, that says who may reach whom: Cilium's, Calico's, Antrea's and OpenShift's
// policies, AdminNetworkPolicy, ClusterNetworkPolicy.
func opensNetwork(o *manifest.Object) bool {
	group, _, _ := strings.Cut(o.APIVersion(), "/")
	return strings.HasSuffix(o.Kind(), "NetworkPolicy") && group != "apiextensions.k8s.io" && !o.IsNetworkPolicy()
}
