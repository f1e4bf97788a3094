package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	utiljson "k8s.io/apimachinery/pkg/util/json"

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
	b := nodeBuilder{text: text, line: line}
	b.decoder = json.NewDecoder(bytes.NewReader(text))
	b.decoder.UseNumber()
	root, err := b.next()
	if err != nil {
		return err
	}
	d.Tree = &yaml.Node{Kind: yaml.DocumentNode, Line: root.Line, Column: root.Column, Content: []*yaml.Node{root}}
	d.Value = value
	return d.findObjects()
}

// nodeBuilder makes nodes of JSON, as a YAML parser would that could read it.
type nodeBuilder struct {
	decoder *json.Decoder
	text    []byte
	counted int // how much of the text was looked at for lines and columns
	line    int // of the document, at that offset
	column  int // in that line, in characters, from 0
}

func (b *nodeBuilder) next() (*yaml.Node, error) {
	before := int(b.decoder.InputOffset())
	token, err := b.decoder.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	n := b.at(before)
	switch token := token.(type) {
	case json.Delim:
		n.Kind, n.Style, n.Tag = yaml.SequenceNode, yaml.FlowStyle, "!!seq"
		if token == '{' {
			n.Kind, n.Tag = yaml.MappingNode, "!!map"
		}
		for b.decoder.More() {
			inner, err := b.next()
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, inner)
		}
		_, err = b.decoder.Token()
		return n, err
	case string:
		n.Tag, n.Value, n.Style = "!!str", token, yaml.DoubleQuotedStyle
	case json.Number:
		n.Tag, n.Value = "!!float", token.String()
		if _, err := token.Int64(); err == nil {
			n.Tag = "!!int"
		}
	case bool:
		n.Tag, n.Value = "!!bool", map[bool]string{true: "true", false: "false"}[token]
	default:
		n.Tag, n.Value = "!!null", "null"
	}
	return n, nil
}

// at is an empty scalar at the place where the token behind an offset begins.
func (b *nodeBuilder) at(offset int) *yaml.Node {
	for offset < len(b.text) && bytes.IndexByte([]byte(" \t\r\n,:"), b.text[offset]) >= 0 {
		offset++
	}
	for ; b.counted < offset; b.counted++ {
		switch c := b.text[b.counted]; {
		case c == '\n':
			b.line, b.column = b.line+1, 0
		case utf8.RuneStart(c):
			b.column++
		}
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Line: b.line, Column: 1 + b.column}
}
