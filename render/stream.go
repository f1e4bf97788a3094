package render

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Source is a stream of YAML documents and where it came from.
type Source struct {
	// Name is how problems refer to the stream: a path, or "stdin".
	Name string
	Text []byte
}

// stream is a Source that takes part in a run.
type stream struct {
	Source
	position int   // among the streams of the run
	lines    []int // the number of the line at the start of each block, once asked for
}

func newStream(source Source, position int) *stream {
	return &stream{Source: source, position: position}
}

// document is a slice of a stream. The documents of a stream, joined, are the
// stream, byte for byte.
type document struct {
	stream *stream
	start  int // offset in the stream
	text   []byte
	// directives tells that the document starts with lines such as %YAML. Only
	// a stream's first document and one that follows "..." may.
	directives bool
	// What is looked for in all documents is looked for while the text is still in the
	// processor's cache: whether no word can be hidden in it, whether it names any of
	// our annotations, and whether it names network policies.
	plain, namesOurs, namesPolicies bool
}

const byteOrderMark = "\ufeff"

// split cuts a stream into documents. A document starts at a line that is
// "---" followed by a space, a tab or the line's end, and goes on up to the
// next such line, whatever the bytes between. What stands before the first
// such line, if anything, is a document too.
func split(in *stream) []*document {
	text := in.Text
	var documents []*document
	start, directives := 0, false
	for next := nextMarker(text, 0); next < len(text); next = nextMarker(text, next+1) {
		from, hasDirectives := directivesBefore(text[:next], start)
		if string(text[start:from]) == byteOrderMark {
			from = start
		}
		if from > start {
			documents = append(documents, newDocument(in, start, from, directives))
		}
		start, directives = from, hasDirectives
	}
	if start < len(text) {
		documents = append(documents, newDocument(in, start, len(text), directives))
	}
	return documents
}

func newDocument(in *stream, start, end int, directives bool) *document {
	text := in.Text[start:end:end]
	return &document{
		stream: in, start: start, text: text, directives: directives,
		plain: isPlain(text), namesOurs: contains(text, ownDomain), namesPolicies: bytes.Contains(text, []byte("NetworkPolicy")),
	}
}

// nextMarker is the offset of the first line from offset on that starts a
// document, or the text's length.
func nextMarker(text []byte, offset int) int {
	if offset == 0 {
		offset = len(text) - len(bytes.TrimPrefix(text, []byte(byteOrderMark)))
		if isMarker(text[offset:], "---") {
			return offset
		}
	}
	for {
		i := bytes.Index(text[offset:], []byte("---")) // dashes are rarer than line breaks
		if i < 0 {
			return len(text)
		}
		offset += i
		if offset > 0 && text[offset-1] == '\n' && isMarker(text[offset:], "---") {
			return offset
		}
		offset++
	}
}

// isMarker tells whether text starts with the marker, as a word of its own.
func isMarker(text []byte, marker string) bool {
	rest, ok := bytes.CutPrefix(text, []byte(marker))
	return ok && (len(rest) == 0 || strings.IndexByte(" \t\r\n", rest[0]) >= 0)
}

// directivesBefore returns where the document really begins whose "---" comes
// right after text: at the directives in front of it, if it has any. They stand
// at the start of the stream or after a "..." line. text[start:] is what no
// document has claimed yet.
func directivesBefore(text []byte, start int) (from int, found bool) {
	lineEnd := len(text)
	for lineEnd > start {
		lineStart := bytes.LastIndexByte(text[:lineEnd-1], '\n') + 1
		line := text[lineStart:lineEnd]
		if lineStart == 0 {
			line = bytes.TrimPrefix(line, []byte(byteOrderMark))
		}
		switch {
		case isMarker(line, "..."):
			if found {
				return lineEnd, true
			}
			return len(text), false
		case len(line) > 0 && line[0] == '%':
			found = true
		case !isBlankOrComment(line):
			return len(text), false
		}
		lineEnd = lineStart
	}
	if found && start == 0 {
		return 0, true
	}
	return len(text), false
}

func isBlankOrComment(line []byte) bool {
	line = bytes.TrimLeft(line, " \t\r\n")
	return len(line) == 0 || line[0] == '#'
}

// line is the number, from 1, of the stream's line where the document starts.
func (d *document) line() int {
	const block = 64 << 10
	s := d.stream
	for at := len(s.lines) * block; at <= d.start; at += block { // what is before was counted
		line := 1
		if at > 0 {
			line = s.lines[at/block-1] + bytes.Count(s.Text[at-block:at], []byte("\n"))
		}
		s.lines = append(s.lines, line)
	}
	last := d.start / block
	return s.lines[last] + bytes.Count(s.Text[last*block:d.start], []byte("\n"))
}

