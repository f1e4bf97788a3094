// Package render is netpol-merge as a library: it takes a stream of rendered manifests,
// folds the overlays in it into their targets, and returns the stream that goes to the
// cluster.
//
// Start reading at [Renderer.Merge], which is the order of the steps. Each step is a room
// of its own: documents are split off and read (internal/stream, internal/manifest), a
// plan is made of them (internal/plan), what is valid but probably a mistake becomes a
// warning (internal/advice), and what the plan adds is written into the targets' own text
// (edits.go, write.go, internal/edit). What was written is read back and compared before
// it counts. Package render/report holds what people read.
//
// Documents that are not involved leave byte for byte as they came. Input that raises any
// doubt is refused whole, with all problems at once.
package render

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/postrender"

	"github.com/networknt/netpol-merge/render/internal/advice"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/plan"
	"github.com/networknt/netpol-merge/render/internal/stream"
	"github.com/networknt/netpol-merge/render/report"
)

// What people read is in package report; these are the names by which a caller meets it.
type (
	// Problem is [report.Problem].
	Problem = report.Problem
	// Code is [report.Code].
	Code = report.Code
	// Refusal is [report.Refusal].
	Refusal = report.Refusal
	// Report is [report.Report].
	Report = report.Report
	// Difference is [report.Difference].
	Difference = report.Difference
)

// DefaultTarget is the target of overlays that name none.
const DefaultTarget = "proxy-allow"

// Source is a stream of YAML documents and where it came from.
type Source struct {
	// Name is how problems refer to the stream: a path, or "stdin".
	Name string
	Text []byte
	// IsFile reports whether Name is a file that an editor can open: problems then name
	// lines of it.
	IsFile bool
}

// Renderer merges overlays into their targets. The zero value is ready for use. It
// satisfies the PostRenderer interfaces of Helm 3 and Helm 4, and is safe for concurrent
// use if Warnings is.
type Renderer struct {
	// Target is the target of overlays whose annotation is empty or missing. Empty
	// means DefaultTarget.
	Target string
	// Namespace is the release's: that of objects that name none. Empty means that it
	// is not known.
	Namespace string
	// Overlays are more streams, in which every document is an overlay, with or without
	// the annotation.
	Overlays []Source
	// Ceilings are streams of NetworkPolicies. If there are any, their rules together
	// are the most that the policies of a stream may allow.
	Ceilings []Source
	// AllowIngress lets overlays add ingress rules.
	AllowIngress bool
	// Strict makes warnings errors.
	Strict bool
	// RequireInput makes an input without any content an error.
	RequireInput bool
	// Warnings is where Run writes warnings; nil discards them.
	Warnings io.Writer
}

var _ postrender.PostRenderer = (*Renderer)(nil)

// Run merges the manifests that Helm rendered. The error is a *Refusal unless it comes
// from Warnings or is an *InternalError.
func (r *Renderer) Run(manifests *bytes.Buffer) (*bytes.Buffer, error) {
	result, err := r.Merge(Source{Name: "stdin", Text: manifests.Bytes()})
	if err != nil {
		return nil, err
	}
	if r.Warnings != nil {
		if _, err := io.WriteString(r.Warnings, report.FormatWarnings(result.Warnings)); err != nil {
			return nil, fmt.Errorf("write warnings: %w", err)
		}
	}
	var merged bytes.Buffer
	if _, err := result.WriteTo(&merged); err != nil {
		return nil, err
	}
	return &merged, nil
}

// Result is a merged stream, and all that was read for it, for Report: that is a hundred times
// as large.
type Result struct {
	Stream
	// Warnings are problems that did not keep the input from being merged.
	Warnings []Problem

	set  *manifest.Set
	plan *plan.Plan
}

// Stream is a merged stream. It shares the memory of the input.
type Stream struct {
	pieces [][]byte // slices of the input, except for documents that changed
}

