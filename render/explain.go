package render

import (
	"errors"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/networknt/netpol-merge/render/internal/inspect"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/plan"
	"github.com/networknt/netpol-merge/render/report"
)

// Report says what the policies of the input allow, and what the merge did.
func (r *Result) Report() *Report {
	policies, others, unread := r.emitted()
	explained := make([]report.Explained, len(policies))
	for i, p := range policies {
		explained[i] = r.explained(p)
	}
	said := report.New(explained)
	for _, o := range others {
		said.Others = append(said.Others, r.named(o))
	}
	said.Unread = append(said.Unread, unread...)
	said.Warnings = append(said.Warnings, r.Warnings...)
	return said
}

// ReportError says why nothing was merged. The problems are those of a *Refusal, or the
// error itself.
func ReportError(err error) *Report {
	said := report.New(nil)
	said.Refused = true
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		said.Problems = append(said.Problems, refusal.Problems...)
	} else {
		said.Problems = append(said.Problems, Problem{Reason: err.Error()})
	}
	return said
}

// emitted returns the policies that leave, those that are no targets as targets without
// overlays; policies of other vendors; and why others cannot be read.
func (r *Result) emitted() (policies []*plan.Target, others []*manifest.Object, unread []Problem) {
	others, unread = slices.Clone(r.plan.Reading.Others), slices.Clone(r.plan.Reading.Doubts)
	for _, o := range r.plan.Reading.Policies {
		if t := r.plan.TargetOf[o]; t != nil {
			policies = append(policies, t)
		} else if !o.IsNetworkPolicy() {
			others = append(others, o)
		} else if policy, in := inspect.Policy(o, inspect.BystanderRole); len(in.Problems) > 0 {
			if !report.IsFull(unread) {
				unread = append(unread, in.Problems...)
			}
		} else {
			policies = append(policies, &plan.Target{Object: o, Policy: policy, Folded: policy})
		}
	}
	report.Sort(unread)
	return policies, others, unread
}

// placed is a policy with its namespace, if that is known, and its name as people read it.
func (r *Result) placed(o *manifest.Object, policy *networkingv1.NetworkPolicy) *networkingv1.NetworkPolicy {
	placed := *policy
	placed.Namespace, placed.Name = r.set.NamespaceOf(o), o.Name()
	return &placed
}

func (r *Result) named(o *manifest.Object) report.Object {
	return report.Object{APIVersion: o.APIVersion(), Kind: o.Kind(), Namespace: r.set.NamespaceOf(o), Name: o.Name()}
}

func (r *Result) explained(t *plan.Target) report.Explained {
	objects := []*manifest.Object{t.Object}
	said := report.Explained{Policy: r.placed(t.Object, t.Policy), Changes: t.Changes, Hook: t.IsHook()}
	for _, o := range t.Overlays {
		objects = append(objects, o.Object)
		said.Overlays = append(said.Overlays, o.Policy)
	}
	for _, o := range objects {
		said.Sources = append(said.Sources, report.Source{Name: o.Name(), Template: o.Source(), Line: o.LineAt("")})
	}
	said.Line = func(source int, field string) int { return objects[source].LineAt(field) }
	return said
}
