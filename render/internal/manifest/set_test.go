package manifest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHiddenWords: a word may be in a document that does not show it.
func TestHiddenWords(t *testing.T) {
	for _, hidden := range []string{
		`NetworkPolicy`, `"Network\x50olicy"`, `"\u004eetworkPolicy"`, `"\U0000004eetworkPolicy"`,
		"\"Network\\\n   Policy\"", "\"Network\\\r\n\t\\\nPolicy\"", `!!binary TmV0d29ya1BvbGljeQ==`, `"\\" "\x4eetworkPolicy"`, `!<tag:yaml.org,2002:binary> TmV0`, `!!b%69nary TmV0`, "\"Network\\\u2028Policy\"", "\"Network\\\u0085 Policy\"",
	} {
		require.True(t, documentOf("kind: "+hidden+"\n").MayBePolicy(), hidden)
	}
	for _, other := range []string{`Network Policy`, `"Network\nPolicy"`, `\`, `"a \t b"`} {
		require.False(t, documentOf("kind: "+other).MayBePolicy(), other)
	}
}

func documentOf(text string) *Document { return Split(Source{Text: []byte(text)}, 0)[0] }
