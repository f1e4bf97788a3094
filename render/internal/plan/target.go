package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/inspect"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/strict"
	"github.com/networknt/netpol-merge/render/report"
)

// Target is a policy that overlays are folded into.
type Target struct {
	*manifest.Object
	Policy   *networkingv1.NetworkPolicy
	Overlays []*Overlay // in the order in which they are folded
	// Folded and Changes are the outcome of the fold; nil if something is wrong with
	// the target or one of its overlays.
	Folded  *networkingv1.NetworkPolicy
	Changes []merge.Change

	inspection *inspect.Inspection
}

// place is where a policy is; its namespace is empty if it is not known.
type place struct{ name, namespace string }

// index is the policies that may be targets.
type index struct {
	set      *manifest.Set
	named    map[string][]*manifest.Object
	at       map[place][]*manifest.Object // that are no hooks
	possible []*manifest.Object           // all of these
	names    []string                     // of these
	found    map[place][]*manifest.Object // candidates of overlays into a place, once asked for
}

// findTargets finds the target of each overlay, and reports overlays that have none or
// several.
func (m *maker) findTargets() {
	known := index{set: m.set, named: map[string][]*manifest.Object{}, at: map[place][]*manifest.Object{}, found: map[place][]*manifest.Object{}}
	for _, p := range m.Reading.Policies {
		known.named[p.Name()] = append(known.named[p.Name()], p)
		if !p.IsHook() && p.HasName() {
			where := place{p.Name(), m.set.NamespaceOf(p)}
			known.at[where] = append(known.at[where], p)
			known.possible, known.names = append(known.possible, p), append(known.names, p.Name())
		}
	}
	for _, o := range m.Overlays {
		candidates := known.candidates(o)
		if len(candidates) != 1 {
			// A hook has no target, but may be compared with one. Where a document is in
			// doubt, the target may be in it.
			if !o.IsHook() && (len(candidates) > 0 || len(m.Reading.Doubts) == 0) {
				code, finding := m.targetFinding(o, candidates, known)
				m.Problems = append(m.Problems, inspect.Locate(o.Object, code, finding))
			}
			continue
		}
		t := m.TargetOf[candidates[0]]
		if t == nil {
			t = &Target{Object: candidates[0]}
			m.TargetOf[candidates[0]] = t
		}
		t.Overlays = append(t.Overlays, o)
	}
	for _, p := range m.Reading.Policies {
		if t := m.TargetOf[p]; t != nil {
			m.Targets = append(m.Targets, t)
		}
	}
}

// candidates are the policies that may be an overlay's target. Where a namespace is not
// known, any other policy of the name is a doubt.
func (x index) candidates(o *Overlay) []*manifest.Object {
	into := place{o.Into, x.set.NamespaceOf(o.Object)}
	found, known := x.found[into]
	if known {
		return found
	}
	found = preferNetworkingV1(slices.Concat(x.at[into], x.at[place{o.Into, ""}]))
	if into.namespace == "" || len(found) == 1 && x.set.NamespaceOf(found[0]) == "" && found[0].IsNetworkPolicy() {
		found = preferNetworkingV1(slices.DeleteFunc(slices.Clone(x.named[o.Into]), (*manifest.Object).IsHook))
	}
	x.found[into] = found
	return found
}

// preferNetworkingV1 returns the policies of networking.k8s.io/v1, or all if there are
// none.
func preferNetworkingV1(policies []*manifest.Object) []*manifest.Object {
	if slices.ContainsFunc(policies, (*manifest.Object).IsNetworkPolicy) {
		return slices.DeleteFunc(slices.Clone(policies), func(p *manifest.Object) bool { return !p.IsNetworkPolicy() })
	}
	return policies
}

