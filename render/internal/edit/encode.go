package edit

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mostAtOnce is how many items of a list are encoded at once. The encoder keeps some 200
// bytes for each word until its end, so that a list of 1 MiB would take 300 MB.
const mostAtOnce = 1000

// Encode writes a node in the style of kubectl: two spaces, and lists not
// indented in mappings. Long lists are written by themselves, and put in.
func Encode(n *yaml.Node) ([]byte, error) {
	lists := longLists(n, nil)
	texts := make([][]byte, len(lists))
	for i, list := range lists {
		items := list.Content
		for some := range slices.Chunk(items, mostAtOnce) {
			text, err := Encode(&yaml.Node{Kind: yaml.SequenceNode, Content: some})
			if err != nil {
				return nil, err
			}
			texts[i] = append(texts[i], text...)
		}
		list.Content = []*yaml.Node{{Kind: yaml.ScalarNode, Value: placeholder(i)}}
		defer func() { list.Content = items }()
	}
	encoded, err := encode(n)
	if err != nil {
		return nil, err
	}
	for i, text := range texts {
		line := []byte(placeholder(i) + "\n")
		before, after, _ := bytes.Cut(encoded, line)
		before, isItem := bytes.CutSuffix(before, []byte("- "))
		if !isItem || bytes.Contains(after, line) { // somebody's text is the same
			return nil, errNoLines
		}
		indent := len(before) - bytes.LastIndexByte(before, '\n') - 1
		encoded = slices.Concat(before, []byte(indented(text, indent, "\n"))[indent:], []byte("\n"), after)
	}
	return encoded, nil
}

// longLists appends the lists in block style that are too long to be encoded at once, but
// for those in such a list.
func longLists(n *yaml.Node, lists []*yaml.Node) []*yaml.Node {
	switch {
	case n.Style&yaml.FlowStyle != 0:
		return lists
	case n.Kind == yaml.SequenceNode && len(n.Content) > mostAtOnce:
		return append(lists, n)
	}
	for _, inner := range n.Content {
		lists = longLists(inner, lists)
	}
	return lists
}

func placeholder(list int) string { return "netpol-merge-list-" + strconv.Itoa(list) }

func encode(n *yaml.Node) ([]byte, error) {
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

// itemLines are the lines of a list's items, as Encode would write them. It knows only
// what Append may hold, and takes a tenth of the time.
func itemLines(items []*yaml.Node) ([]string, error) {
	b := blockLines{}
	b.add(&yaml.Node{Kind: yaml.SequenceNode, Content: items}, "", "")
	return b.lines, b.err
}

// blockLines are lines in block style.
type blockLines struct {
	lines []string
	err   error
}

// add adds the lines of a mapping or of a list that is not empty. Its first line begins
// with lead, the others with indent.
func (b *blockLines) add(n *yaml.Node, lead, indent string) {
	for i, child := range n.Content {
		switch {
		case n.Kind == yaml.MappingNode && i%2 == 0:
			continue // with its value
		case n.Kind == yaml.SequenceNode && len(child.Content) > 0:
			b.add(child, lead+"- ", indent+"  ")
		case n.Kind == yaml.SequenceNode:
			b.lines = append(b.lines, lead+"- "+b.text(child))
		case len(child.Content) == 0:
			b.lines = append(b.lines, lead+b.text(n.Content[i-1])+": "+b.text(child)+comment(child))
		default:
			b.lines = append(b.lines, lead+b.text(n.Content[i-1])+":"+comment(n.Content[i-1]))
			inner := indent
			if child.Kind == yaml.MappingNode {
				inner += "  "
			}
			b.add(child, inner, inner)
		}
		lead = indent
	}
}

// text is a scalar or an empty collection as it is written.
func (b *blockLines) text(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && n.Tag == "" { // a plain word
		return n.Value
	}
	plain := *n
	plain.LineComment = ""
	encoded, err := Encode(&plain)
	text := strings.TrimSuffix(string(encoded), "\n")
	if err == nil && strings.Contains(text, "\n") {
		err = errNoLines
	}
	b.err = cmp.Or(b.err, err)
	return text
}

func comment(n *yaml.Node) string {
	if n.LineComment == "" {
		return ""
	}
	return " " + n.LineComment
}
