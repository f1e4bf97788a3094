package manifest

import (
	"fmt"
	"maps"
	"strings"

	"go.yaml.in/yaml/v3"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/node"
)

const (
	// HookAnnotation makes a Helm hook of an object.
	HookAnnotation     = "helm.sh/hook"
	filenameAnnotation = "postrenderer.helm.sh/postrender-filename"
)

// Object is a Kubernetes object in a document.
type Object struct {
	*Document
	Node   *yaml.Node // nil if only values were read
	Value  map[string]any
	Item   int  // index in the list's items; -1 if the document is the object
	Nested bool // in a list in a list
}

// isList reports whether an object's items are taken for objects of their own. To
// kubectl and Helm anything that has a list of items is a list, whatever its kind.
func isList(value map[string]any) bool {
	_, hasItems := value["items"].([]any)
	return hasItems
}

func (d *Document) findObjects() *SyntaxError {
	value, ok := d.Value.(map[string]any)
	if !ok {
		return nil
	}
	whole := &Object{Document: d, Node: d.Root(), Value: value, Item: -1}
	if !isList(value) {
		d.Objects = []*Object{whole}
		return nil
	}
	if err := d.addItems(whole); err != nil {
		return err
	}
	if whole.IsMarked() {
		d.Objects = append(d.Objects, whole)
	}
	return nil
}

// addItems adds the items of a list, and those of lists in it.
func (d *Document) addItems(list *Object) *SyntaxError {
	d.Lists = append(d.Lists, list)
	items, _ := list.Value["items"].([]any) // as isList knows
	nodes := make([]*yaml.Node, len(items))
	if list.Node != nil {
		sequence := node.Resolve(node.Lookup(list.Node, "items"))
		if sequence == nil || len(sequence.Content) != len(items) {
			line, _ := d.place().nodes.Locate(list.Node, "items")
			return &SyntaxError{line, "parsers do not agree on the items of the list"}
		}
		nodes = sequence.Content
	}
	for i, item := range items {
		value, ok := item.(map[string]any)
		if !ok {
			line, _ := d.place().nodes.Locate(nodes[i], "")
			return &SyntaxError{line, fmt.Sprintf("item %d of the list is no object", i)}
		}
		if kind, ok := strings.CutSuffix(list.Kind(), "List"); ok && kind != "" && value["kind"] == nil {
			// A typed list's items may leave out what the list says.
			value = maps.Clone(value)
			value["kind"] = kind
			if value["apiVersion"] == nil {
				value["apiVersion"] = list.Value["apiVersion"]
			}
		}
		o := &Object{Document: d, Node: node.Resolve(nodes[i]), Value: value, Item: i, Nested: list.Item >= 0}
		if !isList(value) {
			d.Objects = append(d.Objects, o)
		} else if err := d.addItems(o); err != nil {
			return err
		}
	}
	return nil
}

// At is the value at a path of keys; nil if there is none.
func (o *Object) At(path ...string) any {
	var value any = o.Value
	for _, key := range path {
		mapping, _ := value.(map[string]any)
		value = mapping[key]
	}
	return value
}

// text is the string at a path; empty if there is none.
func (o *Object) text(path ...string) string {
	text, _ := o.At(path...).(string)
	return text
}

// scalar is what is at a path, as text. A name that YAML reads as a number or a boolean
// is one, too: it is the one that people mean.
func (o *Object) scalar(path ...string) string {
	if value := o.At(path...); value != nil {
		return fmt.Sprint(value)
	}
	return ""
}

// APIVersion is empty if the object does not say it.
func (o *Object) APIVersion() string { return o.text("apiVersion") }

// Kind is empty if the object does not say it.
func (o *Object) Kind() string { return o.text("kind") }

// Name is metadata.name or, if the API server is to make one, how that begins, and "*";
// empty if there is neither.
func (o *Object) Name() string {
	if start := o.scalar("metadata", "generateName"); start != "" && !o.HasName() {
		return start + "*"
	}
	return o.scalar("metadata", "name")
}

