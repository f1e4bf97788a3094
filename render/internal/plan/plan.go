// Package plan decides which overlay goes into which target, and finds everything for
// which it may not.
//
// Start reading at Make. What the documents hold is sorted (read.go). An overlay is
// inspected by itself (overlay.go), gets one target, and is folded into it by package
// merge (target.go). All that leaves is held against the ceilings (ceiling.go). The
// package does not know how a target is written.
package plan

import (
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
	Targets  []*Target                    // of the overlays, in the order of the input
	TargetOf map[*manifest.Object]*Target // of a policy that is one
	Overlays []*Overlay
	// Reading is what the set holds.
	Reading  *Reading
	Problems []report.Problem
	Warnings []report.Problem
}

// Make makes the plan for a set of that many streams.
func Make(set *manifest.Set, streams int, options Options) *Plan {
	m := &maker{set: set, options: options, Plan: Plan{TargetOf: map[*manifest.Object]*Target{}}}
	m.Reading = Read(set)
	m.Problems = m.Reading.Problems
	m.readCeilings(streams + len(options.OverlayFiles))
	for i, source := range options.OverlayFiles {
		objects, problems := objectsIn(source, streams+i)
		m.Problems = append(m.Problems, problems...)
		for _, o := range objects {
			m.addOverlay(o, true)
		}
	}
	for _, o := range m.Reading.Marked {
		m.addOverlay(o, false)
	}
	// Hooks alone pass untouched, even with files of overlays.
	isMerged := len(m.Reading.Marked) > 0 || len(m.Overlays) > 0 && !set.OnlyHooks()
	if isMerged || len(options.CeilingFiles) > 0 {
		m.Problems = append(m.Problems, m.Reading.Doubts...)
	}
	if isMerged {
		m.findTargets()
	}
	for _, t := range m.Targets {
		if !report.IsFull(m.Problems) {
			m.fold(t)
		}
	}
	m.checkCeilings()
	m.Warnings = append(m.Warnings, m.Reading.Forgotten(m.TargetOf)...)
	return &m.Plan
}

// maker is a plan that is being made.
type maker struct {
	Plan
	set      *manifest.Set
	options  Options
	guessed  int       // how much was compared to find misspelt names
	ceilings *ceilings // nil if there are none, or something is wrong with them
}
