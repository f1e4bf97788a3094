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
	said := report.New()
	emitted := r.emitted()
	explained := make([]report.Explained, len(emitted.policies))
	for i, p := range emitted.policies {
		explained[i] = r.explained(p)
	}
	said.Add(explained)
	said.Unread = append(said.Unread, emitted.unread...)
	for _, o := range emitted.others {
		said.Others = append(said.Others, r.named(o))
	}
	said.Warnings = append(said.Warnings, r.Warnings...)
	return said
}

// ReportError says why nothing was merged. The problems are those of a *Refusal, or the
// error itself.
func ReportError(err error) *Report {
	said := report.New()
	said.Refused = true
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		said.Problems = append(said.Problems, refusal.Problems...)
	} else {
		said.Problems = append(said.Problems, Problem{Reason: err.Error()})
	}
	return said
}

// emitted is the policies that leave.
type emitted struct {
	policies []emittedPolicy
	unread   []Problem          // of policies that an API server would not take
	others   []*manifest.Object // of other vendors
}

type emittedPolicy struct {
	*plan.Target                             // without overlays, if it is none
	policy       *networkingv1.NetworkPolicy // as it was before the fold, with its namespace
}

func (r *Result) emitted() (e emitted) {
	targets := map[*manifest.Object]*plan.Target{}
	for _, t := range r.plan.Targets {
		targets[t.Object] = t
	}
	e.unread = slices.Clone(r.plan.Reading.Doubts)
	e.others = slices.Clone(r.plan.Reading.Others)
	for _, o := range r.plan.Reading.Policies {
		t := targets[o]
		switch {
		case !o.IsNetworkPolicy():
			e.others = append(e.others, o)
			continue
		case t == nil:
			policy, found := inspect.Policy(o, inspect.BystanderRole)
			if len(found.Problems) > 0 {
				e.unread = append(e.unread, found.Problems...)
				continue
			}
			t = &plan.Target{Object: o, Policy: policy, Folded: policy}
		}
		e.policies = append(e.policies, emittedPolicy{t, r.placed(o, t.Policy)})
	}
	report.Sort(e.unread)
	return e
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

func (r *Result) explained(p emittedPolicy) report.Explained {
	objects := []*manifest.Object{p.Object}
	said := report.Explained{Policy: p.policy, Changes: p.Changes, Hook: p.IsHook()}
	for _, o := range p.Overlays {
		objects = append(objects, o.Object)
		said.Overlays = append(said.Overlays, o.Policy)
	}
	for _, o := range objects {
		said.Sources = append(said.Sources, report.Source{Name: o.Name(), Template: o.Source(), Line: o.LineAt("")})
	}
	said.Line = func(source int, field string) int { return objects[source].LineAt(field) }
	return said
}
