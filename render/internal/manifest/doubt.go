package manifest

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/networknt/netpol-merge/render/internal/node"
	"github.com/networknt/netpol-merge/render/internal/stream"
)

// Doubt is why a document cannot be read in one way only. Helm, kubectl, Argo CD and
// kustomize split a stream at other lines than YAML does, use other parsers, and read
// JSON as JSON: what one of them takes for a policy must not be hidden from us.
type Doubt struct {
	Line   int // of the document, as the parser counts lines, from 1
	Reason string
	Hint   string // what to do; empty if that is to fix the text
	// Certain reports whether others certainly read more than we do.
	Certain bool
}

// Doubt returns the first reason why the document, which is not blank, cannot be read in
// one way only; nil if it can.
func (d *Document) Doubt() *Doubt {
	for _, find := range []func() *Doubt{d.doubtEncoding, d.doubtMarker, d.doubtSecond, d.doubtFirstLine, d.doubtSyntax, d.doubtObjects, d.doubtParsers} {
		if doubt := find(); doubt != nil {
			return doubt
		}
	}
	return nil
}

// doubtEncoding finds what is not plain UTF-8: kubectl turns UTF-16 into it, and replaces
// invalid bytes; a byte order mark counts where others split the stream.
func (d *Document) doubtEncoding() *Doubt {
	number := 0
	for line := range bytes.Lines(d.afterMark()) {
		number++
		if !utf8.Valid(line) || bytes.IndexByte(line, 0) >= 0 || bytes.Contains(line, []byte(stream.ByteOrderMark)) {
			return &Doubt{Line: number, Reason: "not plain UTF-8: other programs read other characters here", Hint: "save the file as UTF-8 without a byte order mark"}
		}
	}
	return nil
}

// afterMark is the document's text behind the byte order mark of its stream.
func (d *Document) afterMark() []byte {
	if d.Start > 0 {
		return d.Text
	}
	return bytes.TrimPrefix(d.Text, []byte(stream.ByteOrderMark))
}

// doubtMarker finds lines that start like a marker and are none: Helm and kubectl start a
// document there. In front of the first marker of a stream Helm ignores white space.
func (d *Document) doubtMarker() *Doubt {
	number, text := 0, d.afterMark()
	first := bytes.TrimLeftFunc(text, unicode.IsSpace)
	if space := text[:len(text)-len(first)]; d.Start == 0 && bytes.HasPrefix(first, []byte("---")) && len(space) > 0 && space[len(space)-1] != '\n' {
		return &Doubt{Line: 1 + bytes.Count(space, []byte("\n")), Reason: "white space stands in front of ---: some programs start a document here", Hint: "remove the white space"}
	}
	for line := range bytes.Lines(text) {
		number++
		if bytes.HasPrefix(line, []byte("---")) && !stream.IsMarker(line, "---") {
			return &Doubt{Line: number, Reason: "two documents in one: some programs start a document at this line, others do not", Hint: "write --- on a line of its own, or indent the line"}
		}
	}
	return nil
}

// doubtSecond finds a second object that was glued to the first: the keys of an object
// twice, as a lost line break leaves behind, or a second JSON value.
func (d *Document) doubtSecond() *Doubt {
	if line := d.secondValue(); line > 0 {
		return &Doubt{Line: line, Reason: "two JSON values in one document: some programs read only the first", Hint: "put --- on a line of its own between them", Certain: true}
	}
	if line := d.endBefore(); line > 0 {
		return &Doubt{Line: line, Reason: "the document ends at this line, and more is behind it: some programs read only what is before", Hint: "remove the line, or put --- below it"}
	}
	_ = d.Read()
	root := d.root()
	if root == nil || root.Kind != yaml.MappingNode {
		return nil
	}
	seen := map[string]*yaml.Node{}
	var again []*yaml.Node
	for i := 0; i+1 < len(root.Content); i += 2 {
		key := root.Content[i]
		switch key.Value {
		case "apiVersion", "kind", "metadata":
			if seen[key.Value] != nil {
				again = append(again, key)
			}
			seen[key.Value] = key
		}
	}
	if len(again) < 3 {
		return nil
	}
	line := again[0].Line
	doubt := &Doubt{Line: line, Reason: "two documents in one: the second begins here, without a line that is ---", Hint: "put --- on a line of its own before it"}
	starts := stream.LineStarts(d.Text)
	if before := strings.TrimRight(string(d.Text[starts[line-2]:starts[line-1]]), " \t\r\n"); strings.HasSuffix(before, "---") {
		doubt.Line--
		doubt.Reason = "two documents in one: the --- behind this line is no marker, as it is not on a line of its own"
		doubt.Hint = "put --- on a line of its own; in a template, {{- and -}} remove the line break beside them"
	}
	return doubt
}