// HasName reports whether the object has a metadata.name.
func (o *Object) HasName() bool { return o.scalar("metadata", "name") != "" }

// Namespace is metadata.namespace; empty if there is none.
func (o *Object) Namespace() string { return o.text("metadata", "namespace") }

// Into is the value of merge.IntoAnnotation; empty if there is none.
func (o *Object) Into() string { return o.scalar("metadata", "annotations", merge.IntoAnnotation) }

// IsNetworkPolicy reports whether the object is of networking.k8s.io/v1. Other API groups
// have a kind of the same name.
func (o *Object) IsNetworkPolicy() bool {
	return o.Kind() == "NetworkPolicy" && o.APIVersion() == APIVersion
}

// IsMarked reports whether the object is to be an overlay. Of duplicate keys the values
// know only the last; the annotation counts wherever it stands.
func (o *Object) IsMarked() bool {
	for _, metadata := range node.Entries(o.Node, "metadata") {
		for _, annotations := range node.Entries(metadata, "annotations") {
			if len(node.Entries(annotations, merge.IntoAnnotation)) > 0 {
				return true
			}
		}
	}
	return Annotated(o.Value, merge.IntoAnnotation)
}

// IsHook reports whether Helm may take the object for a hook. Of a list it reads the
// annotations of the whole; an item that has one of its own counts, too.
func (o *Object) IsHook() bool {
	whole, _ := o.Document.Value.(map[string]any)
	return Annotated(o.Value, HookAnnotation) || Annotated(whole, HookAnnotation)
}

// Annotated reports whether an object has an annotation, whatever its value.
func Annotated(value map[string]any, key string) bool {
	metadata, _ := value["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	_, ok := annotations[key]
	return ok
}

// Source is the template that the object came from, or else the name of the stream. Helm
// 3 names the template in a comment, Helm 4 in an annotation. The comment comes first, as
// under Helm 3 the annotation is the chart's own; but so is a comment with a URL.
func (o *Object) Source() string {
	named := o.text("metadata", "annotations", filenameAnnotation)
	if named != "" && (o.Template() == "" || strings.Contains(o.Template(), "://")) {
		return named
	}
	return o.Document.Source()
}

// LineAt is the line of the stream at which the field at a path is, or the nearest field
// above it that is there.
func (o *Object) LineAt(path string) int { return o.LineOf(o.ParserLine(path)) }

// ParserLine is LineAt as a line of the document, as the parser counts.
func (o *Object) ParserLine(path string) int {
	line, _ := o.place().nodes.Locate(o.Node, path)
	return line
}

// LineOfEntry is the line, in the stream, of an entry of the mapping at a path that has
// the text as its key or as its value; 0 if there is none. Of labels and annotations the
// API server names only the mapping.
func (o *Object) LineOfEntry(path string, text any) int {
	word, isText := text.(string)
	_, mapping := o.place().nodes.Locate(o.Node, path)
	if key := node.KeyWith(mapping, word); key != nil && isText {
		return o.LineOf(key.Line)
	}
	return 0
}

// Written is the scalar at a path as it stands in the text. Its value may look different:
// YAML reads 1.10 as the number 1.1, and y as true.
func (o *Object) Written(path string) (string, bool) {
	_, value := o.place().nodes.Locate(o.Node, path)
	if value == nil || value.Kind != yaml.ScalarNode {
		return "", false
	}
	return value.Value, true
}

// Size is how many bytes the object takes: its document, or, of a list's item, what is
// sent to the API server.
func (o *Object) Size() int {
	if o.Item < 0 {
		return len(o.Text)
	}
	return len(JSON(o.Value))
}

// Path leads from the document to something in the object.
func (o *Object) Path(inner ...any) []any {
	if o.Item < 0 {
		return inner
	}
	return append([]any{"items", o.Item}, inner...)
}

// JSON is a value of the API as it is sent to the API server.
func JSON(value any) string {
	text, _ := utiljson.Marshal(value) // no value of the API is one that cannot be written
	return string(text)
}
