package render

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/render/internal/edit"
)

// rewrite gives the documents of targets and overlays their new text.
func (r *run) rewrite() error {
	editions := map[*manifest]*edition{}
	var order []*edition
	editionOf := func(m *manifest) *edition {
		if editions[m] == nil {
			editions[m] = &edition{manifest: m}
			order = append(order, editions[m])
		}
		return editions[m]
	}
	for _, o := range r.overlays {
		if !o.inFile {
			e := editionOf(o.manifest)
			e.removed = append(e.removed, o.object)
		}
	}
	for _, t := range r.targets {
		if len(t.mergedFrom()) > 0 {
			e := editionOf(t.manifest)
			e.targets = append(e.targets, t)
		}
	}
	for _, e := range order {
		text, err := e.newText()
		switch {
		case errors.Is(err, errGrewTooLarge):
			r.report(e.targets[0].object, finding{Error: field.TooLong(nil, "", maxObject), code: rejectedByServer, hint: tooManyOverlays})
		case err != nil:
			return internalError("%s:%d: the merged document cannot be written: %w", e.sourceName(), e.line(), err)
		}
		r.replaced[e.document] = text
	}
	return r.refusal()
}

// edition is how a document changes: targets in it get something added, and
// overlays in it leave.
type edition struct {
	*manifest
	targets []*target
	removed []*object
}

// errGrewTooLarge tells that an API server would accept a target only without what
// was added to it.
var errGrewTooLarge = fmt.Errorf("larger than 3 MiB after the merge: %w", edit.ErrFinal)

// newText returns the document's new text, which is empty if the document leaves.
func (e *edition) newText() ([]byte, error) {
	if e.leaves() {
		return nil, nil
	}
	var edits []edit.Edit
	for _, t := range e.targets {
		added, err := t.edits()
		if err != nil {
			return nil, err
		}
		edits = append(edits, added...)
	}
	var remove []int
	for _, o := range e.removed {
		remove = append(remove, o.item)
	}
	if len(remove) > 0 {
		edits = append(edits, edit.Edit{Path: []any{"items"}, Remove: remove})
	}
	return edit.Apply(edit.Document{Text: e.document.text, End: e.end, Tree: e.tree}, edits, e.verify)
}

// leaves tells whether nothing of the document remains: it is an overlay, or a
// list of nothing else. A ResourceList is an envelope, which stays.
func (e *edition) leaves() bool {
	if len(e.removed) == 0 {
		return false
	}
	if e.removed[0].item < 0 {
		return true
	}
	value, _ := e.value.(map[string]any)
	items, _ := value["items"].([]any)
	return len(e.removed) == len(items) && value["kind"] != "ResourceList"
}

// verify reads the new text back. Targets must be the folded policies, the
// overlays must be gone, and the rest must be as before.
func (e *edition) verify(text []byte) error {
	in := newStream(Source{Name: e.stream.Name, Text: text}, 0)
	documents := split(in)
	if len(documents) != 1 {
		return fmt.Errorf("it became %d documents", len(documents))
	}
	now, err := parseAgain(documents[0])
	if err != nil {
		return err
	}
	want := slices.DeleteFunc(slices.Clone(e.objects), func(o *object) bool { return slices.Contains(e.removed, o) })
	if len(now.objects) != len(want) {
		return fmt.Errorf("it has %d objects instead of %d", len(now.objects), len(want))
	}
	folded := map[*object]*networkingv1.NetworkPolicy{}
	for _, t := range e.targets {
		folded[t.object] = t.folded
	}
	for i, o := range now.objects {
		if err := o.verify(want[i], folded[want[i]]); err != nil {
			return err
		}
	}
	return verifyEnvelope(now.value, e.value)
}

// verify compares an object that was read back with what it has to be: the
// folded policy, or, if that is nil, the object as it was.
func (o *object) verify(before *object, folded *networkingv1.NetworkPolicy) error {
	if folded == nil {
		if !reflect.DeepEqual(o.value, before.value) {
			return fmt.Errorf("%s %q changed", before.kind(), before.name())
		}
		return nil
	}
	policy, findings := decode(o, true)
	if len(findings) > 0 {
		return findings[0].Error
	}
	if !apiequality.Semantic.DeepEqual(policy, folded) {
		return fmt.Errorf("NetworkPolicy %q differs from the folded policy", folded.Name)
	}
	if o.size() > maxObject {
		return errGrewTooLarge
	}
	return nil
}

// verifyEnvelope compares what a list says beside its items.
func verifyEnvelope(now, before any) error {
	nowEntries, _ := now.(map[string]any)
	entries, _ := before.(map[string]any)
	if !isList(entries) {
		return nil
	}
	for key := range entries {
		if key != "items" && !reflect.DeepEqual(nowEntries[key], entries[key]) {
			return fmt.Errorf("%s changed", key)
		}
	}
	return nil
}
