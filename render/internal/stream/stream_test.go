package stream

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSplit(t *testing.T) {
	for name, want := range map[string][]string{
		"nothing":                  nil,
		"no marker":                {"a: 1\n"},
		"marker first":             {"---\na: 1\n", "---\nb: 2\n"},
		"no marker first":          {"a: 1\n", "---\nb: 2\n"},
		"only markers":             {"---\n", "---\n", "---"},
		"content on the line":      {"--- {a: 1}\n", "---\t# note\n", "--- |\n text\n"},
		"windows":                  {"---\r\na: 1\r\n", "---\r\nb: 2\r\n"},
		"indented is content":      {"a: |\n  ---\n ---\n", "---\n"},
		"longer is content":        {"----\n---a\n", "--- \n"},
		"at the end of a line":     {"a: ---\nb: 1\n"},
		"end marker stays":         {"---\na: 1\n...\n", "---\nb: 2\n...\n"},
		"directives lead":          {"%YAML 1.2\n---\na: 1\n...\n", "# c\n%TAG ! x\n\n---\nb: 2\n"},
		"percent in content":       {"a: |\n x\n%y\n", "---\nb: 2\n"},
		"byte order mark":          {"\ufeff---\na: 1\n", "---\n"},
		"marker at end of input":   {"a: 1\n", "---"},
		"percent in the prologue":  {"---\n# c\n%y\n", "---\nb: 2\n"},
		"directives behind a mark": {"\ufeff%YAML 1.2\n---\na: 1\n", "---\n"},
		"directives at the end":    {"a: 1\n... # c\n", "%YAML 1.2\n--- b\n...\n"},
		"percent behind content":   {"a: 1\n%YAML 1.2\n", "---\nb: 2\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var text string
			for _, document := range want {
				text += document
			}
			var got []string
			line := 1
			for d := range Split([]byte(text)) {
				got = append(got, string(d.Text))
				require.EqualValues(t, line, d.Line)
				line += bytes.Count(d.Text, []byte("\n"))
			}
			require.Equal(t, want, got)
		})
	}
}

func TestDirectives(t *testing.T) {
	for text, want := range map[string][]bool{
		"a: 1\n---\nb: 2\n":                 {false, false},
		"%YAML 1.2\n---\na: 1\n---\nb: 2\n": {true, false},
		"a: 1\n...\n%YAML 1.2\n---\nb: 2\n": {false, true},
		"a: 1\n---\n%YAML 1.2\n---\nb: 2\n": {false, false, false},
	} {
		var got []bool
		for d := range Split([]byte(text)) {
			got = append(got, d.Directives)
		}
		require.Equal(t, want, got, text)
	}
}

// TestJoin: what stays behind when a document leaves, or two streams meet, is still a
// document of its own.
func TestJoin(t *testing.T) {
	for _, test := range []struct {
		streams [][]string
		want    string
	}{
		{[][]string{{"a\n", "---\nb\n", "---\nc\n"}}, "a\n---\nb\n---\nc\n"},
		{[][]string{{"a\n", "---\nleaves\n", "---\nc\n"}}, "a\n---\nc\n"},
		{[][]string{{"---\nleaves\n", "---\nc"}}, "---\nc"},
		{[][]string{{"a\n", "---\nleaves\n...\n", "%YAML 1.2\n---\nc\n"}}, "a\n...\n%YAML 1.2\n---\nc\n"},
		{[][]string{{"a\n...\n", "%YAML 1.2\n---\nleaves\n...\n", "%YAML 1.2\n---\nc\n"}}, "a\n...\n%YAML 1.2\n---\nc\n"},
		{[][]string{{"a\n...\nx\n", "---\nleaves\n...\n", "%YAML 1.2\n---\nc\n"}}, "a\n...\nx\n...\n%YAML 1.2\n---\nc\n"},
		{[][]string{{"a"}, {"b"}}, "a\n---\nb"},
		{[][]string{{"a\n"}, {"---\nb"}}, "a\n---\nb"},
		{[][]string{{"a\n"}, {"%YAML 1.2\n---\nb"}}, "a\n...\n%YAML 1.2\n---\nb"},
		{[][]string{{"---\nleaves\n"}, {"b"}}, "b"},
		{[][]string{{"\ufeff# c"}, {"%YAML 1.2\n---\nb"}}, "\ufeff# c\n%YAML 1.2\n---\nb"},
		{[][]string{{"a\n"}, {"# c\n"}, {"%YAML 1.2\n---\nb"}}, "a\n---\n# c\n...\n%YAML 1.2\n---\nb"},
	} {
		var documents []*Document
		replaced := map[*Document][]byte{}
		for _, texts := range test.streams {
			split := documentsOf(strings.Join(texts, ""))
			require.Len(t, split, len(texts))
			for i, d := range split {
				if strings.Contains(texts[i], "leaves") {
					replaced[d] = nil
				}
			}
			documents = append(documents, split...)
		}
		require.Equal(t, test.want, string(bytes.Join(Join(slices.Values(documents), replaced), nil)))
	}
}

