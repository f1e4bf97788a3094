package edit

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// TestPlainWords: a word that is written without asking the encoder is one that the encoder
// would write plainly.
func TestPlainWords(t *testing.T) {
	words := []string{"true", "False", "yes", "NO", "on", "Off", "null", "NULL", "y", "N", "v", "x", "e1", "k8s", "v-1", "a.b", "a:", "a#", "-a", "1e3", "no-1"}
	const letters = "ynofES01-_./:"
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
