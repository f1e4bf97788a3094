package render

import (
	"bytes"
	"reflect"
	"slices"
	"strings"

	yamlnode "go.yaml.in/yaml/v3"
)

// flowNode is a collection in flow style that has to become a block before
// lines can be inserted. It is the value of key, or, if that is nil, an item of
// a list or the document's root.
type flowNode struct{ key, node *yamlnode.Node }

// unflowed is the edition of the same document with the collections that it
// changes in block style, everything else byte for byte. It is the edition
// itself if they are, or if they cannot be made so.
func (e *edition) unflowed() *edition {
	for flow := e.nextFlow(); flow != nil; flow = e.nextFlow() {
		text := flow.asBlock(e.document.text[:e.end])
		if text == nil {
			return e
		}
		next := e.rebased(append(text, e.document.text[e.end:]...))
		if next == nil {
			return e
		}
		e = next
	}
	return e
}

// nextFlow finds the outermost collection in flow style on the way to what
// changes.
func (e *edition) nextFlow() *flowNode {
	var path []flowNode
	step := func(key, node *yamlnode.Node) { path = append(path, flowNode{key, node}) }
	if itemsKey, items := entry(e.root, "items"); items != nil && e.objects[0].item >= 0 {
		step(nil, e.root)
		step(itemsKey, items)
	}
	for _, t := range e.targets {
		step(nil, t.node)
		metadataKey, metadata := entry(t.node, "metadata")
		if _, annotations := entry(metadata, "annotations"); annotations != nil && annotations.Kind == yamlnode.ScalarNode {
			step(metadataKey, metadata)
		}
		specKey, spec := entry(t.node, "spec")
		step(specKey, spec)
		for _, a := range t.additions {
			key, rules := entry(spec, a.rules)
			step(key, rules)
			if a.rule >= 0 && rules != nil && a.rule < len(rules.Content) {
				step(nil, rules.Content[a.rule])
				key, ports := entry(rules.Content[a.rule], "ports")
				step(key, ports)
			}
		}
	}
	at := slices.IndexFunc(path, func(f flowNode) bool {
		return f.node != nil && f.node.Style&yamlnode.FlowStyle != 0 && len(f.node.Content) > 0
	})
	if at < 0 {
		return nil
	}
	return &path[at]
}

// asBlock returns the text with the collection as a block, or nil if its text
// is not simply from bracket to bracket. A comment behind it stays on its line,
// comments inside move with what they are about.
func (f *flowNode) asBlock(text []byte) []byte {
	l := newLines(text)
	start := l.offset(f.node)
	end := flowEnd(text, start)
	if end < 0 {
		return nil
	}
	block := *f.node
	block.Style &^= yamlnode.FlowStyle
	block.HeadComment, block.LineComment, block.FootComment = "", "", ""
	encoded, err := encode(withNullWords(&block))
	if err != nil {
		return nil
	}
	encoded = append(lostComments(text[start:end], encoded), encoded...)
	lineBreak := l.breakAfter(f.node.Line)
	before := bytes.TrimRight(text[:start], " \t")
	indent, first := f.node.Column-1, ""
	switch {
	case f.key != nil:
		indent = f.key.Column - 1
		if f.node.Kind == yamlnode.MappingNode {
			indent += 2
		}
	case bytes.HasSuffix(before, []byte("-")) && !isMarker(text[l.starts[f.node.Line-1]:], "---"):
		before, first = text[:start], strings.Repeat(" ", indent)
	case len(before) > 0 && before[len(before)-1] != '\n':
		before = append(bytes.Clone(before), lineBreak...)
	}
	var b bytes.Buffer
	for line := range strings.Lines(string(encoded)) {
		b.WriteString(strings.Repeat(" ", indent) + strings.TrimSuffix(line, "\n") + lineBreak)
	}
	lines := strings.TrimSuffix(strings.TrimPrefix(b.String(), first), lineBreak)
	behind, rest := cutLine(text[end:])
	if f.key != nil {
		return slices.Concat(before, behind, []byte(lineBreak+lines), rest)
	}
	return slices.Concat(before, []byte(lines), behind, rest)
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
		starts := i == 0 || strings.IndexByte(" \t\r\n[{,:", text[i-1]) >= 0
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

// rebased is the edition for another text of the same document, or nil if that
// does not say the same.
func (e *edition) rebased(text []byte) *edition {
	documents := split(newStream(Source{Name: e.stream.Name, Text: text}, 0))
	if len(documents) != 1 {
		return nil
	}
	m, err := parse(documents[0])
	if err != nil || !reflect.DeepEqual(m.value, e.value) {
		return nil
	}
	next := &edition{manifest: m}
	for i, o := range e.objects {
		if slices.Contains(e.removed, o) {
			next.removed = append(next.removed, m.objects[i])
		}
	}
	for _, t := range e.targets {
		moved := *t
		moved.object = m.objects[slices.Index(e.objects, t.object)]
		next.targets = append(next.targets, &moved)
	}
	return next
}
