package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/networknt/netpol-merge/render/internal/node"
	"github.com/networknt/netpol-merge/render/internal/stream"
)

// jsonText is the part of the document that has to be JSON if the document is: what is
// behind the marker and comments; nil if it does not start as an object. The line is that
// of the document in which it starts.
func (d *Document) jsonText() (text []byte, line int) {
	text, line = bytes.TrimPrefix(d.Content(), []byte(stream.ByteOrderMark)), 1
	if stream.IsMarker(text, "---") {
		text = text[len("---"):]
	}
	for {
		first, rest, found := bytes.Cut(text, []byte("\n"))
		if !stream.IsBlankOrComment(first) {
			break
		}
		if !found {
			return nil, 0
		}
		text = rest
		line++
	}
	if bytes.TrimLeft(text, " \t\r")[0] != '{' {
		return nil, 0
	}
	return text, line
}

// SecondValue is the line at which a second JSON value begins behind a first; 0 if there
// is none.
func (d *Document) SecondValue() int {
	text, line := d.jsonText()
	if text == nil {
		return 0
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	var value json.RawMessage
	if decoder.Decode(&value) != nil {
		return 0
	}
	rest := bytes.TrimLeft(text[decoder.InputOffset():], " \t\r\n")
	if len(rest) == 0 || rest[0] == '#' {
		return 0
	}
	return line + bytes.Count(text[:len(text)-len(rest)], []byte("\n"))
}

// parseJSON reads a document that only a JSON parser takes: YAML has no surrogate pairs,
// and no long keys.
func (d *Document) parseJSON() error {
	text, line := d.jsonText()
	if text == nil || !utf8.Valid(text) {
		return errors.New("not JSON")
	}
	var value any
	if err := utiljson.Unmarshal(text, &value); err != nil {
		return err
	}
	root, err := node.OfJSON(text, line)
	if err != nil {
		return err
	}
	d.IsJSON = true
	d.Tree = &yaml.Node{Kind: yaml.DocumentNode, Line: root.Line, Column: root.Column, Content: []*yaml.Node{root}}
	d.Value = value
	return d.findObjects()
}
