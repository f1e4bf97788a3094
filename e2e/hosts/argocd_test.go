package hosts

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// argoCD is the plugin of examples/argocd in Argo CD's own plugin server, and
// the client of its repo-server.
type argoCD struct {
	environment []string
	variables   map[string]string // in the Application's plugin.env
}

// startArgoCD starts the plugin server with the ceilings at a path; none if it is
// empty.
func startArgoCD(t *testing.T, ceilings string) argoCD {
	sockets, err := os.MkdirTemp("", "cmp-") // a path to a socket must be short
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(sockets)) })
	a := argoCD{environment: environment(helms[0], "ARGOCD_PLUGINSOCKFILEPATH="+sockets, "TMPDIR="+sockets)}
	server := exec.Command(filepath.Join(work, "bin/argocd"), "server", "--config-dir-path", filepath.Join(root, "examples/argocd"))
	server.Env = slices.Concat(a.environment, []string{"NETPOL_MERGE_CEILING=" + ceilings})
	require.NoError(t, start(server))
	t.Cleanup(func() { kill(server) })
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(sockets, "netpol-merge.sock"))
		return err == nil
	}, time.Minute, 50*time.Millisecond)
	return a
}

// mountedCeilings is a folder as a kubelet mounts the ConfigMap of the README: its
// files are links into a folder that a link names.
func mountedCeilings(t *testing.T) string {
	folder := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(folder, "..2026_11_26"), os.DirFS(filepath.Join(root, "examples/ceilings/ceilings"))))
	require.NoError(t, os.Symlink("..2026_11_26", filepath.Join(folder, "..data")))
	for _, name := range []string{"platform.yaml", "backends.yaml"} {
		require.NoError(t, os.Symlink(filepath.Join("..data", name), filepath.Join(folder, name)))
	}
	return folder
}

// generate asks for the manifests of the example's Application, but with other
// parameters, from a repository.
func (a argoCD) generate(t *testing.T, repository string, parameters ...string) (manifests, stderr string, err error) {
	text := read(t, filepath.Join(root, "examples/argocd/application.yaml"))
	kept, _, found := strings.Cut(text, "      - name: values-files\n")
	require.True(t, found)
	for _, parameter := range parameters {
		kept += "      - {" + parameter + "}\n"
	}
	if len(a.variables) > 0 {
		kept += "      env:\n"
	}
	for name, value := range a.variables {
		kept += fmt.Sprintf("      - {name: %q, value: %q}\n", name, value)
	}
	application := filepath.Join(t.TempDir(), "application.yaml")
	write(t, application, kept)
	return run("", a.environment, "argocd", "generate", application, repository)
}

// repository makes one that holds the petstore, and returns its chart.
func repository(t *testing.T) (folder, chart string) {
	folder = t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(folder, "charts"), os.DirFS(filepath.Join(root, "charts"))))
	return folder, filepath.Join(folder, "charts/petstore")
}

func TestArgoCD(t *testing.T) {
	record(t, "Argo CD", "3.5.7", "README: generate; parameters, dependencies vendored or not; dry run")
	a := startArgoCD(t, filepath.Join(root, "examples/ceilings/ceilings"))
	requireReadme(t, "examples/argocd", a.environment)

	t.Run("parameters", func(t *testing.T) {
		folder, chart := repository(t)
		write(t, filepath.Join(chart, "more.yaml"), `egress: [{ports: [{port: 9093}]}]`)
		write(t, filepath.Join(chart, "templates/capabilities.yaml"), `{apiVersion: v1, kind: ConfigMap, metadata: {name: capabilities, namespace: {{ .Release.Namespace }}}, data: {
			kube: {{ .Capabilities.KubeVersion.Version }}, has: "{{ .Capabilities.APIVersions.Has "networking.k8s.io/v1/NetworkPolicy" }}"}}`)
		manifests, stderr, err := a.generate(t, folder, "name: values-files, array: [values.yaml, more.yaml]", "name: release-name, string: another")
		require.NoError(t, err, stderr)
		policies := policiesIn(t, manifests)
		require.Len(t, policies, 1)
		require.Equal(t, []int32{8438, 443, 8443, 53, 53, 9093}, ports(typed(t, policies[0]).Spec.Egress[0]))
		api.requireAccepted(t, policies[0])
		for _, text := range []string{"name: another-api-config", "kube: v1.37.2", `has: "true"`, "namespace: petstore"} {
			require.Contains(t, manifests, text)
		}
	})
	t.Run("target", func(t *testing.T) {
		folder, chart := repository(t)
		write(t, filepath.Join(chart, "templates/overlay.yaml"), `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: db,
			annotations: {netpol-merge.networknt.com/into: ""}}, spec: {egress: [{ports: [{port: 5432}]}]}}`)
		write(t, filepath.Join(chart, "more.yaml"), `http-sidecar: {networkPolicy: {name: other}}`)
		manifests, stderr, err := a.generate(t, folder, "name: target, string: other", "name: values-files, array: [values.yaml, more.yaml]")
		require.NoError(t, err, stderr)
		require.Equal(t, "db", annotations(policiesIn(t, manifests)[0])["netpol-merge.networknt.com/merged-from"])
	})
	t.Run("dependencies that are not vendored", func(t *testing.T) {
		folder, chart := repository(t)
		require.NoError(t, os.RemoveAll(filepath.Join(chart, "charts")))
		manifests, stderr, err := a.generate(t, folder)
		require.NoError(t, err, stderr)
		require.Len(t, policiesIn(t, manifests), 1)
	})
	t.Run("vendored dependencies need no network", func(t *testing.T) {
		folder, chart := repository(t)
		description := strings.ReplaceAll(read(t, filepath.Join(chart, "Chart.yaml")), "file://../http-sidecar", "https://charts.example.com")
		write(t, filepath.Join(chart, "Chart.yaml"), description)
		manifests, stderr, err := a.generate(t, folder)
		require.NoError(t, err, stderr)
		require.Len(t, policiesIn(t, manifests), 1)

		require.NoError(t, os.RemoveAll(filepath.Join(chart, "charts")))
		_, _, err = a.generate(t, folder)
		require.Error(t, err, "there is no network")
	})
}

