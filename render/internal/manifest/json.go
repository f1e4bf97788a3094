package manifest

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/networknt/netpol-merge/render/internal/node"
	"github.com/networknt/netpol-merge/render/internal/stream"
)

// Body is the document's content from its first line that is no directive, no comment and
// not blank, without the marker, and where in the document that begins: its line, and how
// much of that line the marker takes. It is empty if there is none.
func (d *Document) Body() (text []byte, line, column int) {
	text, line = bytes.TrimPrefix(d.Content(), []byte(stream.ByteOrderMark)), 1
	for d.Directives && len(text) > 0 && !stream.IsMarker(text, "---") {
		_, text, _ = bytes.Cut(text, []byte("\n"))
		line++
	}
	if stream.IsMarker(text, "---") {
		text, column = text[len("---"):], len("---")
	}
	for len(text) > 0 {
		first, rest, _ := bytes.Cut(text, []byte("\n"))
		if !stream.IsBlank(first) {
			break
		}
		text = rest
		line, column = line+1, 0
	}
	return text, line, column
}

// SecondValue is the line at which a second JSON value begins behind a first, if one of
// them is an object; else 0.
func (d *Document) SecondValue() int {
	text, line, _ := d.Body()
	decoder := json.NewDecoder(bytes.NewReader(text))
	var value json.RawMessage
	if decoder.Decode(&value) != nil {
		return 0
	}
	rest := bytes.TrimLeft(text[decoder.InputOffset():], " \t\r\n")
	if len(rest) == 0 || rest[0] == '#' {
		return 0
	}
	for !bytes.HasPrefix(value, []byte("{")) { // which nobody takes for a policy
		if decoder.Decode(&value) != nil {
			return 0
		}
	}
	return line + bytes.Count(text[:len(text)-len(rest)], []byte("\n"))
}

// JSON is the nodes of a document as a parser of JSON reads it; nil if it is no object in
// JSON.
func (d *Document) JSON() *yaml.Node {
	text, line, column := d.Body()
	if !bytes.HasPrefix(bytes.TrimLeft(text, " \t\r"), []byte("{")) || !utf8.Valid(text) {
		return nil
	}
	root, err := node.OfJSON(text, line, column)
	if err != nil {
		return nil
	}
	return root
}

// parseJSON reads a document that only a JSON parser takes, and reports whether one does:
// YAML has no surrogate pairs, and no long keys.
func (d *Document) parseJSON() bool {
	root := d.JSON()
	text, _, _ := d.Body()
	if root == nil || utiljson.Unmarshal(text, &d.Value) != nil {
		return false
	}
	d.Tree = &yaml.Node{Kind: yaml.DocumentNode, Line: root.Line, Column: root.Column, Content: []*yaml.Node{root}}
	return d.findObjects() == nil
}
