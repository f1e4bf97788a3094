package edit

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/networknt/netpol-merge/render/internal/node"
)

// TestPlainWords: a word that is written without asking the encoder is one that the encoder
// would write plainly.
func TestPlainWords(t *testing.T) {
	words := []string{"true", "False", "yes", "NO", "on", "Off", "null", "NULL", "y", "N", "v", "x", "e1", "k8s", "v-1", "a.b", "a:", "a#", "-a", "1e3", "no-1", "10.0.0.0/8", "0/0", "1_0/1", "2001-01-01", "1.5", "0x1f"}
	const letters = "ynofES01-_./:e"
	for _, a := range letters {
		for _, b := range letters {
			for _, c := range letters {
				words = append(words, string([]rune{a, b, c}))
			}
		}
	}
	plain := 0
	for _, word := range words {
		if !isPlainWord(word) {
			continue
		}
		plain++
		require.NotContains(t, []string{"yes", "no", "on", "off", "y", "n"}, strings.ToLower(word))
		var n yaml.Node
		require.NoError(t, n.Encode(word))
		require.Zero(t, n.Style, word)
	}
	require.Greater(t, plain, 300)
}

// TestItemLines: items are written as the encoder writes them.
func TestItemLines(t *testing.T) {
	words := []string{"a", "10.0.0.0/8", "80", "true", "", "- a", "a: b", "\u00e9", "# a"}
	r := rand.New(rand.NewPCG(1, 1))
	var generated func(depth int) *yaml.Node
	generated = func(depth int) *yaml.Node {
		n := Scalar(words[r.IntN(len(words))])
		if kind := r.IntN(4); kind > 1 && depth > 0 {
			n = &yaml.Node{Kind: []yaml.Kind{yaml.SequenceNode, yaml.MappingNode}[kind-2]}
			for i := range r.IntN(4) {
				if n.Kind == yaml.MappingNode {
					n.Content = append(n.Content, Scalar(fmt.Sprint(words[i], i)))
				}
				n.Content = append(n.Content, generated(depth-1))
			}
		}
		return n
	}
	comments := 0
	for range 2000 {
		rule := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{Scalar("to"), generated(4), Scalar("ports"), generated(2)}}
		commented := rule.Content[0]
		if value := rule.Content[1]; len(value.Content) == 0 {
			commented = value
		}
		commented.LineComment = "# from x"
		items := []*yaml.Node{rule, generated(3)}
		text, err := node.Encode(&yaml.Node{Kind: yaml.SequenceNode, Content: items})
		require.NoError(t, err)
		lines, err := itemLines(items)
		require.NoError(t, err)
		require.Equal(t, strings.TrimSuffix(string(text), "\n"), strings.Join(lines, "\n"))
		comments += strings.Count(string(text), "# from x")
	}
	require.Equal(t, 2000, comments)
	_, err := itemLines([]*yaml.Node{Scalar("two\nlines")})
	require.ErrorIs(t, err, errNoLines)
}
