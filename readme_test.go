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
)

// TestReadme runs every shell example of the README, in its order, and compares
// what it prints. Examples are blocks marked as console: a line that starts with
// "$ " is a command, the lines up to the next one are what it prints. With
// -update the README gets what they print. The picture is the petstore chart's.
// Blocks marked as helm4 are run by e2e/hosts.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	require.NotRegexp(t, "(?m)^```(sh|bash|shell)$", string(readme), "mark shell examples as console, so that they are tested")
	useTools(t)
	block := regexp.MustCompile("(?ms)^```console\n(.*?)^```$")
	require.Regexp(t, block, string(readme))
	actual := block.ReplaceAllStringFunc(string(readme), func(text string) string {
		var b strings.Builder
		b.WriteString("```console\n")
		for line := range strings.Lines(text) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				b.WriteString(line + shell(command))
			}
		}
		return b.String() + "```"
	})
	explained, _, _ := strings.Cut(shell("helm template petstore charts/petstore | netpol-merge explain -o markdown | sed '1,/^```mermaid$/d'"), "```")
	picture := regexp.MustCompile("(?ms)^```mermaid\n.*?^```$")
	require.Regexp(t, picture, actual)
	actual = picture.ReplaceAllLiteralString(actual, "```mermaid\n"+explained+"```")
	if *update {
		write(t, "README.md", actual)
	}
	require.Equal(t, actual, read(t, "README.md"))
}

// shell runs a command and returns all that it prints. A command may fail: a
// refusal is worth an example, too.
func shell(command string) string {
	bash := exec.Command("bash", "-c", command)
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
