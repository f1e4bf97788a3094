package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// ciCeiling allows what the chart of the sidecar does, PostgreSQL and Kafka.
const ciCeiling = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: ceiling
spec:
  ingress:
  - from: [{namespaceSelector: {}}]
    ports: [{port: 8080}]
  egress:
  - ports: [{port: 8438}, {port: 443}, {port: 8443}, {port: 53}, {port: 53, protocol: UDP}, {port: 5432}, {port: 9092, endPort: 9094}]
`

// ciValues are the chart's values with a port that an API asks for.
func ciValues(t *testing.T, port string) string {
	egress := regexp.MustCompile(`(?ms)^egress:\n.*?\n\n`)
	values := read(t, "charts/petstore/values.yaml")
	require.Regexp(t, egress, values)
	return egress.ReplaceAllString(values, "egress:\n- ports:\n  - port: "+port+"\n\n")
}

// TestCI runs the shell of the examples for CI in a repository: the comment says what a
// change opens, a change beyond the ceiling fails without a comment, and a new chart is
// all new. Programs of the hosts write down how they are called, and what they post.
func TestCI(t *testing.T) {
	useTools(t)
	steps := map[string][]string{"github": githubSteps(t), "gitlab": gitlabSteps(t)}
	values := map[string]string{"old": ciValues(t, "5432"), "new": ciValues(t, "9092"), "beyond": ciValues(t, "22")}
	for host, steps := range steps {
		for name, test := range map[string]struct {
			old, now, shown string
			fails           bool
		}{
			"changed": {"old", "new", "+ egress     any destination  TCP 9092\n- egress     any destination  TCP 5432\n", false},
			"refused": {"old", "beyond", "(E11)", true},
			"created": {"", "old", "### NetworkPolicy proxy-allow, for pods app=petstore: new\n", false},
		} {
			t.Run(host+" "+name, func(t *testing.T) {
				folder := ciRepository(t, values[test.old], values[test.now])
				output, err := runSteps(t, folder, steps)
				posted := read(t, filepath.Join(folder, "tmp", "posted"))
				if test.fails {
					require.Error(t, err)
					require.Contains(t, output, test.shown)
					require.Empty(t, posted)
					return
				}
				require.NoError(t, err, output)
				require.Contains(t, posted, test.shown)
			})
		}
	}
}

// ciRepository makes a repository whose main branch has a chart with the old values, or
// none, and whose working tree has it with the new ones.
func ciRepository(t *testing.T, old, now string) string {
	folder := t.TempDir()
	git := func(args ...string) {
		output, err := exec.Command("git", append([]string{"-C", folder, "-c", "user.name=ci", "-c", "user.email=ci@example.com"}, args...)...).CombinedOutput()
		require.NoError(t, err, string(output))
	}
	chart := filepath.Join(folder, "charts", "petstore")
	git("init", "-q", "-b", "main")
	git("remote", "add", "origin", folder)
	write(t, filepath.Join(folder, "ceiling.yaml"), ciCeiling)
	require.NoError(t, os.Mkdir(filepath.Join(folder, "tmp"), 0o755))
	if old != "" {
		require.NoError(t, os.CopyFS(chart, os.DirFS("charts/petstore")))
		write(t, filepath.Join(chart, "values.yaml"), old)
	}
	git("add", ".")
	git("commit", "-q", "-m", "old")
	git("update-ref", "refs/remotes/origin/main", "HEAD")
	git("checkout", "-q", "-b", "change")
	require.NoError(t, os.RemoveAll(chart))
	require.NoError(t, os.CopyFS(chart, os.DirFS("charts/petstore")))
	write(t, filepath.Join(chart, "values.yaml"), now)
	return folder
}

// runSteps runs the steps one after the other, as the hosts do.
func runSteps(t *testing.T, folder string, steps []string) (output string, err error) {
	temp, programs := filepath.Join(folder, "tmp"), t.TempDir()
	for name, script := range map[string]string{
		"go":   `[ "$1" = install ]`,
		"gh":   `[ "$1 $2 $3 $4" = "pr comment 7 --body-file" ] && cat "$5" >> "$RUNNER_TEMP/posted"`,
		"curl": `for a; do case $a in body@*) cat "${a#body@}" >> "$RUNNER_TEMP/posted" ;; esac; done; [ "$a" = https://gitlab/notes ]`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(programs, name), []byte("#!/bin/bash\n"+script+"\n"), 0o755))
	}
	for _, step := range steps {
		shell := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step)
		shell.Dir = folder
		shell.Env = append(os.Environ(), "PATH="+programs+string(os.PathListSeparator)+os.Getenv("PATH"),
			"CHART=charts/petstore", "CEILING=ceiling.yaml", "TMPDIR="+temp, "RUNNER_TEMP="+temp,
			"GITHUB_BASE_REF=main", "GITHUB_STEP_SUMMARY="+filepath.Join(temp, "summary"), "NUMBER=7", "GH_TOKEN=token",
			"CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main", "NOTES=https://gitlab/notes", "COMMENT_TOKEN=token")
		text, err := shell.CombinedOutput()
		if output += string(text); err != nil {
			return output, err
		}
	}
	return output, nil
}

func githubSteps(t *testing.T) (steps []string) {
	var workflow struct {
		Jobs map[string]struct{ Steps []struct{ Run string } }
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "examples/ci/github.yml")), &workflow))
	for _, step := range workflow.Jobs["diff"].Steps {
		if step.Run != "" {
			require.NotContains(t, step.Run, "${{", "what comes from outside goes through the environment")
			steps = append(steps, step.Run)
		}
	}
	require.Len(t, steps, 5)
	return steps
}

func gitlabSteps(t *testing.T) []string {
	var pipeline map[string]struct {
		Before []string `json:"before_script"`
		Script []string
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "examples/ci/gitlab.yml")), &pipeline))
	job := pipeline["network policies"]
	require.NotEmpty(t, job.Script)
	return append(job.Before, job.Script...)
}

// TestPreCommitHook: the hook finds an overlay that is left.
func TestPreCommitHook(t *testing.T) {
	var hooks []struct{ ID, Language, Entry string }
	require.NoError(t, yaml.Unmarshal([]byte(read(t, ".pre-commit-hooks.yaml")), &hooks))
	require.Len(t, hooks, 1)
	program, args, _ := strings.Cut(hooks[0].Entry, " ")
	require.Equal(t, []string{"netpol-merge-check", "golang", "netpol-merge"}, []string{hooks[0].ID, hooks[0].Language, program})
	_, stderr, code := call("", append(strings.Fields(args), "testdata/6-command/check-finds/input.yaml")...)
	require.Equal(t, exitRefused, code)
	require.Contains(t, stderr, "(E14)")
}
