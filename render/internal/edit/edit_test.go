package edit

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/networknt/netpol-merge/render/internal/node"
)

func parsed(t *testing.T, text string) Document {
	content, _, _ := strings.Cut(text, "\n...")
	tree := &yaml.Node{}
	err := yaml.Unmarshal([]byte(content), tree)
	require.NoError(t, err, text)
	d := Document{Text: []byte(text), End: len(content), Tree: tree}
	if d.End < len(text) {
		d.End++
	}
	return d
}

func add(t *testing.T, items string, path ...any) Edit {
	return Edit{Path: path, Append: parsed(t, items).Tree.Content[0].Content}
}

func set(path ...any) Edit { return Edit{Path: path, Key: "k", Value: "v"} }

func these(edits ...Edit) func() ([]Edit, error) {
	return func() ([]Edit, error) { return edits, nil }
}

func remove(items ...int) Edit { return Edit{Path: []any{"items"}, Remove: items} }

// TestApplyToShared: no line is inserted where an alias stands for what gets something.
func TestApplyToShared(t *testing.T) {
	for text, path := range map[string][]any{"a: &x\n- 1\nb: *x\n": {"a"}, "a: &x {k: [1]}\nb: *x\n": {"a", "k"}} {
		changed, err := Apply(parsed(t, text), these(add(t, "[2]", path...)), func([]byte) error { return nil })
		require.NoError(t, err)
		require.NotContains(t, string(changed), "&", "it would be read back in vain")
	}
}

