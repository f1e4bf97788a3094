package manifest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func TestRead(t *testing.T) {
	for text, want := range map[string]any{
		"":                                      nil,
		"# note\n":                              nil,
		"a: [1, 1.5, yes]":                      map[string]any{"a": []any{int64(1), 1.5, true}},
		"a: b\n... # end\n":                     map[string]any{"a": "b"},
		"%YAML 1.2\n---\n{a: \"b\n%YAML c\"}\n": map[string]any{"a": "b %YAML c"},
		"\ufeff%YAML 1.2\n---\na: b\n":          map[string]any{"a": "b"},
		"# note\n%YAML 1.2\n--- {a: b}\n":       map[string]any{"a": "b"},
		`{"a": "\ud83d\ude00", "b": [1, -0.5], "c": null}`:          map[string]any{"a": "\U0001f600", "b": []any{int64(1), -0.5}, "c": nil},
		"---\n# note\n{\"" + strings.Repeat("k", 2000) + "\": 1}\n": map[string]any{strings.Repeat("k", 2000): int64(1)},
	} {
		d := &Document{parsed: &parsed{}}
		if text != "" {
			d = documentOf(text)
			require.Nil(t, d.Read(), text)
		}
		require.Equal(t, want, d.Value, text)
	}
}

func TestReadFails(t *testing.T) {
	for text, want := range map[string]string{
		"a: [\n\n\n":                                                "1: not valid YAML",
		"a: b\nc: \"\n\n\n":                                         "2: not valid YAML",
		"a: 1\nb: 2\n c: 3\nd: 4\n":                                 "3: not valid YAML: mapping values",
		"a: 1\nb:\n  c: [1]\u00a0\n  d: 4\n":                        "3: not valid YAML: did not find expected key",
		"a:\n   b: 1\n  c: 2\nd: 3\n":                               "3: not valid YAML: did not find expected key",
		"a: 1\nb: {c: [1}\nd: 3\n":                                  "2: not valid YAML: did not find expected ',' or ']'",
		"x: 1\na: [b,\n  c}\nd: 3\n":                                "3: not valid YAML: did not find expected ',' or ']'",
		"a: 1\n# \r--- b: c: d\nx: 1\ny: 2\n":                       "3: not valid YAML: mapping values are not allowed",
		"a: 1\nb: @c\nd: 3\n":                                       "2: not valid YAML: found character",
		"a: c\nx: &cd 1\ny: *cd\nb: *c\nd: 3\n":                     "4: not valid YAML: unknown anchor",
		"a: 1\nb: !!binary x\nd: 3\n":                               "1: not valid YAML: !!binary",
		"a: 1\nb\nd: 3\n":                                           "2: not valid YAML: could not find expected ':'",
		"a: .inf\n":                                                 "1: it cannot be converted to JSON",
		"a: &a [*a]\n":                                              "1: ",
		"a: &a {<<: *a}\n":                                          "1: ",
		"{\"a\": \"\\ud83d\\ude00\xff\"}\n":                         "1: not valid YAML",
		"a: b\r---\rc: d\n":                                         "3: not valid YAML: a second document starts",
		"a: 1\n? ~\n: a\n":                                          "2: a key is a list, a mapping or null",
		"a: 1\nb:\n  ? [c]\n  : a\n":                                "3: a key is a list, a mapping or null",
		"items: [1]\n":                                              "1: item 0 of the list is no object",
		"items:\n- {}\n- b\n":                                       "3: item 1 of the list is no object",
		"items: [{a: b}]\n<<: {items: [{a: b}, {c: d}]}\n":          "1: parsers do not agree on the items of the list",
		"{\"a\": \"" + strings.Repeat("x", maxDocument):             "1: the document is larger than 32 MiB",
		"{\"a\": \"" + strings.Repeat("x", maxDocument) + "\"}":     "1: the document is larger than 32 MiB",
		"a: [" + strings.Repeat("a, ", mostValues) + "]":            "1: the document has some 300002 values",
		"a: |\n  b\nc: [" + strings.Repeat("a, ", mostValues) + "]": "1: the document has some 300005 values",
		"[" + strings.Repeat("{},", mostValues/2) + "1]":            "1: the document has some 300001 values",
	} {
		found := documentOf(text).Read()
		require.NotNil(t, found, "%.80s", text)
		require.Contains(t, fmt.Sprint(found.Line, ": ", found.Reason), want, "%.80s", text)
	}
	for _, text := range []string{ // as many, but not as dense; as dense, but not as many
		"a: [" + strings.Repeat("abc, ", mostValues) + "]", "a: [" + strings.Repeat("a, ", mostValues-2) + "]",
		"a: |\n  b\n\n" + strings.Repeat("  1,2,3\n", mostValues/2),
		"- a: >-\n" + strings.Repeat("    1,2,3\n", mostValues/2),
		"a: b\n" + strings.Repeat(" \n", mostValues+1) + "c: d\n",
	} {
		require.Nil(t, documentOf(text).Read(), "%.80s", text)
	}
	aliases := "a: &a " + strings.Repeat("x", 1<<10) + "\n"
	for i := range 14 { // 16 MiB in a kilobyte
		aliases += fmt.Sprintf("%c: &%c [*%c, *%c]\n", 'b'+i, 'b'+i, 'a'+i, 'a'+i)
	}
	require.Contains(t, documentOf(aliases).Read().Reason, "aliases make the document too large")
}

