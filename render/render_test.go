package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	yamlnode "go.yaml.in/yaml/v3"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/merge/mergetest"
	"github.com/networknt/netpol-merge/render/internal/stream"
)

// render merges a stream; a refusal gives no output.
func renderText(t *testing.T, r Renderer, text string) (string, *Refusal) {
	out, err := r.Run(bytes.NewBufferString(text))
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		require.Nil(t, out)
		require.NotEmpty(t, refusal.Problems)
		return "", refusal
	}
	require.NoError(t, err)
	return out.String(), nil
}

const overlayDocument = `---
# Source: petstore/templates/overlay.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: petstore-db
  annotations:
    netpol-merge.networknt.com/into: ""
spec:
  egress:
  - ports:
    - port: 5432
  - to:
    - podSelector: {matchLabels: {app: kafka}}
    ports:
    - port: 9092
      endPort: 9094
`

// FuzzRun: whatever the bytes, the program does not panic; it refuses, or gives
// a stream in which documents that are not involved are as they were.
func FuzzRun(f *testing.F) {
	for _, text := range goldenInputs(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out, refusal := renderText(t, Renderer{AllowIngress: true}, text)
		if refusal != nil {
			return
		}
		again, refusal := renderText(t, Renderer{}, out)
		require.Nil(t, refusal, "the output is refused: %q", out)
		require.Equal(t, out, again, "running on the output changes it")
		if !matters(text) {
			require.Equal(t, text, out)
		}
		rest := splitText(out)
		for _, document := range splitText(text) {
			if matters(document) {
				continue
			}
			at := slices.IndexFunc(rest, func(now string) bool {
				// A comment behind the "..." of a document belongs to directives that follow.
				comment, isThere := strings.CutSuffix(now, document)
				return isThere && stream.IsBlank([]byte(comment))
			})
			require.GreaterOrEqual(t, at, 0, "the document %q changed", document)
			rest = rest[at+1:]
		}
	})
}

// FuzzWrite: overlays are written into any target that decodes at all, lines
// are only inserted into block style, and no comment is lost.
func FuzzWrite(f *testing.F) {
	for _, text := range goldenInputs(f) {
		for _, document := range splitText(text) {
			f.Add(document)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(splitText(text)) != 1 || strings.Contains(text, merge.IntoAnnotation) {
			return
		}
		text = strings.TrimSuffix(text, "\n") + "\n"
		out, refusal := renderText(t, Renderer{AllowIngress: true}, text+overlayDocument)
		if refusal != nil || out == text {
			return
		}
		// What the text says was verified before it was returned: an internal
		// error fails the test in renderText.
		require.Contains(t, out, "# from petstore-db")
		require.Empty(t, missing(comments(t, text), comments(t, out)), "comments are lost")
		if isBlockOnly(text) {
			require.Empty(t, mergetest.LinesGone(text, out), "lines changed:\n%s\n%s", text, out)
		}
	})
}

// isBlockOnly reports whether nothing in a text could be flow style, an alias, an
// anchor, a tag, a merge key, or a null or annotation that has to be replaced.
func isBlockOnly(text string) bool {
	for _, other := range []string{"[", "{", "&", "*", "!", "<<", "~", "null", "Null", "NULL", "merged-from", "?", "\r"} {
		if strings.Contains(text, other) {
			return false
		}
	}
	return true
}

// comments are the comments that the YAML parser finds, line by line.
func comments(t *testing.T, text string) []string {
	var root yamlnode.Node
	if json.Valid([]byte(text)) { // which has none, and which that parser may not take
		return nil
	}
	text = strings.ReplaceAll(text, "%YAML", "#YAML") // no parser knows version 1.2
	require.NoError(t, yamlnode.Unmarshal([]byte(text), &root))
	var all []string
	var visit func(*yamlnode.Node)
	visit = func(node *yamlnode.Node) {
		for _, comment := range []string{node.HeadComment, node.LineComment, node.FootComment} {
			if comment != "" {
				all = append(all, strings.Split(comment, "\n")...)
			}
		}
		for _, child := range node.Content {
			visit(child)
		}
	}
	visit(&root)
	return all
}

// missing are the comments that are not among others, in whatever order: a document
// that is encoded anew may move one.
func missing(lines, others []string) (gone []string) {
	others = slices.Clone(others)
	for _, line := range lines {
		line = strings.TrimSpace(line)
		at := slices.IndexFunc(others, func(other string) bool { return strings.TrimSpace(other) == line })
		switch {
		case line == "": // between comments, which is none
			continue
		case at < 0:
			gone = append(gone, line)
			continue
		}
		others = slices.Delete(others, at, at+1)
	}
	return gone
}

func goldenInputs(f *testing.F) []string {
	paths, err := filepath.Glob("../testdata/*/*/input.yaml")
	require.NoError(f, err)
	require.NotEmpty(f, paths)
	var inputs []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(f, err)
		inputs = append(inputs, string(text))
	}
	return inputs
}

