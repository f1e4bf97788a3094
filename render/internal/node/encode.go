package node

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mostAtOnce is how many items of a list are encoded at once. The encoder keeps some 200
// bytes for each word until its end, so that a list of 1 MiB would take 300 MB.
const mostAtOnce = 1000

// Encode writes a node in the style of kubectl: two spaces, and lists not indented in
// mappings. A long list is encoded in parts, and put where a placeholder was.
func Encode(n *yaml.Node) ([]byte, error) {
	lists := longLists(n, nil)
	items, texts := make([][]*yaml.Node, len(lists)), make([][]byte, len(lists))
	for i, list := range lists {
		for some := range slices.Chunk(list.Content, mostAtOnce) {
			text, err := Encode(&yaml.Node{Kind: yaml.SequenceNode, Style: list.Style & yaml.FlowStyle, Content: some})
			if err != nil {
				return nil, err
			}
			if isFlow(list) { // "[a, b]\n"
				text = append(text[1:len(text)-2], ", "...)
			}
			texts[i] = append(texts[i], text...)
		}
	}
	for i, list := range lists { // once nothing can fail that would leave them so
		items[i], list.Content = list.Content, []*yaml.Node{{Kind: yaml.ScalarNode, Value: placeholder(i)}}
	}
	encoded, err := encode(n)
	for i, list := range lists {
		list.Content = items[i]
	}
	if err != nil {
		return nil, err
	}
	for i, text := range texts {
		before, after, _ := bytes.Cut(encoded, []byte(placeholder(i)))
		switch before, isItem := bytes.CutSuffix(before, []byte("- ")); {
		case !isItem && !isFlow(lists[i]), bytes.Contains(after, []byte(placeholder(i))): // a text of the document is the same
			return encode(n)
		case isFlow(lists[i]):
			encoded = slices.Concat(before, bytes.TrimSuffix(text, []byte(", ")), after)
		default:
			indent := len(before) - bytes.LastIndexByte(before, '\n') - 1
			encoded = slices.Concat(before, []byte(Indented(text, indent, "\n"))[indent:], after)
		}
	}
	return encoded, nil
}

func isFlow(n *yaml.Node) bool { return n.Style&yaml.FlowStyle != 0 }

// longLists appends the lists that are too long to be encoded at once, but for those in such
// a list.
func longLists(n *yaml.Node, lists []*yaml.Node) []*yaml.Node {
	if n.Kind == yaml.SequenceNode && len(n.Content) > mostAtOnce {
		return append(lists, n)
	}
	for _, inner := range n.Content {
		lists = longLists(inner, lists)
	}
	return lists
}

// placeholder is a word that no other begins with.
func placeholder(list int) string { return "netpol-merge-list-" + strconv.Itoa(list) + "." }

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

// Indented indents the lines of a text that are not empty, and leaves out the last line
// break.
func Indented(text []byte, indent int, lineBreak string) string {
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			b.WriteString(strings.Repeat(" ", indent))
		}
		b.WriteString(line + lineBreak)
	}
	return strings.TrimSuffix(b.String(), lineBreak)
}
