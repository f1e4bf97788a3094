// Package node finds things in the nodes of a parsed YAML document: the value of a key,
// what an alias stands for, what is at a path. It also writes nodes (encode.go).
//
// Start reading at At. The functions take nil for a node that is not there, and return
// nil for what they do not find. They know nothing of what a document is about.
package node

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// Resolve returns the node that an alias stands for, or else the node.
func Resolve(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// Entry returns a key of a mapping and its value; of a key that is there twice, the
// last. It does not look into merge keys.
func Entry(mapping *yaml.Node, key string) (keyNode, value *yaml.Node) {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := len(mapping.Content) - 2; i >= 0; i -= 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	return nil, nil
}

// Entries returns all values of a key that may be there more than once, resolved.
func Entries(mapping *yaml.Node, key string) (values []*yaml.Node) {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			values = append(values, Resolve(mapping.Content[i+1]))
		}
	}
	return values
}

// FirstKey returns the first key of a mapping, in a node or deeper, that is so. It does not
// look behind aliases.
func FirstKey(n *yaml.Node, isSo func(key *yaml.Node) bool) *yaml.Node {
	if n == nil {
		return nil
	}
	for i, inner := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && isSo(inner) {
			return inner
		}
		if found := FirstKey(inner, isSo); found != nil {
			return found
		}
	}
	return nil
}

// Lookup returns the value of a key in a mapping, or in what a merge key brings into it.
func Lookup(mapping *yaml.Node, key string) *yaml.Node {
	if _, value := Entry(mapping, key); value != nil {
		return value
	}
	_, merged := Entry(mapping, "<<")
	merged = Resolve(merged)
	if merged == nil {
		return nil
	}
	if merged.Kind == yaml.MappingNode {
		return Lookup(merged, key)
	}
	for _, one := range merged.Content {
		if value := Lookup(Resolve(one), key); value != nil {
			return value
		}
	}
	return nil
}

// Equal reports whether two nodes say the same, in whatever style.
func Equal(a, b *yaml.Node) bool {
	a, b = Resolve(a), Resolve(b)
	return a.Kind == b.Kind && a.Value == b.Value && a.ShortTag() == b.ShortTag() && slices.EqualFunc(a.Content, b.Content, Equal)
}

// At returns the key and the value at a path of keys (string) and indices of items
// (int). An item has no key.
func At(root *yaml.Node, path []any) (key, value *yaml.Node) {
	value = Resolve(root)
	for _, step := range path {
		switch step := step.(type) {
		case string:
			key, value = Entry(value, step)
		case int:
			if value == nil || value.Kind != yaml.SequenceNode || step >= len(value.Content) {
				return nil, nil
			}
			key, value = nil, value.Content[step]
		}
	}
	return key, value
}
