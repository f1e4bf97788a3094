package edit

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/networknt/netpol-merge/render/internal/node"
	"github.com/networknt/netpol-merge/render/internal/stream"
)

// flowNode is a collection in flow style that has to become a block before
// lines can be inserted. It is the value of key, or, if that is nil, an item of
// a list or the document's root.
type flowNode struct{ key, value *yaml.Node }

// insertUnflowed inserts lines after the collections on the way of the edits became
// blocks; everything else stays byte for byte.
func insertUnflowed(d Document, edits []Edit) ([]byte, error) {
	text := newLines(d.Text[:d.End])
	for _, flow := range flows(d.Tree.Content[0], edits) {
		if !text.unflow(flow) {
			return nil, errNoLines
		}
	}
	unflowed := append(text.apply(), d.Text[d.End:]...)
	end := len(unflowed) - (len(d.Text) - d.End)
	var tree yaml.Node
	if err := yaml.Unmarshal(unflowed[:end], &tree); err != nil {
		return nil, err
	}
	return insert(Document{Text: unflowed, End: end, Tree: &tree}, edits)
}

// flows takes flow style away from all collections on the way of the edits, and
// returns the outermost of them. A key can be set in flow style, too, but for one in
// a mapping that is a scalar yet.
func flows(root *yaml.Node, edits []Edit) (outermost []flowNode) {
	unflowed := map[*yaml.Node]bool{}
	for _, e := range edits {
		path := e.Path
		if _, mapping := node.At(root, path); e.Key != "" && (mapping == nil || mapping.Kind != yaml.ScalarNode) {
			path = path[:len(path)-2]
		}
		inside := false
		for i := range len(path) + 1 {
			key, n := node.At(root, path[:i])
			if n == nil {
				break
			}
			isFlow := n.Style&yaml.FlowStyle != 0 && len(n.Content) > 0
			if isFlow && !inside {
				outermost = append(outermost, flowNode{key, n})
			}
			if isFlow {
				unflowed[n] = true
				n.Style &^= yaml.FlowStyle
			}
			inside = unflowed[n]
		}
	}
	return outermost
}

// unflow makes a block of a collection. It reports whether it could: the text of the
// collection has to be simply from bracket to bracket. A comment behind it stays on
// its line, comments inside move with what they are about.
func (l *lines) unflow(f flowNode) bool {
	start := l.offset(f.value)
	end := flowEnd(l.text, start)
	if end < 0 {
		return false
	}
	block := *f.value
	block.HeadComment, block.LineComment, block.FootComment = "", "", ""
	encoded, err := node.Encode(portable(&block))
	if err != nil {
		return false
	}
	encoded = append(lostComments(l.text[start:end], encoded), encoded...)
	lineBreak := l.breakAfter(f.value.Line)
	before := bytes.TrimRight(l.text[:start], " \t")
	indent, lead, first := f.value.Column-1, "", ""
	switch {
	case f.key != nil:
		indent = f.key.Column - 1
		if f.value.Kind == yaml.MappingNode {
			indent += 2
		}
	case bytes.HasSuffix(before, []byte("-")) && !stream.IsMarker(l.text[l.starts[f.value.Line-1]:], "---"):
		before, first = l.text[:start], strings.Repeat(" ", indent)
	case len(before) > 0 && before[len(before)-1] != '\n':
		lead = lineBreak
	}
	with := lead + strings.TrimPrefix(node.Indented(encoded, indent, lineBreak), first)
	behind, rest := cutLine(l.text[end:])
	if f.key != nil {
		with = string(behind) + lineBreak + with
	} else {
		with += string(behind)
	}
	l.edits = append(l.edits, edit{len(before), len(l.text) - len(rest), with})
	return true
}

// cutLine cuts a text at the end of its first line.
func cutLine(text []byte) (line, rest []byte) {
	at := bytes.IndexByte(text, '\n')
	if at < 0 {
		return text, nil
	}
	if at > 0 && text[at-1] == '\r' {
		at--
	}
	return text[:at], text[at:]
}

// flowEnd is the offset behind the bracket that closes the one at an offset, or
// -1 if there is none.
func flowEnd(text []byte, at int) int {
	depth := 0
	for i := at; i < len(text); i++ {
		starts := startsScalar(text, i)
		switch c := text[i]; {
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == '#' && starts:
			line, _ := cutLine(text[i:])
			i += len(line)
		case (c == '"' || c == '\'') && starts:
			i += quotedLength(text[i:]) - 1
		}
		switch {
		case depth == 0 && i == at:
			return -1
		case depth == 0:
			return i + 1
		}
	}
	return -1
}

// startsScalar reports whether a scalar or a comment may start at an offset.
func startsScalar(text []byte, at int) bool {
	return at == 0 || strings.IndexByte(" \t\r\n[{,:", text[at-1]) >= 0
}

// quotedLength is the length of the quoted scalar that a text starts with.
func quotedLength(text []byte) int {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		switch {
		case quote == '"' && text[i] == '\\':
			i++
		case text[i] == quote && quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return len(text)
}
