package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
)

// target is a policy that overlays are folded into.
type target struct {
	*object
	policy   *networkingv1.NetworkPolicy
	overlays []*overlay
	// folded and changes are the outcome of the fold.
	folded  *networkingv1.NetworkPolicy
	changes []merge.Change
}

// findTargets finds the target of each overlay, in the order of the input, and
// reports overlays that have none or several.
func (r *run) findTargets() []*target {
	r.policies = r.findPolicies()
	named := map[string][]*object{}
	at := map[place][]*object{}
	for _, p := range r.policies {
		named[p.name()] = append(named[p.name()], p)
		if !p.isHook() {
			where := place{p.name(), r.namespaceOf(p)}
			at[where] = append(at[where], p)
		}
	}
	byObject := map[*object]*target{}
	for _, o := range r.overlays {
		candidates := r.candidates(o, named, at)
		if len(candidates) != 1 {
			if !o.isHook() { // which has no target, but may be compared with one
				r.report(o.object, r.targetFinding(o, candidates, named[o.into]))
			}
			continue
		}
		t := byObject[candidates[0]]
		if t == nil {
			t = &target{object: candidates[0]}
			byObject[candidates[0]] = t
		}
		t.overlays = append(t.overlays, o)
	}
	var targets []*target
	for _, p := range r.policies {
		if t := byObject[p]; t != nil {
			targets = append(targets, t)
		}
	}
	return targets
}

// place is where a policy is; its namespace is empty if it is not known.
type place struct{ name, namespace string }

// candidates are those policies of the name in an overlay that may be its target.
// Where a namespace is not known, any other policy of the name is a doubt.
func (r *run) candidates(o *overlay, named map[string][]*object, at map[place][]*object) []*object {
	namespace := r.namespaceOf(o.object)
	same := current(slices.Concat(at[place{o.into, namespace}], at[place{o.into, ""}]))
	if namespace == "" || len(same) == 1 && r.namespaceOf(same[0]) == "" && same[0].isCurrent() {
		return current(slices.DeleteFunc(slices.Clone(named[o.into]), (*object).isHook))
	}
	return same
}

// current are the policies of networking.k8s.io/v1, or all if there are none. Other API
// groups have a kind of the same name.
func current(policies []*object) []*object {
	if slices.ContainsFunc(policies, (*object).isCurrent) {
		return slices.DeleteFunc(slices.Clone(policies), func(p *object) bool { return !p.isCurrent() })
	}
	return policies
}

func (o *object) isCurrent() bool { return o.stringAt("apiVersion") == apiVersion }

// findPolicies finds the policies of the input that are no overlays.
func (r *run) findPolicies() []*object {
	var policies []*object
	for _, d := range r.documents {
		if len(d.text) > maxDocument || !d.namesPolicies && !d.hides("NetworkPolicy") {
			continue
		}
		m, ok := r.parse(d, "")
		if !ok {
			continue
		}
		for _, o := range m.objects {
			if o.kind() == "NetworkPolicy" && !o.isMarked() && !o.nested {
				policies = append(policies, o)
			}
		}
	}
	return policies
}

// namespaceOf is the namespace that an object will be in; empty if unknown.
func (r *run) namespaceOf(o *object) string {
	return cmp.Or(o.namespace(), r.Namespace)
}

// sameNamespace tells whether two objects may be in the same namespace.
func (r *run) sameNamespace(a, b *object) bool {
	inA, inB := r.namespaceOf(a), r.namespaceOf(b)
	return inA == inB || inA == "" || inB == ""
}

// targetFinding says why there is not exactly one target for an overlay.
func (r *run) targetFinding(o *overlay, candidates, named []*object) finding {
	path := field.NewPath("metadata", "annotations").Key(merge.IntoAnnotation)
	if len(candidates) > 1 {
		hint := "give the release's namespace with --namespace, or set metadata.namespace in the overlay and in the targets"
		if r.namespaceOf(candidates[0]) == r.namespaceOf(candidates[1]) {
			hint = "keep one of them: in a cluster the second would replace the first"
		}
		return finding{
			Error: field.Invalid(path, o.into, "more than one NetworkPolicy may be meant: "+r.describe(candidates)),
			code:  severalTargets,
			hint:  hint,
		}
	}
	reason := "no NetworkPolicy of this name in the input"
	if len(named) > 0 {
		reason = "no NetworkPolicy of this name can be its target"
	}
	return finding{Error: field.Invalid(path, o.into, reason), code: noTarget, hint: r.targetHint(o, named)}
}

func (r *run) targetHint(o *overlay, named []*object) string {
	possible := slices.DeleteFunc(slices.Clone(r.policies), (*object).isHook)
	switch {
	case len(named) > 0 && named[0].isHook():
		return r.describe(named[:1]) + " is a Helm hook, which is never a target"
	case len(named) > 0:
		return fmt.Sprintf("the overlay is in namespace %q, and the input has %s", r.namespaceOf(o.object), r.describe(named))
	case len(possible) > 0:
		var names []string
		for _, p := range possible {
			names = append(names, p.name())
		}
		if guess := nearest(o.into, names); guess != "" {
			return fmt.Sprintf("did you mean %q? the input has %s", guess, r.describe(possible))
		}
		return "name one of these: " + r.describe(possible)
	case len(r.policies) > 0:
		return "the input has no NetworkPolicy but overlays and Helm hooks, which are never a target: " + r.describe(r.policies)
	}
	if unread := r.unreadPolicies(); unread != "" {
		return "a document that may hold it cannot be read: " + unread
	}
	return "the input has no NetworkPolicy but overlays; is the target in another release, or switched off?"
}

