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

// TestWorkflows: GitHub runs only actions that are pinned to a commit, with no
// more rights than a job says it needs, and no job hangs.
func TestWorkflows(t *testing.T) {
	paths, err := filepath.Glob(".github/workflows/*.yml")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	paths = append(paths, "examples/ci/github.yml")
	pinned := regexp.MustCompile(`^\s*(- )?uses: (\./\S+|[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*)$`)
	for _, path := range paths {
		text := read(t, path)
		for line := range strings.Lines(text) {
			if strings.Contains(line, "uses:") {
				require.Regexp(t, pinned, strings.TrimSuffix(line, "\n"), path)
			}
		}
		var workflow struct {
			Permissions map[string]string
			Jobs        map[string]struct {
				Uses    string
				Timeout int `json:"timeout-minutes"`
			}
		}
		require.NoError(t, yaml.Unmarshal([]byte(text), &workflow), path)
		require.Equal(t, map[string]string{"contents": "read"}, workflow.Permissions, path)
		for name, job := range workflow.Jobs {
			require.True(t, job.Uses != "" || job.Timeout > 0, "%s: job %s has no timeout", path, name)
		}
		require.Equal(t, strings.Count(text, "actions/checkout@"), strings.Count(text, "persist-credentials: false"), path)
	}
}

// TestDependabot: it looks at every module. It runs go mod tidy, which
// e2e/kubernetes must not have: that would add what only tests of Kubernetes need.
func TestDependabot(t *testing.T) {
	var config struct {
		Updates []struct{ Directories []string }
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, ".github/dependabot.yml")), &config))
	watched := []string{"/e2e/kubernetes"}
	for _, update := range config.Updates {
		watched = append(watched, update.Directories...)
	}
	var modules []string
	require.NoError(t, filepath.WalkDir(".", func(path string, _ os.DirEntry, err error) error {
		if filepath.Base(path) == "go.mod" {
			modules = append(modules, filepath.Join("/", filepath.Dir(path)))
		}
		return err
	}))
	require.ElementsMatch(t, modules, watched)
}

// TestToolVersions: the name of a tool that e2e/tools builds from a module here
// carries the version which that module requires.
func TestToolVersions(t *testing.T) {
	tools := read(t, "e2e/tools")
	for tool, file := range map[string]string{
		"argocd":         "e2e/argocd/go.mod github.com/argoproj/argo-cd/v3",
		"etcd":           "e2e/kubernetes/go.mod go.etcd.io/etcd/server/v3",
		"helm":           "e2e/helm/go.mod helm.sh/helm/v3",
		"helmfile":       "e2e/helmfile/go.mod github.com/helmfile/helmfile",
		"kube-apiserver": "e2e/kubernetes/go.mod k8s.io/kubernetes",
	} {
		path, module, _ := strings.Cut(file, " ")
		version := regexp.MustCompile(`(?m)^(?:require|\t)\s*` + regexp.QuoteMeta(module) + ` v(\S+)`).FindStringSubmatch(read(t, path))
		require.NotNil(t, version, file)
		require.Contains(t, tools, "build "+tool+"-"+version[1]+" ")
	}
}

// TestProjectPages: what the pages for contributors name is there: files, and
// targets of make.
func TestProjectPages(t *testing.T) {
	for _, page := range []string{"CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"} {
		text := read(t, page)
		for _, match := range regexp.MustCompile("`make ([a-z0-9]+)").FindAllStringSubmatch(text, -1) {
			require.Regexp(t, "(?m)^"+match[1]+":", read(t, "Makefile"), page)
		}
		for _, match := range regexp.MustCompile("`((\\.ci|\\.github|docs|merge|render|testdata)/[\\w./-]*\\w)[`/]|\\]\\(([\\w./-]+)\\)").FindAllStringSubmatch(text, -1) {
			if path := match[1] + match[3]; !strings.Contains(path, "...") && !strings.Contains(path, "my-case") {
				_, err := os.Stat(path)
				require.NoError(t, err, page)
			}
		}
	}
}

// TestReleaseNotes: the workflow publishes what CHANGELOG.md says of a version.
func TestReleaseNotes(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, exec.Command("cp", "-r", ".ci", dir).Run())
	write(t, filepath.Join(dir, "CHANGELOG.md"), "# Changelog\n\n## [0.2.0] - 2026-12-01\n\nSecond.\n\n## [0.1.0] - 2026-11-01\n\nFirst.\n\n[0.1.0]: https://example.com\n")
	for version, want := range map[string]string{
		"0.2.0": "\nSecond.\n\n",
		"0.1.0": "\nFirst.\n\n",
		"0.3.0": "release-notes: CHANGELOG.md has nothing on 0.3.0\n",
	} {
		require.Equal(t, want, shell(filepath.Join(dir, ".ci/release-notes")+" "+version))
	}
	require.Regexp(t, `(?m)^## \[(Unreleased|`+regexp.QuoteMeta(pluginVersion(t))+`)\]`, read(t, "CHANGELOG.md"))
}

// TestVersionOfPages: pages and examples name the version that the next release has.
func TestVersionOfPages(t *testing.T) {
	version, named := pluginVersion(t), 0
	for _, pattern := range []string{"README.md", "SECURITY.md", "docs/*.md", "examples/*/*.*"} {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, path := range paths {
			for _, match := range regexp.MustCompile(`(?:netpol-merge(?:-argocd)?[-_:]v?|/releases/download/v)(\d+\.\d+\.\d+)`).FindAllStringSubmatch(read(t, path), -1) {
				require.Equal(t, version, match[1], "%s: %s", path, match[0])
				named++
			}
		}
	}
	require.Greater(t, named, 5)
	require.Regexp(t, `(?m)^appVersion: `+regexp.QuoteMeta(version)+`$`, read(t, "charts/overlay-guard/Chart.yaml"))
	require.Regexp(t, `^module github.com/networknt/netpol-merge\n`, read(t, "go.mod"), "what go install names in the README")
}

func pluginVersion(t *testing.T) string {
	version := regexp.MustCompile(`(?m)^version: (.*)$`).FindStringSubmatch(read(t, ".ci/plugin.yaml"))
	require.NotNil(t, version)
	return version[1]
}

// TestFileLengths: a file of code that ships can be read in one go.
func TestFileLengths(t *testing.T) {
	files := 0
	require.NoError(t, filepath.WalkDir(".", func(path string, _ os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			files++
			require.LessOrEqual(t, strings.Count(read(t, path), "\n"), 350, path)
		}
		return err
	}))
	require.Greater(t, files, 60)
}
