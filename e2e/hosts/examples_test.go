package hosts

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var block = regexp.MustCompile("(?ms)^```console\n(.*?)^```$")

// requireReadme runs the commands of an example's README in its folder and
// compares what they print. Lines that start with "$ " are commands; what
// follows one is its output, standard error included.
func requireReadme(t *testing.T, folder string, environment []string) {
	path := filepath.Join(root, folder, "README.md")
	readme := read(t, path)
	require.Regexp(t, block, readme)
	require.NotRegexp(t, "(?m)^```(sh|bash|shell)$", readme, "mark shell examples as console, so that they are tested")
	actual := block.ReplaceAllStringFunc(readme, func(text string) string {
		var b strings.Builder
		b.WriteString("```console\n")
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
		require.NoError(t, os.WriteFile(filepath.Join("../..", folder, "README.md"), []byte(actual), 0o644))
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
	caches, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS").Output()
	require.NoError(t, err)
	values := strings.Split(string(caches), "\n")
	environment := environment(helms[1], "GOCACHE="+values[0], "GOMODCACHE="+values[1], "GOPROXY="+values[2], "GOFLAGS="+values[3],
		"HTTP_PROXY="+os.Getenv("HTTP_PROXY"), "HTTPS_PROXY="+os.Getenv("HTTPS_PROXY")) // go run may have to fetch modules
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

// TestArgoCD generates through the plugin of examples/argocd with Argo CD's own
// plugin server and the client of its repo-server.
func TestArgoCD(t *testing.T) {
	record(t, "Argo CD", "3.2.12", "README: generate; parameters; refused overlays, ceilings and file names; failing and empty charts")
	sockets, err := os.MkdirTemp("", "cmp") // a path to a socket must be short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	environment := environment(helms[0], "ARGOCD_PLUGINSOCKFILEPATH="+sockets, "TMPDIR="+sockets,
		"CEILINGS="+filepath.Join(root, "examples/argocd/ceilings"))
	server := exec.Command(filepath.Join(work, "bin/argocd"), "server", "--config-dir-path", filepath.Join(root, "examples/argocd"))
	server.Env = environment
	require.NoError(t, start(server))
	t.Cleanup(func() { kill(server) })
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(sockets, "netpol-merge.sock"))
		return err == nil
	}, time.Minute, 50*time.Millisecond)

	requireReadme(t, "examples/argocd", environment)
	generate := func(repository, parameters string) (string, string, error) {
		application := filepath.Join(t.TempDir(), "application.yaml")
		write(t, application, strings.Replace(read(t, filepath.Join(root, "examples/argocd/application.yaml")),
			"      - name: values-files\n        array: [values.yaml]\n", parameters, 1))
		return run("", environment, "argocd", "generate", application, repository)
	}
	repository := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(repository, "charts"), os.DirFS(filepath.Join(root, "charts"))))
	chart := filepath.Join(repository, "charts/petstore")
	parameter := func(name, value string) string { return "      - {name: " + name + ", " + value + "}\n" }

	t.Run("parameters", func(t *testing.T) {
		write(t, filepath.Join(chart, "more.yaml"), `egress: [{ports: [{port: 9093}]}]`)
		write(t, filepath.Join(chart, "templates/capabilities.yaml"),
			`{apiVersion: v1, kind: ConfigMap, metadata: {name: capabilities}, data: {kube: {{ .Capabilities.KubeVersion.Version }}, has: "{{ .Capabilities.APIVersions.Has "networking.k8s.io/v1/NetworkPolicy" }}"}}`)
		manifests, stderr, err := generate(repository, parameter("values-files", "array: [values.yaml, more.yaml]")+parameter("release-name", "string: another"))
		require.NoError(t, err, stderr)
		policies := policiesIn(t, manifests)
		require.Len(t, policies, 1)
		require.Equal(t, []int32{8438, 443, 8443, 53, 53, 9093}, ports(typed(t, policies[0]).Spec.Egress[0]))
		require.Contains(t, manifests, "name: another-backend")
		require.Contains(t, manifests, "kube: v1.37.2")
		require.Contains(t, manifests, `has: "true"`)
		api.requireAccepted(t, policies[0])
	})
	refused := map[string]struct{ parameters, values, message string }{
		"overlay":       {parameter("values-files", "array: [bad.yaml]"), `egress: [{ports: [{port: 70000}]}]`, "must be between 1 and 65535, inclusive"},
		"ceiling":       {parameter("values-files", "array: [bad.yaml]"), `egress: [{ports: [{port: 22}]}]`, "the ceiling allows TCP 5432, 9092-9094"},
		"other ceiling": {parameter("ceiling", "string: missing"), "", "missing.yaml: no such file"},
		"ceiling path":  {parameter("ceiling", "string: ../x"), "", "parameter ceiling: '../x' is no name"},
		"target":        {parameter("target", "string: --help"), `egress: []`, ""},
		"outside":       {parameter("values-files", "array: [../http-sidecar/values.yaml]"), "", "is outside of the application's folder"},
		"absolute":      {parameter("values-files", "array: [/etc/passwd]"), "", "is outside of the application's folder"},
		"two in one":    {parameter("values-files", `array: ["values.yaml,/etc/passwd"]`), "", "is no file name"},
		"remote":        {parameter("values-files", `array: ["https://example.com/values.yaml"]`), "", "is no file name"},
		"command":       {parameter("values-files", `array: ["$(touch pwned)"]`), "", "is no file name"},
		"missing":       {parameter("values-files", "array: [missing.yaml]"), "", "is not there"},
		"flag":          {parameter("release-name", "string: --post-renderer=id"), "", "invalid release name"},
	}
	delete(refused, "target")
	for name, c := range refused {
		t.Run("refused "+name, func(t *testing.T) {
			write(t, filepath.Join(chart, "bad.yaml"), c.values)
			manifests, stderr, err := generate(repository, c.parameters)
			require.Error(t, err)
			require.Empty(t, manifests)
			require.Contains(t, stderr, c.message)
		})
	}
	t.Run("failing chart", func(t *testing.T) {
		write(t, filepath.Join(chart, "templates/failing.yaml"), `{{ fail "on purpose" }}`)
		defer os.Remove(filepath.Join(chart, "templates/failing.yaml"))
		manifests, stderr, err := generate(repository, parameter("target", "string: proxy-allow"))
		require.Error(t, err)
		require.Empty(t, manifests)
		require.Contains(t, stderr, "on purpose")
	})
	t.Run("empty stream", func(t *testing.T) {
		empty := t.TempDir()
		require.NoError(t, os.CopyFS(filepath.Join(empty, "charts/petstore"), os.DirFS("testdata/empty")))
		manifests, stderr, err := generate(empty, parameter("target", "string: proxy-allow"))
		require.Error(t, err)
		require.Empty(t, manifests)
		require.Contains(t, stderr, "the input is empty")
	})
}
