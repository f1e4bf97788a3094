package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// OfJSON returns the nodes of a JSON value, as a YAML parser would if it could read it. The
// text begins in that line, behind so many characters.
func OfJSON(text []byte, line, column int) (*yaml.Node, error) {
	b := jsonReader{decoder: json.NewDecoder(bytes.NewReader(text)), text: text, line: line, column: column}
	b.decoder.UseNumber()
	return b.next()
}

// jsonReader reads values one by one, and counts lines.
type jsonReader struct {
	decoder *json.Decoder
	text    []byte
	counted int // how much of the text was looked at for lines and columns
	line    int // of the document, at that offset
	column  int // in that line, in characters, from 0
}

func (b *jsonReader) next() (*yaml.Node, error) {
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
		n.Value = token.String() // of which YAML knows the kind, as it is plain
	case bool:
		n.Tag, n.Value = "!!bool", strconv.FormatBool(token)
	default:
		n.Tag, n.Value = "!!null", "null"
	}
	return n, nil
}

// at is an empty scalar at the place where the token behind an offset begins.
func (b *jsonReader) at(offset int) *yaml.Node {
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