// TestJoinNeighbours: neighbours are one piece, unless one of them changed.
func TestJoinNeighbours(t *testing.T) {
	documents := documentsOf("a\n---\nb\n---\nc\n---\nd\n")
	pieces := Join(slices.Values(documents), map[*Document][]byte{documents[1]: []byte("---\nnew\n")})
	require.Equal(t, []string{"a\n", "---\nnew\n", "---\nc\n---\nd\n"}, strings.Split(string(bytes.Join(pieces, []byte("|"))), "|"))
}

func documentsOf(text string) (documents []*Document) {
	for d := range Split([]byte(text)) {
		documents = append(documents, &d)
	}
	return documents
}

func TestPrologue(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\n":                              " true",
		"# Source: a b\n# Source: c\n\n":      "a b false",
		"\ufeff# Source: a\na: 1\n":           "a true",
		"--- # Source: a\n...\n# Source: b\n": "b false",
		"%YAML 1.2\r\n---\r\n# Source: a\r\n": "a false",
		"--- a\n# Source: b\n":                " true",
		"...a\n":                              " true",
	} {
		template, content := documentsOf(text)[0].Prologue()
		require.Equal(t, want, fmt.Sprint(template, " ", content), text)
	}
}

func TestContent(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\n":                 "a: 1\n",
		"a: 1\n... # c\n\n":      "a: 1\n",
		"a: 1\n...#c\n":          "a: 1\n...#c\n",
		"a: 1\n...\nb: 2\n...\n": "a: 1\n...\nb: 2\n",
		"a: |\n ...\n":           "a: |\n ...\n",
	} {
		require.Equal(t, want, string(documentsOf(text)[0].Content()), text)
	}
}

func TestLineStarts(t *testing.T) {
	require.Equal(t, []int{0, 2, 5, 7, 10, 14, 18}, LineStarts([]byte("a\nb\r\nc\rd\u0085e\u2028f\u2029")))
	require.Equal(t, []int{0}, LineStarts([]byte("\u0080 \t")))
	require.Equal(t, []int{0}, LineStarts(nil))
}

// FuzzSplit: the documents, joined, are the stream, and none starts inside of another.
func FuzzSplit(f *testing.F) {
	f.Add("---\na: 1\n---\nb: 2\n")
	f.Add("\ufeff%YAML 1.2\r\n--- {a: 1}\r\n...\n# c\n%TAG ! x\n---")
	f.Fuzz(func(t *testing.T, text string) {
		documents := documentsOf(text)
		var joined []byte
		for _, d := range documents {
			require.NotEmpty(t, d.Text)
			require.Equal(t, len(joined) == 0, d.First)
			require.EqualValues(t, 1+bytes.Count(joined, []byte("\n")), d.Line)
			joined = append(joined, d.Text...)
			marker := bytes.Index(d.Text, []byte("\n---"))
			inside := marker >= 0 && IsMarker(d.Text[marker+1:], "---")
			require.False(t, inside && !d.Directives && !bytes.HasPrefix(d.Text, []byte(ByteOrderMark+"%")), "a document starts inside of another: %q", d.Text)
		}
		require.Equal(t, text, string(joined))
		pieces := Join(slices.Values(documents), nil)
		require.LessOrEqual(t, len(pieces), 1)
		require.Equal(t, text, string(bytes.Join(pieces, nil)))
	})
}