// TestLines: lines are counted as editors do, and shown up to a length.
func TestLines(t *testing.T) {
	d := Split(Source{Text: []byte("a: 1\n---\r\nb: 2\r\n# \u2028 c\n# \rd\n" + strings.Repeat("\u00e9", 200) + "x\n")}, 0)[1]
	require.Equal(t, []int{2, 3, 4, 4, 5, 5, 6, 7, 7}, []int{d.LineOf(1), d.LineOf(2), d.LineOf(3), d.LineOf(4), d.LineOf(5), d.LineOf(6), d.LineOf(7), d.LineOf(8), d.LineOf(99)})
	for line, want := range map[int]string{1: "", 2: "---", 3: "b: 2", 4: "# \u2028 c", 5: "# \rd", 6: strings.Repeat("\u00e9", 150) + "...", 7: "", 99: ""} {
		require.Equal(t, want, d.LineText(line), line)
	}
	odd := documentOf("x" + strings.Repeat("\u00e9", 200))
	require.Equal(t, "x"+strings.Repeat("\u00e9", 149)+"...", odd.LineText(1), "no half of a character")
}

// TestJSONNodes: nodes of JSON stand where those of the same text in YAML do.
func TestJSONNodes(t *testing.T) {
	const text = "---\n# note\n  { \"a\" : 1 ,\"\u00e9\U0001f600\": [true,false,\n  null , -1.5 ,\"x\",{}, [ ] ],\n\n \"b\":{\"c\":1e-3 ,\"d\" :\r\n 9007199254740993,\"n\":\"7\"} }\n"
	yaml, json := documentOf(text), documentOf(text)
	require.Nil(t, yaml.parse())
	require.True(t, json.parseJSON())
	require.Equal(t, listed(yaml.Root()), listed(json.Root()))
	require.Equal(t, yaml.Value, json.Value)
	require.Equal(t, 3, json.Tree.Line)
}

// listed is what a node says and where.
func listed(n *yaml.Node) []string {
	lines := []string{fmt.Sprintf("%d:%d %s %s", n.Line, n.Column, n.ShortTag(), n.Value)}
	for _, inner := range n.Content {
		lines = append(lines, listed(inner)...)
	}
	return lines
}

func TestSecondValue(t *testing.T) {
	for text, line := range map[string]int{
		`{"a": 1}`:                            0,
		"{\"a\": 1}\n\n# note\n":              0,
		`{"a": 1} {`:                          1,
		"---\n# note\n\n{\"a\":\n1}\n\n []\n": 7,
		"--- {\"a\": 1}\n,\n":                 2,
		`[1] [2]`:                             0,
		"1: a\n":                              0,
		"null\n{}":                            2,
		`"a"[1]{}`:                            1,
		"a: 1\n":                              0,
		"{a: 1}\n{b: 1}\n":                    0,
		"# note\n":                            0,
	} {
		require.Equal(t, line, documentOf(text).SecondValue(), text)
	}
}
