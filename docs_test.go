package main

import (
	"os"
	"path/filepath"
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

// TestRecipes runs docs/recipes.md. Each section has a folder of its own: yaml blocks are
// files in it, named in their first line, those before the first section are in every
// folder. Console blocks are run in it, as those of the README are. The picture is that of
// the chart there.
func TestRecipes(t *testing.T) {
	useTools(t)
	sections := regexp.MustCompile(`(?m)^## `).Split(read(t, "docs/recipes.md"), -1)
	require.Greater(t, len(sections), 5)
	for i, section := range sections[1:] {
		folder := t.TempDir()
		sections[i+1] = runRecipe(t, sections[0]+section, folder)[len(sections[0]):]
	}
	requirePage(t, "docs/recipes.md", strings.Join(sections, "## "))
}

func runRecipe(t *testing.T, text, folder string) string {
	blocks := 0
	text = regexp.MustCompile("(?ms)^```(?:yaml|console|mermaid)\n(.*?)^```$").ReplaceAllStringFunc(text, func(block string) string {
		kind, body, _ := strings.Cut(strings.TrimSuffix(block, "```"), "\n")
		switch kind {
		case "```console":
			blocks++
			return runBlock(block, folder)
		case "```mermaid":
			explained := shellIn(folder, "helm template shop orders | netpol-merge explain -o markdown")
			picture := regexp.MustCompile("(?ms)^```mermaid\n.*?^```$").FindString(explained)
			require.NotEmpty(t, picture, explained)
			return picture
		}
		name, ok := strings.CutPrefix(strings.SplitN(body, "\n", 2)[0], "# ")
		require.True(t, ok, "the first line names the file: %s", body)
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		write(t, path, body)
		return block
	})
	require.Positive(t, blocks, "a recipe without a command shows nothing")
	return text
}
