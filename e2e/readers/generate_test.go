package readers

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"sigs.k8s.io/yaml"
)

// generator makes streams. The same seed makes the same ones.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 0))} }

func pick[T any](g generator, from []T) T { return from[g.IntN(len(from))] }

// harmless makes a stream that nobody may refuse.
func (g generator) harmless() string {
	documents := make([]string, 1+g.IntN(4))
	for i := range documents {
		documents[i] = pick(g, harmlessDocuments())
	}
	text := strings.Join(documents, pick(g, []string{"---\n", "--- # note\n", "---\t\n", "---\n---\n", "...\n---\n"}))
	text = pick(g, []string{"", "---\n"}) + text
	if g.IntN(4) == 0 {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}

// stream makes a stream with a document that matters, changed in one to three ways.
func (g generator) stream() string {
	documents := relevantDocuments()
	stream := documents[pick(g, slices.Sorted(maps.Keys(documents)))]
	for range 1 + g.IntN(3) {
		if changed := pick(g, changes())(g, stream); len(changed) < 1<<17 {
			stream = changed
		}
	}
	return stream
}

// changes are ways to change a stream, those that matter more often than once.
func changes() []func(g generator, stream string) string {
	const often = 5
	all := []func(generator, string) string{
		generator.insertToken, generator.encode, generator.escapeWord, generator.tagWord, generator.wrapInList, generator.addItems,
		generator.moveToAnchor, generator.duplicateKey, generator.changeCase, generator.foldWord, generator.lengthen, generator.cut,
		func(g generator, text string) string { return toJSON(text, g.IntN(2) == 0) },
	}
	for range often {
		all = append(all, generator.behindSeparator, generator.hideSomehow)
	}
	return all
}

// behindSeparator puts a harmless document before the text, and something that one
// reader or the other takes for the start of a document between the two.
func (g generator) behindSeparator(text string) string {
	first := pick(g, harmlessDocuments())
	if g.IntN(3) == 0 {
		first = toJSON(first, false)
	}
	if g.IntN(3) == 0 {
		text = toJSON(text, true)
	}
	separators := []string{
		"---#\n", "---# c\n", "---x\n", "--- |\n", "--- >\n", "--- # c\n", "---\t\n", "---\u00a0\n", "---\u3000\n", "----\n", "---\x00\n", "---\v\n", "---\f\n",
		"--- ", "---", "---\t", "--- !!map\n", "--- &a\n", "--- !<tag:yaml.org,2002:map>\n", "---\n--- ", "#---\n",
		"---\r", "\r---\r", "\r---\n", "\u0085---\n", "\u2028---\n", "\u2029---\n", "\v---\n", "\f---\n", "\ufeff---\n", "---\ufeff\n", "---\n\ufeff",
		" ---\n", "\t---\n", "\u00a0---\n", "x ---\n", "x---\n", "# ---\n", "# \r---\n", "# \u0085---\n", "# \u2028---\n",
		"...\n", "...x\n", "... # c\n", "...\n---\n", "...\n%YAML 1.1\n---\n", "...\n%YAML 2.0\n---\n", "...\n%TAG ! tag:yaml.org,2002:\n---\n", "%YAML 1.2\n---\n", "...\r", "...\u0085",
		"", " ", ",", ",\n", "\x00", ";",
	}
	separator := pick(g, separators)
	if g.IntN(4) == 0 { // made of parts
		breaks := []string{"", "", "\n", "\r", "\r\n", "\u0085", "\u2028", "\u2029", "\v", "\f", " ", "\t", "\u00a0", "\ufeff"}
		separator = pick(g, breaks) + pick(g, breaks) + pick(g, []string{"---", "...", "----", "--"}) + pick(g, breaks) + pick(g, []string{"", "#", "x", " "}) + pick(g, breaks)
	}
	if g.IntN(6) == 0 {
		first = strings.TrimSuffix(first, "\n")
	}
	return first + separator + text
}

// tokens are what parsers treat in a way of its own.
func tokens() []string {
	return []string{
		"\r", "\u0085", "\u2028", "\u2029", "\v", "\f", "\x00", "\ufeff", "\u00a0", "\t", " ", "\n", "\x7f", "\x1b", "\xff", "\xc3\x28",
		"---", "---\n", "...", "...\n", "--- ", "# ", "#", "%", "&a ", "*a", "!!str ", "!!binary ", "!local ", "? ", ": ", "- ", "|", ">", "'", `"`, "{", "}", "[", "]", ",", "\\", "@", "`", "<<: ", "~", "null",
	}
}

// insertToken inserts a token at the start or the end of a line, or anywhere.
func (g generator) insertToken(text string) string {
	at := g.IntN(len(text) + 1)
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 && g.IntN(3) > 0 {
		at += i + g.IntN(2)
	}
	return text[:at] + pick(g, tokens()) + text[at:]
}

// encode writes the text, or what is behind its first marker, in another encoding.
func (g generator) encode(text string) string {
	if i := strings.Index(text, "\n---\n"); i >= 0 && g.IntN(2) == 0 {
		i += len("\n---\n")
		return text[:i] + g.encode(text[i:])
	}
	var order binary.AppendByteOrder = binary.LittleEndian
	if g.IntN(2) == 0 {
		order = binary.BigEndian
	}
	runes := []rune(pick(g, []string{"", "\ufeff"}) + text)
	var out []byte
	switch g.IntN(4) {
	case 0:
		for _, r := range runes {
			out = order.AppendUint32(out, uint32(r))
		}
	case 1:
		return "\ufeff" + text
	default:
		for _, unit := range utf16.Encode(runes) {
			out = order.AppendUint16(out, unit)
		}
	}
	return pick(g, []string{"", "", "---\n"}) + string(out)
}

// words are those that make a document matter.
var words = regexp.MustCompile(`NetworkPolicy(List)?|netpol-merge\.networknt\.com/into|networking\.k8s\.io/v1|\b(kind|metadata|annotations|apiVersion|items)\b`)

// replaceWord replaces one of the words that matter, without quotes that it has.
func (g generator) replaceWord(text string, replace func(word string) string) string {
	places := words.FindAllStringIndex(text, -1)
	if len(places) == 0 {
		return text
	}
	at := pick(g, places)
	from, to := at[0], at[1]
	word := text[from:to]
	if from > 0 && to < len(text) && text[from-1] == '"' && text[to] == '"' {
		from, to = from-1, to+1
	}
	return text[:from] + replace(word) + text[to:]
}

// escapeWord writes letters of a word as escapes.
func (g generator) escapeWord(text string) string {
	return g.replaceWord(text, func(word string) string {
		i := g.IntN(len(word))
		escape := fmt.Sprintf(pick(g, []string{`\x%02x`, `\u%04x`, `\U%08x`, `\u%04X`, "\\\n  %c", "\\\r\n  %c"}), word[i])
		if word[i] == '/' && g.IntN(2) == 0 {
			escape = `\/`
		}
		return `"` + word[:i] + escape + word[i+1:] + `"`
	})
}

// tagWord writes a word behind a tag.
func (g generator) tagWord(text string) string {
	return g.replaceWord(text, func(word string) string {
		return pick(g, []string{
			"!!binary " + base64.StdEncoding.EncodeToString([]byte(word)), "!!str " + word, "!<tag:yaml.org,2002:str> " + word, "!local " + word, "! " + word,
			"!<tag:yaml.org,2002:binary> " + base64.StdEncoding.EncodeToString([]byte(word)), "!!float " + word, "!!null " + word,
		})
	})
}

// foldWord writes a word in another style of scalar.
func (g generator) foldWord(text string) string {
	return g.replaceWord(text, func(word string) string {
		return pick(g, []string{"'" + word + "'", "? " + word + "\n", "|-\n    " + word, ">-\n    " + word, word + " ", "\"" + word + "\" "})
	})
}

// changeCase changes the case of a word, or adds it in another case.
func (g generator) changeCase(text string) string {
	if g.IntN(2) == 0 {
		return strings.ToUpper(pick(g, []string{"kind", "Kind"})) + ": NetworkPolicy\n" + text
	}
	return g.replaceWord(text, func(word string) string {
		return pick(g, []string{strings.ToUpper(word), strings.Title(word), strings.ToLower(word)}) //nolint:staticcheck // words are ASCII
	})
}

// toJSON is a document as JSON, the text itself if it is none.
func toJSON(text string, escape bool) string {
	value, err := yaml.YAMLToJSON([]byte(text))
	if err != nil || bytes.Equal(value, []byte("null")) {
		return text
	}
	if escape {
		value = bytes.Replace(value, []byte("{"), []byte(`{"x":"\ud83d\ude00",`), 1)
	}
	return string(value) + "\n"
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+by) + "\n"
}

