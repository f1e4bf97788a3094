// Package render is netpol-merge as a library: it takes a stream of rendered
// manifests, folds the overlays in it into their targets, and returns the
// stream that goes to the cluster.
//
// Start reading at Renderer.Merge. A stream is split into documents, which are
// slices of it (stream.go). Only those that can be an overlay or a target are
// parsed (manifest.go) and checked as the API server would check them, and more
// strictly (check.go, overlay.go), and held against the ceilings (ceiling.go).
// Each overlay finds its target (target.go), package merge folds them, and what
// it added (addition.go) is written into the target (write.go): as lines in its
// own text (lines.go), if need be after flow style became a block (unflow.go),
// or else in its nodes (reencode.go). What was written is read back and compared
// before it counts. What is legal but hardly meant becomes a warning (warning.go,
// workload.go), and the same changes make a report (report.go, report_text.go,
// report_markdown.go). problem.go and words.go say it to people.
//
// Documents that are not involved leave byte for byte as they came. Input that
// raises any doubt is refused whole, with all problems at once.
package render

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/postrender"

	"github.com/networknt/netpol-merge/merge"
)

// DefaultTarget is the target of overlays that name none.
const DefaultTarget = "proxy-allow"

// Renderer merges overlays into their targets. The zero value is ready for use. It
// satisfies the PostRenderer interfaces of Helm 3 and Helm 4, and is safe for
// concurrent use if Warnings is.
type Renderer struct {
	// Target is the target of overlays whose annotation is empty or missing.
	// Empty means DefaultTarget.
	Target string
	// Namespace is the release's: that of objects that name none. Empty means
	// that it is not known.
	Namespace string
	// Overlays are more streams, in which every document is an overlay, with
	// or without the annotation.
	Overlays []Source
	// Ceilings are streams of NetworkPolicies. If there are any, their rules
	// together are the most that overlays may ask for.
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

// Run merges the manifests that Helm rendered. The error is a *Refusal unless
// it comes from Warnings or is an *InternalError.
func (r *Renderer) Run(manifests *bytes.Buffer) (*bytes.Buffer, error) {
	result, err := r.Merge(Source{Name: "stdin", Text: manifests.Bytes()})
	if err != nil {
		return nil, err
	}
	if r.Warnings != nil {
		if _, err := io.WriteString(r.Warnings, result.FormatWarnings()); err != nil {
			return nil, fmt.Errorf("write warnings: %w", err)
		}
	}
	var merged bytes.Buffer
	if _, err := result.WriteTo(&merged); err != nil {
		return nil, err
	}
	return &merged, nil
}

// Result is a merged stream. It keeps the streams and all that was parsed of them in
// memory, for Report.
type Result struct {
	// Warnings are problems that did not keep the input from being merged.
	Warnings []Problem

	run    *run
	chunks [][]byte // of the input, but for documents that changed
}

// WriteTo writes the merged stream to w, in few large writes.
func (r *Result) WriteTo(w io.Writer) (written int64, err error) {
	buffer := bufio.NewWriterSize(w, 1<<16)
	for _, chunk := range r.chunks {
		n, err := buffer.Write(chunk)
		written += int64(n)
		if err != nil {
			return written - int64(buffer.Buffered()), err
		}
	}
	err = buffer.Flush()
	return written - int64(buffer.Buffered()), err
}

// FormatWarnings returns the warnings as they are shown to a person.
func (r *Result) FormatWarnings() string {
	var b bytes.Buffer
	for _, warning := range r.Warnings {
		fmt.Fprintln(&b, warning.format("warning: "))
	}
	return b.String()
}

// Merge merges streams, which become one. The result shares the memory of the
// streams. The error is a *Refusal, or an *InternalError.
func (r *Renderer) Merge(streams ...Source) (*Result, error) {
	run := newRun(r, streams)
	if r.RequireInput && run.isEmpty() {
		return nil, &Refusal{Problems: []Problem{{
			Code: emptyInput, Source: streamNames(streams), Line: 1,
			Reason: "the input is empty",
			Hint:   "the command that should have written it may have failed; without --require-input an empty input is accepted",
		}}}
	}
	if err := run.merge(len(streams)); err != nil {
		return nil, err
	}
	return &Result{Warnings: run.warnings, run: run, chunks: run.output()}, nil
}

// Check returns a *Refusal that lists the overlays in the streams, policies that are
// marked nearly like one, and documents that may be one but cannot be read; nil if
// there are none.
func Check(streams ...Source) error {
	run := newRun(&Renderer{}, streams)
	run.eachMarked(func(o *object) {
		run.problems = append(run.problems, o.problemAt(overlayLeft, "metadata.annotations["+merge.IntoAnnotation+"]",
			"an overlay is still in the stream", "a step of the pipeline forgot to run netpol-merge"))
	})
	run.problems = append(run.problems, run.warnings...)
	return run.refusal()
}

func streamNames(streams []Source) string {
	names := make([]string, len(streams))
	for i, source := range streams {
		names[i] = source.Name
	}
	return strings.Join(names, " ")
}

// run is the state of one call of Merge.
type run struct {
	Renderer
	documents   []*document
	manifests   map[*document]*manifest // those that were worth parsing
	overlays    []*overlay
	policies    []*object // that are no overlays
	targets     []*target // of the overlays, in the order of the input
	ceiling     *ceiling  // nil if there are none, or something is wrong with them
	problems    []Problem
	warnings    []Problem
	size        int                    // of the input, in bytes
	documentsBy map[string][]*document // by a word in them
	withPort    map[string][]*document // those that may hold a Service, by the numbers in them
	// replaced holds the new text of documents that change; empty if they leave.
	replaced map[*document][]byte
}

func newRun(r *Renderer, streams []Source) *run {
	run := &run{Renderer: *r, manifests: map[*document]*manifest{}, documentsBy: map[string][]*document{}, replaced: map[*document][]byte{}}
	for i, source := range streams {
		if i > 0 {
			source.Text = bytes.TrimPrefix(source.Text, []byte(byteOrderMark)) // it would stand in the middle
		}
		run.size += len(source.Text)
		run.documents = append(run.documents, split(newStream(source, i))...)
	}
	return run
}

// refusal is the error for the problems found so far, nil if there are none.
func (r *run) refusal() error {
	if len(r.problems) == 0 {
		return nil
	}
	sortProblems(r.problems)
	return &Refusal{Problems: r.problems}
}

func (r *run) isEmpty() bool {
	return !slices.ContainsFunc(r.documents, (*document).hasContent)
}

func (r *run) merge(streams int) error {
	r.readCeilings(streams + len(r.Overlays))
	for i, source := range r.Overlays {
		r.eachIn(source, streams+i, "overlay", func(o *object) { r.addOverlay(o, true) })
	}
	fromFiles := len(r.overlays)
	r.eachMarked(func(o *object) { r.addOverlay(o, false) })
	if len(r.overlays) > fromFiles || fromFiles > 0 && !r.onlyHooks() {
		r.targets = r.findTargets()
	}
	for _, t := range r.targets {
		r.fold(t)
	}
	if r.Strict {
		r.problems, r.warnings = append(r.problems, r.warnings...), nil
	}
	sortProblems(r.warnings)
	if err := r.refusal(); err != nil {
		return err
	}
	return r.rewrite()
}

// eachIn finds the objects in a file that is for overlays or ceilings only.
func (r *run) eachIn(source Source, position int, what string, found func(*object)) {
	for _, d := range split(newStream(source, position)) {
		m, ok := r.parse(d, "every document of a file given by --"+what+" has to be readable")
		if !ok {
			continue
		}
		if _, isObject := m.value.(map[string]any); !isObject && m.value != nil {
			r.problems = append(r.problems, d.problem(wrongFile, "a document of a file given by --"+what+" has to be a NetworkPolicy", "remove the document"))
		}
		for _, o := range m.objects {
			found(o)
		}
	}
}

// eachMarked finds the objects in the input that are to be overlays.
func (r *run) eachMarked(found func(*object)) {
	for _, d := range r.documents {
		if !d.namesOurs && !d.hides(merge.IntoAnnotation) {
			continue // neither marked nor nearly so
		}
		hint := ""
		if says(d.text, merge.IntoAnnotation) || isUTF16(d.text) {
			hint = "the document mentions " + merge.IntoAnnotation + ", so it may be an overlay: mend it, or take the annotation out"
		}
		m, ok := r.parse(d, hint)
		if !ok {
			continue
		}
		for _, o := range m.objects {
			if o.isMarked() {
				found(o)
			} else {
				r.warnMismarked(o)
			}
		}
	}
}

// parse parses a document once. A document that cannot be read is a problem
// only if there is a hint what to do about it.
func (r *run) parse(d *document, hint string) (*manifest, bool) {
	if m, ok := r.manifests[d]; ok {
		return m, m != nil
	}
	var m *manifest
	err := errTooLarge
	if len(d.text) <= maxDocument {
		m, err = parse(d)
	}
	r.manifests[d] = m
	if err == nil {
		return m, true
	}
	if hint != "" {
		r.problems = append(r.problems, unreadable(d, err, hint))
	}
	return nil, false
}

var errTooLarge = errors.New("the document is larger than 32 MiB, which is more than is read")

// onlyHooks tells whether everything in the input is a Helm hook. An SDK caller
// may post-render those alone, and Helm 3 sends nothing for a chart that has
// nothing else.
func (r *run) onlyHooks() bool {
	for _, d := range r.documents {
		if !d.hasContent() {
			continue
		}
		if !d.mentions(hookAnnotation) {
			return false
		}
		m, ok := r.parse(d, "")
		if !ok || len(m.objects) == 0 {
			return false
		}
		for _, o := range m.objects {
			if !o.isHook() {
				return false
			}
		}
	}
	return true
}

// output joins the documents, those that changed in their new form. Neighbours
// that did not are one chunk.
func (r *run) output() [][]byte {
	var chunks [][]byte
	var last, neighbour *document // in the output, and in the input
	asBefore := false             // whether the last chunk is of the input
	for _, d := range r.documents {
		text, changed := r.replaced[d]
		if !changed {
			text = d.text
		}
		switch {
		case asBefore && !changed && last == neighbour && d.start > 0:
			chunk := &chunks[len(chunks)-1]
			*chunk = d.stream.Text[d.start-len(*chunk) : d.start+len(text)]
			last = d
		case len(text) > 0:
			if last != nil && (d.start == 0 || last != neighbour) {
				if seam := joint(chunks[len(chunks)-1], d, text); len(seam) > 0 {
					chunks = append(chunks, seam)
				}
			}
			chunks = append(chunks, text)
			last, asBefore = d, !changed
		}
		neighbour = d
	}
	return chunks
}

// joint returns what has to stand before a document's new text, if what stood
// before it left or was another stream, for the document to remain one of its
// own. Directives need a "..." before them: it may have left with an overlay.
func joint(before []byte, d *document, text []byte) []byte {
	var seam []byte
	if before[len(before)-1] != '\n' {
		seam = append(seam, '\n')
	}
	switch {
	case d.directives && !endsDocument(before):
		seam = append(seam, "...\n"...)
	case d.start == 0 && !d.directives && !isMarker(text, "---"):
		seam = append(seam, "---\n"...)
	}
	return seam
}

// endsDocument tells whether "..." is the text's last line of content.
func endsDocument(text []byte) bool {
	i := bytes.LastIndex(text, []byte("\n..."))
	return i >= 0 && isMarker(text[i+1:], "...") && isBlank(text[i+len("\n..."):])
}
