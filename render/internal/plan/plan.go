// Package plan decides which overlay goes into which target, and finds everything for
// which it may not.
//
// Start reading at Make. An overlay is inspected by itself (inspect.go, overlay.go),
// gets one target (target.go), is folded into it by package merge, and is held against
// the ceilings (ceiling.go). The package knows policies, and what to do about what is
// wrong with them (hints.go). It does not know how a target is written.
package plan

import (
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/report"
)

// Options are what the caller wants of a plan.
type Options struct {
	Target       string // of overlays that name none
	AllowIngress bool   // whether overlays may have ingress rules
	// OverlayFiles are streams in which every document is an overlay, CeilingFiles
	// streams of the most that policies may allow.
	OverlayFiles, CeilingFiles []manifest.Source
}

// Plan is what is to be done or, if there are Problems, why it may not be.
type Plan struct {
	Targets  []*Target // of the overlays, in the order of the input
	Overlays []*Overlay
	Policies []*manifest.Object // those of the input that are no overlays
	Problems []report.Problem
	Warnings []report.Problem
}

// Make makes the plan for a set of that many streams.
func Make(set *manifest.Set, streams int, options Options) *Plan {
	m := &maker{set: set, options: options}
	m.readCeilings(streams + len(options.OverlayFiles))
	for i, source := range options.OverlayFiles {
		m.eachIn(source, streams+i, func(o *manifest.Object) { m.addOverlay(o, true) })
	}
	fromFiles := len(m.Overlays)
	EachMarked(set, func(o *manifest.Object) { m.addOverlay(o, false) }, &m.Problems, &m.Warnings)
	if len(m.Overlays) > fromFiles || fromFiles > 0 && !set.OnlyHooks() {
		m.Policies = set.Policies()
		m.findTargets()
	}
	for _, t := range m.Targets {
		m.fold(t)
	}
	return &m.Plan
}

// maker is a plan that is being made.
type maker struct {
	Plan
	set     *manifest.Set
	options Options
	ceiling *ceiling // nil if there are none, or something is wrong with them
}

// RulePath is the field path of a rule of a policy.
func RulePath(direction networkingv1.PolicyType, rule int) *field.Path {
	return field.NewPath("spec", merge.RulesKey(direction)).Index(rule)
}

// PortPath is the field path of one entry of a rule's ports; of the rule, if port is -1.
func PortPath(direction networkingv1.PolicyType, rule, port int) *field.Path {
	if port < 0 {
		return RulePath(direction, rule)
	}
	return RulePath(direction, rule).Child("ports").Index(port)
}
