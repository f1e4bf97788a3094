package render

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	yamlnode "go.yaml.in/yaml/v3"

	"github.com/networknt/netpol-merge/merge"
)

// insertLines makes the changes by inserting lines, and by cutting the lines of
// overlays that are items of a list.
func (e *edition) insertLines() ([]byte, error) {
	text := newLines(e.document.text)
	for _, t := range e.targets {
		if err := text.addTo(t); err != nil {
			return nil, err
		}
	}
	if err := text.removeItems(e); err != nil {
		return nil, err
	}
	return text.apply(), nil
}

// lines is a text with the changes that are to be made to it.
type lines struct {
	text   []byte
	starts []int // offset of each line
	edits  []edit
}

// edit replaces text[from:to].
type edit struct {
	from, to int
	with     string
}

// newLines finds the lines of a text as the YAML parser counts them, for which
// a line can also end with a lone carriage return or a Unicode line break.
func newLines(text []byte) *lines {
	l := &lines{text: text, starts: []int{0}}
	for i := 0; i < len(text); {
		if size := breakSize(text[i:]); size > 0 {
			i += size
			l.starts = append(l.starts, i)
		} else {
			i++
		}
	}
	return l
}

// breakSize is the length of the line break that a text starts with, or 0.
func breakSize(text []byte) int {
	if text[0] >= ' ' && text[0] < utf8.RuneSelf { // as nearly always
		return 0
	}
	for _, lineBreak := range []string{"\r\n", "\n", "\r", "\u0085", "\u2028", "\u2029"} {
		if bytes.HasPrefix(text, []byte(lineBreak)) {
			return len(lineBreak)
		}
	}
	return 0
}

// line is the text of a line, counted from 1, with its line break.
func (l *lines) line(number int) []byte {
	return l.text[l.starts[number-1]:l.endOf(number)]
}

func (l *lines) endOf(number int) int {
	if number < len(l.starts) {
		return l.starts[number]
	}
	return len(l.text)
}

