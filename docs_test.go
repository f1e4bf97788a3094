package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOverlaysGuide runs every example of docs/overlays.md: a yaml block is what
// an overlay's spec says, a diff block what the target's becomes, and a text block
// stands in what is printed.
func TestOverlaysGuide(t *testing.T) {
	blocks := regexp.MustCompile("(?ms)^```(yaml|diff|text)\n(.*?)^```$").FindAllStringSubmatch(read(t, "docs/overlays.md"), -1)
	counts := map[string]int{}
	overlay, stderr := "", ""
	for _, block := range blocks {
		kind, text := block[1], block[2]
		counts[kind]++
		switch kind {
		case "yaml":
			overlay = text
			_, stderr, _ = merged(overlay, "policyTypes: [Egress]\n")
		case "diff":
			before := regexp.MustCompile(`(?m)^\+.*\n`).ReplaceAllString(text, "")
			var after string
			var code int
			after, stderr, code = merged(overlay, withoutFirstColumn(before))
			require.Equal(t, exitDone, code, stderr)
			require.Equal(t, withoutFirstColumn(text), after)
		case "text":
			require.Contains(t, stderr, strings.TrimSpace(text))
		}
	}
	require.Greater(t, counts["diff"], 10)
	require.Greater(t, counts["text"], 4)
}

// merged merges an overlay with a spec into a target with another, and returns
// the target's.
func merged(overlay, target string) (spec, stderr string, code int) {
	const policy = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n"
	stdout, stderr, code := call(
		policy + "  name: petstore-db\n  annotations: {netpol-merge.networknt.com/into: proxy-allow}\nspec:\n" + indented(overlay) +
			policy + "  name: proxy-allow\nspec:\n  podSelector: {}\n" + indented(target))
	_, spec, _ = strings.Cut(stdout, "spec:\n")
	spec = strings.Replace(spec, "  podSelector: {}\n", "", 1)
	return regexp.MustCompile(`(?m)^  `).ReplaceAllString(spec, ""), stderr, code
}

func indented(text string) string {
	return regexp.MustCompile(`(?m)^(.)`).ReplaceAllString(text, "  $1")
}

func withoutFirstColumn(diff string) string {
	return regexp.MustCompile(`(?m)^.`).ReplaceAllString(diff, "")
}
