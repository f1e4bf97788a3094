// Package doubt finds out whether a document can be read in one way only.
//
// Start reading at About. Helm, kubectl, Argo CD and kustomize split a stream at other
// lines than YAML does, use other parsers, and read JSON as JSON: what one of them takes
// for a policy must not be hidden from us. e2e/readers holds the rule against what they
// do. The package does not know what becomes of a document that is in doubt.
package doubt

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/node"
	"github.com/networknt/netpol-merge/render/internal/stream"
)

// Doubt is why a document cannot be read in one way only.
type Doubt struct {
	Line   int // of the document, as the parser counts lines, from 1
	Reason string
	Hint   string // what to do; empty if that is to fix the text
	// Certain reports whether others certainly read more than we do.
	Certain bool
}

// About returns the first reason why the document, which is not blank, cannot be read in
// one way only; nil if it can.
func About(d *manifest.Document) *Doubt {
	for _, find := range []func(*manifest.Document) *Doubt{encoding, marker, firstSpace, tagDirective, second, firstLine, syntax, keys, objects, Parsers} {
		if doubt := find(d); doubt != nil {
			return doubt
		}
	}
	return nil
}

// encoding finds what is not plain UTF-8: kubectl turns UTF-16 into it, and replaces
// invalid bytes; a byte order mark counts where others split the stream.
func encoding(d *manifest.Document) *Doubt {
	number := 0
	for line := range bytes.Lines(afterMark(d)) {
		number++
		if !utf8.Valid(line) || bytes.IndexByte(line, 0) >= 0 || bytes.Contains(line, []byte(stream.ByteOrderMark)) {
			return &Doubt{Line: number, Reason: "not plain UTF-8: other programs read other characters here", Hint: "save the file as UTF-8, without a byte order mark or NUL"}
		}
	}
	return nil
}

// afterMark is the document's text behind the byte order mark of its stream.
func afterMark(d *manifest.Document) []byte {
	return bytes.TrimPrefix(d.Text, []byte(stream.ByteOrderMark))
}

// marker finds lines that start like a marker and are none: Helm and kubectl start a
// document there. In front of the first marker of a stream, and behind every other, Helm
// ignores white space.
func marker(d *manifest.Document) *Doubt {
	text := afterMark(d)
	behind := bytes.TrimPrefix(text, []byte("---"))
	for _, text := range [][]byte{text, behind} {
		first := bytes.TrimLeftFunc(text, unicode.IsSpace)
		if space := text[:len(text)-len(first)]; bytes.HasPrefix(first, []byte("---")) && len(space) > 0 && space[len(space)-1] != '\n' {
			return &Doubt{Line: 1 + bytes.Count(space, []byte("\n")), Reason: "white space stands in front of ---: some programs start a document here", Hint: "remove the white space"}
		}
	}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if bytes.HasPrefix(line, []byte("---")) && !stream.IsMarker(line, "---") {
			return &Doubt{Line: number, Reason: "two documents in one: some programs start a document at this line, others do not", Hint: "write --- on a line of its own, or indent the line"}
		}
	}
	return nil
}

// second finds a second object that was glued to the first: the keys of an object
// twice, as a lost line break leaves behind, or a second JSON value.
func second(d *manifest.Document) *Doubt {
	if line := d.SecondValue(); line > 0 {
		return &Doubt{Line: line, Reason: "two JSON values in one document: some programs read only the first", Hint: "put --- on a line of its own between them", Certain: true}
	}
	if line := endBefore(d); line > 0 {
		return &Doubt{Line: line, Reason: "the document ends at this line, and more is behind it: some programs read only what is before", Hint: "remove the line, or put --- below it"}
	}
	_ = d.Read() // the error is told by syntax; without a tree nothing is glued
	root := d.Root()
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
	starts := append([]int{0}, stream.LineStarts(d.Text)...) // the line above the first is empty
	if before := bytes.TrimRight(d.Text[starts[line-1]:starts[line]], " \t\r\n"); bytes.HasSuffix(before, []byte("---")) {
		doubt.Line--
		doubt.Reason = "two documents in one: the --- at the end of this line starts no document, as it is not on a line of its own"
		doubt.Hint = "put --- on a line of its own; in a template, a -}} or {{- beside it removed the line break"
	}
	return doubt
}