// breakAfter is the line break of a line, or, if it is the last and has none,
// of the text.
func (l *lines) breakAfter(number int) string {
	line := l.line(number)
	if !bytes.HasSuffix(line, []byte("\n")) {
		line = l.line(1)
	}
	if bytes.HasSuffix(line, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// insertAfter inserts lines after a line, with line breaks like that line's.
func (l *lines) insertAfter(number int, indent int, added ...string) {
	at := l.endOf(number)
	lineBreak := l.breakAfter(number)
	var b strings.Builder
	for _, line := range added {
		b.WriteString(strings.Repeat(" ", indent) + line + lineBreak)
	}
	with := b.String()
	if !bytes.HasSuffix(l.line(number), []byte("\n")) {
		with = lineBreak + strings.TrimSuffix(with, lineBreak)
	}
	l.edits = append(l.edits, edit{at, at, with})
}

func (l *lines) apply() []byte {
	slices.SortStableFunc(l.edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var out []byte
	done := 0
	for _, e := range l.edits {
		out = append(out, l.text[done:e.from]...)
		out = append(out, e.with...)
		done = e.to
	}
	return append(out, l.text[done:]...)
}

// addTo adds to a target what its overlays add, and the annotation.
func (l *lines) addTo(t *target) error {
	_, spec := entry(t.node, "spec")
	if !isBlock(spec, yamlnode.MappingNode) {
		return errNoLines
	}
	for _, a := range t.additions {
		items, err := itemLines(a.items)
		if err != nil {
			return err
		}
		keyNode, rules := entry(spec, a.rules)
		if a.rule < 0 {
			if err := l.appendRules(t, a.rules, keyNode, rules, items); err != nil {
				return err
			}
			continue
		}
		if !isBlock(rules, yamlnode.SequenceNode) || a.rule >= len(rules.Content) {
			return errNoLines
		}
		_, ports := entry(rules.Content[a.rule], "ports")
		if !isBlock(ports, yamlnode.SequenceNode) {
			return errNoLines
		}
		l.append(ports, items)
	}
	return l.annotate(t)
}

// isBlock tells whether the node is of a kind and written in block style, so
// that lines can be inserted into it.
func isBlock(node *yamlnode.Node, kind yamlnode.Kind) bool {
	return node != nil && node.Kind == kind && node.Style&yamlnode.FlowStyle == 0 && len(node.Content) > 0
}

// appendRules appends rules to those of a direction, of which there may be none.
func (l *lines) appendRules(t *target, key string, keyNode, rules *yamlnode.Node, items []string) error {
	if isBlock(rules, yamlnode.SequenceNode) {
		l.append(rules, items)
		return nil
	}
	if keyNode == nil {
		specKey, spec := entry(t.node, "spec")
		if spec.Content[0].Line <= specKey.Line {
			return errNoLines
		}
		l.insertAfter(specKey.Line, l.indentOf(spec), append([]string{key + ":"}, items...)...)
		return nil
	}
	if !l.eraseEmpty(keyNode, rules) {
		return errNoLines
	}
	l.insertAfter(keyNode.Line, keyNode.Column-1, items...)
	return nil
}

// indentOf is the indentation of a block mapping's entries.
func (l *lines) indentOf(mapping *yamlnode.Node) int {
	line := l.line(mapping.Content[0].Line)
	if entry := bytes.TrimLeft(line, " "); bytes.HasPrefix(entry, []byte("? ")) {
		return len(line) - len(entry)
	}
	return mapping.Content[0].Column - 1
}

// eraseEmpty takes away a value that says in words that there is none: null, ~,
// [] or {}. It tells whether nothing is there then.
func (l *lines) eraseEmpty(key, value *yamlnode.Node) bool {
	word := value.Value
	switch {
	case value.Kind == yamlnode.SequenceNode && len(value.Content) == 0:
		word = "[]"
	case value.Kind == yamlnode.MappingNode && len(value.Content) == 0:
		word = "{}"
	case value.ShortTag() != "!!null":
		return false
	}
	if value.Line != key.Line || value.Anchor != "" || value.Style&yamlnode.TaggedStyle != 0 {
		return false
	}
	if word == "" {
		return true
	}
	line := l.line(value.Line)
	at := l.offset(value)
	if !bytes.HasPrefix(l.text[at:], []byte(word)) {
		return false
	}
	before := bytes.TrimRight(line[:at-l.starts[value.Line-1]], " \t")
	l.edits = append(l.edits, edit{l.starts[value.Line-1] + len(before), at + len(word), ""})
	return true
}

// offset is where a node starts in the text. Columns count characters.
func (l *lines) offset(node *yamlnode.Node) int {
	at := l.starts[node.Line-1]
	for column := 1; column < node.Column && at < len(l.text); column++ {
		_, size := utf8.DecodeRune(l.text[at:])
		at += size
	}
	return at
}

// append inserts items at the end of a block sequence.
func (l *lines) append(sequence *yamlnode.Node, items []string) {
	dash := l.dashColumn(sequence)
	l.insertAfter(l.lastLine(sequence, dash), dash-1, items...)
}

// dashColumn is the column of a block sequence's dashes. A sequence with an
// anchor or a tag has the position of that, and its dashes further below.
func (l *lines) dashColumn(sequence *yamlnode.Node) int {
	if sequence.Anchor == "" && sequence.Style&yamlnode.TaggedStyle == 0 {
		return sequence.Column
	}
	for number := sequence.Line + 1; number <= len(l.starts); number++ {
		line := l.line(number)
		if !isBlankOrComment(line) {
			return len(line) - len(bytes.TrimLeft(line, " ")) + 1
		}
	}
	return sequence.Column
}

// lastLine is the last line of a block sequence: from its last scalar on, all
// that is indented more than its dashes, but for comments at the end.
func (l *lines) lastLine(sequence *yamlnode.Node, dash int) int {
	leaf := sequence
	for len(leaf.Content) > 0 {
		leaf = leaf.Content[len(leaf.Content)-1]
	}
	isText := leaf.Style&(yamlnode.LiteralStyle|yamlnode.FoldedStyle) != 0
	last := leaf.Line
	for number := last + 1; number <= len(l.starts); number++ {
		content := bytes.TrimLeft(l.line(number), " ")
		indent := len(l.line(number)) - len(content)
		switch {
		case len(bytes.TrimSpace(content)) == 0:
		case indent < dash:
			return last
		case content[0] != '#' || isText:
			last = number
		}
	}
	return last
}

// annotate sets the annotation that names the overlays.
func (l *lines) annotate(t *target) error {
	value := t.folded.Annotations[merge.MergedFromAnnotation]
	metadataKey, metadata := entry(t.node, "metadata")
	key, annotations := entry(metadata, "annotations")
	encoded, err := encode(scalar(value))
	if err != nil {
		return err
	}
	written := strings.TrimSpace(string(encoded))
	line := merge.MergedFromAnnotation + ": " + written
	switch {
	case metadata == nil || metadata.Kind != yamlnode.MappingNode || len(metadata.Content) == 0:
		return errNoLines
	case key == nil && isBlock(metadata, yamlnode.MappingNode) && metadata.Content[0].Line > metadataKey.Line:
		l.insertAfter(metadataKey.Line, l.indentOf(metadata), "annotations:", "  "+line)
	case key == nil:
		return l.insertFirst(metadata, "annotations: {"+quoted(merge.MergedFromAnnotation, value)+"}")
	case isBlock(metadata, yamlnode.MappingNode) && l.eraseEmpty(key, annotations):
		l.insertAfter(key.Line, key.Column+1, line)
	case annotations.Kind != yamlnode.MappingNode:
		return errNoLines
	default:
		if _, before := entry(annotations, merge.MergedFromAnnotation); before != nil {
			if annotations.Style&yamlnode.FlowStyle != 0 {
				written = strconv.Quote(value) // a comma would end it
			}
			return l.replaceScalar(before, written)
		}
		if isBlock(annotations, yamlnode.MappingNode) && annotations.Content[0].Line > key.Line {
			l.insertAfter(key.Line, l.indentOf(annotations), line)
			return nil
		}
		return l.insertFirst(annotations, quoted(merge.MergedFromAnnotation, value))
	}
	return nil
}

func quoted(key, value string) string { return fmt.Sprintf("%q: %q", key, value) }

// insertFirst inserts an entry at the start of a mapping in flow style.
func (l *lines) insertFirst(mapping *yamlnode.Node, entry string) error {
	at := l.offset(mapping)
	if mapping.Style&yamlnode.FlowStyle == 0 || !bytes.HasPrefix(l.text[at:], []byte("{")) {
		return errNoLines
	}
	if len(mapping.Content) > 0 {
		entry += ", "
	}
	l.edits = append(l.edits, edit{at + 1, at + 1, entry})
	return nil
}

// replaceScalar replaces a scalar that stands on one line.
func (l *lines) replaceScalar(node *yamlnode.Node, with string) error {
	at := l.offset(node)
	for _, old := range []string{node.Value, `"` + node.Value + `"`, "'" + node.Value + "'"} {
		if old != "" && bytes.HasPrefix(l.text[at:], []byte(old)) {
			l.edits = append(l.edits, edit{at, at + len(old), with})
			return nil
		}
	}
	return errNoLines
}

// removeItems cuts overlays out of the list that they are items of.
func (l *lines) removeItems(e *edition) error {
	if len(e.removed) == 0 {
		return nil
	}
	key, items := entry(resolve(e.root), "items")
	if !isBlock(items, yamlnode.SequenceNode) {
		return errNoLines
	}
	dash := l.dashColumn(items)
	for _, o := range e.removed {
		node := items.Content[o.item]
		first := l.dashLine(node, dash)
		if first == 0 {
			return errNoLines
		}
		one := yamlnode.Node{Kind: yamlnode.SequenceNode, Content: []*yamlnode.Node{node}}
		l.edits = append(l.edits, edit{l.starts[first-1], l.endOf(l.lastLine(&one, dash)), ""})
	}
	if len(e.removed) == len(items.Content) {
		at := l.offset(key) + len(key.Value)
		if !bytes.HasPrefix(l.text[at:], []byte(":")) {
			return errNoLines
		}
		l.edits = append(l.edits, edit{at + 1, at + 1, " []"})
	}
	return nil
}

// dashLine is the line of an item's dash: that of the item, or, if the item
// starts below it, the one before blank lines and comments; 0 if neither.
func (l *lines) dashLine(item *yamlnode.Node, dash int) int {
	prefix := []byte(strings.Repeat(" ", dash-1) + "-")
	for number := item.Line; number > 0; number-- {
		rest, ok := bytes.CutPrefix(l.line(number), prefix)
		switch {
		case ok && (number == item.Line || isBlankOrComment(rest)):
			return number
		case number < item.Line && !isBlankOrComment(l.line(number)):
			return 0
		}
	}
	return 0
}