// tooMuch is what is said of port 22 under the ceilings of the example.
const tooMuch = "Forbidden: TCP 22 to any destination; the ceiling allows "

// TestArgoCDCeiling: the ceilings are the platform's, whatever an Application says.
func TestArgoCDCeiling(t *testing.T) {
	record(t, "Argo CD", "3.5.7", "ceilings of the sidecar: mounted, raised, not for an Application to change, missing")
	folder, chart := repository(t)
	ceilings := mountedCeilings(t)
	a := startArgoCD(t, ceilings)
	const ssh = "name: values-files, array: [ssh.yaml]"
	write(t, filepath.Join(chart, "ssh.yaml"), `egress: [{ports: [{port: 22}]}]`)
	open := filepath.Join(chart, "open.yaml")
	write(t, open, "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: open}, spec: {ingress: [{}], egress: [{}], policyTypes: [Ingress, Egress]}}")
	for _, name := range []string{"ceiling", "netpol-merge-ceiling", "NETPOL_MERGE_CEILING", "x=y NETPOL_MERGE_CEILING", "ceilings"} {
		for _, value := range []string{open, ""} {
			application := a
			application.variables = map[string]string{name: value}
			_, stderr, err := application.generate(t, folder, ssh,
				fmt.Sprintf("name: %q, string: %q", name, value), fmt.Sprintf("name: %q, array: [%q]", name, value), fmt.Sprintf("name: %q, map: {%q: %q}", name, name, value))
			require.Error(t, err, name)
			require.Contains(t, stderr, tooMuch, name)
		}
	}
	// The kubelet changes a ConfigMap's files by another folder behind the link.
	raised := filepath.Join(ceilings, "..2026_11_27")
	require.NoError(t, os.CopyFS(raised, os.DirFS(filepath.Join(ceilings, "..data"))))
	write(t, filepath.Join(raised, "backends.yaml"), read(t, open))
	require.NoError(t, os.Remove(filepath.Join(ceilings, "..data")))
	require.NoError(t, os.Symlink("..2026_11_27", filepath.Join(ceilings, "..data")))
	manifests, stderr, err := a.generate(t, folder, ssh)
	require.NoError(t, err, stderr)
	require.Contains(t, manifests, "port: 22\n")

	for path, message := range map[string]string{
		"":                                      "NETPOL_MERGE_CEILING is not set in the sidecar",
		filepath.Join(ceilings, "missing"):      "missing: no such file or directory",
		filepath.Join(ceilings, "backends.yml"): "backends.yml: no such file or directory",
		t.TempDir():                             "no *.yaml, *.yml or *.json in this folder",
	} {
		a := startArgoCD(t, path)
		manifests, stderr, err := a.generate(t, folder)
		require.Error(t, err)
		require.Empty(t, manifests)
		require.Contains(t, stderr, message)
	}
}

