package node

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func parse(t *testing.T, text string) *yaml.Node {
	var document yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(text), &document))
	return document.Content[0]
}

func TestSteps(t *testing.T) {
	for path, want := range map[string][]Step{
		"":                           nil,
		"<nil>":                      nil,
		"spec":                       {{"spec", false}},
		"spec.egress[0].ports[12]":   {{"spec", false}, {"egress", false}, {"0", true}, {"ports", false}, {"12", true}},
		"metadata.labels[a.b/c].x":   {{"metadata", false}, {"labels", false}, {"a.b/c", true}, {"x", false}},
		"spec.ingress[0][1]":         {{"spec", false}, {"ingress", false}, {"0", true}, {"1", true}},
		"metadata.annotations[0]":    {{"metadata", false}, {"annotations", false}, {"0", true}},
		"metadata.annotations[never": {{"metadata", false}, {"annotations", false}, {"never", true}},
	} {
		require.Equal(t, want, Steps(path), path)
	}
}

// TestLocate: a line, and the scalar there; "-" stands for a value that is not there.
func TestLocate(t *testing.T) {
	const small = `metadata:
  name: a
  labels: &labels
    app.kubernetes.io/name: b
    "0": zero
  name: again
spec:
  egress:
  - ports:
    - port: 1
    - *port
  - &two
    to: []
  ingress:
  - *two
  podSelector:
    <<: *labels
    matchLabels: *labels
  more:
    <<: [{}, *labels, {x: y}]
    x: own
`
	large := small + "large:\n" // is looked up in an index
	for i := range 40 {
		large += fmt.Sprintf("  k%d: %d\n", i, i)
	}
	large += "  k3: last\n  <<: {merged: m}\n"
	root := parse(t, strings.Replace(large, "- port: 1", "- &port {port: 1}", 1))
	for path, want := range map[string]string{
		"":              "1 -",
		"metadata.name": "6 again",
		"metadata.labels[app.kubernetes.io/name]":   "4 b",
		"metadata.labels[0]":                        "5 zero",
		"metadata.nowhere.name":                     "1 -",
		"metadata.name.inside":                      "6 -",
		"spec.egress[0].ports[1].port":              "10 1",
		"spec.egress[0].ports[0].endPort":           "10 -",
		"spec.egress[0].ports[1]":                   "11 -",
		"spec.egress[0].ports[2].port":              "9 -",
		"spec.egress[2]":                            "8 -",
		"spec.egress.0":                             "8 -", // a field of that name
		"spec.egress[a]":                            "8 -",
		"spec.ingress[0].to":                        "13 -",
		"spec.podSelector[app.kubernetes.io/name]":  "4 b",
		"spec.podSelector.matchLabels[0]":           "5 zero",
		"spec.more.x":                               "21 own",
		"spec.more[0]":                              "5 zero",
		"large.k3":                                  "63 last",
		"large.k39":                                 "62 39",
		"large.merged":                              "64 m",
		"large.nowhere":                             "22 -",
		"metadata.labels[app.kubernetes.io/name].x": "4 -",
	} {
		x := Index{}
		for range 2 { // the second time from the index
			line, value := x.Locate(root, path)
			got := fmt.Sprint(line, " -")
			if value != nil && value.Kind == yaml.ScalarNode {
				got = fmt.Sprint(line, " ", value.Value)
			}
			require.Equal(t, want, got, path)
		}
	}
	line, value := Index{}.Locate(nil, "spec")
	require.Equal(t, 1, line)
	require.Nil(t, value)
}

func TestKeyWith(t *testing.T) {
	labels := parse(t, "a: x\nb: a\nc: x\n")
	for text, line := range map[string]int{"a": 1, "x": 1, "b": 2, "c": 3} {
		require.Equal(t, line, KeyWith(labels, text).Line, text)
	}
	require.Nil(t, KeyWith(labels, "y"))
	require.Nil(t, KeyWith(labels.Content[1], "x"))
	require.Nil(t, KeyWith(nil, "x"))
}

func TestEntries(t *testing.T) {
	root := parse(t, "a: &x {b: 1}\na: *x\nc: 2\n")
	require.Equal(t, []*yaml.Node{root.Content[1], root.Content[1]}, Entries(root, "a"), "aliases are resolved")
	require.Empty(t, Entries(root, "d"))
	require.Empty(t, Entries(nil, "a"))
	key, value := Entry(root, "a")
	require.Equal(t, 2, key.Line, "the last counts")
	require.Equal(t, yaml.AliasNode, value.Kind)
}

func TestFirstKey(t *testing.T) {
	root := parse(t, "a: [{b: c}]\nd: {e: f}\n")
	for text, line := range map[string]int{"a": 1, "b": 1, "d": 2, "e": 2} {
		require.Equal(t, line, FirstKey(root, func(key *yaml.Node) bool { return key.Value == text }).Line, text)
	}
	require.Nil(t, FirstKey(root, func(key *yaml.Node) bool { return key.Value == "c" }), "a value")
	require.Nil(t, FirstKey(nil, nil))
}

func TestAt(t *testing.T) {
	root := parse(t, "a: &x\n- {b: 1}\nc: *x\n")
	key, value := At(&yaml.Node{Kind: yaml.AliasNode, Alias: root}, []any{"a", 0, "b"})
	require.Equal(t, "b", key.Value)
	require.Equal(t, "1", value.Value)
	key, value = At(root, []any{"a", 0})
	require.Nil(t, key, "an item has none")
	require.Equal(t, yaml.MappingNode, value.Kind)
	for _, path := range [][]any{{"a", 1}, {"a", 1, "b"}, {"d"}, {"d", 0}, {"a", "b"}, {"c", 0}} {
		_, value := At(root, path)
		require.Nil(t, value, "%v", path)
	}
}

func TestEqual(t *testing.T) {
	for _, test := range []struct {
		a, b  string
		equal bool
	}{
		{"{a: [b, 1]}", "a:\n- \"b\"\n- 1 # note\n", true},
		{"a", "b", false},
		{"1", "'1'", false},
		{"[a]", "[a, a]", false},
		{"[]", "{}", false},
		{"[&a x, *a]", "[x, x]", true},
		{"[x, y]", "[&a x, *a]", false},
	} {
		require.Equal(t, test.equal, Equal(parse(t, test.a), parse(t, test.b)), "%s, %s", test.a, test.b)
	}
}