// targetFinding says why there is not exactly one target for an overlay.
func (m *maker) targetFinding(o *Overlay, candidates []*manifest.Object, known index) (report.Code, strict.Finding) {
	if len(candidates) > 1 {
		reason := "more than one NetworkPolicy may be meant: "
		hint := "set metadata.namespace in the overlay and in the targets, or give " + report.ReleaseNamespace
		if m.set.NamespaceOf(candidates[0]) == m.set.NamespaceOf(candidates[1]) {
			reason = fmt.Sprintf("%d NetworkPolicies have this name: ", len(candidates))
			hint = "rename or remove one of them: in a cluster the last would replace the others"
		}
		return report.SeveralTargets, strict.Finding{
			Error: field.Invalid(intoPath(), o.Into, reason+m.describe(candidates)),
			Hint:  hint,
		}
	}
	reason := "no NetworkPolicy of this name in the input"
	if len(known.named[o.Into]) > 0 {
		reason = "no NetworkPolicy of this name can be its target"
	}
	return report.NoTarget, strict.Finding{Error: field.Invalid(intoPath(), o.Into, reason), Hint: m.targetHint(o, known)}
}

func (m *maker) targetHint(o *Overlay, known index) string {
	switch named := known.named[o.Into]; {
	case len(named) > 0 && named[0].IsHook():
		return m.describe(named[:1]) + " is a Helm hook, which is never a target"
	case len(named) > 0:
		return fmt.Sprintf("the overlay is in namespace %q, and the input has %s", m.set.NamespaceOf(o.Object), m.describe(named))
	case len(known.possible) > 0:
		if guess := m.nearest(o.Into, known.names); guess != "" {
			return fmt.Sprintf("did you mean %q? the input has %s", guess, m.describe(known.possible))
		}
		return "name one of these: " + m.describe(known.possible)
	case len(m.Reading.Policies) > 0:
		return "apart from overlays, the input has only NetworkPolicies that cannot be a target (a Helm hook, or no metadata.name): " + m.describe(m.Reading.Policies)
	}
	return "the input has no NetworkPolicy but overlays; is the target in another release, or switched off?"
}

// mostGuessed bounds how much is compared to find misspelt names, in pairs of letters.
const mostGuessed = 50_000_000

// nearest is strict.Nearest, as long as not too much has been compared.
func (m *maker) nearest(word string, names []string) string {
	if m.guessed > mostGuessed {
		return ""
	}
	for _, name := range names {
		m.guessed += len(word) * len(name)
	}
	return strict.Nearest(word, names)
}

// describe lists policies: name, namespace if known, and where they are; of two that
// would read the same, with their lines.
func (m *maker) describe(policies []*manifest.Object) string {
	const most = 10
	var list []string
	some := policies[:min(most, len(policies))]
	for _, p := range some {
		text := fmt.Sprintf("%q%s (%s", p.Name(), report.InNamespace(m.set.NamespaceOf(p)), p.Source())
		if slices.ContainsFunc(some, func(q *manifest.Object) bool { return q != p && q.Source() == p.Source() && q.Name() == p.Name() }) {
			text += fmt.Sprintf(", line %d of the input", p.LineAt(""))
		}
		list = append(list, text+")")
	}
	if len(policies) > most {
		list = append(list, fmt.Sprintf("and %d more", len(policies)-most))
	}
	return strings.Join(list, ", ")
}

// fold folds a target's overlays into it, unless there are problems with any.
func (m *maker) fold(t *Target) {
	t.Policy, t.inspection = inspect.Policy(t.Object, inspect.TargetRole)
	problems := slices.Concat(t.inspection.Problems, m.otherNamespaces(t), otherPods(t))
	m.Problems = append(m.Problems, problems...)
	if len(problems) > 0 || slices.ContainsFunc(t.Overlays, func(o *Overlay) bool { return len(o.inspection.Problems) > 0 }) {
		return
	}
	m.sortOverlays(t.Overlays)
	policies := make([]*networkingv1.NetworkPolicy, len(t.Overlays))
	for i, o := range t.Overlays {
		policies[i] = o.Policy
	}
	t.Folded, t.Changes = merge.Fold(t.Policy, policies)
	m.annotate(t)
}

