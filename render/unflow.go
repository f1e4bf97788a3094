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
	again := e.rebased(e.document.text) // whose nodes may change
	if again == nil {
		return e
	}
	text := newLines(e.document.text[:e.end])
	for _, flow := range again.flows() {
		if !text.unflow(flow) {
			return e
		}
	}
	if next := e.rebased(append(text.apply(), e.document.text[e.end:]...)); next != nil {
		return next
	}
	return e
}

// flows takes flow style away from all collections on the way to what changes, and
// returns the outermost of them.
func (e *edition) flows() (outermost []flowNode) {
	inFlow := map[*yamlnode.Node]bool{}
	step := func(parent, key, node *yamlnode.Node) {
		if node == nil || node.Style&yamlnode.FlowStyle == 0 || len(node.Content) == 0 {
			return
		}
		inFlow[node] = true
		node.Style &^= yamlnode.FlowStyle
		if !inFlow[parent] {
			outermost = append(outermost, flowNode{key, node})
		}
	}
	itemsKey, items := entry(e.root, "items")
	if items != nil && e.objects[0].item >= 0 {
		step(nil, nil, e.root)
		step(e.root, itemsKey, items)
	}
	for _, t := range e.targets {
		step(items, nil, t.node)
		metadataKey, metadata := entry(t.node, "metadata")
		if _, annotations := entry(metadata, "annotations"); annotations != nil && annotations.Kind == yamlnode.ScalarNode {
			step(t.node, metadataKey, metadata)
		}
		specKey, spec := entry(t.node, "spec")
		step(t.node, specKey, spec)
		for _, a := range t.additions {
			key, rules := entry(spec, a.rules)
			step(spec, key, rules)
			if a.rule >= 0 && rules != nil && a.rule < len(rules.Content) {
				rule := rules.Content[a.rule]
				step(rules, nil, rule)
				key, ports := entry(rule, "ports")
				step(rule, key, ports)
			}
		}
	}
	return outermost
}

// unflow makes a block of a collection. It tells whether it could: the text of the
// collection has to be simply from bracket to bracket. A comment behind it stays on
// its line, comments inside move with what they are about.
func (l *lines) unflow(f flowNode) bool {
	start := l.offset(f.node)
	end := flowEnd(l.text, start)
	if end < 0 {
		return false
	}
	block := *f.node
	block.HeadComment, block.LineComment, block.FootComment = "", "", ""
	encoded, err := encode(portable(&block))
	if err != nil {
		return false
	}
	encoded = append(lostComments(l.text[start:end], encoded), encoded...)
	lineBreak := l.breakAfter(f.node.Line)
	before := bytes.TrimRight(l.text[:start], " \t")
	indent, lead, first := f.node.Column-1, "", ""
	switch {
	case f.key != nil:
		indent = f.key.Column - 1
		if f.node.Kind == yamlnode.MappingNode {
			indent += 2
		}
	case bytes.HasSuffix(before, []byte("-")) && !isMarker(l.text[l.starts[f.node.Line-1]:], "---"):
		before, first = l.text[:start], strings.Repeat(" ", indent)
	case len(before) > 0 && before[len(before)-1] != '\n':
		lead = lineBreak
	}
	var b strings.Builder
	for line := range strings.Lines(string(encoded)) {
		b.WriteString(strings.Repeat(" ", indent) + strings.TrimSuffix(line, "\n") + lineBreak)
	}
	with := lead + strings.TrimSuffix(strings.TrimPrefix(b.String(), first), lineBreak)
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

// startsScalar tells whether a scalar or a comment may start at an offset.
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
