package edit

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/networknt/netpol-merge/render/internal/node"
	"github.com/networknt/netpol-merge/render/internal/stream"
)

// insert makes the edits by inserting lines, and by cutting those of removed items.
func insert(d Document, edits []Edit) ([]byte, error) {
	text := newLines(d.Text)
	for _, e := range edits {
		if err := text.make(d.Tree.Content[0], e); err != nil {
			return nil, err
		}
	}
	return text.apply(), nil
}

func (l *lines) make(root *yaml.Node, e Edit) error {
	key, value := node.At(root, e.Path)
	switch {
	case e.Key != "":
		return l.set(root, e, key, value)
	case len(e.Remove) > 0:
		return l.removeItems(key, value, e.Remove)
	}
	name, isKey := e.Path[len(e.Path)-1].(string)
	parentKey, parent := node.At(root, e.Path[:len(e.Path)-1])
	if !isBlock(value, yaml.SequenceNode) && (!isKey || !isBlock(parent, yaml.MappingNode) || key != nil && !l.eraseEmpty(key, value)) {
		return errNoLines // before the items are encoded, which costs
	}
	items, err := itemLines(e.Append)
	switch {
	case err != nil:
		return err
	case isBlock(value, yaml.SequenceNode):
		l.append(value, items)
	case key == nil && parentKey != nil:
		l.insertAfter(parentKey.Line, l.indentOf(parent), append([]string{name + ":"}, items...)...)
	case key == nil:
		return errNoLines
	default:
		l.insertAfter(key.Line, key.Column-1, items...)
	}
	return nil
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

// newLines finds the lines of a text as the YAML parser counts them.
func newLines(text []byte) *lines {
	return &lines{text: text, starts: stream.LineStarts(text)}
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

// isBlock reports whether the node is of a kind and written in block style, so
// that lines can be inserted into it.
func isBlock(n *yaml.Node, kind yaml.Kind) bool {
	return n != nil && n.Kind == kind && n.Style&yaml.FlowStyle == 0 && len(n.Content) > 0
}

// indentOf is the indentation of a block mapping's entries.
func (l *lines) indentOf(mapping *yaml.Node) int {
	line := l.line(mapping.Content[0].Line)
	if entry := bytes.TrimLeft(line, " "); bytes.HasPrefix(entry, []byte("? ")) {
		return len(line) - len(entry)
	}
	return mapping.Content[0].Column - 1
}

// eraseEmpty takes away a value that says in words that there is none: null, ~,
// [] or {}. It reports whether nothing is there then.
func (l *lines) eraseEmpty(key, value *yaml.Node) bool {
	word := value.Value
	switch {
	case value.Kind == yaml.SequenceNode && len(value.Content) == 0:
		word = "[]"
	case value.Kind == yaml.MappingNode && len(value.Content) == 0:
		word = "{}"
	case value.ShortTag() != "!!null":
		return false
	}
	if value.Line != key.Line {
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
func (l *lines) offset(n *yaml.Node) int {
	at := l.starts[n.Line-1]
	for column := 1; column < n.Column && at < len(l.text); column++ {
		_, size := utf8.DecodeRune(l.text[at:])
		at += size
	}
	return at
}

// append inserts items at the end of a block sequence.
func (l *lines) append(sequence *yaml.Node, items []string) {
	dash := l.dashColumn(sequence)
	l.insertAfter(l.lastLine(sequence, dash), dash-1, items...)
}

// dashColumn is the column of a block sequence's dashes. A sequence with an
// anchor or a tag has the position of that, and its dashes further below.
func (l *lines) dashColumn(sequence *yaml.Node) int {
	if sequence.Anchor == "" && sequence.Style&yaml.TaggedStyle == 0 {
		return sequence.Column
	}
	for number := sequence.Line + 1; number <= len(l.starts); number++ {
		line := l.line(number)
		if !stream.IsBlank(line) {
			return len(line) - len(bytes.TrimLeft(line, " ")) + 1
		}
	}
	return sequence.Column
}

// lastLine is the last line of a block sequence: from its last scalar on, all
// that is indented more than its dashes, but for comments at the end.
func (l *lines) lastLine(sequence *yaml.Node, dash int) int {
	leaf := sequence
	for len(leaf.Content) > 0 {
		leaf = leaf.Content[len(leaf.Content)-1]
	}
	isText := leaf.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
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

// set sets an entry of a mapping, in whatever style, which may be missing.
func (l *lines) set(root *yaml.Node, e Edit, key, mapping *yaml.Node) error {
	encoded, err := node.Encode(Scalar(e.Value))
	if err != nil {
		return err
	}
	written := strings.TrimSpace(string(encoded))
	line := e.Key + ": " + written
	name, isKey := e.Path[len(e.Path)-1].(string)
	parentKey, parent := node.At(root, e.Path[:len(e.Path)-1])
	_, before := node.Entry(mapping, e.Key)
	switch {
	case !isKey || parent == nil || parent.Kind != yaml.MappingNode || len(parent.Content) == 0,
		len(node.Entries(parent, name)) > 1, len(node.Entries(mapping, e.Key)) > 1: // they would differ
		return errNoLines
	case key == nil && parentKey != nil && isBlock(parent, yaml.MappingNode):
		l.insertAfter(parentKey.Line, l.indentOf(parent), name+":", "  "+line)
	case key == nil:
		return l.insertFirst(parent, name+": {"+quoted(e.Key, e.Value)+"}")
	case isBlock(parent, yaml.MappingNode) && l.eraseEmpty(key, mapping):
		l.insertAfter(key.Line, key.Column+1, line)
	case mapping.Kind != yaml.MappingNode:
		return errNoLines
	case before != nil && mapping.Style&yaml.FlowStyle != 0:
		return l.replaceScalar(before, strconv.Quote(e.Value)) // a comma would end it
	case before != nil:
		return l.replaceScalar(before, written)
	case isBlock(mapping, yaml.MappingNode):
		l.insertAfter(key.Line, l.indentOf(mapping), line)
	default:
		return l.insertFirst(mapping, quoted(e.Key, e.Value))
	}
	return nil
}

func quoted(key, value string) string { return fmt.Sprintf("%q: %q", key, value) }

// insertFirst inserts an entry at the start of a mapping in flow style.
func (l *lines) insertFirst(mapping *yaml.Node, entry string) error {
	at := l.offset(mapping)
	if !bytes.HasPrefix(l.text[at:], []byte("{")) {
		return errNoLines
	}
	if len(mapping.Content) > 0 {
		entry += ", "
	}
	l.edits = append(l.edits, edit{at + 1, at + 1, entry})
	return nil
}

// replaceScalar replaces a scalar that stands on one line.
func (l *lines) replaceScalar(n *yaml.Node, with string) error {
	at := l.offset(n)
	for _, old := range []string{n.Value, `"` + n.Value + `"`, "'" + n.Value + "'"} {
		if old != "" && bytes.HasPrefix(l.text[at:], []byte(old)) {
			l.edits = append(l.edits, edit{at, at + len(old), with})
			return nil
		}
	}
	return errNoLines
}

// removeItems cuts items out of a sequence.
func (l *lines) removeItems(key, sequence *yaml.Node, remove []int) error {
	if !isBlock(sequence, yaml.SequenceNode) {
		return errNoLines
	}
	dash := l.dashColumn(sequence)
	for _, i := range remove {
		item := sequence.Content[i]
		first := l.dashLine(item, dash)
		one := yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{item}}
		l.edits = append(l.edits, edit{l.starts[first-1], l.endOf(l.lastLine(&one, dash)), ""})
	}
	if len(remove) == len(sequence.Content) {
		at := l.offset(key) + len(key.Value)
		l.edits = append(l.edits, edit{at + 1, at + 1, " []"})
	}
	return nil
}

// dashLine is the line of an item's dash: that of the item or, if the item starts below
// it, the next above that has one.
func (l *lines) dashLine(item *yaml.Node, dash int) int {
	number := item.Line
	for prefix := []byte(strings.Repeat(" ", dash-1) + "-"); number > 1 && !bytes.HasPrefix(l.line(number), prefix); {
		number--
	}
	return number
}
