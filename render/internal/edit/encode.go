package edit

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Encode writes a node in the style of kubectl: two spaces, and lists not
// indented in mappings.
func Encode(n *yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if err := encoder.Encode(n); err != nil {
		return nil, err
	}
	if err := encoder.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// itemLines are the lines of a list's items.
func itemLines(items []*yaml.Node) ([]string, error) {
	text, err := Encode(&yaml.Node{Kind: yaml.SequenceNode, Content: items})
	if err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), nil
}
