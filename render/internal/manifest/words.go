package manifest

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/networknt/netpol-merge/render/internal/stream"
)

// mayContain reports whether a word may stand in one of the document's scalars: as it
// is, in another encoding than UTF-8, written with the escapes of double-quoted scalars,
// or behind a tag, as !!binary can stand for anything. In doubt it may.
func (d *Document) mayContain(word string) bool {
	if contains(d.Text, word) {
		return true
	}
	if !d.mayHide() {
		return false
	}
	text := bytes.ReplaceAll(d.Text, []byte{0}, nil) // of UTF-16 and UTF-32 what is ASCII
	return bytes.Contains(text, []byte(word)) || mayBeBinary(text) || bytes.Contains(unescape(text), []byte(word))
}

// contains is bytes.Contains. If the word has a "w", what begins there is looked for first: in
// manifests that letter is rare, and most texts do not have what follows.
func contains(text []byte, word string) bool {
	end := word[max(0, strings.IndexByte(word, 'w')):]
	return bytes.Contains(text, []byte(end)) && bytes.Contains(text, []byte(word))
}

// mayHide reports whether words may be hidden in the text.
func (d *Document) mayHide() bool {
	if !d.searched {
		d.searched, d.hides = true, bytes.IndexByte(d.Text, 0) >= 0 || mayBeBinary(d.Text) || hasEscapes(d.Text)
	}
	return d.hides
}

// mayBeBinary reports whether a text may have the tag !!binary: as it is, with parts of
// it behind %, or with its start in a %TAG directive.
func mayBeBinary(text []byte) bool {
	if bytes.IndexByte(text, '!') < 0 {
		return false
	}
	if bytes.Contains(text, []byte("binary")) || bytes.Contains(text, []byte("%TAG")) && bytes.Contains(text, []byte("tag:yaml.org,2002:")) {
		return true
	}
	return escapedByte.Match(text)
}

var escapedByte = regexp.MustCompile("%[0-9A-Fa-f]{2}")

// hasEscapes reports whether a text has escapes that stand for a letter, or for nothing.
func hasEscapes(text []byte) bool {
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			return false
		}
		text = text[i+1:]
		if strings.IndexByte("xuU/", text[0]) >= 0 || stream.BreakSize(text) > 0 {
			return true
		}
	}
}

// unescape replaces the escapes of double-quoted scalars that can stand for a letter,
// wherever they are, and removes escaped line breaks.
func unescape(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			return append(out, text...)
		}
		out = append(out, text[:i]...)
		if size := stream.BreakSize(text[i+1:]); size > 0 {
			text = bytes.TrimLeft(text[i+1+size:], " \t\r\n\u0085\u2028\u2029")
			continue
		}
		escaped := text[i+1]
		text = text[i+2:]
		digits := min(len(text), map[byte]int{'x': 2, 'u': 4, 'U': 8}[escaped])
		code, err := strconv.ParseUint(string(text[:digits]), 16, 32)
		switch {
		case digits == 0:
			out = append(out, escaped)
		case err == nil:
			out = utf8.AppendRune(out, rune(code))
			text = text[digits:]
		}
	}
}