// endBefore is the line of a "..." with more than comments behind it; 0 if there is none.
func endBefore(d *manifest.Document) int {
	number := 0
	for rest := d.Text; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		number++
		if stream.IsMarker(line, "...") && (!stream.IsBlank(line[len("..."):]) || !stream.IsBlank(after)) {
			return number
		}
		rest = after
	}
	return 0
}

// firstLine finds content on the marker's line with more content below: some
// programs drop the line, and read what is left.
func firstLine(d *manifest.Document) *Doubt {
	first, rest, _ := bytes.Cut(afterMark(d), []byte("\n"))
	if !stream.IsMarker(first, "---") || stream.IsBlank(first[len("---"):]) || stream.IsBlank(rest) {
		return nil
	}
	if end, ok := bytes.CutPrefix(rest, []byte("...")); ok && stream.IsBlank(end) {
		return nil
	}
	return &Doubt{Line: 1, Reason: "content stands on the line of the marker, and goes on below: some programs drop the line", Hint: "start the content on a line below ---"}
}

func syntax(d *manifest.Document) *Doubt {
	if found := d.Read(); found != nil {
		return &Doubt{Line: found.Line, Reason: found.Reason}
	}
	return nil
}

// firstSpace finds content that begins with white space that YAML takes for a letter, or
// does not allow: Helm and kubectl skip it, and read what is behind.
func firstSpace(d *manifest.Document) *Doubt {
	text, line, column := d.Body()
	plain := " \r\n"
	if column > 0 { // behind the marker
		plain += "\t"
	}
	if c, _ := utf8.DecodeRune(bytes.TrimLeft(text, plain)); unicode.IsSpace(c) {
		return &Doubt{Line: line, Reason: "the document begins with white space that is no plain space: some programs skip it", Hint: "remove it"}
	}
	return nil
}

// tagDirective finds a directive that gives tags such as !!binary another meaning. Who
// splits the stream before it is parsed takes the directive for a part of the document in
// front. Tags that need a directive are read by nobody then, and tell nobody anything else.
func tagDirective(d *manifest.Document) *Doubt {
	number := 0
	for line := range bytes.Lines(afterMark(d)) {
		number++
		if !d.Directives || stream.IsMarker(line, "---") {
			break
		}
		words := bytes.Fields(line)
		if len(words) > 1 && string(words[0]) == "%TAG" && (string(words[1]) == "!" || string(words[1]) == "!!") {
			return &Doubt{Line: number, Reason: "a %TAG directive gives tags another meaning, and some programs do not see it", Hint: "remove the directive"}
		}
	}
	return nil
}

// keys finds keys that are not written as the text that they are.
func keys(d *manifest.Document) *Doubt {
	if key := node.FirstKey(d.Root(), inDisguise); key != nil {
		return &Doubt{Line: key.Line, Reason: "a key is an alias or in base64, which programs do not read alike", Hint: "write the key as a plain word"}
	}
	return nil
}

func inDisguise(key *yaml.Node) bool {
	return key.Kind == yaml.AliasNode || key.ShortTag() == "!!binary"
}

