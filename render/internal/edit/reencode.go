package edit

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/networknt/netpol-merge/render/internal/node"
)

// reencode makes the edits in a copy of the document's nodes and encodes it, for
// aliases, merge keys and whatever else lines cannot be inserted into. Comments and
// the order of keys are kept, what stands before the first and after the last line
// of content byte for byte.
func reencode(d Document, edits []Edit) ([]byte, error) {
	content := unaliased(d.Tree)
	root := content.Content[0]
	for _, e := range edits {
		n := root
		n.Style &^= yaml.FlowStyle
		for i, step := range e.Path {
			kind := yaml.MappingNode
			if i+1 == len(e.Path) && e.Key == "" {
				kind = yaml.SequenceNode
			} else if i+1 < len(e.Path) {
				if _, isIndex := e.Path[i+1].(int); isIndex {
					kind = yaml.SequenceNode
				}
			}
			switch step := step.(type) {
			case string:
				n = child(n, step, kind)
			case int:
				n = n.Content[step]
				n.Style &^= yaml.FlowStyle
			}
		}
		e.makeIn(n)
	}
	return d.frame(content)
}

// makeIn makes the edit in the node at its path.
func (e Edit) makeIn(n *yaml.Node) {
	n.Content = append(n.Content, e.Append...)
	for _, i := range slices.Backward(e.Remove) {
		n.Content = slices.Delete(n.Content, i, i+1)
	}
	if e.Key == "" {
		return
	}
	value := Scalar(e.Value)
	if before := keepLast(n, e.Key); before != nil {
		before.Value, before.Tag, before.Style = value.Value, value.Tag, value.Style
		return
	}
	n.Content = append(n.Content, Scalar(e.Key), value)
}

// frame encodes the content and puts it between what stood around it.
func (d Document) frame(content *yaml.Node) ([]byte, error) {
	text, root := d.Text, d.Tree.Content[0]
	start := newLines(text).offset(root)
	// The comments in front of the content stand in the text before it.
	content.HeadComment, content.Content[0].HeadComment = "", ""
	if first := content.Content[0].Content; len(first) > 0 && first[0].Line == root.Line && first[0].Column == root.Column {
		first[0].HeadComment = ""
	}
	body, err := node.Encode(portable(content))
	if err != nil {
		return nil, err
	}
	out := bytes.Clone(bytes.TrimRight(text[:start], " \t"))
	lineBreak := newLines(text).breakAfter(1)
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, lineBreak...)
	}
	body = append(lostComments(text[start:d.End], body), body...)
	if d.End == len(text) && !bytes.HasSuffix(text, []byte("\n")) {
		body = bytes.TrimSuffix(body, []byte("\n"))
	}
	body = bytes.ReplaceAll(body, []byte("\n"), []byte(lineBreak))
	return append(append(out, body...), text[d.End:]...), nil
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

// Scalar is a node that is text, and the same text, in every version of YAML.
func Scalar(value string) *yaml.Node {
	var n yaml.Node
	SetScalar(&n, value)
	return &n
}

// SetScalar makes a node what Scalar returns.
func SetScalar(n *yaml.Node, value string) {
	*n = yaml.Node{Kind: yaml.ScalarNode, Value: value}
	if isPlainWord(value) { // as the encoder would find, which costs more to set up
		return
	}
	n.SetString(value)
	if err := n.Encode(value); err != nil {
		n.Style = yaml.DoubleQuotedStyle
	}
}

// notText are the words of letters only that some version of YAML takes for a boolean or
// for null.
const notText = " y yes true on n no false off null "

