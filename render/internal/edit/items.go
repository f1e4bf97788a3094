package edit

import (
	"cmp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/networknt/netpol-merge/render/internal/node"
)

// itemLines are the lines of a list's items, as node.Encode would write them. It knows only
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
	encoded, err := node.Encode(&plain)
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