// objects finds objects that some programs take for others.
func objects(d *manifest.Document) *Doubt {
	for _, list := range d.Lists {
		if doubt := itemOfAnotherKind(list); doubt != nil {
			return doubt
		}
	}
	for _, o := range slices.Concat(d.Objects, d.Lists) {
		isPolicy := strings.HasSuffix(o.Kind(), "NetworkPolicy")
		twice := keyTwice(o)
		items, hasItems := o.Value["items"]
		values, _ := items.(map[string]any)
		metadata, _ := o.Value["metadata"].(map[string]any)
		misspelt, path := otherCase(o.Value, "apiVersion", "kind", "metadata", "spec", "items"), ""
		if misspelt == "" {
			misspelt, path = otherCase(metadata, "annotations", "name", "namespace"), "metadata."
		}
		switch {
		case len(node.Entries(o.Node, "items")) > 1:
			return inObject(o, "items", "items stand here twice: programs do not agree which count", "keep one list of items")
		case twice != "":
			return inObject(o, twice, twice+" stands here twice: programs do not agree which counts", "keep one")
		case len(values) > 0 && (o.Kind() == "List" || o.Kind() == "ResourceList"):
			return inObject(o, "items", "items is no list: some programs take its values for objects", "write a list")
		case hasItems && (isPolicy || o.Item >= 0 && o.IsMarked()):
			return inObject(o, "items", "an object with items of its own: some programs take it for a list", "a list has kind: NetworkPolicyList")
		case o.Nested && isPolicy && !o.IsMarked():
			return inObject(o, "metadata", "a NetworkPolicy in a list in a list: some programs do not look there", "move it to the outer list")
		case misspelt != "":
			return inObject(o, path+misspelt, fmt.Sprintf("some programs do not mind the case of letters in %q, others do", misspelt), "write the key as the API has it")
		}
	}
	return nil
}

// keyTwice is a key that an object has twice, and not alike, if by one of its kinds it is a
// policy or a list of policies; empty if there is none. Of an overlay that is told as a
// duplicate key.
func keyTwice(o *manifest.Object) string {
	isPolicy := func(kind string) bool { return strings.HasSuffix(strings.TrimSuffix(kind, "List"), "NetworkPolicy") }
	kinds := node.Entries(o.Node, "kind")
	if o.IsMarked() || !isPolicy(o.Kind()) && !slices.ContainsFunc(kinds, func(n *yaml.Node) bool { return isPolicy(n.Value) }) {
		return ""
	}
	for _, key := range []string{"apiVersion", "kind", "metadata"} {
		values := node.Entries(o.Node, key)
		if len(values) > 1 && slices.ContainsFunc(values[1:], func(n *yaml.Node) bool { return !node.Equal(n, values[0]) }) {
			return key
		}
	}
	return ""
}

// itemOfAnotherKind finds an item of a list of policies that is something else by its own
// words, or has a kind but no apiVersion. Programs that decode the list into Go types take
// it for a policy all the same.
func itemOfAnotherKind(list *manifest.Object) *Doubt {
	kind, isTyped := strings.CutSuffix(list.Kind(), "List")
	if !isTyped || !strings.HasSuffix(kind, "NetworkPolicy") {
		return nil
	}
	items, _ := list.Value["items"].([]any)
	for i, item := range items {
		fields, _ := item.(map[string]any)
		own, version := fields["kind"], fields["apiVersion"]
		field := ""
		switch {
		case own != nil && (own != kind || version == nil):
			field = "kind"
		case version != nil && version != list.APIVersion():
			field = "apiVersion"
		default:
			continue
		}
		return inObject(list, fmt.Sprintf("items[%d].%s", i, field), fmt.Sprintf("by its own words the item is not what its list says, a %s of %s: programs do not agree which counts", kind, list.APIVersion()), "leave kind and apiVersion to the list, or write both, the same as in the list")
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

func inObject(o *manifest.Object, path, reason, hint string) *Doubt {
	return &Doubt{Line: o.ParserLine(path), Reason: reason, Hint: hint}
}

// Parsers finds what the two YAML parsers, or a JSON parser, read differently.
func Parsers(d *manifest.Document) *Doubt {
	if n := unlikeObject(d.Root(), d.Value); n != nil {
		return &Doubt{Line: n.Line, Reason: "YAML parsers do not agree on what this says", Hint: "write it plainly: no merge key behind the keys that it would replace, no tags, numbers in decimal, keys such as y, n, on and off in quotes"}
	}
	if n := unlikeObject(d.JSON(), d.Value); n != nil {
		return &Doubt{Line: n.Line, Reason: "as JSON this says something else than as YAML", Hint: "write numbers plainly, and the line breaks of Unicode in texts as escapes, such as \\u0085"}
	}
	return nil
}
