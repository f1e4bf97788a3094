package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/networknt/netpol-merge/render"
)

// hostileStream is a target and an overlay whose template, name, labels, fields and
// values hold what clears a terminal, opens links, or turns text around.
const hostileStream = "---\n# Source: petstore/\u202eyaml.lmth\u2066.yaml\n" + `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: proxy-allow
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - ports:
    - port: 53
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: petstore-db
  annotations:
    netpol-merge.networknt.com/into: ""
    postrenderer.helm.sh/postrender-filename: "\e[2Jpetstore/\u200bover\rlay.yaml"
spec:
  egress:
  - ports:
    - port: 5432
`

// TestTerminal: nothing from the input controls the terminal that shows a message
// or a report, or hides what is in it (SECURITY.md).
func TestTerminal(t *testing.T) {
	refused := strings.NewReplacer(
		"petstore-db", `"pet\e[2J\u202est\u3164ore"`,
		"5432", `"\e]8;;https://example.com\a\u2066"`,
		"spec:\n  egress", `"sp\u200bec\u001b[8m": 1`+"\nspec:\n  egress",
	).Replace(hostileStream)
	for name, test := range map[string]struct {
		stream, shown string
		args          []string
	}{
		"refused":            {refused, "refused for", nil},
		"unreadable":         {strings.Replace(hostileStream, "metadata:", "metadata: \x1b[2J\u202e", 2), "not valid YAML", nil},
		"refused as a file":  {refused, "refused for", []string{"--errors-as-manifest"}},
		"left over":          {hostileStream, "is still in the stream", []string{"check"}},
		"warned of":          {strings.Replace(hostileStream, "5432", "53", 1), "warning", nil},
		"explained":          {hostileStream, "TCP 5432", []string{"explain"}},
		"as JSON":            {hostileStream, "TCP 5432", []string{"explain", "-o", "json"}},
		"as Markdown":        {hostileStream, "TCP 5432", []string{"explain", "-o", "markdown"}},
		"compared":           {hostileStream, "TCP 53, 5432", []string{"diff", "/dev/null", "-"}},
		"compared as JSON":   {hostileStream, "TCP 53, 5432", []string{"diff", "-o", "json", "/dev/null", "-"}},
		"refused to compare": {refused, "refused for", []string{"diff", "/dev/null", "-"}},
		"refused as report":  {refused, "refused for", []string{"explain", "-o", "markdown"}},
		"no such target":     {strings.Replace(hostileStream, `into: ""`, `into: "\e[1m\u202e"`, 1), "no NetworkPolicy of this name", nil},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, _ := call(test.stream, test.args...)
			shown := stderr
			if len(test.args) > 0 {
				shown += stdout
			}
			require.Contains(t, shown, test.shown)
			require.Equal(t, -1, strings.IndexFunc(shown, controls), "%q", shown)
		})
	}
}

// controls reports whether a character does something to a terminal instead of
// being shown.
func controls(r rune) bool {
	return r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point))
}

// TestMarkdown: in a report as Markdown, and in its picture, names and words of the
// input are text and nothing else (SECURITY.md).
func TestMarkdown(t *testing.T) {
	const hostile = "`a` *b* _c_ [d](e) <img src=f> | g && h \\ \"i\" #j;"
	quoted, err := json.Marshal(hostile)
	require.NoError(t, err)
	text := read(t, "testdata/6-command/explain-json/output.yaml")
	for _, words := range []string{"petstore-db", "any destination", "pods app=petstore"} {
		require.Contains(t, text, `"`+words+`"`)
		text = strings.ReplaceAll(text, `"`+words+`"`, string(quoted))
	}
	var report render.Report
	require.NoError(t, json.Unmarshal([]byte(text), &report))
	_, shown, _ := strings.Cut(report.Markdown(), "### ")
	title, body, _ := strings.Cut(shown, "\n")
	require.Contains(t, title, "\\`a\\` \\*b\\* \\_c\\_ \\[d\\](e) \\<img src=f\\> \\| g \\&\\& h \\\\ ")
	body, picture, _ := strings.Cut(body, "```mermaid\n")
	picture, _, _ = strings.Cut(picture, "```\n")
	require.Contains(t, body, "'a' *b* _c_ [d](e) <img src=f> | g && h", "as code")
	require.Equal(t, 2, strings.Count(body, "`")/3, "which ends where it should")
	require.Contains(t, picture, "#96;a#96; *b* _c_ [d](e) #60;img src=f#62; | g #38;#38; h \\ #34;i#34; #35;j;")
	require.NotContains(t, picture, "<img")
}
