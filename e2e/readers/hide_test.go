package readers

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
)

// hide puts a document into a way of hiding it.
func hide(way, document string) string {
	flow := strings.TrimSuffix(toJSON(document, false), "\n")
	lines := strings.SplitAfter(document, "\n")
	bare := strings.Join(lines[min(2, len(lines)):], "") // without apiVersion and kind
	wordsOf := func(replace func(word string) string) string {
		return words.ReplaceAllStringFunc(document, replace)
	}
	switch {
	case way == "FLOW,}":
		return strings.TrimSuffix(flow, "}") + ",}"
	case strings.HasPrefix(way, "FLOW}"):
		return strings.TrimSuffix(flow, "}") + "," + strings.TrimPrefix(way, "FLOW}")
	case strings.HasPrefix(way, "FLOW") && way != "FLOW":
		return strings.TrimPrefix(way, "FLOW") + strings.TrimPrefix(flow, "{")
	case way == "ALIAS":
		return "x: &n NetworkPolicy\ny: &i netpol-merge.networknt.com/into\n" +
			strings.NewReplacer("NetworkPolicy", "*n", "netpol-merge.networknt.com/into:", "*i :").Replace(document)
	}
	if call := regexp.MustCompile(`(?s)^WORD\((.*)\)$`).FindStringSubmatch(way); call != nil {
		return wordsOf(func(word string) string { return `"` + fmt.Sprintf(call[1], word[0]) + word[1:] + `"` })
	}
	if call := regexp.MustCompile(`^TAG\((.*)\)$`).FindStringSubmatch(way); call != nil {
		return wordsOf(func(word string) string {
			if strings.Contains(call[1], "binary") {
				word = base64.StdEncoding.EncodeToString([]byte(word))
			}
			return call[1] + " " + word
		})
	}
	text := strings.NewReplacer(
		"CRDOC", strings.ReplaceAll(document, "\n", "\r"),
		"DOC", document, "FLOW", flow, "INDENTED", strings.TrimPrefix(indent(document, " "), " "),
		"ITEMITEM", strings.TrimPrefix(indent(document, "    "), "    "),
		"ITEM", strings.TrimPrefix(indent(document, "  "), "  "),
		"BAREFLOW", strings.NewReplacer(`"apiVersion":"networking.k8s.io/v1",`, "", `"kind":"NetworkPolicy",`, "").Replace(flow),
		"BARE", strings.TrimPrefix(indent(bare, "  "), "  "),
		"TAIL", bare,
	).Replace(way)
	call := regexp.MustCompile(`(?s)UTF(16|32)(LE|BE)\((.*)\)$`).FindStringSubmatchIndex(text)
	if call == nil {
		return text
	}
	name, encoded := text[call[2]:call[5]], text[call[6]:call[7]]
	return text[:call[0]] + wide(name, encoded)
}

// wide is a text in an encoding of more than one byte a letter.
func wide(encoding, text string) string {
	var order binary.AppendByteOrder = binary.LittleEndian
	if strings.HasSuffix(encoding, "BE") {
		order = binary.BigEndian
	}
	var out []byte
	if strings.HasPrefix(encoding, "32") {
		for _, r := range text {
			out = order.AppendUint32(out, uint32(r))
		}
		return string(out)
	}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}