// wrapInList makes a document an item of a list.
func (g generator) wrapInList(text string) string {
	item := strings.Replace(indent(text, "  "), "  ", "- ", 1)
	if g.IntN(3) == 0 { // the item's kind is left to the list
		lines := regexp.MustCompile(`(?m)^[- ] (kind|apiVersion): .*\n`)
		item = "- x: y\n" + lines.ReplaceAllString(item, "")
	}
	head := pick(g, []string{
		"apiVersion: v1\nkind: List\n", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicyList\n", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n",
		"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n", "apiVersion: v1\nkind: ConfigMapList\n", "kind: FooList\n", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n", "",
	})
	return head + pick(g, []string{"items:\n", "items:\n", "items:\n", "Items:\n", "items: []\nitems:\n"}) + item
}

// addItems gives a document items, empty or null ones too.
func (g generator) addItems(text string) string {
	return text + pick(g, []string{"items: []\n", "items: null\n", "items: {}\n", "items:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: c}\n", "items: [null]\n", "items: [{}]\n", "items: x\n", "items:\n- metadata: {name: proxy-allow}\n  spec: {podSelector: {}}\n"})
}

// moveToAnchor has a word come from an alias or a merge key.
func (g generator) moveToAnchor(text string) string {
	if g.IntN(2) == 0 {
		return "x: &merged\n  kind: NetworkPolicy\n  apiVersion: networking.k8s.io/v1\n  metadata: {name: merged, annotations: {netpol-merge.networknt.com/into: ''}}\n<<: *merged\n" +
			pick(g, []string{"", "kind: ConfigMap\n", "metadata: {name: own}\n"})
	}
	word := ""
	changed := g.replaceWord(text, func(found string) string {
		word = found
		return "*word "
	})
	return "x: &word " + word + "\n" + changed
}

