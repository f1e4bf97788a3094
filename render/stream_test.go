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
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/stream"
)

func splitText(text string) (documents []string) {
	for d := range stream.Split([]byte(text)) {
		documents = append(documents, string(d.Text))
	}
	return documents
}

// matters reports whether a text, as one document, may be about policies.
func matters(text string) bool {
	d := manifest.Document{Document: stream.Document{Text: []byte(text)}}
	return d.MayBePolicy() || d.SaysInto()
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

// countSplit counts documents as the library does: one with nothing in it counts if it
// has a marker.
func countSplit(text string) (n int) {
	for d := range stream.Split([]byte(text)) {
		_, hasContent := d.Prologue()
		hasMarker := stream.IsMarker(bytes.TrimPrefix(d.Text, []byte(stream.ByteOrderMark)), "---") || bytes.Contains(d.Text, []byte("\n---"))
		if hasContent || hasMarker {
			n++
		}
	}
	return n
}