// TestOrderOfDocuments: the target's text does not depend on the order in which
// documents arrive, be it overlays of one name from one template.
func TestOrderOfDocuments(t *testing.T) {
	target := mergetest.Target
	documents := []string{target, overlayDocument}
	for _, change := range [][]string{{"5432", "1"}, {"5432", "2"}, {"petstore-db", "a"}, {"petstore/", "a/"}, {"9094", "9095"}} {
		documents = append(documents, strings.Replace(overlayDocument, change[0], change[1], 1))
	}
	want, refusal := renderText(t, Renderer{}, strings.Join(documents, ""))
	require.Nil(t, refusal)
	random := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		random.Shuffle(len(documents), func(i, j int) { documents[i], documents[j] = documents[j], documents[i] })
		got, refusal := renderText(t, Renderer{}, strings.Join(documents, ""))
		require.Nil(t, refusal)
		require.Equal(t, want, got)
	}
}

func TestHostileInput(t *testing.T) {
	target := mergetest.Target
	for name, test := range map[string]struct{ text, reason string }{
		"4 MiB overlay":          {target + overlayDocument + "# " + strings.Repeat("x", 4<<20) + "\n", "may not be more than 3145728 bytes"},
		"4 MiB target":           {target + "# " + strings.Repeat("x", 4<<20) + "\n" + overlayDocument, "may not be more than 3145728 bytes"},
		"target that grows":      {target + "# " + strings.Repeat("x", 3<<20-len(target)-3) + "\n" + overlayDocument, "only after the merge"},
		"UTF-16":                 {utf16LE(target + overlayDocument), "not plain UTF-8"},
		"UTF-16 with a tag":      {utf16LE(strings.Replace(overlayDocument, "netpol-merge.networknt.com/into:", "!!binary bmV0cG9sLW1lcmdlLm5ldHdvcmtudC5jb20vaW50bw==:", 1)), "not plain UTF-8"},
		"33 MiB that may be one": {target + "---\n# " + merge.IntoAnnotation + "\n# " + strings.Repeat("x", 33<<20) + "\n", "larger than 32 MiB"},
		"20,000 nested brackets": {target + overlayDocument + "x: " + strings.Repeat("[", 20_000) + "\n", "not valid YAML"},
		"20,000 nested lists":    {target + overlayDocument + "x:\n" + strings.Repeat("- ", 20_000) + "\n", "not valid YAML"},
		"a key of 1 MiB":         {target + overlayDocument + strings.Repeat("x", 1<<20) + ": 1\n", "not valid YAML"},
		"NUL":                    {target + overlayDocument + "x: \"\x00\"\n", "not plain UTF-8"},
		"invalid UTF-8":          {target + overlayDocument + "x: \"\xff\xfe\"\n", "not plain UTF-8"},
		"two documents in one":   {target + overlayDocument + "...\na: b\n", "the document ends at this line"},
		"lone carriage returns":  {target + overlayDocument + "\r---\rkind: NetworkPolicy\r", "a second document starts"},
		"name over many lines":   {target + strings.Replace(overlayDocument, "petstore-db", "|\n    petstore-db\n    x", 1), "metadata.name"},
		"unicode line break":     {target + strings.Replace(overlayDocument, "petstore-db", "\"petstore\u2028db\"", 1), "metadata.name"},
		"key in base64":          {target + strings.Replace(overlayDocument, "kind: NetworkPolicy", "!!binary a2luZA==: NetworkPolicy", 1), "a key is an alias or in base64"},
	} {
		t.Run(name, func(t *testing.T) {
			_, refusal := renderText(t, Renderer{}, test.text)
			require.NotNil(t, refusal)
			require.Contains(t, refusal.Error(), test.reason)
		})
	}
}

// TestLargeDocuments: a list may be larger than what an API server accepts, as its
// items are sent one by one. So may a document that only mentions the key.
func TestLargeDocuments(t *testing.T) {
	item := func(document string) string {
		return "- " + strings.TrimSpace(strings.ReplaceAll(strings.TrimPrefix(document, "---\n"), "\n", "\n  ")) + "\n"
	}
	target := mergetest.Target
	filler := strings.Repeat("- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: "+strings.Repeat("x", 1000)+"}}\n", 4000)
	list := "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n" + filler
	out, refusal := renderText(t, Renderer{}, list+item(strings.Replace(overlayDocument, "# Source: petstore/templates/overlay.yaml\n", "", 1))+item(target))
	require.Nil(t, refusal)
	require.True(t, strings.HasPrefix(out, list))
	require.Contains(t, out, "# from petstore-db")

	mention := "---\nkind: ConfigMap\ndata:\n  a: " + merge.IntoAnnotation + "\n  b: " + strings.Repeat("x", 4<<20) + "\n"
	out, refusal = renderText(t, Renderer{}, mention)
	require.Nil(t, refusal)
	require.Equal(t, mention, out)
}

// utf16LE is a text as PowerShell redirects it.
func utf16LE(text string) string {
	var b strings.Builder
	b.WriteString("\xff\xfe")
	for _, unit := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(unit))
		b.WriteByte(byte(unit >> 8))
	}
	return b.String()
}

func TestUTF16WithoutOverlays(t *testing.T) {
	text := utf16LE("---\na: 1\n---\nb: 2\n")
	out, refusal := renderText(t, Renderer{}, text)
	require.Nil(t, refusal)
	require.Equal(t, text, out)
}

func TestManyDocuments(t *testing.T) {
	target := mergetest.Target
	others := strings.Repeat("---\na: 1\n", 1_000_000)
	out, refusal := renderText(t, Renderer{}, others+target+overlayDocument)
	require.Nil(t, refusal)
	require.True(t, strings.HasPrefix(out, others))
	require.Contains(t, out[len(others):], "# from petstore-db")
}