// duplicateKey says a key twice.
func (g generator) duplicateKey(text string) string {
	line := pick(g, []string{"kind: ConfigMap\n", "kind: NetworkPolicy\n", "metadata: {name: twice}\n", "metadata: {annotations: {netpol-merge.networknt.com/into: ''}}\n", "spec: {podSelector: {}, egress: [{}]}\n", "apiVersion: v1\n"})
	if strings.HasPrefix(text, "{") {
		line = pick(g, []string{`"kind":"ConfigMap",`, `"kind":"NetworkPolicy",`, `"metadata":{"name":"twice"},`, `"Kind":"NetworkPolicy",`, `"KIND":"ConfigMap",`})
		return strings.Replace(text, "{", "{"+line, 1)
	}
	if g.IntN(2) == 0 {
		return line + text
	}
	return text + line
}

// lengthen adds a long key, line or comment, past the buffers of some readers.
func (g generator) lengthen(text string) string {
	size := pick(g, []int{1020, 1030, 2100, 4090, 4100, 66_000})
	if strings.HasPrefix(text, "{") {
		return strings.Replace(text, "{", `{"`+strings.Repeat("k", size)+`":1,`, 1)
	}
	return pick(g, []string{"# ", "", "x: "}) + strings.Repeat("k", size) + pick(g, []string{"\n", ": 1\n", " "}) + text
}

// hideSomehow hides the text in one of the ways known.
func (g generator) hideSomehow(text string) string {
	ways := ways()
	return hide(ways[pick(g, slices.Sorted(maps.Keys(ways)))], text)
}

// cut takes a piece out of the text.
func (g generator) cut(text string) string {
	from := g.IntN(len(text) + 1)
	return text[:from] + text[min(len(text), from+1+g.IntN(6)):]
}
