package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	yamlnode "go.yaml.in/yaml/v3"

	"github.com/networknt/netpol-merge/merge/mergetest"
)

func splitText(text string) (documents []string) {
	for _, d := range split(newStream(Source{Text: []byte(text)}, 0)) {
		documents = append(documents, string(d.text))
	}
	return documents
}

// documentOf is a text as one document, whatever is in it.
func documentOf(text string) *document {
	return newDocument(newStream(Source{Text: []byte(text)}, 0), 0, len(text), false)
}

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
			require.Equal(t, want, splitText(text))
		})
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("---\na: 1\n---\nb: 2\n")
	f.Add("\ufeff%YAML 1.2\r\n--- {a: 1}\r\n...\n# c\n%TAG ! x\n---")
	f.Fuzz(func(t *testing.T, text string) {
		documents := split(newStream(Source{Text: []byte(text)}, 0))
		var joined []byte
		for _, d := range documents {
			require.NotEmpty(t, d.text)
			require.Equal(t, len(joined), d.start)
			joined = append(joined, d.text...)
			marker := bytes.Index(d.text, []byte("\n---"))
			inside := marker >= 0 && isMarker(d.text[marker+1:], "---")
			require.False(t, inside && !d.directives && !bytes.HasPrefix(d.text, []byte(byteOrderMark+"%")), "a document starts inside of another: %q", d.text)
		}
		require.Equal(t, text, string(joined))
	})
}

func TestMentions(t *testing.T) {
	for _, hidden := range []string{
		`NetworkPolicy`, `"Network\x50olicy"`, `"\u004eetworkPolicy"`, `"\U0000004eetworkPolicy"`,
		"\"Network\\\n   Policy\"", "\"Network\\\r\n\t\\\nPolicy\"", `!!binary TmV0d29ya1BvbGljeQ==`, `"\\" "\x4eetworkPolicy"`, `!<tag:yaml.org,2002:binary> TmV0`, `!!b%69nary TmV0`, "\"Network\\\u2028Policy\"", "\"Network\\\u0085 Policy\"",
	} {
		require.True(t, documentOf("kind: "+hidden+"\n").mentions("NetworkPolicy"), hidden)
	}
	for _, other := range []string{`Network Policy`, `"Network\nPolicy"`, `"Network\\x50olicy"`, `\`, `\x`, `\u12`, `"\x4"`} {
		require.False(t, documentOf("kind: "+other).mentions("NetworkPolicy"), other)
	}
}

// TestYAMLTestSuite sends each stream of the YAML test suite through, alone and
// before a target and its overlay. Where the YAML library reads it, it sees as
// many documents as split.
func TestYAMLTestSuite(t *testing.T) {
	text, err := os.ReadFile("testdata/yaml-test-suite.json")
	require.NoError(t, err)
	var suite []struct{ Name, YAML string }
	require.NoError(t, json.Unmarshal(text, &suite))
	require.Greater(t, len(suite), 400)
	const target = mergetest.Target
	merged, refusal := renderText(t, Renderer{}, target+overlayDocument)
	require.Nil(t, refusal)
	counted := 0
	for _, test := range suite {
		t.Run(test.Name, func(t *testing.T) {
			out, refusal := renderText(t, Renderer{}, test.YAML)
			require.Nil(t, refusal)
			require.Equal(t, test.YAML, out)
			if strings.HasSuffix(test.YAML, "\n") {
				out, refusal = renderText(t, Renderer{}, test.YAML+target+overlayDocument)
				require.Nil(t, refusal)
				require.Equal(t, test.YAML+merged, out)
			}
			if want, ok := countDocuments(test.YAML); ok {
				counted++
				require.Equal(t, want, countSplit(test.YAML))
			}
		})
	}
	require.Greater(t, counted, 250)
}

// countDocuments counts the documents that the YAML library reads, if it does.
func countDocuments(text string) (n int, ok bool) {
	decoder := yamlnode.NewDecoder(strings.NewReader(text))
	for {
		var node yamlnode.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			return n, true
		}
		if err != nil {
			return 0, false
		}
		n++
	}
}

// countSplit counts documents as the library does: one with nothing in it
// counts if it has a marker.
func countSplit(text string) (n int) {
	for _, d := range split(newStream(Source{Text: []byte(text)}, 0)) {
		if d.hasContent() || nextMarker(d.text, 0) < len(d.text) {
			n++
		}
	}
	return n
}
