package manifest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHiddenWords: a word may be in a document that does not show it.
func TestHiddenWords(t *testing.T) {
	for _, hidden := range []string{
		`NetworkPolicy`, `"Network\x50olicy"`, `"\u004eetworkPolicy"`, `"\U0000004eetworkPolicy"`,
		"\"Network\\\n   Policy\"", "\"Network\\\r\n\t\\\nPolicy\"", `!!binary TmV0d29ya1BvbGljeQ==`, `"\\" "\x4eetworkPolicy"`, `!<tag:yaml.org,2002:binary> TmV0`, `!!b%69nary TmV0`, `!%62`, `!a 100% %61`, "\"Network\\\u2028Policy\"", "\"Network\\\u0085 Policy\"",
		"\"Network\\\u2028\u2029Policy\"", "N\x00e\x00t\x00workPolicy", "!y!ary TmV0\n# %TAG tag:yaml.org,2002:bin", `!x 100%69`,
	} {
		require.True(t, documentOf("kind: "+hidden+"\n").MayBePolicy(), hidden)
	}
	for _, other := range []string{`Network Policy`, `"Network\nPolicy"`, `\`, `"a \t b"`, `!x 100%`, `!x 5% %zz`, `binary %62`, `%TAG ! tag:example.com,2002: !x`, `"\/" Network`} {
		require.False(t, documentOf("kind: "+other).MayBePolicy(), other)
	}
	require.True(t, documentOf("\x00K\x00i\x00n\x00d\x00:\x00N\x00e\x00t\x00w\x00o\x00r\x00k\x00P\x00o\x00l\x00i\x00c\x00y").MayBePolicy())
	require.True(t, documentOf(`"\u004bind": NetworkPolicy`).MayBePolicy())
	require.False(t, documentOf(`a: NetworkPolicy`).MayBePolicy())
}

func TestSaysInto(t *testing.T) {
	for text, want := range map[string]bool{
		`netpol-merge.networknt.com/into: ''`:      true,
		`"netpol-merge.networknt.com\/into": ''`:   true,
		`"netpol-merge.networknt.com\x2finto": ''`: true,
		`"netpol-merge.networknt.com\ninto": ''`:   false,
		`netpol-merge.networknt.com/in: to`:        false,
		`worknt.com/into: ''`:                      false,
	} {
		require.Equal(t, want, documentOf(text).SaysInto(), text)
	}
}

func documentOf(text string) *Document { return Split(Source{Text: []byte(text)}, 0)[0] }

func TestOnlyHooks(t *testing.T) {
	const hook = "---\nmetadata: {annotations: {helm.sh/hook: ''}}\n"
	for text, want := range map[string]bool{
		"":                              true,
		"# note\n":                      true,
		hook:                            true,
		hook + "---\n# note\n" + hook:   true,
		hook + "x: &k a\n*k : 1\n":      true,
		hook + "---\na: b\n":            false,
		hook + "---\n- helm.sh/hook\n":  false,
		hook + "---\na: helm.sh/hook\n": false,
		hook + "---\nhelm.sh/hook: [\n": false,
	} {
		require.Equal(t, want, NewSet("", []Source{{Text: []byte(text)}}).OnlyHooks(), text)
	}
}

// TestSameNamespace: what is not known may be the same.
func TestSameNamespace(t *testing.T) {
	none, one, two := documentWith(t, "{a: b}"), documentWith(t, "metadata: {namespace: one}"), documentWith(t, "metadata: {namespace: two}")
	for namespace, want := range map[string][3]bool{"": {true, true, false}, "one": {true, false, false}} {
		set := NewSet(namespace, nil)
		require.Equal(t, want, [3]bool{set.SameNamespace(none, one), set.SameNamespace(two, none), set.SameNamespace(one, two)}, namespace)
	}
}

// TestNewSet: a byte order mark leaves that would stand in the middle.
func TestNewSet(t *testing.T) {
	const marked = "\ufeffa: b\n"
	set := NewSet("", []Source{{}, {Text: []byte(marked)}, {Text: []byte(marked)}})
	require.Equal(t, marked, string(set.Documents[0].Text))
	require.Equal(t, "a: b\n", string(set.Documents[1].Text))
	require.False(t, set.IsEmpty())
	require.True(t, NewSet("", []Source{{Text: []byte("---\n# note\n...\n")}}).IsEmpty())
}
