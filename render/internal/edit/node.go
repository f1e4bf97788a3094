package edit

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Resolve returns the node that an alias stands for, or else the node.
func Resolve(node *yaml.Node) *yaml.Node {
	for node != nil && node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

// Entry returns a key of a mapping and its value, or nils. It does not look
// into merge keys.
func Entry(mapping *yaml.Node, key string) (keyNode, value *yaml.Node) {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			keyNode, value = mapping.Content[i], mapping.Content[i+1]
		}
	}
	return keyNode, value
}

// Encode writes a node in the style of kubectl: two spaces, and lists not
// indented in mappings.
func Encode(node *yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	encoder.CompactSeqIndent()
	if err := encoder.Encode(node); err != nil {
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

func isBlankOrComment(line []byte) bool {
	line = bytes.TrimLeft(line, " \t\r\n")
	return len(line) == 0 || line[0] == '#'
}

func isMarker(text []byte, marker string) bool {
	rest, ok := bytes.CutPrefix(text, []byte(marker))
	return ok && (len(rest) == 0 || strings.IndexByte(" \t\r\n", rest[0]) >= 0)
}
