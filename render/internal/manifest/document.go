package manifest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/networknt/netpol-merge/render/internal/node"
	"github.com/networknt/netpol-merge/render/internal/stream"
)

// maxDocument is the most that is parsed, in bytes. It leaves room for large lists.
const maxDocument = 32 << 20

// mostValues is how many values a document may have, and each MiB of a larger one. Parsed, a
// value takes a hundred times its text; no policy is as dense.
const mostValues = 300_000

// Document is a document of a stream, and, once Read returned nil, what it says. It is
// parsed twice: into nodes, which know where things are, and into values, as Helm and
// kubectl would send them to the API server. The two parsers differ in details (YAML 1.1
// or 1.2), so what things mean is only ever read from the values.
type Document struct {
	stream.Document
	*origin
	*parsed // empty, and shared with others, until Read
	read    bool
	// hides is the answer of mayHide; searched, whether that is known.
	hides, searched bool

	places *places // nil until asked for
}

// parsed is what was read of a document. Most are never read.
type parsed struct {
	Tree    *yaml.Node // of kind DocumentNode; nil if there is no content
	End     int        // where in the text the content ends, before any "..."
	Value   any
	Objects []*Object // the document's own, or those of the list that it is
	Lists   []*Object // the objects that are lists
	err     *SyntaxError
}

// origin is where the documents of a stream come from, which is kept once.
type origin struct {
	Stream   string // its name
	IsFile   bool   // whether it is a file that an editor can open
	Position int    // among the streams of the run
}

// places is where things are in a document. Most are never asked, so that they are kept
// apart: a stream may have a hundred thousand documents.
type places struct {
	template string // in Helm 3's "# Source:" comment, or empty
	starts   []int  // offset of each line, as the parser counts lines
	breaks   []int  // how many newlines there are before each of them
	nodes    node.Index
}

func (d *Document) place() *places {
	if d.places == nil {
		starts := stream.LineStarts(d.Text)
		breaks := make([]int, len(starts))
		for i := 1; i < len(starts); i++ {
			breaks[i] = breaks[i-1] + bytes.Count(d.Text[starts[i-1]:starts[i]], []byte("\n"))
		}
		template, _ := d.Prologue()
		d.places = &places{template, starts, breaks, node.Index{}}
	}
	return d.places
}

// Split returns the documents of a source, which is at a position among the streams of
// the run.
func Split(source Source, position int) []*Document {
	from, unread := &origin{source.Name, source.IsFile, position}, &parsed{}
	documents := make([]*Document, 0, len(source.Text)>>10) // a document often has 1 KiB
	for d := range stream.Split(source.Text) {
		documents = append(documents, &Document{Document: d, origin: from, parsed: unread})
	}
	return documents
}

// Read parses the document, once. It returns why the document cannot be read; nil if it can.
func (d *Document) Read() *SyntaxError {
	if !d.read {
		d.read, d.parsed = true, &parsed{}
		if d.err = d.tooLarge(); d.err != nil {
			return d.err
		}
		if d.err = d.parse(); d.err != nil && d.parseJSON() {
			d.err = nil
		}
	}
	return d.err
}

// tooLarge says why a document is not parsed; nil if it is.
func (d *Document) tooLarge() *SyntaxError {
	if len(d.Text) > maxDocument {
		return &SyntaxError{1, "the document is larger than 32 MiB, which is more than is read"}
	}
	isDense := func(text []byte) bool { return valuesIn(text) > mostValues*max(1<<20, len(text))>>20 }
	if isDense(d.Text) && isDense(withoutTexts(d.Text)) {
		return &SyntaxError{1, fmt.Sprintf("the document has some %d values, which is more than are read of one of its size", valuesIn(d.Text))}
	}
	return nil
}

// valuesIn is about how many values there are in a text: most have one of these characters
// beside them, or stand on a line of their own.
func valuesIn(text []byte) (values int) {
	for _, character := range []string{",", ":", "\n", "- ", "{", "["} {
		values += bytes.Count(text, []byte(character))
	}
	return values
}

// withoutTexts leaves out blank lines, and block scalars, such as tables in a ConfigMap: the
// lines behind one that ends with their sign, as far as they are indented more.
func withoutTexts(text []byte) (rest []byte) {
	inText, before := false, 0
	for line := range bytes.Lines(text) {
		indent := len(line) - len(bytes.TrimLeft(line, " "))
		content := bytes.TrimSpace(line)
		if len(content) == 0 || inText && indent > before {
			continue
		}
		sign := bytes.TrimRight(content, "-+123456789")
		inText, before = bytes.HasSuffix(sign, []byte(" |")) || bytes.HasSuffix(sign, []byte(" >")), indent
		rest = append(rest, line...)
	}
	return rest
}