// isPlainWord reports whether a text certainly needs no quotes: it begins with a letter,
// or, as networks do, with a digit and has a "/", which no number and no date has; it has
// only characters that mean nothing, and is no word that means something.
func isPlainWord(text string) bool {
	isLetter := func(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
	isDigit := func(c byte) bool { return c >= '0' && c <= '9' }
	if text == "" || !isLetter(text[0]) && (!isDigit(text[0]) || !strings.Contains(text, "/")) {
		return false
	}
	for i := range len(text) {
		if c := text[i]; !isLetter(c) && !isDigit(c) && strings.IndexByte("-_./", c) < 0 {
			return false
		}
	}
	return !strings.Contains(notText, " "+strings.ToLower(text)+" ")
}

// child returns the value of a key as a block of the wanted kind; it becomes an
// empty one if it is missing or null.
func child(mapping *yaml.Node, key string, kind yaml.Kind) *yaml.Node {
	value := keepLast(mapping, key)
	if value == nil {
		value = &yaml.Node{}
		mapping.Content = append(mapping.Content, Scalar(key), value)
	}
	if value.Kind != kind {
		value.Kind, value.Tag, value.Value = kind, "", ""
	}
	value.Style &^= yaml.FlowStyle
	return value
}

// keepLast removes all entries of a key but the last, and returns its value; nil if there is
// none.
func keepLast(mapping *yaml.Node, key string) *yaml.Node {
	_, value := node.Entry(mapping, key)
	for i := len(mapping.Content) - 2; i >= 0; i -= 2 {
		if mapping.Content[i].Value == key && mapping.Content[i+1] != value {
			mapping.Content = slices.Delete(mapping.Content, i, i+2)
		}
	}
	return value
}

// unaliased copies a node without anchors, aliases and merge keys, so that a
// change in one place changes no other.
func unaliased(n *yaml.Node) *yaml.Node {
	from := node.Resolve(n)
	to := *from
	to.Anchor, to.Content = "", nil
	if from != n {
		to.HeadComment, to.LineComment, to.FootComment = n.HeadComment, n.LineComment, n.FootComment
	}
	for i, child := range from.Content {
		if from.Kind == yaml.MappingNode && i%2 == 1 && from.Content[i-1].ShortTag() == "!!merge" {
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
// changes the node, and returns it.
func portable(n *yaml.Node) *yaml.Node {
	for i, child := range n.Content {
		portable(child)
		switch {
		case n.Style&yaml.FlowStyle != 0 && child.ShortTag() == "!!null" && child.Value == "":
			child.Value = "null"
		case child.Kind&(yaml.MappingNode|yaml.SequenceNode) != 0 && len(child.Content) == 0 && child.HeadComment != "":
			if n.Kind == yaml.MappingNode && n.Content[i-1].HeadComment == "" {
				n.Content[i-1].HeadComment = child.HeadComment
			}
			child.HeadComment = ""
		case len(child.Content) == 0 || child.LineComment == "" || child.Style&yaml.FlowStyle != 0:
		case n.Kind != yaml.MappingNode:
			child.HeadComment, child.LineComment = strings.TrimPrefix(child.HeadComment+"\n"+child.LineComment, "\n"), ""
		case n.Content[i-1].LineComment == "":
			n.Content[i-1].LineComment, child.LineComment = child.LineComment, ""
		}
	}
	switch isText := n.Style&(yaml.FoldedStyle|yaml.LiteralStyle) != 0; {
	case isText && strings.TrimLeft(n.Value, " \t\n") != n.Value:
		n.Style = yaml.DoubleQuotedStyle
	case isText:
		n.Style = n.Style&^yaml.FoldedStyle | yaml.LiteralStyle
	}
	if n.HeadComment != "" || slices.ContainsFunc(n.Content, hasComments) {
		n.Style &^= yaml.FlowStyle
	}
	return n
}

func hasComments(n *yaml.Node) bool {
	return n.HeadComment+n.LineComment+n.FootComment != "" || slices.ContainsFunc(n.Content, hasComments)
}

// inline appends to a mapping what a merge key brings in: of one mapping, or of
// several, the first to have a key, unless the mapping has the key itself.
func inline(to, from, merged *yaml.Node) {
	sources := []*yaml.Node{merged}
	if merged.Kind == yaml.SequenceNode {
		sources = merged.Content
	}
	for _, source := range sources {
		for i := 0; i+1 < len(source.Content); i += 2 {
			key := source.Content[i].Value
			if own, _ := node.Entry(from, key); own != nil {
				continue
			}
			if already, _ := node.Entry(to, key); already == nil {
				to.Content = append(to.Content, source.Content[i], source.Content[i+1])
			}
		}
	}
}
