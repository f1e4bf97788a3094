package node

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// TestEncodeLongLists: a long list, which is encoded in parts, is written as one of a few
// items is, wherever it stands, and the nodes are as before.
func TestEncodeLongLists(t *testing.T) {
	item := "- # head\n  a: |\n    text\n\n    text\n  b: {c: [d]} # line\n- \"x\\ny\"\n"
	long := func(indent string) string {
		var b strings.Builder
		for range mostAtOnce {
			for line := range strings.Lines(item) {
				b.WriteString(indent + line)
			}
		}
		return b.String()
	}
	for _, text := range []string{
		long(""),
		"# head\na:\n  b:\n" + long("  ") + "  c: d # line\ne: &f\n" + long("") + "g: h\n",
		"- a\n- b:\n" + long("  ") + "- - c\n  - d\n",
		"- a:\n" + strings.Repeat(long("  ")+"- b:\n", 2) + "  - c\n",
		"a:\n" + strings.Repeat("- b\n", mostAtOnce+1) + "c:\n- netpol-merge-list-0.\n",
		"a: &x\n" + strings.Repeat("- b\n- &y c\n- *y\n", mostAtOnce) + "d: *x\n",
		"a: [" + strings.Repeat("{b: c}, ", mostAtOnce) + "d]\n",
		strings.Repeat("- - a\n  - b\n", mostAtOnce),
		"a: {b: [[], " + strings.Repeat("[c, {d: [e]}], \"f\\ng\", ", mostAtOnce) + "h], i: j} # k\n",
		"- [" + strings.Repeat("a, ", mostAtOnce) + "b]\n- [" + strings.Repeat("c, ", mostAtOnce) + "d]\n",
		"a: [" + strings.Repeat("b, ", mostAtOnce) + "netpol-merge-list-0.]\n",
	} {
		var root, same yaml.Node
		require.NoError(t, yaml.Unmarshal([]byte(text), &root))
		require.NoError(t, yaml.Unmarshal([]byte(text), &same))
		want, err := encode(&root)
		require.NoError(t, err)
		got, err := Encode(&root)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
		require.Equal(t, same, root)
	}
	list := &yaml.Node{Kind: yaml.SequenceNode, Content: slices.Repeat([]*yaml.Node{{Kind: yaml.ScalarNode, Value: "a"}}, mostAtOnce+1)}
	odd := &yaml.Node{Kind: yaml.SequenceNode, Content: slices.Repeat([]*yaml.Node{{Kind: 99}}, mostAtOnce+1)}
	_, err := Encode(&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{list, odd}})
	require.Error(t, err)
	require.Len(t, list.Content, mostAtOnce+1, "what cannot be encoded is as before, too")
}
