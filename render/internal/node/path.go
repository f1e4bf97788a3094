package node

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Step is one step of a field path as the API server writes it: a field (.name), or
// what stands in brackets, which is an index ([0]) or a key ([app.kubernetes.io/name]).
type Step struct {
	Name     string
	Brackets bool
}

// Steps takes a field path apart. The empty path, and "<nil>", which is how a nil
// *field.Path prints, have no steps.
func Steps(path string) (steps []Step) {
	if path == "<nil>" {
		return nil
	}
	for path != "" {
		var step Step
		if inside, ok := strings.CutPrefix(path, "["); ok {
			step.Brackets = true
			step.Name, path, _ = strings.Cut(inside, "]")
		} else if end := strings.IndexAny(path, ".["); end >= 0 {
			step.Name, path = path[:end], path[end:]
		} else {
			step.Name, path = path, ""
		}
		path = strings.TrimPrefix(path, ".")
		steps = append(steps, step)
	}
	return steps
}

// Index finds entries of large mappings fast, for whoever asks for many: it has the index
// of each key's node, by its text.
type Index map[*yaml.Node]map[string]int

// entry is Entry.
func (x Index) entry(mapping *yaml.Node, name string) (key, value *yaml.Node) {
	const small = 32
	if mapping.Kind != yaml.MappingNode || len(mapping.Content) < small {
		return Entry(mapping, name)
	}
	known := x[mapping]
	if known == nil {
		known = map[string]int{}
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			known[mapping.Content[i].Value] = i
		}
		x[mapping] = known
	}
	if i, ok := known[name]; ok {
		return mapping.Content[i], mapping.Content[i+1]
	}
	return nil, nil
}

// KeyWith returns the key of the first entry of a mapping that has a text as its key or
// as its value; nil if there is none.
func KeyWith(mapping *yaml.Node, text string) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == text || mapping.Content[i+1].Value == text {
			return mapping.Content[i]
		}
	}
	return nil
}

// Locate returns the line, in the text that was parsed, of the field at a path, and its
// value; or the line of the nearest field above it that is there, and nil. Without a
// node that is line 1.
func (x Index) Locate(root *yaml.Node, path string) (line int, value *yaml.Node) {
	if root == nil {
		return 1, nil
	}
	line = root.Line
	for _, step := range Steps(path) {
		if root.Kind == yaml.SequenceNode {
			index, err := strconv.Atoi(step.Name)
			if err != nil || !step.Brackets || index >= len(root.Content) {
				return line, nil
			}
			line, root = root.Content[index].Line, Resolve(root.Content[index])
			continue
		}
		key, value := x.entry(root, step.Name)
		if key != nil {
			line = key.Line
		} else if value = Lookup(root, step.Name); value != nil {
			line = value.Line
		}
		if root = Resolve(value); root == nil {
			return line, nil
		}
	}
	return line, root
}