// hasContent tells whether the document is more than markers, directives,
// comments and blank lines.
func (d *document) hasContent() bool {
	_, content := d.prologue()
	return content
}

// template is the path in Helm 3's "# Source:" comment, or empty.
func (d *document) template() string {
	path, _ := d.prologue()
	return path
}

// prologue reads the lines in front of the document's content.
func (d *document) prologue() (template string, content bool) {
	text := bytes.TrimPrefix(d.text, []byte(byteOrderMark))
	for line := range bytes.Lines(text) {
		if isMarker(line, "---") {
			line = line[len("---"):]
		}
		switch {
		case isMarker(line, "...") || len(line) > 0 && line[0] == '%':
		case !isBlankOrComment(line):
			return template, true
		default:
			if path, ok := bytes.CutPrefix(line, []byte("# Source: ")); ok && template == "" {
				template = string(bytes.TrimSpace(path))
			}
		}
	}
	return template, false
}

// mentions tells whether a word may occur in one of the document's scalars. It may
// see a word where there is none. What is too large to be parsed counts only if it
// says the word as it is.
func (d *document) mentions(word string) bool {
	return contains(d.text, word) || d.hides(word)
}

// hides tells whether a word may occur where it cannot be seen: in UTF-16, written
// with the escapes of double-quoted scalars, or behind a tag, as !!binary can stand
// for anything.
func (d *document) hides(word string) bool {
	return !d.plain && (says(d.text, word) || len(d.text) <= maxDocument && hasTags(narrowed(d.text)))
}

// isPlain tells whether a text has nothing in it that could hide a word. Most
// documents are plain, and this is known of each before words are looked for.
func isPlain(text []byte) bool {
	return bytes.IndexByte(text, '!') < 0 && !isUTF16(text) && !hasEscapes(text)
}

// hasEscapes tells whether a text has escapes that unescape takes for a letter, or for
// nothing.
func hasEscapes(text []byte) bool {
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			return false
		}
		text = text[i+1:]
		if strings.IndexByte("xuU/", text[0]) >= 0 || breakSize(text) > 0 {
			return true
		}
	}
}

// says tells whether a word stands in a text, literally or hidden by escapes or by
// UTF-16.
func says(text []byte, word string) bool {
	text = narrowed(text)
	return contains(text, word) ||
		len(text) <= maxDocument && bytes.IndexByte(text, '\\') >= 0 && contains(unescape(text), word)
}

func hasTags(text []byte) bool {
	return bytes.IndexByte(text, '!') >= 0 &&
		(bytes.Contains(text, []byte("!!")) || bytes.Contains(text, []byte("!<")) || bytes.Contains(text, []byte("%TAG")))
}

func isUTF16(text []byte) bool {
	return bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff"))
}

// narrowed is UTF-16 as one byte a letter, as far as it is ASCII, and other text as
// it is.
func narrowed(text []byte) []byte {
	if isUTF16(text) {
		return bytes.ReplaceAll(text, []byte{0}, nil)
	}
	return text
}

// contains looks for a word from its last slash or k on first: these are so much rarer
// than other letters that most of the text is skipped.
func contains(text []byte, word string) bool {
	rare := strings.LastIndexAny(strings.TrimSuffix(word, "/"), "/k")
	return (rare <= 0 || bytes.Contains(text, []byte(word[rare:]))) && bytes.Contains(text, []byte(word))
}

// unescape replaces the escapes of double-quoted scalars that can stand for a
// letter, wherever they are, and removes escaped line breaks.
func unescape(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			return append(out, text...)
		}
		out = append(out, text[:i]...)
		if size := breakSize(text[i+1:]); size > 0 {
			text = bytes.TrimLeft(text[i+1+size:], " \t\r\n\u0085\u2028\u2029")
			continue
		}
		escaped := text[i+1]
		text = text[i+2:]
		switch escaped {
		case 'x', 'u', 'U':
			digits := min(len(text), map[byte]int{'x': 2, 'u': 4, 'U': 8}[escaped])
			if code, err := strconv.ParseUint(string(text[:digits]), 16, 32); err == nil {
				out = utf8.AppendRune(out, rune(code))
				text = text[digits:]
			}
		default:
			out = append(out, escaped)
		}
	}
}
