package stream

import "bytes"

// Join returns the pieces of the stream that the documents make, those in replaced in
// their new form: an empty one leaves. A document with Start 0 begins another stream.
// The pieces are slices of the documents, and of what has to stand between them.
func Join(documents []*Document, replaced map[*Document][]byte) [][]byte {
	pieces := make([][]byte, 0, len(documents))
	var last, before *Document // in the output, and in the input
	for _, d := range documents {
		text, changed := replaced[d]
		if !changed {
			text = d.Text
		}
		if len(text) > 0 {
			if last != nil && (d.Start == 0 || last != before) {
				pieces = append(pieces, separator(pieces[len(pieces)-1], d, text))
			}
			pieces = append(pieces, text)
			last = d
		}
		before = d
	}
	return pieces
}

// separator returns what has to stand before a document's text for the document to
// remain one of its own, if the document in front of it left or is of another stream.
// Directives need a "..." before them: it may have left with an overlay.
func separator(before []byte, d *Document, text []byte) []byte {
	between, lineBreak := "", "\n"
	if bytes.HasSuffix(before, []byte("\r\n")) {
		lineBreak = "\r\n"
	}
	if before[len(before)-1] != '\n' {
		between = lineBreak
	}
	switch {
	case d.Directives && !endsDocument(before):
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