func TestArgoCDRefusals(t *testing.T) {
	record(t, "Argo CD", "3.5.7", "refused overlays, ceilings and file names; failing and empty charts")
	a := startArgoCD(t, mountedCeilings(t))
	folder, chart := repository(t)
	for _, c := range []struct{ name, parameter, values, message string }{
		{"overlay", "name: values-files, array: [bad.yaml]", `egress: [{ports: [{port: 70000}]}]`, "must be between 1 and 65535, inclusive"},
		{"ceiling", "name: values-files, array: [bad.yaml]", `egress: [{ports: [{port: 22}]}]`, tooMuch},
		{"file outside", "name: values-files, array: [../http-sidecar/values.yaml]", "", "is outside of the application's folder"},
		{"absolute file", "name: values-files, array: [/etc/passwd]", "", "is outside of the application's folder"},
		{"link to outside", "name: values-files, array: [link.yaml]", "", "is outside of the application's folder"},
		{"two files in one", `name: values-files, array: ["values.yaml,/etc/passwd"]`, "", "is no file name"},
		{"remote file", `name: values-files, array: ["https://example.com/values.yaml"]`, "", "is no file name"},
		{"command", `name: values-files, array: ["$(touch pwned)"]`, "", "is no file name"},
		{"missing file", "name: values-files, array: [missing.yaml]", "", "is not there"},
		{"flag as a name", "name: release-name, string: --post-renderer=id", "", "invalid release name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			write(t, filepath.Join(chart, "bad.yaml"), c.values)
			if c.name == "link to outside" {
				require.NoError(t, os.Symlink("../http-sidecar/values.yaml", filepath.Join(chart, "link.yaml")))
				defer os.Remove(filepath.Join(chart, "link.yaml"))
			}
			manifests, stderr, err := a.generate(t, folder, c.parameter)
			require.Error(t, err)
			require.Empty(t, manifests)
			require.Contains(t, stderr, c.message)
		})
	}
	t.Run("failing chart", func(t *testing.T) {
		write(t, filepath.Join(chart, "templates/failing.yaml"), `{{ fail "on purpose" }}`)
		manifests, stderr, err := a.generate(t, folder)
		require.Error(t, err)
		require.Empty(t, manifests)
		require.Contains(t, stderr, "on purpose")
	})
	t.Run("empty stream", func(t *testing.T) {
		empty := t.TempDir()
		require.NoError(t, os.CopyFS(filepath.Join(empty, "charts/petstore"), os.DirFS("testdata/empty")))
		manifests, stderr, err := a.generate(t, empty)
		require.Error(t, err)
		require.Empty(t, manifests)
		require.Contains(t, stderr, "the input is empty")
	})
}

// TestArgoCDSidecar patches a repo-server with what the README says, through the
// API server, which knows what a Deployment may look like.
func TestArgoCDSidecar(t *testing.T) {
	record(t, "Argo CD", "API server 1.37.2", "the sidecar's patch on a repo-server")
	path := "/apis/apps/v1/namespaces/" + api.namespace(t, "argocd") + "/deployments"
	status, answer, err := api.do(http.MethodPost, path, "application/json", []byte(`{"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": {"name": "argocd-repo-server"}, "spec": {"selector": {"matchLabels": {"app": "x"}}, "template": {"metadata": {"labels": {"app": "x"}},
		"spec": {"containers": [{"name": "argocd-repo-server", "image": "x"}], "volumes": [{"name": "var-files", "emptyDir": {}}, {"name": "plugins", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]}}}}`))
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, status, string(answer))
	patch, err := yaml.YAMLToJSONStrict([]byte(read(t, filepath.Join(root, "examples/argocd/sidecar.yaml"))))
	require.NoError(t, err)
	status, answer, err = api.do(http.MethodPatch, path+"/argocd-repo-server?fieldValidation=Strict", "application/strategic-merge-patch+json", patch)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status, string(answer))
	var deployment appsv1.Deployment
	require.NoError(t, json.Unmarshal(answer, &deployment))
	require.Len(t, deployment.Spec.Template.Spec.Containers, 2)
	require.Len(t, deployment.Spec.Template.Spec.Volumes, 5)

	for _, container := range deployment.Spec.Template.Spec.Containers {
		if container.Name == "netpol-merge" {
			require.Contains(t, container.Env, corev1.EnvVar{Name: "NETPOL_MERGE_CEILING", Value: "/etc/netpol-merge/ceilings"})
			require.Contains(t, container.VolumeMounts, corev1.VolumeMount{Name: "netpol-merge-ceilings", MountPath: "/etc/netpol-merge/ceilings", ReadOnly: true})
		}
	}
}