// TestApply: what comes out means what it should, and of all ways to write it is the one
// that leaves the most as it was.
func TestApply(t *testing.T) {
	x := func(path ...any) Edit { return add(t, "[x]", path...) }
	for _, test := range []struct {
		text  string
		edits []Edit
		want  string
	}{
		{"a:\n- 1\n- 2\nb: 3\nz:   1\n", []Edit{x("a")}, "a:\n- 1\n- 2\n- x\nb: 3\nz:   1\n"},
		{"a:\n  - 1\nb: 2\nz:   1\n", []Edit{x("a")}, "a:\n  - 1\n  - x\nb: 2\nz:   1\n"},
		{"a:\n- b: 1\n  # inside\n# behind\nc: 2\nz:   1\n", []Edit{x("a")}, "a:\n- b: 1\n- x\n  # inside\n# behind\nc: 2\nz:   1\n"},
		{"a:\n- b: 1\n\n  c: 2\n\nd: 3\nz:   1\n", []Edit{x("a")}, "a:\n- b: 1\n\n  c: 2\n- x\n\nd: 3\nz:   1\n"},
		{"a:\n- |\n  text\n  # text\n\nb: 2\nz:   1\n", []Edit{x("a")}, "a:\n- |\n  text\n  # text\n- x\n\nb: 2\nz:   1\n"},
		{"a:\n- |\n  text\n\n  text\nb:   2\n", []Edit{x("a")}, "a:\n- |\n  text\n\n  text\n- x\nb:   2\n"},
		{"a: &x [1]\nb: *x\n... # end", []Edit{x("b")}, "a: [1]\nb:\n- 1\n- x\n... # end"},
		{"a: [1, 2] # note\r\nb:   1\r\n", []Edit{x("a")}, "a: # note\r\n- 1\r\n- 2\r\n- x\r\nb:   1\r\n"},
		{"a:\n- >\n  text\n  # text\nb: 2\nz:   1\n", []Edit{x("a")}, "a:\n- >\n  text\n  # text\n- x\nb: 2\nz:   1\n"},
		{"a:\n  - text\n   goes on\nb: 2\n", []Edit{x("a")}, "a:\n  - text\n   goes on\n  - x\nb: 2\n"},
		{"a:\n- b:\n  - 1\n- c:\n  - 2\nz:   1\n", []Edit{x("a", 1, "c"), x("a")}, "a:\n- b:\n  - 1\n- c:\n  - 2\n  - x\n- x\nz:   1\n"},
		{"a:\r\n- 1\r\nb: 2\r\n", []Edit{x("a")}, "a:\r\n- 1\r\n- x\r\nb: 2\r\n"},
		{"a:\r\n- 1", []Edit{x("a")}, "a:\r\n- 1\r\n- x"},
		{"a:\n- 1", []Edit{x("a")}, "a:\n- 1\n- x"},
		{"a:\n- 1\n... # end\n", []Edit{x("a")}, "a:\n- 1\n- x\n... # end\n"},
		{"a: &x\n\n# note\n  - 1\nb: 2\nz:   1\n", []Edit{x("a")}, "a: &x\n\n# note\n  - 1\n  - x\nb: 2\nz:   1\n"},
		{"a: !!seq\n  - 1\nb: 2\nz:   1\n", []Edit{x("a")}, "a: !!seq\n  - 1\n  - x\nb: 2\nz:   1\n"},
		{"a: []\nb: 1\nz:   1\n", []Edit{x("a")}, "a:\n- x\nb: 1\nz:   1\n"},
		{"\u00e9: [] # note\nb: 1\nz:   1\n", []Edit{x("\u00e9")}, "é: # note\n- x\nb: 1\nz:   1\n"},
		{"a: ~ # note\nz:   1\n", []Edit{x("a")}, "a: # note\n- x\nz:   1\n"},
		{"a: null\r\nb: 1\r\n", []Edit{x("a")}, "a:\r\n- x\r\nb: 1\r\n"},
		{"a:\nb: 1\nz:   1\n", []Edit{x("a")}, "a:\n- x\nb: 1\nz:   1\n"},
		{"a: {}\nz:   1\n", []Edit{x("a")}, "a:\n- x\nz:   1\n"},
		{"a: !!null ~\n", []Edit{x("a")}, "a:\n- x\n"},
		{"a: &x []\nb: *x\n", []Edit{x("a")}, "a:\n- x\nb: []\n"},
		{"a: # note\n  []\n", []Edit{x("a")}, "a: # note\n- x\n"},
		{"a:\n  b: 1\nz:   1\n", []Edit{x("a", "c")}, "a:\n  c:\n  - x\n  b: 1\nz:   1\n"},
		{"a:\r\n    ? b\r\n    : 1\r\n", []Edit{x("a", "c")}, "a:\r\n    c:\r\n    - x\r\n    ? b\r\n    : 1\r\n"},
		{"a: 1\n", []Edit{x("b")}, "a: 1\nb:\n- x\n"},
		{"a:\n- b: 1\n", []Edit{x("a", 0, "c")}, "a:\n- b: 1\n  c:\n  - x\n"},
		{"a: [1, 2]\nb: 1\nz:   1\n", []Edit{x("a")}, "a:\n- 1\n- 2\n- x\nb: 1\nz:   1\n"},
		{"a: [1, 2] # note\nb: 1\nz:   1\n", []Edit{x("a")}, "a: # note\n- 1\n- 2\n- x\nb: 1\nz:   1\n"},
		{"a: [\n  1, # one\n  2]\nb: 1", []Edit{x("a")}, "a:\n- 1 # one\n- 2\n- x\nb: 1"},
		{"a: ['it''s #1', \"\\\"]\", b'c, d#e] # note\nz:   1\n", []Edit{x("a")}, "a: # note\n- 'it''s #1'\n- \"\\\"]\"\n- b'c\n- d#e\n- x\nz:   1\n"},
		{"a: [b\t# note ]\n ]\nz:   1\n", []Edit{x("a")}, "a:\n- b # note ]\n- x\nz:   1\n"},
		{"a:\r\n- {b: [1]} # note\r\n- c\r\n", []Edit{x("a", 0, "b")}, "a:\r\n- b:\r\n  - 1 # note\r\n  - x\r\n- c\r\n"},
		{"--- {a: {b: [1]}, c: [{d: e}]}\n", []Edit{x("a", "b")}, "---\n    a:\n      b:\n      - 1\n      - x\n    c: [{d: e}]\n"},
		{"{a: [1]}", []Edit{x("a")}, "a:\n- 1\n- x"},
		{"{\"a\":[\"b\"],\"c\":{\"d\":1}}\n", []Edit{x("a")}, "\"a\":\n- \"b\"\n- x\n\"c\": {\"d\": 1}\n"},
		{"m:\n  n: 1\nz:   1\n", []Edit{set("m", "a")}, "m:\n  a:\n    k: v\n  n: 1\nz:   1\n"},
		{"m:\n  a:\n    z: 1\nz:   1\n", []Edit{set("m", "a")}, "m:\n  a:\n    k: v\n    z: 1\nz:   1\n"},
		{"m:\n  a: {z: 1}\nz:   1\n", []Edit{set("m", "a")}, "m:\n  a: {\"k\": \"v\", z: 1}\nz:   1\n"},
		{"m:\n  a: {}\nz:   1\n", []Edit{set("m", "a")}, "m:\n  a:\n    k: v\nz:   1\n"},
		{"m:\n  a:\n  n: 1\nz:   1\n", []Edit{set("m", "a")}, "m:\n  a:\n    k: v\n  n: 1\nz:   1\n"},
		{"m: {n: 1}\nz:   1\n", []Edit{set("m", "a")}, "m: {a: {\"k\": \"v\"}, n: 1}\nz:   1\n"},
		{"m: {a: {}, n: 1}\nz:   1\n", []Edit{set("m", "a")}, "m: {a: {\"k\": \"v\"}, n: 1}\nz:   1\n"},
		{"m: {a: null, n: 1}\nz:   1\n", []Edit{set("m", "a")}, "m:\n  a:\n    k: v\n  n: 1\nz:   1\n"},
		{"m:\n  a: {k: old, z: 1}\nz:   1\n", []Edit{set("m", "a")}, "m:\n  a: {k: \"v\", z: 1}\nz:   1\n"},
		{"m:\n  a:\n    k: old # note\nz:   1\n", []Edit{set("m", "a")}, "m:\n  a:\n    k: v # note\nz:   1\n"},
		{"m:\n  a:\n    k: 'old'\nz:   1\n", []Edit{set("m", "a")}, "m:\n  a:\n    k: v\nz:   1\n"},
		{"m:\n  a:\n    k: ''\nz:   1\n", []Edit{set("m", "a")}, "m:\n  a:\n    k: v\nz:   1\n"},
		{"m:\n  a:\n    k: |\n      old\n", []Edit{set("m", "a")}, "m:\n  a:\n    k: v\n"},
		{"m: &m {n: 1}\nb: *m\n", []Edit{set("m", "a")}, "m:\n  n: 1\n  a:\n    k: v\nb: {n: 1}\n"},
		{"items:\n- a: 1\n- b: 2\nz:   1\n", []Edit{remove(0)}, "items:\n- b: 2\nz:   1\n"},
		{"items:\n- a: 1\n- b: 2\n# note\nc: 3\nz:   1\n", []Edit{remove(0, 1)}, "items: []\n# note\nc: 3\nz:   1\n"},
		{"\"items\":\n- a: 1\n", []Edit{remove(0)}, "\"items\": []\n"},
		{"items:\n-\n  # note\n\n  a: 1\n- b: 2\nz:   1\n", []Edit{remove(0)}, "items:\n- b: 2\nz:   1\n"},
		{"items:\n  - - a\n    - b\n  - &x\n    b: 2\n  - c\nz:   1\n", []Edit{remove(0, 1)}, "items:\n  - c\nz:   1\n"},
		{"items: [{a: 1}, {b: 2}]\nz:   1\n", []Edit{remove(1)}, "items:\n- {a: 1}\nz:   1\n"},
		{"a: &x [{a: 1}, {b: 2}, {c: 3}]\nitems: *x\n", []Edit{remove(0, 1)}, "a: [{a: 1}, {b: 2}, {c: 3}]\nitems:\n- {c: 3}\n"},
		{"items:\n- a:\n  - 1\n- b: 2\nz:   1\n", []Edit{x("items", 0, "a"), remove(1)}, "items:\n- a:\n  - 1\n  - x\nz:   1\n"},
		{"# head\n--- # note\na: &x [1] # one\nb: *x # two\n", []Edit{x("b")}, "# head\n--- # note\na: [1] # one\nb: # two\n- 1\n- x\n"},
		{"# head\n\na: &x [1]\nb: *x\n# foot\n... # end\n", []Edit{x("b")}, "# head\n\na: [1]\nb:\n- 1\n- x\n# foot\n... # end\n"},
		{"--- {a: &x [1], b: *x}\n", []Edit{x("b")}, "---\na: [1]\nb:\n- 1\n- x\n"},
		{"a: &x [1]\r\nb: *x\r\n", []Edit{x("b")}, "a: [1]\r\nb:\r\n- 1\r\n- x\r\n"},
		{"a: &x [1]\nb: *x", []Edit{x("b")}, "a: [1]\nb:\n- 1\n- x"},
		{"a: &x # note\n- 1\nb: *x\t# tab\n", []Edit{x("b")}, "a:\n- 1 # note\nb: # tab\n- 1 # note\n- x\n"},
		{"x: &x {c: [1], d: 2, e: 3}\na:\n  <<: *x\n  d: 4\n", []Edit{x("a", "c")}, "x: {c: [1], d: 2, e: 3}\na:\n  c:\n  - 1\n  - x\n  e: 3\n  d: 4\n"},
		{"x: &x {c: [1]}\ny: &y {c: [2], d: 3}\na: {<<: [*x, *y]}\n", []Edit{x("a", "c")}, "x: {c: [1]}\ny: {c: [2], d: 3}\na:\n  c:\n  - 1\n  - x\n  d: 3\n"},
		{"a: &x [1]\nb: *x\nm:\n  a:\n    k: |\n      old\n", []Edit{x("b"), set("m", "a")}, "a: [1]\nb:\n- 1\n- x\nm:\n  a:\n    k: v\n"},
		{"a: &x [1]\nb: *x\nc: >-\n  folded\n  text\nd: |\n\n   white\n", []Edit{x("b")}, "a: [1]\nb:\n- 1\n- x\nc: |-\n  folded text\nd: \"\\nwhite\\n\"\n"},
		{"a: &x [1, ~]\nb: *x\n", []Edit{x("b")}, "a: [1, ~]\nb:\n- 1\n- ~\n- x\n"},
		{"a: &x [1]\nb: *x\nc:\n  # none\n  []\n", []Edit{x("b")}, "a: [1]\nb:\n- 1\n- x\n# none\nc: []\n"},
		{"n: [{a: &x [1]}, {b: *x}] # note\n", []Edit{x("n", 1, "b")}, "n: # note\n- {a: [1]}\n- b:\n  - 1\n  - x\n"},
		{"a: # one\n- &x b # two\n- [*x] # three\nz:   1\n", []Edit{x("a", 1)}, "a: # one\n- &x b # two\n- - *x # three\n  - x\nz:   1\n"},
		{"m: {a: old}\nb: &x [1]\nc: *x\n", []Edit{x("c"), set("m", "a")}, "m:\n  a:\n    k: v\nb: [1]\nc:\n- 1\n- x\n"},
		{"m: {}\nb: &x [1]\nc: *x\n", []Edit{x("c"), set("m", "a")}, "m:\n  a:\n    k: v\nb: [1]\nc:\n- 1\n- x\n"},
		{"m: {a: &x {k: old, z: 1}, b: *x}\n", []Edit{set("m", "a")}, "m:\n  a:\n    k: v\n    z: 1\n  b: {k: old, z: 1}\n"},
	} {
		want := parsed(t, test.want).Tree.Content[0]
		got, err := Apply(parsed(t, test.text), these(test.edits...), func(text []byte) error {
			tree := &yaml.Node{}
			err := yaml.Unmarshal(text, tree)
			if err == nil && !reflect.DeepEqual(meaning(t, want), meaning(t, tree.Content[0])) {
				err = errors.New("other meaning")
			}
			return err
		})
		require.NoError(t, err, test.text)
		require.Equal(t, test.want, string(got), test.text)
	}
}

