package render

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	yamlnode "go.yaml.in/yaml/v3"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/networknt/netpol-merge/merge"
)

const (
	apiVersion         = "networking.k8s.io/v1"
	hookAnnotation     = "helm.sh/hook"
	filenameAnnotation = "postrenderer.helm.sh/postrender-filename"
	pathAnnotation     = "internal.config.kubernetes.io/path" // in a ResourceList
	// maxObject is the most that an API server accepts in one request, in bytes.
	maxObject = 3 << 20
	// maxDocument is the most that is parsed. It leaves room for large lists.
	maxDocument = 32 << 20
)

// manifest is a document that was parsed: once into nodes, which know where
// things are, and once into values, as Helm and kubectl would send them to the
// API server. The two parsers differ in details (YAML 1.1 or 1.2), so that what
// things mean is only ever read from the values.
type manifest struct {
	*document
	tree    *yamlnode.Node // of kind DocumentNode; nil if there is no content
	root    *yamlnode.Node // the tree's content
	end     int            // where in the text the content ends, before any "..."
	value   any
	objects []*object // the document's own, or those of the list that it is
	breaks  []int     // how many newlines there are before each line; nil until asked for
}

// object is a Kubernetes object in a manifest.
type object struct {
	*manifest
	node   *yamlnode.Node // nil if only values were read
	value  map[string]any
	item   int               // index in the list's items, -1 if the document is the object
	nested bool              // in a list in a list
	labels map[string]string // of the pods that it makes, once asked for
}

// parse reads a document that must be at most one YAML document.
func parse(d *document) (*manifest, error) {
	if isUTF16(d.text) {
		return nil, &unreadableError{1, "not valid YAML: it is UTF-16 instead of UTF-8"}
	}
	text := d.parseable()
	m := &manifest{document: d, end: len(text)}
	var tree yamlnode.Node
	trees := yamlnode.NewDecoder(bytes.NewReader(text))
	if err := trees.Decode(&tree); errors.Is(err, io.EOF) {
		return m, nil
	} else if err != nil {
		return nil, notYAML(text, err)
	}
	var second yamlnode.Node
	if err := trees.Decode(&second); err == nil {
		return nil, &unreadableError{second.Content[0].Line, "not valid YAML: a second document starts without a line that is '---'"}
	} else if !errors.Is(err, io.EOF) {
		return nil, notYAML(text, err)
	}
	m.tree, m.root = &tree, tree.Content[0]
	return m.withValues(text)
}

// parseAgain reads what a document says that is known to be one: its objects have no
// nodes.
func parseAgain(d *document) (*manifest, error) {
	m := &manifest{document: d}
	return m.withValues(d.parseable())
}

// withValues returns the manifest with what its text says, and the objects in it.
func (m *manifest) withValues(text []byte) (*manifest, error) {
	json, err := yaml.YAMLToJSON(text)
	if err == nil {
		err = utiljson.Unmarshal(json, &m.value)
	}
	if err != nil {
		return nil, notYAML(text, err)
	}
	if err := m.findObjects(); err != nil {
		return nil, err
	}
	return m, nil
}

// parseable is the document's text up to a "..." after which there is nothing
// but comments. A %YAML directive is made a comment: the parsers know only
// version 1.1, and read 1.2 as well as they read any stream.
func (d *document) parseable() []byte {
	text := d.text
	if i := bytes.Index(text, []byte("\n...")); i >= 0 && isMarker(text[i+1:], "...") && isBlank(text[i+len("\n..."):]) {
		text = text[:i+1]
	}
	if !d.directives {
		return text
	}
	text = bytes.Clone(text)
	for line := range bytes.Lines(text) {
		line = bytes.TrimPrefix(line, []byte(byteOrderMark))
		if bytes.HasPrefix(line, []byte("%YAML")) {
			line[0] = '#'
		} else if isMarker(line, "---") {
			break
		}
	}
	return text
}

// isBlank tells whether there is nothing but blank lines and comments.
func isBlank(text []byte) bool {
	for line := range bytes.Lines(text) {
		if !isBlankOrComment(line) {
			return false
		}
	}
	return true
}

// isList tells whether an object's items are taken for objects of their own. To
// kubectl and Helm anything that has a list of items is a list; the kind does not
// matter.
func isList(value map[string]any) bool {
	_, hasItems := value["items"].([]any)
	return hasItems
}

func (m *manifest) findObjects() error {
	value, ok := m.value.(map[string]any)
	if !ok {
		return nil
	}
	document := &object{manifest: m, node: resolve(m.root), value: value, item: -1}
	if !isList(value) {
		m.objects = []*object{document}
		return nil
	}
	if err := m.addItems(document); err != nil {
		return err
	}
	if document.isMarked() {
		m.objects = append(m.objects, document)
	}
	return nil
}