func (d *Document) parse() *SyntaxError {
	text := d.parseable()
	d.End = len(text)
	var tree, second yaml.Node
	trees := yaml.NewDecoder(bytes.NewReader(text))
	if err := trees.Decode(&tree); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return notYAML(text, err)
	}
	if err := trees.Decode(&second); err == nil {
		return &SyntaxError{second.Content[0].Line, "not valid YAML: a second document starts without a line that is '---'"}
	} else if !errors.Is(err, io.EOF) {
		return notYAML(text, err)
	}
	d.Tree = &tree
	if expanded(&tree, map[*yaml.Node]int{}) > len(text)+mostAliased {
		return &SyntaxError{1, "aliases make the document too large to be read"}
	}
	if key := node.FirstKey(&tree, isNoText); key != nil {
		return &SyntaxError{key.Line, "a key is a list, a mapping or null: programs that read YAML as JSON do not take it"}
	}
	return d.readValues(text)
}

// isNoText reports whether a key cannot be one in JSON.
func isNoText(key *yaml.Node) bool {
	key = node.Resolve(key)
	return key.Kind != yaml.ScalarNode || key.ShortTag() == "!!null"
}

// ReadAgain reads the text that a document became, which has to be one document. The
// objects have no nodes; the tree is read after them, so that less is held at once.
func ReadAgain(text []byte) (*Document, error) {
	split := Split(Source{Text: text}, 0)
	if len(split) != 1 {
		return nil, fmt.Errorf("it became %d documents", len(split))
	}
	d, content := split[0], split[0].parseable()
	d.parsed = &parsed{}
	if found := d.readValues(content); found != nil {
		return nil, errors.New(found.Reason)
	}
	d.Tree = &yaml.Node{}
	return d, yaml.Unmarshal(content, d.Tree)
}

// readValues reads what the text says, and finds the objects in it.
func (d *Document) readValues(text []byte) *SyntaxError {
	json, err := sigsyaml.YAMLToJSON(text)
	if err == nil {
		err = utiljson.Unmarshal(json, &d.Value)
	}
	if err != nil {
		return notYAML(text, err)
	}
	return d.findObjects()
}

// parseable is the document's content. A %YAML directive is made a comment: the parsers
// know only version 1.1, and read 1.2 as well as they read any stream.
func (d *Document) parseable() []byte {
	text := d.Content()
	if !d.Directives {
		return text
	}
	text = bytes.Clone(text)
	for line := range bytes.Lines(text) {
		line = bytes.TrimPrefix(line, []byte(stream.ByteOrderMark))
		if bytes.HasPrefix(line, []byte("%YAML")) {
			line[0] = '#'
		} else if stream.IsMarker(line, "---") {
			break
		}
	}
	return text
}

// LineOf converts a line of the document, as the parser counts lines, to a line of the
// stream, as editors do: they end lines at newlines only.
func (d *Document) LineOf(number int) int {
	breaks := d.place().breaks
	return int(d.Line) + breaks[max(1, min(number, len(breaks)))-1]
}

// mostShown is how much of a line is shown, in bytes.
const mostShown = 300

// LineText is the text of a line of the stream that is one of the document's, without its
// line break; of a long one the start.
func (d *Document) LineText(line int) string {
	p := d.place()
	i, found := slices.BinarySearch(p.breaks, line-int(d.Line))
	if !found {
		return ""
	}
	start := d.Text[p.starts[i]:]
	text, _, _ := bytes.Cut(start[:min(len(start), mostShown+len("\r\n"))], []byte("\n"))
	text = bytes.TrimSuffix(text, []byte("\r"))
	if len(text) > mostShown {
		return strings.ToValidUTF8(string(text[:mostShown]), "") + "..."
	}
	return string(text)
}

// Root is the content of the tree; nil if there is none.
func (d *Document) Root() *yaml.Node {
	if d.Tree == nil {
		return nil
	}
	return node.Resolve(d.Tree.Content[0])
}

// Source is the template that the document came from, or else the name of its stream.
func (d *Document) Source() string { return cmp.Or(d.Template(), d.Stream) }

// Template is in Helm 3's "# Source:" comment; empty if there is none.
func (d *Document) Template() string { return d.place().template }

// IsBlank reports whether there is no content.
func (d *Document) IsBlank() bool {
	_, content := d.Prologue()
	return !content
}

// mostAliased is how much aliases may add to a document, in bytes. It is more than an API
// server accepts.
const mostAliased = 4 << 20

// expanded is about how many bytes a node takes once each alias is what it stands for.
func expanded(n *yaml.Node, known map[*yaml.Node]int) int {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if size, ok := known[n]; ok {
		return size
	}
	if n.Anchor != "" {
		known[n] = 1 << 40 // an alias to what it is in
	}
	size := len(n.Value) + 1
	for _, inner := range n.Content {
		size = min(size+expanded(inner, known), 1<<40)
	}
	if n.Anchor != "" {
		known[n] = size
	}
	return size
}
