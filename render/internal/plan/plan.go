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
	// Reading is what the set holds.
	Reading  *Reading
	Problems []report.Problem
	Warnings []report.Problem
}

// Make makes the plan for a set of that many streams.
func Make(set *manifest.Set, streams int, options Options) *Plan {
	m := &maker{set: set, options: options}
	m.Reading = Read(set)
	m.Problems = m.Reading.Problems
	m.readCeilings(streams + len(options.OverlayFiles))
	for i, source := range options.OverlayFiles {
		m.eachIn(source, streams+i, func(o *manifest.Object) { m.addOverlay(o, true) })
	}
	for _, o := range m.Reading.Marked {
		m.addOverlay(o, false)
	}
	isMerged := len(m.Reading.Marked) > 0 || len(m.Overlays) > 0 && !set.OnlyHooks()
	if isMerged || len(options.CeilingFiles) > 0 {
		m.Problems = append(m.Problems, m.Reading.Doubts...)
	}
	if isMerged {
		m.findTargets()
	}
	for _, t := range m.Targets {
		m.fold(t)
	}
	m.checkCeilings()
	m.Warnings = append(m.Warnings, m.Reading.Forgotten(m.Targets)...)
	return &m.Plan
}

// maker is a plan that is being made.
type maker struct {
	Plan
	set      *manifest.Set
	options  Options
	possible []*manifest.Object // targets; nil until asked for
	names    []string           // of these
	guessed  int                // how much was compared to find misspelt names
	ceilings *ceilings          // nil if there are none, or something is wrong with them
}

// PortPath is the field path of one entry of a rule's ports; of the rule, if port is -1.
func PortPath(direction networkingv1.PolicyType, rule, port int) *field.Path {
	path := merge.Position{Direction: direction, Index: rule}.Path()
	if port < 0 {
		return path
	}
	return path.Child("ports").Index(port)
}
