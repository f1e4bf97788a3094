// Package edit changes YAML text and leaves everything else in it as it was, byte
// for byte where it can.
//
// Start reading at Apply. A change is made by inserting lines (insert.go), if need be
// after the collections on its way became blocks (unflow.go); where lines cannot be
// inserted, the document is encoded anew (reencode.go). The package knows nothing of
// what the text is about.
package edit

import (
	"errors"

	"go.yaml.in/yaml/v3"

	"github.com/networknt/netpol-merge/render/internal/node"
)

// An Edit is one change of a document.
type Edit struct {
	// Path leads to a sequence, or for Key to a mapping: keys, and indices of items.
	Path []any
	// Append are new items at the end of the sequence, which may be missing.
	Append []*yaml.Node
	// Remove are indices of items of the sequence, in ascending order.
	Remove []int
	// Key gets the Value in the mapping, which may be missing.
	Key, Value string
}

// A Document is text that holds one YAML document, and what it was parsed into. Apply may
// change how the nodes are written: their styles and where their comments are.
type Document struct {
	Text []byte
	End  int // of the content in Text, before any "..."
	Tree *yaml.Node
}

// errNoLines is the error for a change that cannot be made by inserting lines.
var errNoLines = errors.New("the text is not in block style")

// Apply returns the text after the edits, which are made anew for each way to write: they
// are not held while verify reads the text back. What it takes for wrong is tried in
// another way; an error that wraps ErrFinal is not.
func Apply(d Document, makeEdits func() ([]Edit, error), verify func([]byte) error) ([]byte, error) {
	attempts := []func(Document, []Edit) ([]byte, error){insert, insertUnflowed, reencode}
	var failures []error
	for len(attempts) > 0 {
		edits, err := makeEdits()
		if err != nil {
			return nil, err
		}
		if d.changesShared(edits) { // an added line would be read wherever the alias is
			attempts = attempts[len(attempts)-1:]
		}
		text, err := attempts[0](d, edits)
		attempts = attempts[1:]
		if err == nil {
			err = verify(text)
		}
		if err == nil || errors.Is(err, ErrFinal) {
			return text, err
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

// changesShared reports whether a node on the way of an edit is what an alias stands for.
func (d Document) changesShared(edits []Edit) bool {
	shared := map[*yaml.Node]bool{}
	addShared(d.Tree, shared)
	for _, e := range edits {
		for i := range e.Path {
			if _, n := node.At(d.Tree.Content[0], e.Path[:i+1]); shared[n] {
				return true
			}
		}
	}
	return false
}

func addShared(n *yaml.Node, shared map[*yaml.Node]bool) {
	if n.Kind == yaml.AliasNode {
		shared[n.Alias] = true
	}
	for _, child := range n.Content {
		addShared(child, shared)
	}
}

// ErrFinal marks errors of verify that no other way to write will mend.
var ErrFinal = errors.New("final")
