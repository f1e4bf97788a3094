package render

import (
	"bytes"
	"slices"
	"strings"

	yamlnode "go.yaml.in/yaml/v3"

	"github.com/networknt/netpol-merge/merge"
)

// reencode makes the changes in a copy of the document's nodes and encodes it,
// for aliases, merge keys and whatever else lines cannot be inserted into.
// Comments and the order of keys are kept, what stands before the first and
// after the last line of content byte for byte.
func (e *edition) reencode(content *yamlnode.Node) ([]byte, error) {
	root := content.Content[0]
	objects := map[*object]*yamlnode.Node{}
	changing := slices.Clone(e.removed)
	for _, t := range e.targets {
		changing = append(changing, t.object)
	}
	for _, o := range changing {
		objects[o] = root
		if o.item >= 0 {
			objects[o] = child(root, "items", yamlnode.SequenceNode).Content[o.item]
		}
	}
	for _, t := range e.targets {
		t.addToNode(objects[t.object])
	}
	if len(e.removed) > 0 {
		gone := map[*yamlnode.Node]bool{}
		for _, o := range e.removed {
			gone[objects[o]] = true
		}
		items := child(root, "items", yamlnode.SequenceNode)
		items.Content = slices.DeleteFunc(items.Content, func(item *yamlnode.Node) bool { return gone[item] })
	}
	root.Style &^= yamlnode.FlowStyle
	return e.frame(content)
}

// frame encodes the content and puts it between what stood around it.
func (e *edition) frame(content *yamlnode.Node) ([]byte, error) {
	text := e.document.text
	start := newLines(text).offset(e.root)
	// The comments in front of the content stand in the text before it.
	content.HeadComment, content.Content[0].HeadComment = "", ""
	if first := content.Content[0].Content; len(first) > 0 && first[0].Line == e.root.Line && first[0].Column == e.root.Column {
		first[0].HeadComment = ""
	}
	body, err := encode(portable(content))
	if err != nil {
		return nil, err
	}
	out := bytes.Clone(bytes.TrimRight(text[:start], " \t"))
	lineBreak := newLines(text).breakAfter(1)
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, lineBreak...)
	}
	body = append(lostComments(text[start:e.end], body), body...)
	if e.end == len(text) && !bytes.HasSuffix(text, []byte("\n")) {
		body = bytes.TrimSuffix(body, []byte("\n"))
	}
	body = bytes.ReplaceAll(body, []byte("\n"), []byte(lineBreak))
	return append(append(out, body...), text[e.end:]...), nil
}

// lostComments returns, on lines of their own, the comments that the parser
// does not see, such as those behind an anchor. A "#" in a text looks the same;
// if anything, there is a comment too many.
func lostComments(before, after []byte) []byte {
	kept := map[string]int{}
	for line := range bytes.Lines(after) {
		kept[commentIn(line)]++
	}
	var lost []byte
	for line := range bytes.Lines(before) {
		comment := commentIn(line)
		if kept[comment]--; kept[comment] < 0 && comment != "" {
			lost = append(append(lost, comment...), '\n')
		}
	}
	return lost
}

// commentIn is the comment that a line ends in, or empty.
func commentIn(line []byte) string {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '#':
			if i == 0 || line[i-1] == ' ' || line[i-1] == '\t' {
				return string(bytes.TrimSpace(line[i:]))
			}
		case '"', '\'':
			if startsScalar(line, i) {
				i += quotedLength(line[i:]) - 1
			}
		}
	}
	return ""
}

// addToNode does to a target's node what addTo does to its text.
func (t *target) addToNode(node *yamlnode.Node) {
	node.Style &^= yamlnode.FlowStyle
	for _, a := range t.additions {
		list := child(child(node, "spec", yamlnode.MappingNode), a.rules, yamlnode.SequenceNode)
		if a.rule >= 0 {
			rule := list.Content[a.rule]
			rule.Style &^= yamlnode.FlowStyle
			list = child(rule, "ports", yamlnode.SequenceNode)
		}
		list.Content = append(list.Content, a.items...)
	}
	annotations := child(child(node, "metadata", yamlnode.MappingNode), "annotations", yamlnode.MappingNode)
	value := scalar(t.folded.Annotations[merge.MergedFromAnnotation])
	if _, before := entry(annotations, merge.MergedFromAnnotation); before != nil {
		before.Value, before.Tag, before.Style = value.Value, value.Tag, value.Style
		return
	}
	annotations.Content = append(annotations.Content, scalar(merge.MergedFromAnnotation), value)
}