// annotate names in the folded policy the overlays that added something.
func (m *maker) annotate(t *Target) {
	names := t.MergedFrom()
	if len(names) == 0 {
		return
	}
	if t.Folded.Annotations == nil {
		t.Folded.Annotations = map[string]string{}
	}
	before := t.Folded.Annotations[merge.MergedFromAnnotation]
	t.Folded.Annotations[merge.MergedFromAnnotation] = merge.MergedFrom(before, names)
	for _, err := range merge.Validate(t.Folded) {
		m.Problems = append(m.Problems, inspect.Locate(t.Object, report.RejectedByServer, strict.Finding{Error: err, Hint: tooManyOverlays}))
	}
}

// tooManyOverlays says what to do about a target that is wrong only when merged.
const tooManyOverlays = "this is so only after the merge: fold fewer overlays into one target"

// TooLarge is the problem of a target that an API server would accept only without what
// was added to it.
func TooLarge(t *Target) report.Problem {
	return inspect.Locate(t.Object, report.RejectedByServer, strict.Finding{Error: field.TooLong(nil, "", inspect.MaxObject), Hint: tooManyOverlays})
}

// otherNamespaces finds overlays of several namespaces in one target. Each of them alone
// may mean a target that names none, but not all of them.
func (m *maker) otherNamespaces(t *Target) (problems []report.Problem) {
	first := ""
	for _, o := range t.Overlays {
		switch namespace := m.set.NamespaceOf(o.Object); {
		case first == "":
			first = namespace
		case namespace != "" && namespace != first:
			problems = append(problems, inspect.Locate(o.Object, report.SeveralTargets, strict.Finding{
				Error: field.Invalid(field.NewPath("metadata", "namespace"), namespace,
					fmt.Sprintf("the target %q names no namespace, and another overlay of it is in %q", t.Name(), first)),
				Hint: "set metadata.namespace in the target, or give " + report.ReleaseNamespace,
			}))
		}
	}
	return problems
}

// mostQuoted is the longest selector that a hint quotes, in bytes.
const mostQuoted = 500

// otherPods finds overlays that are for other pods than their target. Without a
// podSelector an overlay is for the target's pods.
func otherPods(t *Target) (problems []report.Problem) {
	pods, wanted := merge.PodsKey(&t.Policy.Spec.PodSelector), ""
	if selector := manifest.JSON(t.Policy.Spec.PodSelector); len(selector) <= mostQuoted {
		wanted = ": " + selector
	}
	isWrong := func(p report.Problem) bool { return strings.HasPrefix(p.Field, "spec.podSelector") }
	isKnown := func(in *inspect.Inspection) bool { return !in.TooMany() && !slices.ContainsFunc(in.Problems, isWrong) }
	if !isKnown(t.inspection) {
		return nil
	}
	for _, o := range t.Overlays {
		_, isSelector := o.At("spec", "podSelector").(map[string]any)
		if !isSelector || !isKnown(o.inspection) || merge.PodsKey(&o.Policy.Spec.PodSelector) == pods {
			continue
		}
		problems = append(problems, inspect.Locate(o.Object, report.OtherPods, strict.Finding{
			Error: field.Invalid(field.NewPath("spec", "podSelector"), o.Policy.Spec.PodSelector,
				fmt.Sprintf("selects other pods than its target %q, whose pods would get the ports", t.Name())),
			Hint: "write the target's podSelector" + wanted + ", or none, which means the same; if other pods are meant, name their policy in the annotation",
		}))
	}
	return problems
}

// sortOverlays puts overlays into an order that does not depend on the order in which
// they arrived.
func (m *maker) sortOverlays(overlays []*Overlay) {
	slices.SortStableFunc(overlays, func(a, b *Overlay) int {
		order := cmp.Or(
			cmp.Compare(m.set.NamespaceOf(a.Object), m.set.NamespaceOf(b.Object)),
			cmp.Compare(a.Name(), b.Name()),
			cmp.Compare(a.Source(), b.Source()))
		if order == 0 {
			order = cmp.Compare(manifest.JSON(a.Value), manifest.JSON(b.Value))
		}
		return order
	})
}

// MergedFrom are the names of the overlays that added something.
func (t *Target) MergedFrom() (names []string) {
	for _, change := range t.Changes {
		if change.Action == merge.PortsAdded || change.Action == merge.RuleAppended {
			names = append(names, t.Overlays[change.Overlay].Name())
		}
	}
	return names
}