// addItems adds the items of a list, and those of lists in it.
func (m *manifest) addItems(list *object) error {
	items, _ := list.value["items"].([]any) // as isList knows
	nodes := make([]*yamlnode.Node, len(items))
	if list.node != nil {
		sequence := resolve(lookup(list.node, "items"))
		if len(entries(list.node, "items")) > 1 || sequence == nil || len(sequence.Content) != len(items) {
			line, _ := locate(list.node, "items")
			return &unreadableError{line, "the items of the list cannot be told apart"}
		}
		nodes = sequence.Content
	}
	for i, item := range items {
		value, ok := item.(map[string]any)
		if !ok {
			line, _ := locate(nodes[i], "")
			return &unreadableError{line, fmt.Sprintf("item %d of the list is no object", i)}
		}
		if list.kind() == "NetworkPolicyList" {
			// A typed list's items may leave out what the list says.
			setDefault(value, "kind", "NetworkPolicy")
			setDefault(value, "apiVersion", list.value["apiVersion"])
		}
		o := &object{manifest: m, node: resolve(nodes[i]), value: value, item: i, nested: list.item >= 0}
		if !isList(value) {
			m.objects = append(m.objects, o)
		} else if err := m.addItems(o); err != nil {
			return err
		}
	}
	return nil
}

func setDefault(value map[string]any, key string, to any) {
	if value[key] == nil {
		value[key] = to
	}
}

// stringAt is the string at a path; empty if there is none.
func (o *object) stringAt(path ...string) string {
	text, _ := o.valueAt(path...).(string)
	return text
}

// scalarAt is what is at a path, as text.
func (o *object) scalarAt(path ...string) string {
	if value := o.valueAt(path...); value != nil {
		return fmt.Sprint(value)
	}
	return ""
}

func (o *object) valueAt(path ...string) any {
	var value any = o.value
	for _, key := range path {
		mapping, _ := value.(map[string]any)
		value = mapping[key]
	}
	return value
}

func (o *object) kind() string                 { return o.stringAt("kind") }
func (o *object) namespace() string            { return o.stringAt("metadata", "namespace") }
func (o *object) annotation(key string) string { return o.stringAt("metadata", "annotations", key) }

// name is the object's name, and into the name in its annotation. What should be
// text but is not has one, too: it is the one that people mean.
func (o *object) name() string { return o.scalarAt("metadata", "name") }
func (o *object) into() string { return o.scalarAt("metadata", "annotations", merge.IntoAnnotation) }

// isMarked tells whether the object is to be an overlay. Of duplicate keys the
// values know only the last; the annotation counts wherever it stands.
func (o *object) isMarked() bool {
	for _, metadata := range entries(o.node, "metadata") {
		for _, annotations := range entries(metadata, "annotations") {
			if len(entries(annotations, merge.IntoAnnotation)) > 0 {
				return true
			}
		}
	}
	return annotated(o.value, merge.IntoAnnotation)
}

// isHook tells whether Helm takes the object for a hook. Of a list it reads the
// annotations of the whole, not of the items.
func (o *object) isHook() bool {
	document, _ := o.manifest.value.(map[string]any)
	return annotated(o.value, hookAnnotation) || annotated(document, hookAnnotation)
}

func annotated(value map[string]any, key string) bool {
	metadata, _ := value["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	_, ok := annotations[key]
	return ok
}

// template is where the object came from, by the name that a user of Helm
// knows it by, or else by the name of the stream.
func (o *object) template() string {
	return cmp.Or(o.annotation(filenameAnnotation), o.annotation(pathAnnotation), o.document.sourceName())
}

func (d *document) sourceName() string {
	if path := d.template(); path != "" {
		return path
	}
	return d.stream.Name
}

// resolve returns the node that an alias stands for, or else the node.
func resolve(node *yamlnode.Node) *yamlnode.Node {
	for node != nil && node.Kind == yamlnode.AliasNode {
		node = node.Alias
	}
	return node
}

// entry returns a key of a mapping and its value, or nils. It does not look
// into merge keys.
func entry(mapping *yamlnode.Node, key string) (keyNode, value *yamlnode.Node) {
	if mapping == nil || mapping.Kind != yamlnode.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			keyNode, value = mapping.Content[i], mapping.Content[i+1]
		}
	}
	return keyNode, value
}

// entries returns all values of a key, resolved.
func entries(mapping *yamlnode.Node, key string) (values []*yamlnode.Node) {
	if mapping == nil || mapping.Kind != yamlnode.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			values = append(values, resolve(mapping.Content[i+1]))
		}
	}
	return values
}

// lookup returns the value of a key in a mapping or in what is merged into it.
func lookup(mapping *yamlnode.Node, key string) *yamlnode.Node {
	if _, value := entry(mapping, key); value != nil {
		return value
	}
	_, merged := entry(mapping, "<<")
	merged = resolve(merged)
	if merged == nil || merged == mapping {
		return nil
	}
	if merged.Kind == yamlnode.MappingNode {
		return lookup(merged, key)
	}
	for _, one := range merged.Content {
		if value := lookup(resolve(one), key); value != nil {
			return value
		}
	}
	return nil
}