// describe lists policies: name, namespace if known, and where they are.
func (r *run) describe(policies []*object) string {
	const most = 10
	var list []string
	for _, p := range policies[:min(most, len(policies))] {
		text := fmt.Sprintf("%q", p.name())
		if namespace := r.namespaceOf(p); namespace != "" {
			text += " in namespace " + namespace
		}
		list = append(list, fmt.Sprintf("%s (%s:%d)", text, p.template(), p.streamLine(p.node.Line)))
	}
	if len(policies) > most {
		list = append(list, fmt.Sprintf("and %d more", len(policies)-most))
	}
	return strings.Join(list, ", ")
}

// unreadPolicies names the first document that may be a policy but cannot be
// parsed. It is no problem of its own: only the missing target is.
func (r *run) unreadPolicies() string {
	for _, d := range r.documents {
		if !d.namesPolicies || contains(d.text, merge.IntoAnnotation) {
			continue
		}
		if _, ok := r.parse(d, ""); !ok {
			return fmt.Sprintf("%s:%d", d.sourceName(), d.line())
		}
	}
	return ""
}

// fold folds a target's overlays into it, unless there are problems with any.
func (r *run) fold(t *target) {
	before := len(r.problems)
	t.policy, _ = r.check(t.object, true)
	r.checkNamespaces(t)
	for _, o := range t.overlays {
		r.checkPods(o, t)
	}
	if len(r.problems) > before || slices.ContainsFunc(t.overlays, func(o *overlay) bool { return !o.valid }) {
		return
	}
	r.sortOverlays(t.overlays)
	policies := make([]*networkingv1.NetworkPolicy, len(t.overlays))
	for i, o := range t.overlays {
		policies[i] = o.policy
	}
	t.folded, t.changes = merge.Fold(t.policy, policies)
	r.warn(t)
	if names := t.mergedFrom(); len(names) > 0 {
		if t.folded.Annotations == nil {
			t.folded.Annotations = map[string]string{}
		}
		before := t.folded.Annotations[merge.MergedFromAnnotation]
		t.folded.Annotations[merge.MergedFromAnnotation] = merge.MergedFrom(before, names)
		for _, err := range merge.Validate(t.folded) {
			r.report(t.object, finding{Error: err, code: rejectedByServer, hint: tooManyOverlays})
		}
	}
}

// tooManyOverlays says what to do about a target that is wrong only when merged.
const tooManyOverlays = "this is so only after the merge: fold fewer overlays into one target"

// checkNamespaces reports overlays of several namespaces in one target. Each of
// them alone may mean a target that names none, but not all of them.
func (r *run) checkNamespaces(t *target) {
	if r.namespaceOf(t.object) != "" {
		return
	}
	first := ""
	for _, o := range t.overlays {
		switch namespace := r.namespaceOf(o.object); {
		case first == "":
			first = namespace
		case namespace != "" && namespace != first:
			r.report(o.object, finding{
				Error: field.Invalid(field.NewPath("metadata", "namespace"), namespace,
					fmt.Sprintf("the target %q names no namespace, and another overlay of it is in %q", t.name(), first)),
				code: severalTargets,
				hint: "give the release's namespace with --namespace, or set metadata.namespace in the target",
			})
		}
	}
}

// checkPods reports an overlay that is for other pods than its target. Without
// a podSelector it is for the target's pods.
func (r *run) checkPods(o *overlay, t *target) {
	spec, _ := o.value["spec"].(map[string]any)
	_, isSelector := spec["podSelector"].(map[string]any)
	if !isSelector || merge.SamePods(&o.policy.Spec.PodSelector, &t.policy.Spec.PodSelector) {
		return
	}
	r.report(o.object, finding{
		Error: field.Invalid(field.NewPath("spec", "podSelector"), o.policy.Spec.PodSelector,
			fmt.Sprintf("selects other pods than its target %q, which would get the ports", t.name())),
		code: otherPods,
		hint: "leave podSelector out to take over the target's, or make them equal: " + asJSON(t.policy.Spec.PodSelector),
	})
}

func asJSON(value any) string {
	text, err := utiljson.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// sortOverlays puts overlays into an order that does not depend on the order
// in which they arrived.
func (r *run) sortOverlays(overlays []*overlay) {
	slices.SortStableFunc(overlays, func(a, b *overlay) int {
		order := cmp.Or(
			cmp.Compare(r.namespaceOf(a.object), r.namespaceOf(b.object)),
			cmp.Compare(a.name(), b.name()),
			cmp.Compare(a.template(), b.template()))
		if order == 0 {
			order = cmp.Compare(asJSON(a.value), asJSON(b.value))
		}
		return order
	})
}

// mergedFrom are the names of the overlays that added something.
func (t *target) mergedFrom() []string {
	var names []string
	for _, change := range t.changes {
		if change.Action == merge.PortsAdded || change.Action == merge.RuleAppended {
			names = append(names, t.overlays[change.Overlay].name())
		}
	}
	return names
}
