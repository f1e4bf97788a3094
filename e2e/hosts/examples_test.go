package hosts

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	block      = regexp.MustCompile("(?ms)^```(console)\n(.*?)^```$")
	helm3Block = regexp.MustCompile("(?ms)^```(console helm3)\n(.*?)^```$")
	helm4Block = regexp.MustCompile("(?ms)^```(console helm4)\n(.*?)^```$")
)

// requireReadme runs the commands of an example's README in its folder and
// compares what they print. Lines that start with "$ " are commands; what
// follows one is its output, standard error included. With UPDATE=1 in the
// environment the README gets what they print.
func requireReadme(t *testing.T, folder string, environment []string) {
	requireBlocks(t, filepath.Join(folder, "README.md"), folder, block, environment)
}

// TestReadmeOfHelm4 runs what the project's README says for Helm 4; its own test
// has Helm 3.
func TestReadmeOfHelm4(t *testing.T) {
	record(t, "Helm 4", "4.3.1", "the project's README")
	environment := environment(helms[1])
	for i, variable := range environment { // the README sets it
		if strings.HasPrefix(variable, "HELM_PLUGINS=") {
			environment[i] = "HELM_PLUGINS=" + filepath.Join(work, "no-plugins")
		}
	}
	requireBlocks(t, "README.md", ".", helm4Block, append(environment, goCaches(t)...))
}

// TestHostsPage runs what docs/hosts.md says of Helm 3, with kustomize, and of Helm 4.
func TestHostsPage(t *testing.T) {
	for i, block := range []*regexp.Regexp{helm3Block, helm4Block} {
		record(t, "Helm", helms[i].version, "docs/hosts.md")
		requireBlocks(t, "docs/hosts.md", ".", block, environment(helms[i]))
	}
}

// requireBlocks runs the blocks of a page in a folder; both are paths in the checkout.
func requireBlocks(t *testing.T, page, folder string, block *regexp.Regexp, environment []string) {
	readme := read(t, filepath.Join(root, page))
	require.Regexp(t, block, readme)
	require.NotRegexp(t, "(?m)^```(sh|bash|shell)$", readme, "mark shell examples as console, so that they are tested")
	actual := block.ReplaceAllStringFunc(readme, func(text string) string {
		var b strings.Builder
		b.WriteString("```" + block.FindStringSubmatch(text)[1] + "\n")
		for line := range strings.Lines(text) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				shell := exec.Command("bash", "-c", command)
				shell.Dir, shell.Env = filepath.Join(root, folder), environment
				output, _ := shell.CombinedOutput() // a refusal is worth an example, too
				b.WriteString(line + string(output))
			}
		}
		return b.String() + "```"
	})
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(filepath.Join("../..", page), []byte(actual), 0o644))
	}
	require.Equal(t, readme, actual)
}

func TestKustomize(t *testing.T) {
	record(t, "kustomize", "5.8.2", "README: build, refused build; dry run")
	environment := environment(helms[0])
	requireReadme(t, "examples/kustomize", environment)
	built, stderr, err := run("examples/kustomize", environment, "kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "petstore")
	require.NoError(t, err, stderr)
	policies := policiesIn(t, built)
	require.Len(t, policies, 1)
	require.Equal(t, []int32{8438, 443, 8443, 53, 53, 5432}, ports(typed(t, policies[0]).Spec.Egress[0]))
	api.requireAccepted(t, policies[0])

	built, stderr, err = run("examples/kustomize", environment, "kustomize", "build", "--enable-alpha-plugins", "--enable-exec", "refused")
	require.Error(t, err)
	require.Empty(t, built)
	require.Contains(t, stderr, "Invalid value: 70000")
}

func TestHelmfile(t *testing.T) {
	eachHelm(t, "helmfile", "helmfile 1.8.0, README: template, sync with hooks; refused sync; dry run", func(t *testing.T, h helm, _ string) {
		requireReadme(t, "examples/helmfile", environment(h))
		rendered, stderr, err := run("examples/helmfile", environment(h), "helmfile", "template")
		require.NoError(t, err, stderr)
		policies := policiesIn(t, rendered)
		require.Len(t, policies, 1)
		api.requireAccepted(t, policies[0])
		stored := api.policies(t, "petstore")
		require.Len(t, stored, 1)
		require.Equal(t, typed(t, policies[0]).Spec, stored["proxy-allow"].Spec)

		history := h.must(t, "history", "petstore", "--namespace", "petstore")
		_, stderr, err = run("examples/helmfile", environment(h), "helmfile", "sync", "--args", "--set-json "+strings.ReplaceAll(badOverlay, " ", ""))
		require.Error(t, err)
		require.Regexp(t, refusal, strings.ReplaceAll(stderr, "\n  ", "\n"), "helmfile indents what helm prints")
		_, stderr, err = run("examples/helmfile", environment(h, "HELM=false"), "helmfile", "sync")
		require.Error(t, err)
		require.Contains(t, stderr, "hook[./show]")
		require.Equal(t, history, h.must(t, "history", "petstore", "--namespace", "petstore"), "the release is as it was")
		require.Equal(t, stored, api.policies(t, "petstore"), "the cluster is as it was")
		h.must(t, "uninstall", "petstore", "--namespace", "petstore")
	})
}

// TestSDK installs with programs that merge in-process.
func TestSDK(t *testing.T) {
	record(t, "Go SDK", "3.22.0, 4.3.1", "README: install with the renderer in-process; Helm 4's three strategies for hooks")
	environment := environment(helms[1], goCaches(t)...)
	requireReadme(t, "examples/sdk", environment)
	chart, err := filepath.Abs("testdata/hooks")
	require.NoError(t, err)
	for _, strategy := range []string{"combined", "separate", "nohooks"} {
		namespace := api.namespace(t, "sdk-"+strategy)
		_, stderr, err := run("examples/sdk", append(environment, "HELM_NAMESPACE="+namespace), "go", "run", "./helm4", "-strategy", strategy, "hooks", chart)
		require.NoError(t, err, stderr)
		stored := api.policies(t, namespace)
		require.Len(t, stored, 1, strategy)
		require.Equal(t, []int32{443, 5432}, ports(stored["proxy-allow"].Spec.Egress[0]))
		require.Contains(t, helms[1].must(t, "get", "hooks", "hooks", "--namespace", namespace), "name: before")
	}
}

// goCaches is what the go command needs in an environment with another home,
// the network included, as it may have to fetch modules.
func goCaches(t *testing.T) []string {
	names := []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS"}
	values, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	require.NoError(t, err)
	environment := []string{"HTTP_PROXY=" + os.Getenv("HTTP_PROXY"), "HTTPS_PROXY=" + os.Getenv("HTTPS_PROXY")}
	for i, value := range strings.Split(strings.TrimSuffix(string(values), "\n"), "\n") {
		environment = append(environment, names[i]+"="+value)
	}
	return environment
}
