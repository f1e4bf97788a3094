package manifest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestObjects: the objects of a document, with what a typed list says for its items.
func TestObjects(t *testing.T) {
	const marked = "metadata: {annotations: {netpol-merge.networknt.com/into: ''}}"
	for text, want := range map[string][]string{
		"[1]\n":           nil,
		"kind: A\n":       {"-1: A "},
		"items: {}\n":     {"-1:  "},
		"items: []\n":     nil,
		"kind: PodList\n": {"-1: PodList "},
		"{kind: List, apiVersion: v1, items: [{a: b}]}\n":                             {"0:  "},
		"{kind: PodList, apiVersion: v1, items: [{}, {kind: A}, {apiVersion: v2}]}\n": {"0: Pod v1", "1: A ", "2: Pod v2"},
		"{kind: PodList, items: [{}]}\n":                                              {"0: Pod "},
		"{kind: List, items: [{kind: A}, {kind: List, items: [{kind: B}, {kind: C}]}, {kind: D}]}\n": {
			"0: A ", "0: B  nested", "1: C  nested", "2: D "},
		"{kind: PodList, items: [{kind: A}], " + marked + "}\n":                               {"0: A ", "-1: PodList  marked"},
		"{kind: A, " + marked + "}\n":                                                         {"-1: A  marked"},
		"{kind: A, " + marked + ", metadata: {}}\n":                                           {"-1: A  marked"},
		"metadata:\n  annotations: {netpol-merge.networknt.com/into: a}\n  annotations: {}\n": {"-1:   marked"},
		"metadata:\n  <<: {annotations: {netpol-merge.networknt.com/into: a}}\n":              {"-1:   marked"},
	} {
		d := documentOf(text)
		require.Nil(t, d.Read(), text)
		var got []string
		for _, o := range d.Objects {
			said := fmt.Sprintf("%d: %s %s", o.Item, o.Kind(), o.APIVersion())
			if o.Nested {
				said += " nested"
			}
			if o.IsMarked() {
				said += " marked"
			}
			got = append(got, said)
		}
		require.Equal(t, want, got, text)
	}
	list := documentOf("{kind: PodList, items: [{a: b}]}")
	require.Nil(t, list.Read())
	require.Equal(t, map[string]any{"kind": "PodList", "items": []any{map[string]any{"a": "b"}}}, list.Value, "it still says what it said")
}

// TestSourceOfObject: what the host wrote comes before what the chart's author wrote, and
// under Helm 3 that is the comment.
func TestSourceOfObject(t *testing.T) {
	const annotation = "metadata: {annotations: {postrenderer.helm.sh/postrender-filename: b.yaml}}\n"
	for text, want := range map[string]string{
		"a: b\n":                             "stdin",
		annotation:                           "b.yaml",
		"# Source: a.yaml\n" + annotation:    "a.yaml",
		"---\r\n# Source: a.yaml \r\na: b\n": "a.yaml",
		"# Source: a.yaml\n# Source: c.yaml\na: b\n":       "a.yaml",
		"\ufeff# Source: a.yaml\na: b\n":                   "a.yaml",
		"%YAML 1.2\n# Source: a.yaml\n---\n# note\na: b\n": "a.yaml",
		"a: b\n# Source: a.yaml\n":                         "stdin",
		"#Source: a.yaml\na: b\n":                          "stdin",
	} {
		d := Split(Source{Name: "stdin", Text: []byte(text)}, 0)[0]
		require.Nil(t, d.Read())
		require.Equal(t, want, d.Objects[0].Source(), text)
	}
}

func TestIsHook(t *testing.T) {
	const hook = "metadata: {annotations: {helm.sh/hook: ''}}"
	for text, want := range map[string]bool{
		"{" + hook + "}": true,
		"{a: b}":         false,
		"{metadata: {labels: {helm.sh/hook: a}}}": false,
		"{items: [{a: b}], " + hook + "}":         true,
		"{items: [{" + hook + "}]}":               true,
	} {
		d := documentOf(text)
		require.Nil(t, d.Read())
		require.Equal(t, want, d.Objects[0].IsHook(), text)
	}
}

func TestFields(t *testing.T) {
	d := documentOf("metadata:\n  name: 1.10\n  labels:\n    a: y\n    b: &b c\n    'd': e\nlist: [*b]\n")
	require.Nil(t, d.Read())
	o := d.Objects[0]
	require.Equal(t, "1.1", o.Name(), "a name may be read as a number")
	require.Empty(t, o.Namespace())
	require.Nil(t, o.At("metadata", "name", "inside"))
	for path, want := range map[string]string{"metadata.name": "1.10", "metadata.labels[a]": "y", "list[0]": "c"} {
		written, ok := o.Written(path)
		require.True(t, ok, path)
		require.Equal(t, want, written, path)
	}
	for _, path := range []string{"metadata", "metadata.x"} {
		_, ok := o.Written(path)
		require.False(t, ok, path)
	}
	require.Equal(t, 4, o.LineOfEntry("metadata.labels", "a"))
	require.Equal(t, 6, o.LineOfEntry("metadata.labels", "e"))
	require.Zero(t, o.LineOfEntry("metadata.labels", "x"))
	require.Zero(t, documentWith(t, "a: {'': b}\n").LineOfEntry("a", nil), "no text is not an empty one")
}

func documentWith(t *testing.T, text string) *Object {
	d := documentOf(text)
	require.Nil(t, d.Read())
	return d.Objects[0]
}

func TestSize(t *testing.T) {
	require.Equal(t, 15, documentWith(t, "a: b # and more").Size())
	require.Equal(t, len(`{"a":"b"}`), documentWith(t, "items: [{a:   b   }] # and more").Size(), "an item is sent without the text around it")
	require.Equal(t, []any{"spec"}, documentWith(t, "a: b").Path("spec"))
	require.Equal(t, []any{"items", 0, "spec"}, documentWith(t, "items: [{}]").Path("spec"))
}