func meaning(t *testing.T, n *yaml.Node) (value any) {
	require.NoError(t, n.Decode(&value))
	return value
}

// TestApplyFails: each way is tried until the text is right, but for a final error.
func TestApplyFails(t *testing.T) {
	d, edits := parsed(t, "a: [1] # note\n"), these(add(t, "[x]", "a"))
	var tried []string
	refuse := func(err error) func([]byte) error {
		return func(text []byte) error {
			tried = append(tried, string(text))
			return err
		}
	}
	_, err := Apply(d, edits, refuse(errors.New("wrong")))
	require.ErrorContains(t, err, "wrong")
	require.Equal(t, []string{"a: # note\n- 1\n- x\n", "a: # note\n- 1\n- x\n"}, tried)

	tried = nil
	_, err = Apply(d, edits, refuse(fmt.Errorf("%w", ErrFinal)))
	require.ErrorIs(t, err, ErrFinal)
	require.Len(t, tried, 1)

	_, err = Apply(d, func() ([]Edit, error) { return nil, errors.New("no edits") }, refuse(nil))
	require.EqualError(t, err, "no edits")
	require.Len(t, tried, 1)
}

// TestOrder: what is added at one place stands in the order of the edits.
func TestOrder(t *testing.T) {
	var edits []Edit
	a, b := "a:\n- 0\n", "b:\n- 0\n"
	for i := range 30 {
		edits = append(edits, add(t, fmt.Sprintf("[%d]", i+1), "b"), add(t, fmt.Sprintf("[%d]", i+1), "a"))
		a += fmt.Sprintf("- %d\n", i+1)
		b += fmt.Sprintf("- %d\n", i+1)
	}
	got, err := Apply(parsed(t, "a:\n- 0\nb:\n- 0\n"), these(edits...), func([]byte) error { return nil })
	require.NoError(t, err)
	require.Equal(t, a+b, string(got))
}

// TestScalar: a text is written so that every version of YAML reads that text.
func TestScalar(t *testing.T) {
	for text, want := range map[string]string{
		"petstore-db":  "petstore-db",
		"a.b/c_d":      "a.b/c_d",
		"yes":          "\"yes\"",
		"false":        "\"false\"",
		"12345678":     "\"12345678\"",
		"12345678e":    "12345678e",
		"123456e7":     "\"123456e7\"",
		"-abcdefgh":    "-abcdefgh",
		"abcdefg: h":   "'abcdefg: h'",
		"abcdefg #h":   "'abcdefg #h'",
		"abcdefg,h":    "abcdefg,h",
		"":             "\"\"",
		"abcdefgh\x01": "\"abcdefgh\\x01\"",
		"0o1234567":    "\"0o1234567\"",
		"2006-01-02":   "\"2006-01-02\"",
		"/abcdefgh":    "/abcdefgh",
		"_123456789":   "_123456789",
	} {
		got, err := node.Encode(Scalar(text))
		require.NoError(t, err)
		require.Equal(t, want+"\n", string(got))
	}
}
