// Package advice finds what is valid in a plan but probably a mistake.
//
// Start reading at About. Each finding is a warning: nothing is refused for it, and
// nothing is changed. The package knows policies, and Services whose ports people
// mistake for those of pods (service.go). It does not know how a warning becomes an
// error, or what is written.
package advice

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/inspect"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/plan"
	"github.com/networknt/netpol-merge/render/report"
)

// About returns warnings about the targets of a plan that were folded.
func About(p *plan.Plan, set *manifest.Set) []report.Problem {
	a := &adviser{services: services{set: set}}
	for _, t := range p.Targets {
		if t.Folded == nil {
			continue
		}
		a.addsNothing(t)
		a.notIsolated(t)
		a.reopened(t)
		a.strayDashes(t)
		a.servicePorts(t)
	}
	return a.warnings
}

type adviser struct {
	services services
	warnings []report.Problem
}

func (a *adviser) warn(o *manifest.Object, code report.Code, path *field.Path, reason, hint string) {
	if !report.IsFull(a.warnings) {
		a.warnings = append(a.warnings, inspect.At(o, code, path, reason, hint))
	}
}

// addsNothing warns of overlays that ask only for what is allowed without them.
func (a *adviser) addsNothing(t *plan.Target) {
	adds := make([]bool, len(t.Overlays))
	for _, change := range t.Changes {
		adds[change.Overlay] = adds[change.Overlay] || change.Action != merge.Covered
	}
	before := sync.OnceValue(func() *merge.Allowance { return merge.NewAllowance(t.Policy) })
	for i, o := range t.Overlays {
		if adds[i] {
			continue
		}
		reason, hint := fmt.Sprintf("the overlay adds nothing: the target %q allows all of it already", t.Name()), "remove the overlay, or add what it was meant to open"
		switch {
		case len(o.Policy.Spec.Ingress)+len(o.Policy.Spec.Egress) == 0:
			reason = "the overlay adds nothing: it has no rules"
		case len(before().Beyond(o.Policy)) > 0:
			reason = fmt.Sprintf("the overlay adds nothing: the target %q and other overlays allow all of it already", t.Name())
			hint = "keep it if it is needed without the others, too; else let one overlay ask"
		}
		a.warn(o.Object, report.AddsNothing, field.NewPath("spec"), reason, hint)
	}
}

// notIsolated warns of rules in a direction in which the target allows everything.
func (a *adviser) notIsolated(t *plan.Target) {
	for i, change := range t.Changes {
		first := i == 0 || t.Changes[i-1].Overlay != change.Overlay || t.Changes[i-1].Direction != change.Direction
		if change.Action != merge.NotIsolated || !first {
			continue
		}
		direction := merge.RulesKey(change.Direction)
		a.warn(t.Overlays[change.Overlay].Object, report.NotIsolatedYet, field.NewPath("spec", direction),
			fmt.Sprintf("nothing is added: the target %q does not isolate %s, so everything is allowed there already", t.Name(), direction),
			fmt.Sprintf("if the target should isolate %s, write policyTypes: [Ingress, Egress] in it", direction))
	}
}

// reopened warns of overlays that let in what a rule excepts.
func (a *adviser) reopened(t *plan.Target) {
	for _, reopening := range merge.Reopenings(t.Policy, t.Folded, t.Changes) {
		change := t.Changes[reopening.Change]
		reason := "opens " + joined(reopening.Networks, netip.Prefix.String)
		if reopening.More > 0 {
			reason += fmt.Sprintf(" and %d more", reopening.More)
		}
		if reopening.Metadata {
			reason += " (the cloud's instance metadata among them)"
		}
		by := joined(reopening.Rules, func(rule int) string { return fmt.Sprintf("%s[%d]", merge.RulesKey(change.Direction), rule) })
		a.warn(t.Overlays[change.Overlay].Object, report.Reopened, change.Path(),
			fmt.Sprintf("%s, which %s of the merged policy excepts", reason, by),
			"name the destinations, or except the same networks")
	}
}

func joined[T any](items []T, text func(T) string) string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = text(item)
	}
	return strings.Join(texts, ", ")
}

// strayDashes warns of what is probably one rule, written as two.
func (a *adviser) strayDashes(t *plan.Target) {
	for _, o := range t.Overlays {
		for _, direction := range merge.Directions() {
			for _, i := range merge.StrayDashes(o.Policy, direction) {
				a.strayDash(o, direction, i+1)
			}
		}
	}
}

func (a *adviser) strayDash(o *plan.Overlay, direction networkingv1.PolicyType, second int) {
	has, above, key := "ports", "peers", "ports"
	if len(merge.Rules(o.Policy, direction)[second].Peers) > 0 {
		has, above, key = "peers", "ports", merge.PeersKey(direction)
	}
	a.warn(o.Object, report.StrayDash, merge.Position{Direction: direction, Index: second}.Path(),
		fmt.Sprintf("this rule has only %s, and the one above only %s: all ports %s these peers are open, and these ports %s any peer", has, above, merge.PeersKey(direction), merge.PeersKey(direction)),
		fmt.Sprintf("if this is one rule, remove the '-' before %s", key))
}
