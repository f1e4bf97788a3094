package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"
)

// TestReadme runs every shell example of the README, in its order, and compares
// what it prints. Examples are blocks marked as console: a line that starts with
// "$ " is a command, the lines up to the next one are what it prints. With
// -update the README gets what they print. Blocks marked as helm4 are run by e2e/hosts.
func TestReadme(t *testing.T) {
	readme := read(t, "README.md")
	useTools(t)
	require.Regexp(t, consoleBlock, readme)
	requirePage(t, "README.md", consoleBlock.ReplaceAllStringFunc(readme, func(block string) string { return runBlock(block, "") }))
}

// TestReadmeSize: the README is read in one go.
func TestReadmeSize(t *testing.T) {
	require.LessOrEqual(t, len(strings.Fields(read(t, "README.md"))), 1300)
}

// TestReadmeOverlay merges the overlay that the README shows, and applies it unmerged in
// thought: it selects the target's pods, and isolates egress only.
func TestReadmeOverlay(t *testing.T) {
	overlay := regexp.MustCompile("(?ms)^```yaml\n(apiVersion.*?)^```$").FindStringSubmatch(read(t, "README.md"))
	require.NotNil(t, overlay)
	target := strings.ReplaceAll(read(t, "testdata/proxy-allow.yaml"), "app: api", "app: petstore")
	stdout, stderr, code := call(target + "---\n" + overlay[1])
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, stdout, "# from petstore-db\n      port: 5432\n")
	var policy networkingv1.NetworkPolicy
	require.NoError(t, yaml.UnmarshalStrict([]byte(overlay[1]), &policy))
	require.Equal(t, map[string]string{"app": "petstore"}, policy.Spec.PodSelector.MatchLabels)
	require.Equal(t, []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}, policy.Spec.PolicyTypes)
}

// TestConsoleBlocks: every command that a page shows is run by some test, as the pages of
// this list are.
func TestConsoleBlocks(t *testing.T) {
	run := map[string]string{
		"README.md":                     "console, console helm4",       // here and in e2e/hosts
		"docs/recipes.md":               "console",                      // TestRecipes
		"docs/hosts.md":                 "console helm3, console helm4", // e2e/hosts
		"docs/ceilings.md":              "console",                      // e2e/hosts
		"charts/http-sidecar/README.md": "console",                      // e2e/helm
		"charts/petstore/README.md":     "console",
		"examples/argocd/README.md":     "console", // e2e/hosts
		"examples/helmfile/README.md":   "console",
		"examples/kustomize/README.md":  "console",
		"examples/sdk/README.md":        "console",
	}
	var pages []string
	for _, pattern := range []string{"*.md", "*/*.md", "*/*/*.md"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		pages = append(pages, found...)
	}
	for _, page := range pages {
		for _, match := range regexp.MustCompile("(?m)^```((?:console|sh|bash|shell)\\b.*)$").FindAllStringSubmatch(read(t, page), -1) {
			require.Contains(t, strings.Split(run[page], ", "), match[1], "%s: no test runs these commands", page)
		}
	}
}

var consoleBlock = regexp.MustCompile("(?ms)^```console\n(.*?)^```$")

// runBlock is a block of console with what its commands print, run in a folder.
func runBlock(block, folder string) string {
	var b strings.Builder
	b.WriteString("```console\n")
	for line := range strings.Lines(block) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			b.WriteString(line + shellIn(folder, command))
		}
	}
	return b.String() + "```"
}

// requirePage checks that a page is as its test would write it; with -update it is then.
func requirePage(t *testing.T, page, want string) {
	if *update {
		write(t, page, want)
	}
	require.Equal(t, want, read(t, page))
}

// shell runs a command and returns all that it prints. A command may fail: a
// refusal is worth an example, too.
func shell(command string) string { return shellIn("", command) }

func shellIn(folder, command string) string {
	bash := exec.Command("bash", "-c", command)
	bash.Dir = folder
	output, _ := bash.CombinedOutput()
	return string(output)
}

// useTools puts the program under test and the pinned Helm first into PATH, and the
// environment into the state in which a person would type the examples.
func useTools(t *testing.T) {
	folder := useProgram(t)
	helm, err := exec.Command("go", "-C", "e2e/helm", "tool", "-n", "helm").Output()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(strings.TrimSpace(string(helm)), filepath.Join(folder, "helm")))
	t.Setenv("HELM_PLUGINS", folder)
	for _, variable := range []string{"MAKEFLAGS", "MAKELEVEL", "MFLAGS"} { // of the make that runs the tests
		t.Setenv(variable, "")
		require.NoError(t, os.Unsetenv(variable))
	}
}

// useProgram builds the program under test and puts it first into PATH. It returns
// the folder in which it is.
func useProgram(t *testing.T) string {
	folder := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(folder, "netpol-merge"), ".")
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	return folder
}

// TestMessages: every kind of problem has a paragraph in docs/messages.md and a
// golden case that shows it, and no paragraph is about anything else.
func TestMessages(t *testing.T) {
	codes := codesIn(t, `"([EW]\d\d)"`, "render/report/code.go")
	require.NotEmpty(t, codes)
	require.Equal(t, codes, codesIn(t, `(?m)^### ([EW]\d\d)$`, "docs/messages.md"))
	cases, err := filepath.Glob("testdata/*/*/stderr")
	require.NoError(t, err)
	require.Equal(t, codes, codesIn(t, `(?m) \(([EW]\d\d)\)$`, cases...))
}

func codesIn(t *testing.T, pattern string, paths ...string) []string {
	var codes []string
	for _, path := range paths {
		for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(read(t, path), -1) {
			codes = append(codes, match[1])
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}