// scalar is a node that is text, and the same text, in every version of YAML.
func scalar(value string) *yamlnode.Node {
	var node yamlnode.Node
	node.SetString(value)
	if err := node.Encode(value); err != nil {
		node.Style = yamlnode.DoubleQuotedStyle
	}
	return &node
}

// child returns the value of a key as a block of the wanted kind; it becomes an
// empty one if it is missing or null.
func child(mapping *yamlnode.Node, key string, kind yamlnode.Kind) *yamlnode.Node {
	_, value := entry(mapping, key)
	if value == nil {
		value = &yamlnode.Node{}
		mapping.Content = append(mapping.Content, scalar(key), value)
	}
	if value.Kind != kind {
		value.Kind, value.Tag, value.Value = kind, "", ""
	}
	value.Style &^= yamlnode.FlowStyle
	return value
}

// unaliased copies a node without anchors, aliases and merge keys, so that a
// change in one place changes no other.
func unaliased(node *yamlnode.Node) *yamlnode.Node {
	from := resolve(node)
	to := *from
	to.Anchor, to.Content = "", nil
	if from != node {
		to.HeadComment, to.LineComment, to.FootComment = node.HeadComment, node.LineComment, node.FootComment
	}
	for i, child := range from.Content {
		if from.Kind == yamlnode.MappingNode && i%2 == 1 && from.Content[i-1].ShortTag() == "!!merge" {
			to.Content = to.Content[:len(to.Content)-1]
			inline(&to, from, unaliased(child))
			continue
		}
		to.Content = append(to.Content, unaliased(child))
	}
	return &to
}

// portable rewrites what the encoder gets wrong, or what parsers read differently:
// null as nothing at all and comments, in flow style, comments behind blocks and in
// front of empty collections, folded texts, and those that start with white space. It
// changes the node.
func portable(node *yamlnode.Node) *yamlnode.Node {
	for i, child := range node.Content {
		portable(child)
		switch {
		case node.Style&yamlnode.FlowStyle != 0 && child.ShortTag() == "!!null" && child.Value == "":
			child.Value = "null"
		case child.Kind&(yamlnode.MappingNode|yamlnode.SequenceNode) != 0 && len(child.Content) == 0 && child.HeadComment != "":
			if node.Kind == yamlnode.MappingNode && node.Content[i-1].HeadComment == "" {
				node.Content[i-1].HeadComment = child.HeadComment
			}
			child.HeadComment = ""
		case len(child.Content) == 0 || child.LineComment == "" || child.Style&yamlnode.FlowStyle != 0:
		case node.Kind != yamlnode.MappingNode:
			child.HeadComment, child.LineComment = strings.TrimPrefix(child.HeadComment+"\n"+child.LineComment, "\n"), ""
		case node.Content[i-1].LineComment == "":
			node.Content[i-1].LineComment, child.LineComment = child.LineComment, ""
		}
	}
	switch isText := node.Style&(yamlnode.FoldedStyle|yamlnode.LiteralStyle) != 0; {
	case isText && strings.TrimLeft(node.Value, " \t\n") != node.Value:
		node.Style = yamlnode.DoubleQuotedStyle
	case isText:
		node.Style = node.Style&^yamlnode.FoldedStyle | yamlnode.LiteralStyle
	}
	if node.HeadComment != "" || slices.ContainsFunc(node.Content, hasComments) {
		node.Style &^= yamlnode.FlowStyle
	}
	return node
}

func hasComments(node *yamlnode.Node) bool {
	return node.HeadComment+node.LineComment+node.FootComment != "" || slices.ContainsFunc(node.Content, hasComments)
}

// withoutComments takes the comments away from a node and all in it.
func withoutComments(node *yamlnode.Node) *yamlnode.Node {
	node.HeadComment, node.LineComment, node.FootComment = "", "", ""
	for _, child := range node.Content {
		withoutComments(child)
	}
	return node
}

// inline appends to a mapping what a merge key brings in: of one mapping, or of
// several, the first to have a key, unless the mapping has the key itself.
func inline(to, from, merged *yamlnode.Node) {
	sources := []*yamlnode.Node{merged}
	if merged.Kind == yamlnode.SequenceNode {
		sources = merged.Content
	}
	for _, source := range sources {
		for i := 0; i+1 < len(source.Content); i += 2 {
			key := source.Content[i].Value
			if own, _ := entry(from, key); own != nil {
				continue
			}
			if already, _ := entry(to, key); already == nil {
				to.Content = append(to.Content, source.Content[i], source.Content[i+1])
			}
		}
	}
}
