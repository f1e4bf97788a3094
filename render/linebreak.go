package render

import (
	"bytes"
	"unicode/utf8"
)

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
