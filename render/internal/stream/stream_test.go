package stream

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSplit(t *testing.T) {
	for name, want := range map[string][]string{
		"nothing":                nil,
		"no marker":              {"a: 1\n"},
		"marker first":           {"---\na: 1\n", "---\nb: 2\n"},
		"no marker first":        {"a: 1\n", "---\nb: 2\n"},
		"only markers":           {"---\n", "---\n", "---"},
		"content on the line":    {"--- {a: 1}\n", "---\t# note\n", "--- |\n text\n"},
		"windows":                {"---\r\na: 1\r\n", "---\r\nb: 2\r\n"},
		"indented is content":    {"a: |\n  ---\n ---\n", "---\n"},
		"longer is content":      {"----\n---a\n", "--- \n"},
		"at the end of a line":   {"a: ---\nb: 1\n"},
		"end marker stays":       {"---\na: 1\n...\n", "---\nb: 2\n...\n"},
		"directives lead":        {"%YAML 1.2\n---\na: 1\n...\n", "# c\n%TAG ! x\n\n---\nb: 2\n"},
		"percent in content":     {"a: |\n x\n%y\n", "---\nb: 2\n"},
		"byte order mark":        {"\ufeff---\na: 1\n", "---\n"},
		"marker at end of input": {"a: 1\n", "---"},
	} {
		t.Run(name, func(t *testing.T) {
			var text string
			for _, document := range want {
				text += document
			}
			var got []string
			line := 1
			for _, d := range Split([]byte(text)) {
				got = append(got, string(d.Text))
				require.Equal(t, line, d.Line)
				line += bytes.Count(d.Text, []byte("\n"))
			}
			require.Equal(t, want, got)
		})
	}
}

// FuzzSplit: the documents, joined, are the stream, and none starts inside of another.
func FuzzSplit(f *testing.F) {
	f.Add("---\na: 1\n---\nb: 2\n")
	f.Add("\ufeff%YAML 1.2\r\n--- {a: 1}\r\n...\n# c\n%TAG ! x\n---")
	f.Fuzz(func(t *testing.T, text string) {
		documents := Split([]byte(text))
		var joined []byte
		for _, d := range documents {
			require.NotEmpty(t, d.Text)
			require.Equal(t, len(joined), d.Start)
			require.Equal(t, 1+bytes.Count(joined, []byte("\n")), d.Line)
			joined = append(joined, d.Text...)
			marker := bytes.Index(d.Text, []byte("\n---"))
			inside := marker >= 0 && IsMarker(d.Text[marker+1:], "---")
			require.False(t, inside && !d.Directives && !bytes.HasPrefix(d.Text, []byte(ByteOrderMark+"%")), "a document starts inside of another: %q", d.Text)
		}
		require.Equal(t, text, string(joined))
		require.Equal(t, text, string(bytes.Join(Join(documents, nil), nil)))
	})
}
