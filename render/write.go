package render

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"

	"github.com/networknt/netpol-merge/render/internal/doubt"
	"github.com/networknt/netpol-merge/render/internal/edit"
	"github.com/networknt/netpol-merge/render/internal/inspect"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/plan"
	"github.com/networknt/netpol-merge/render/internal/stream"
	"github.com/networknt/netpol-merge/render/internal/strict"
	"github.com/networknt/netpol-merge/render/report"
)

// rewrite returns the new text of the documents of targets and overlays, which is empty
// if the document leaves, and targets that became too large.
func rewrite(p *plan.Plan) (texts map[*stream.Document][]byte, problems []report.Problem, err error) {
	texts = map[*stream.Document][]byte{}
	for _, c := range documentChanges(p) {
		text, err := c.newText()
		switch {
		case errors.Is(err, errGrewTooLarge):
			problems = append(problems, plan.TooLarge(c.targets[0]))
		case err != nil:
			return nil, nil, &InternalError{fmt.Errorf("%s:%d: the merged document cannot be written: %w", c.Source(), c.Line, err)}
		}
		texts[&c.Document.Document] = text
	}
	return texts, problems, nil
}

// documentChange is how a document changes: targets in it get something added, and
// overlays in it leave.
type documentChange struct {
	*manifest.Document
	targets []*plan.Target
	removed []*manifest.Object
}

// documentChanges gathers what changes by document.
func documentChanges(p *plan.Plan) (changes []*documentChange) {
	known := map[*manifest.Document]*documentChange{}
	of := func(d *manifest.Document) *documentChange {
		if known[d] == nil {
			known[d] = &documentChange{Document: d}
			changes = append(changes, known[d])
		}
		return known[d]
	}
	for _, o := range p.Overlays {
		if !o.InFile {
			c := of(o.Document)
			c.removed = append(c.removed, o.Object)
		}
	}
	for _, t := range p.Targets {
		if len(t.MergedFrom()) > 0 {
			c := of(t.Document)
			c.targets = append(c.targets, t)
		}
	}
	return changes
}

// errGrewTooLarge is the error for a target that an API server would accept only without
// what was added to it.
var errGrewTooLarge = fmt.Errorf("larger than an API server accepts: %w", edit.ErrFinal)

func (c *documentChange) newText() ([]byte, error) {
	if c.leaves() {
		return nil, nil
	}
	return edit.Apply(edit.Document{Text: c.Text, End: c.End, Tree: c.Tree}, c.edits, c.verify)
}

// edits are what changes in the document.
func (c *documentChange) edits() (edits []edit.Edit, err error) {
	for _, t := range c.targets {
		added, err := editsOf(t)
		if err != nil {
			return nil, err
		}
		edits = append(edits, added...)
	}
	if len(c.removed) > 0 {
		remove := edit.Edit{Path: []any{"items"}}
		for _, o := range c.removed {
			remove.Remove = append(remove.Remove, o.Item)
		}
		edits = append(edits, remove)
	}
	return edits, nil
}

// leaves reports whether nothing of the document remains: it is an overlay, or a list of
// nothing else. A ResourceList is an envelope, which stays.
func (c *documentChange) leaves() bool {
	if len(c.removed) == 0 {
		return false
	}
	if c.removed[0].Item < 0 {
		return true
	}
	value, _ := c.Value.(map[string]any)
	items, _ := value["items"].([]any)
	return len(c.removed) == len(items) && value["kind"] != "ResourceList"
}

// verify reads the new text back. Targets must be the folded policies, the overlays must
// be gone, and the rest must be as before.
func (c *documentChange) verify(text []byte) error {
	now, err := manifest.ReadAgain(text)
	if err != nil {
		return err
	}
	if found := doubt.Parsers(now); found != nil {
		return errors.New(found.Reason)
	}
	want := slices.DeleteFunc(slices.Clone(c.Objects), func(o *manifest.Object) bool { return slices.Contains(c.removed, o) })
	if len(now.Objects) != len(want) {
		return fmt.Errorf("it has %d objects instead of %d", len(now.Objects), len(want))
	}
	folded := map[*manifest.Object]*networkingv1.NetworkPolicy{}
	for _, t := range c.targets {
		folded[t.Object] = t.Folded
	}
	for i, o := range now.Objects {
		if err := verifyObject(o, want[i], folded[want[i]]); err != nil {
			return err
		}
	}
	if len(c.Lists) > 0 && !same(envelope(now.Value), envelope(c.Value)) {
		return errors.New("the list changed")
	}
	return nil
}

// verifyObject compares an object that was read back with what it has to be: the folded
// policy or, if that is nil, the object as it was.
func verifyObject(now, before *manifest.Object, folded *networkingv1.NetworkPolicy) error {
	if folded == nil {
		if !same(now.Value, before.Value) {
			return fmt.Errorf("%s %q changed", before.Kind(), before.Name())
		}
		return nil
	}
	policy, findings := inspect.Decode(now, strict.Options{NullItems: true})
	if len(findings) > 0 {
		return findings[0].Error
	}
	if !apiequality.Semantic.DeepEqual(policy, folded) {
		return fmt.Errorf("NetworkPolicy %q differs from the folded policy", folded.Name)
	}
	if inspect.IsTooLarge(now) {
		return errGrewTooLarge
	}
	return nil
}

// same reports whether two objects are the same to an API server. A parser of JSON takes a
// large number with a fraction for a float, and one of YAML may take it for a whole number.
func same(a, b map[string]any) bool {
	return reflect.DeepEqual(a, b) || manifest.JSON(a) == manifest.JSON(b)
}

// envelope is what a list says beside its items.
func envelope(value any) map[string]any {
	entries, _ := value.(map[string]any)
	entries = maps.Clone(entries)
	delete(entries, "items")
	return entries
}
