package render

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/networknt/netpol-merge/merge/mergetest"
	"github.com/networknt/netpol-merge/render/report"
)

// shown is how many problems of a run are shown (report.IsFull).
const shown = 10_000

// TestMostProblems: however many problems a run has, and of whatever kind, the refusal is
// one that a person can read the end of, and to look for more ends.
func TestMostProblems(t *testing.T) {
	const policy = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p%d%s}\nspec: {podSelector: {}, egress: [%s]}\n"
	const into = ", annotations: {netpol-merge.networknt.com/into: %s}"
	repeat := func(n int, format string, args ...any) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, append([]any{i}, args...)...)
		}
		return b.String()
	}
	ceilings := []Source{{Name: "ceiling", Text: []byte(mergetest.Target)}}
	beyond := strings.TrimSuffix(strings.Repeat("{ports: [{port: 1}, {port: 3}]}, ", 600), ", ")
	wrong := strings.TrimSuffix(strings.Repeat("{ports: [{port: 0}]}, ", 900), ", ")
	for name, test := range map[string]struct {
		renderer Renderer
		text     string
	}{
		"overlays":          {Renderer{}, repeat(15, policy, fmt.Sprintf(into, "p"), wrong)},
		"missing targets":   {Renderer{}, mergetest.Target + repeat(shown+10, policy, fmt.Sprintf(into, "p"), "{ports: [{port: 1}]}")},
		"keys nearly ours":  {Renderer{}, repeat(shown+10, policy, ", annotations: {netpol-merge.networknt.com/onto: p}", "")},
		"beyond a ceiling":  {Renderer{Ceilings: ceilings}, repeat(15, policy, "", beyond)},
		"broken documents":  {Renderer{Ceilings: ceilings}, strings.Repeat("---\nkind: NetworkPolicy\na: [\n", shown+10)},
		"policies at fault": {Renderer{Ceilings: ceilings}, repeat(15, policy, "", wrong)},
	} {
		_, refusal := renderText(t, test.renderer, test.text)
		require.NotNil(t, refusal, name)
		require.True(t, report.IsFull(refusal.Problems), "%s: %d", name, len(refusal.Problems))
		require.LessOrEqual(t, len(refusal.Problems), shown+2000, name)
		lines := strings.Split(refusal.Error(), "\n")
		require.Equal(t, "netpol-merge: refused for more than 10000 problems (the others are not shown), nothing was written (lines are those of the rendered input)", lines[len(lines)-1], name)
		require.Equal(t, shown, strings.Count(refusal.Error(), "\n  hint: "), name)
	}
}

// TestMostWarnings: the same for what is no error.
func TestMostWarnings(t *testing.T) {
	var b strings.Builder
	for i := range shown + 10 {
		fmt.Fprintf(&b, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p%d}\nspec: {egress: []}\n", i)
	}
	result, err := (&Renderer{}).Merge(Source{Text: []byte(b.String())})
	require.NoError(t, err)
	require.Len(t, result.Warnings, shown+1)
	text := report.FormatWarnings(result.Warnings)
	require.Equal(t, shown, strings.Count(text, "\n  hint: "))
	require.True(t, strings.HasSuffix(text, "\nnetpol-merge: there are more than 10000 warnings, and the others are not shown\n"))
}

// TestMostUnread: the same for what a report cannot say.
func TestMostUnread(t *testing.T) {
	said, err := (&Renderer{}).Explain(Source{Text: []byte(strings.Repeat("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nspec: {podSelector: {}}\n", shown+10))})
	require.NoError(t, err)
	require.Len(t, said.Unread, shown+1)
}

// TestTooMuchToCompare: a bound on what is compared is told, and not as a verdict.
func TestTooMuchToCompare(t *testing.T) {
	rules := func(beside string) []byte {
		var b strings.Builder
		b.WriteString("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec:\n  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n")
		for i := range 4000 {
			fmt.Fprintf(&b, "  - to: [{podSelector: {matchLabels: {k%d: v%s}}}]\n", i, beside)
		}
		return []byte(b.String())
	}
	all, some := Source{Name: "all", Text: rules("")}, Source{Name: "some", Text: rules(", z: x")}
	_, err := (&Renderer{Ceilings: []Source{all}}).Merge(some)
	require.ErrorContains(t, err, "there is too much to be compared with the ceilings, so the rule counts as beyond them (E11)")
	difference, err := (&Renderer{}).Diff(all, some)
	require.NoError(t, err)
	require.Len(t, difference.Warnings, 1)
	require.Contains(t, difference.Warnings[0].String(), "what is told may be more than what differs")
}

// TestNoGuessBehindMostProblems: what was not read, for more problems than are shown, is not
// called wrong.
func TestNoGuessBehindMostProblems(t *testing.T) {
	const policy = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: %s\n  annotations: {%s: p}\nspec:\n  egress: [%s]\n  podSelector: {matchLabels: {app: a}}\n"
	text := fmt.Sprintf(policy, "p", "x", "") +
		fmt.Sprintf(policy, "o", "netpol-merge.networknt.com/into", strings.Repeat("{ports: 1}, ", 1500)+"{ports: [{port: 1}]}")
	_, refusal := renderText(t, Renderer{}, text)
	require.NotNil(t, refusal)
	require.Greater(t, len(refusal.Problems), 1000)
	for _, p := range refusal.Problems {
		require.NotEqual(t, report.OtherPods, p.Code)
	}
}