// endBefore is the line of a "..." with more than comments behind it; 0 if there is none.
func (d *Document) endBefore() int {
	number := 0
	for rest := d.Text; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		number++
		if stream.IsMarker(line, "...") && !(d.Directives && number == 1) && !(stream.IsBlank(line[len("..."):]) && stream.IsBlank(after)) {
			return number
		}
		rest = after
	}
	return 0
}

// doubtFirstLine finds content on the marker's line with more content below: some
// programs drop the line, and read what is left.
func (d *Document) doubtFirstLine() *Doubt {
	first, rest, _ := bytes.Cut(d.afterMark(), []byte("\n"))
	if !stream.IsMarker(first, "---") || stream.IsBlankOrComment(first[len("---"):]) || stream.IsBlank(rest) {
		return nil
	}
	if end, ok := bytes.CutPrefix(rest, []byte("...")); ok && stream.IsBlank(end) {
		return nil
	}
	return &Doubt{Line: 1, Reason: "content stands on the line of the marker, and goes on below: some programs drop the line", Hint: "start the content on a line below ---"}
}

func (d *Document) doubtSyntax() *Doubt {
	err := d.Read()
	if err == nil {
		return nil
	}
	syntax := &SyntaxError{Line: 1, Reason: err.Error()}
	if e, ok := err.(*SyntaxError); ok { //nolint:errorlint // Read returns no other
		syntax = e
	}
	return &Doubt{Line: syntax.Line, Reason: syntax.Reason}
}

// doubtObjects finds objects that some programs take for others.
func (d *Document) doubtObjects() *Doubt {
	for _, o := range slices.Concat(d.Objects, d.lists) {
		isPolicy := strings.HasSuffix(o.Kind(), "NetworkPolicy")
		_, hasItems := o.Value["items"]
		metadata, _ := o.Value["metadata"].(map[string]any)
		misspelt := cmp.Or(otherCase(o.Value, "apiVersion", "kind", "metadata", "spec", "items"), otherCase(metadata, "annotations", "name", "namespace"))
		switch {
		case len(node.Entries(o.Node, "items")) > 1:
			return o.doubt("items", "items stand here twice: programs do not agree which count", "keep one list of items")
		case hasItems && (isPolicy || o.Nested && o.IsMarked()):
			return o.doubt("items", "an object with items of its own: some programs take it for a list", "a list has kind: NetworkPolicyList")
		case o.Nested && isPolicy && !o.IsMarked():
			return o.doubt("metadata", "a NetworkPolicy in a list in a list: some programs do not look there", "move it to the outer list")
		case misspelt != "":
			return o.doubt("", fmt.Sprintf("some programs do not mind the case of letters in %q, others do", misspelt), "write the key as the API has it")
		}
	}
	return nil
}

// otherCase is a key of a mapping that is one of the fields but for the case of letters;
// empty if there is none. As Go's JSON decoder has it, K and k are the Kelvin sign, too.
func otherCase(mapping map[string]any, fields ...string) string {
	for key := range mapping {
		for _, field := range fields {
			if key != field && strings.EqualFold(key, field) {
				return key
			}
		}
	}
	return ""
}

func (o *Object) doubt(path, reason, hint string) *Doubt {
	line, _ := o.nodes.Locate(o.Node, path)
	return &Doubt{Line: line, Reason: reason, Hint: hint}
}

// doubtParsers finds what the two parsers read differently.
func (d *Document) doubtParsers() *Doubt {
	if d.isJSON {
		return nil
	}
	if n := unlikeObject(d.root(), d.Value); n != nil {
		return &Doubt{Line: n.Line, Reason: "YAML parsers do not agree on what this says", Hint: "write it plainly: no merge key behind the keys that it would replace, no tags, numbers in decimal"}
	}
	return nil
}