// firstStep cuts the first step, a name, [index] or [key], off a field path.
func firstStep(path string) (step, rest string, bracketed bool) {
	if key, ok := strings.CutPrefix(path, "["); ok {
		step, rest, _ = strings.Cut(key, "]")
		return step, strings.TrimPrefix(rest, "."), true
	}
	end := strings.IndexAny(path, ".[")
	if end < 0 {
		return path, "", false
	}
	return path[:end], strings.TrimPrefix(path[end:], "."), false
}

// locate returns the line in the document of the field at a path and its value,
// or the line of its nearest ancestor that is there and nil. Without nodes that is
// the first line.
func locate(node *yamlnode.Node, path string) (line int, value *yamlnode.Node) {
	if node == nil {
		return 1, nil
	}
	line = node.Line
	for path != "" {
		var step string
		var bracketed bool
		step, path, bracketed = firstStep(path)
		if index, err := strconv.Atoi(step); err == nil && bracketed && node.Kind == yamlnode.SequenceNode {
			if index >= len(node.Content) {
				return line, nil
			}
			line, node = node.Content[index].Line, resolve(node.Content[index])
			continue
		}
		key, value := entry(node, step)
		if key != nil {
			line = key.Line
		} else if value = lookup(node, step); value != nil {
			line = value.Line
		}
		if node = resolve(value); node == nil {
			return line, nil
		}
	}
	return line, node
}

// streamLine is the line of the stream at which a line of the document is. The parser
// counts lines, from 1, that end in a lone carriage return or one of Unicode's line
// breaks, too; editors and grep do not.
func (m *manifest) streamLine(number int) int {
	if m.breaks == nil {
		m.breaks = []int{0}
		newlines := 0
		for i := 0; i < len(m.text); {
			size := breakSize(m.text[i:])
			newlines += bytes.Count(m.text[i:i+size], []byte("\n"))
			if size > 0 {
				m.breaks = append(m.breaks, newlines)
			}
			i += max(1, size)
		}
	}
	return m.line() + m.breaks[min(number, len(m.breaks))-1]
}

// problem is a problem with the document as a whole.
func (d *document) problem(code Code, reason, hint string) Problem {
	return Problem{Code: code, Source: d.sourceName(), Line: d.line(), Reason: reason, Hint: hint, stream: d.stream.position}
}

// unreadableError says why a document cannot be read, and in which of its lines.
type unreadableError struct {
	line   int
	reason string
}

func (e *unreadableError) Error() string { return e.reason }

// notYAML is the error for a text that a parser does not take. sigs.k8s.io/yaml names
// the line of the problem, yaml.v3 that of the collection that it is in.
func notYAML(text []byte, err error) error {
	if _, other := yaml.YAMLToJSON(text); other != nil {
		err = other
	}
	reason := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "error converting YAML to JSON: "), "yaml: ")
	if json, ok := strings.CutPrefix(reason, "json: "); ok {
		return &unreadableError{1, "it has no form in JSON, which the API server needs: " + json}
	}
	line := 1
	if rest, ok := strings.CutPrefix(reason, "line "); ok {
		number, after, _ := strings.Cut(rest, ": ")
		if n, err := strconv.Atoi(number); err == nil {
			line, reason = n, after
		}
		if foundByParser(reason) { // which counts lines from 0, unlike the scanner
			line++
		}
	} else if at := culprit(text, reason); at >= 0 {
		line += bytes.Count(text[:at], []byte("\n"))
	}
	last := 1 + bytes.Count(bytes.TrimRight(text, "\r\n"), []byte("\n"))
	return &unreadableError{min(line, last), "not valid YAML: " + reason}
}

func foundByParser(reason string) bool {
	return slices.ContainsFunc([]string{
		"did not find expected ','", "did not find expected key", "did not find expected '-'", "did not find expected node",
		"did not find expected <", "found undefined tag", "found duplicate %", "found incompatible",
	}, func(start string) bool { return strings.HasPrefix(reason, start) })
}

// culprit is the offset of what a reason without a line is about, or -1.
func culprit(text []byte, reason string) int {
	if rest, ok := strings.CutPrefix(reason, "unknown anchor '"); ok {
		name, _, _ := strings.Cut(rest, "'")
		return bytes.Index(text, []byte("*"+name))
	}
	return bytes.IndexFunc(text, func(c rune) bool {
		return c == utf8.RuneError || unicode.IsControl(c) && !strings.ContainsRune("\t\r\n\u0085", c)
	})
}

// unreadable is the problem of a document that cannot be read.
func unreadable(d *document, err error, hint string) Problem {
	problem := d.problem(unreadableDocument, err.Error(), hint)
	if place, ok := errors.AsType[*unreadableError](err); ok {
		problem.Line = (&manifest{document: d}).streamLine(place.line)
	}
	return problem
}
