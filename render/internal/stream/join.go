package stream

import (
	"bytes"
	"iter"
)

// Join returns the pieces of the stream that the documents make, those in replaced in
// their new form: an empty one leaves. Neighbours that stay as they are make one piece,
// which is a slice of their stream.
func Join(documents iter.Seq[*Document], replaced map[*Document][]byte) (pieces [][]byte) {
	var last, before *Document // in the output, and in the input
	var lastChanged bool
	for d := range documents {
		text, changed := replaced[d]
		if !changed {
			text = d.Text
		}
		follows := last != nil && last == before && !d.First
		before = d
		switch end := len(pieces) - 1; {
		case len(text) == 0:
			continue
		case follows && !changed && !lastChanged:
			pieces[end] = pieces[end][:len(pieces[end])+len(text)]
		case last != nil && !follows:
			pieces = append(pieces, separator(pieces, d, text), text)
		default:
			pieces = append(pieces, text)
		}
		last, lastChanged = d, changed
	}
	return pieces
}

// separator returns what has to stand before a document's text for the document to
// remain one of its own, if the document in front of it left or is of another stream.
// Directives need a "..." before them, which may have left with an overlay, unless there
// are only comments yet.
func separator(pieces [][]byte, d *Document, text []byte) []byte {
	before := pieces[len(pieces)-1]
	hasBegun := len(pieces) > 1 || !IsBlank(bytes.TrimPrefix(before, []byte(ByteOrderMark)))
	between, lineBreak := "", "\n"
	if bytes.HasSuffix(before, []byte("\r\n")) {
		lineBreak = "\r\n"
	}
	if before[len(before)-1] != '\n' {
		between = lineBreak
	}
	switch {
	case d.Directives && hasBegun && !endsDocument(before):
		between += "..." + lineBreak
	case !d.Directives && !IsMarker(text, "---"):
		between += "---" + lineBreak
	}
	return []byte(between)
}

// endsDocument reports whether "..." is the text's last line of content.
func endsDocument(text []byte) bool {
	i := bytes.LastIndex(text, []byte("\n..."))
	return i >= 0 && IsMarker(text[i+1:], "...") && IsBlank(text[i+len("\n..."):])
}