// WriteTo writes the stream to w: what did not change in as few writes as it can.
func (s Stream) WriteTo(w io.Writer) (written int64, err error) {
	buffer := bufio.NewWriter(w)
	for _, piece := range s.pieces {
		n, _ := buffer.Write(piece) // Flush has the error, after which nothing is written
		written += int64(n)
	}
	err = buffer.Flush()
	return written - int64(buffer.Buffered()), err
}

// Merge merges streams, which become one. The error is a *Refusal, or an *InternalError.
func (r *Renderer) Merge(streams ...Source) (*Result, error) {
	result, refusal := r.decide(streams)
	if refusal != nil {
		return nil, refusal
	}
	texts, tooLarge, err := rewrite(result.plan)
	if err != nil {
		return nil, err
	}
	if len(tooLarge) > 0 {
		return nil, report.NewRefusal(tooLarge)
	}
	result.Stream = Stream{stream.Join(result.set.Split(), texts)}
	return result, nil
}

// Explain is the report of a merge whose texts nobody asks for, and which is refused for
// whatever Merge is refused for but the size of those texts. The error is a *Refusal.
func (r *Renderer) Explain(streams ...Source) (*Report, error) {
	result, refusal := r.decide(streams)
	if refusal != nil {
		return nil, refusal
	}
	return result.Report(), nil
}

// decide returns what becomes of streams, but for the new texts, or why nothing does.
func (r *Renderer) decide(streams []Source) (*Result, *Refusal) {
	set := manifest.NewSet(r.Namespace, internal(streams))
	if r.RequireInput && set.IsEmpty() {
		return nil, emptyInput(streams)
	}
	p := plan.Make(set, len(streams), plan.Options{
		Target:       cmp.Or(r.Target, DefaultTarget),
		AllowIngress: r.AllowIngress,
		OverlayFiles: internal(r.Overlays),
		CeilingFiles: internal(r.Ceilings),
	})
	warnings := slices.Concat(p.Warnings, advice.About(p, set))
	problems := p.Problems
	if r.Strict {
		problems, warnings = append(problems, warnings...), nil
	}
	if len(problems) > 0 {
		return nil, report.NewRefusal(problems)
	}
	report.Sort(warnings)
	return &Result{Warnings: warnings, set: set, plan: p}, nil
}

func internal(sources []Source) []manifest.Source {
	converted := make([]manifest.Source, len(sources))
	for i, source := range sources {
		converted[i] = manifest.Source(source)
	}
	return converted
}

func emptyInput(streams []Source) *Refusal {
	names := make([]string, len(streams))
	for i, source := range streams {
		names[i] = source.Name
	}
	return report.NewRefusal([]Problem{{
		Code: report.EmptyInput, Source: strings.Join(names, " "),
		Reason: "the input is empty",
		Hint:   "the command that should have written it may have failed; if not, " + report.AcceptEmptyInput,
	}})
}

// Check returns a *Refusal that lists the overlays in the streams, what may be one, and
// policies whose annotation is misspelt or missing; nil if there are none.
func Check(streams ...Source) error {
	read := plan.Read(manifest.NewSet("", internal(streams)))
	problems := slices.Concat(read.Problems, read.Forgotten(nil))
	for _, o := range read.Marked {
		if report.IsFull(problems) {
			break
		}
		problems = append(problems, plan.Left(o))
	}
	if len(problems) > 0 {
		return report.NewRefusal(problems)
	}
	return nil
}

// InternalError is a defect of this program, never of its input.
type InternalError struct{ reason error }

// Error says which check failed and where to report it.
func (e *InternalError) Error() string {
	return fmt.Sprintf("netpol-merge: internal error, nothing was written: %v\n  hint: please report this with the input at https://github.com/networknt/netpol-merge/issues", e.reason)
}

// Unwrap returns the check that failed.
func (e *InternalError) Unwrap() error { return e.reason }
