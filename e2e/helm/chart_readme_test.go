package helm

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestChartReadmes runs every command of the charts' READMEs, in the root of the
// checkout, and compares what it prints. With UPDATE=1 in the environment the
// READMEs get what the commands print.
func TestChartReadmes(t *testing.T) {
	useTools(t)
	for _, chart := range []string{"http-sidecar", "petstore"} {
		t.Run(chart, func(t *testing.T) {
			path := filepath.Join("../../charts", chart, "README.md")
			readme := read(t, path)
			require.NotRegexp(t, "(?m)^```(sh|bash|shell)$", readme, "mark shell examples as console, so that they are tested")
			block := regexp.MustCompile("(?ms)^```console\n(.*?)^```$")
			require.Regexp(t, block, readme)
			actual := block.ReplaceAllStringFunc(readme, func(text string) string {
				var b strings.Builder
				b.WriteString("```console\n")
				for line := range strings.Lines(text) {
					if command, ok := strings.CutPrefix(line, "$ "); ok {
						b.WriteString(line + shell(command))
					}
				}
				return b.String() + "```"
			})
			if os.Getenv("UPDATE") != "" {
				require.NoError(t, os.WriteFile(path, []byte(actual), 0o644))
			}
			require.Equal(t, actual, read(t, path))
		})
	}
}

func read(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// shell runs a command and returns all that it prints. A command may fail: a
// refusal is worth an example, too.
func shell(command string) string {
	bash := exec.Command("bash", "-c", command)
	bash.Dir = "../.."
	output, _ := bash.CombinedOutput()
	return string(output)
}

// useTools puts the program under test and the pinned Helm first into PATH.
func useTools(t *testing.T) {
	folder := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(folder, "netpol-merge"), ".")
	build.Dir = "../.."
	output, err := build.CombinedOutput()
	require.NoError(t, err, string(output))
	helm, err := exec.Command("go", "tool", "-n", "helm").Output()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(strings.TrimSpace(string(helm)), filepath.Join(folder, "helm")))
	t.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("HELM_PLUGINS", folder)
}
