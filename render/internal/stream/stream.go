// Package stream splits a stream of YAML documents into slices of it, and joins
// documents to a stream again.
//
// Start reading at Split and Join. The documents of a stream, joined, are the stream,
// byte for byte, whatever the bytes are. The package knows where documents begin and
// which lines are comments. It does not parse YAML, and does not ask what a document
// is about.
package stream

import (
	"bytes"
	"iter"
	"strings"
	"unicode/utf8"
)

// Document is a slice of a stream: from the line that starts it to the next such line.
type Document struct {
	// Text is never appended to: behind it the stream goes on, for Join.
	Text []byte
	// Line is the number of the stream's line at which it starts, from 1. It has 32 bits, as
	// there may be a hundred thousand documents.
	Line int32
	// First reports whether the document begins its stream.
	First bool
	// Directives reports whether the document starts with lines such as %YAML. Only a
	// stream's first document, and one behind "...", may.
	Directives bool
}

// ByteOrderMark may stand in front of a stream; it is no content.
const ByteOrderMark = "\ufeff"

// Split cuts a stream into documents. A document starts at a line that is "---"
// followed by a space, a tab or the line's end, and goes on up to the next such line,
// whatever the bytes between. What stands before the first such line, if anything, is
// a document, too. An empty stream has none.
func Split(text []byte) iter.Seq[Document] {
	return func(yield func(Document) bool) {
		d, start := Document{Line: 1, First: true}, 0
		for next := nextMarker(text, 0); next < len(text); next = nextMarker(text, next+1) {
			end, directives := directivesBefore(text[:next], start)
			if end > start && string(text[start:end]) != ByteOrderMark {
				d.Text = text[start:end]
				if !yield(d) {
					return
				}
				start, d.First, d.Line = end, false, d.Line+int32(bytes.Count(d.Text, []byte("\n")))
			}
			d.Directives = directives
		}
		if start < len(text) {
			d.Text = text[start:]
			yield(d)
		}
	}
}

// nextMarker is the offset of the first line, from offset on, that starts a document,
// or the text's length.
func nextMarker(text []byte, offset int) int {
	if offset == 0 {
		offset = len(text) - len(bytes.TrimPrefix(text, []byte(ByteOrderMark)))
		if IsMarker(text[offset:], "---") {
			return offset
		}
	}
	for {
		i := bytes.Index(text[offset:], []byte("---")) // dashes are rarer than line breaks
		if i < 0 {
			return len(text)
		}
		offset += i
		if offset > 0 && text[offset-1] == '\n' && IsMarker(text[offset:], "---") {
			return offset
		}
		offset++
	}
}

// IsMarker reports whether the text starts with the marker, "---" or "...", as a word
// of its own.
func IsMarker(text []byte, marker string) bool {
	rest, ok := bytes.CutPrefix(text, []byte(marker))
	return ok && (len(rest) == 0 || strings.IndexByte(" \t\r\n", rest[0]) >= 0)
}

// directivesBefore returns where the document begins whose "---" comes right after the
// text: at the directives in front of it, if it has any. They stand at the start of the
// stream or behind a "..." line. text[start:] belongs to no document yet.
func directivesBefore(text []byte, start int) (from int, found bool) {
	lineEnd := len(text)
	for lineEnd > start {
		lineStart := bytes.LastIndexByte(text[:lineEnd-1], '\n') + 1
		line := text[lineStart:lineEnd]
		if lineStart == 0 {
			line = bytes.TrimPrefix(line, []byte(ByteOrderMark))
		}
		switch {
		case IsMarker(line, "..."):
			if found {
				return lineEnd, true
			}
			return len(text), false
		case len(line) > 0 && line[0] == '%':
			found = true
		case !IsBlank(line):
			return len(text), false
		}
		lineEnd = lineStart
	}
	if found {
		return start, true
	}
	return len(text), false
}

// IsBlank reports whether there are only blank lines and comments in the text. A comment
// ends at any line break that YAML 1.1 knows, not only at a newline.
func IsBlank(text []byte) bool {
	inComment := false
	for len(text) > 0 {
		size := BreakSize(text)
		switch {
		case size > 0:
			inComment = false
		case inComment || text[0] == ' ' || text[0] == '\t':
		case text[0] == '#':
			inComment = true
		default:
			return false
		}
		text = text[max(1, size):]
	}
	return true
}

// Prologue reads the lines in front of the document's content. It returns the path in
// the first "# Source:" comment, in which Helm 3 names the template, and whether there
// is any content: more than markers, directives, comments and blank lines.
func (d *Document) Prologue() (template string, content bool) {
	text := bytes.TrimPrefix(d.Text, []byte(ByteOrderMark))
	for line := range bytes.Lines(text) {
		if IsMarker(line, "---") {
			line = line[len("---"):]
		}
		switch {
		case IsMarker(line, "...") || len(line) > 0 && line[0] == '%':
		case !IsBlank(line):
			return template, true
		default:
			if path, ok := bytes.CutPrefix(line, []byte("# Source: ")); ok && template == "" {
				template = string(bytes.TrimSpace(path))
			}
		}
	}
	return template, false
}

// Content returns the document's text up to a "..." line behind which there is nothing
// but comments: what is to be parsed.
func (d *Document) Content() []byte {
	for at := 0; ; {
		i := bytes.Index(d.Text[at:], []byte("\n..."))
		if i < 0 {
			return d.Text
		}
		at += i + 1
		if IsMarker(d.Text[at:], "...") && IsBlank(d.Text[at+len("..."):]) {
			return d.Text[:at]
		}
	}
}

// BreakSize is the length of the line break that the text starts with, 0 if there is
// none. As in YAML 1.1, a line also ends with a lone carriage return and with Unicode's
// line breaks.
func BreakSize(text []byte) int {
	if text[0] >= ' ' && text[0] < utf8.RuneSelf { // the common case
		return 0
	}
	for _, lineBreak := range []string{"\r\n", "\n", "\r", "\u0085", "\u2028", "\u2029"} {
		if bytes.HasPrefix(text, []byte(lineBreak)) {
			return len(lineBreak)
		}
	}
	return 0
}

// LineStarts returns the offset of each line as a YAML parser counts lines.
func LineStarts(text []byte) []int {
	starts := []int{0}
	for i := 0; i < len(text); {
		size := BreakSize(text[i:])
		i += max(1, size)
		if size > 0 {
			starts = append(starts, i)
		}
	}
	return starts
}
