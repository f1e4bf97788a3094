package hosts

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	ours = "netpol-merge.networknt.com/"

	unmerged = "NetworkPolicy %s in namespace %s is an overlay that was not merged: it carries the annotation " + ours + "into." +
		" Run netpol-merge as the post-renderer (helm upgrade --post-renderer netpol-merge)," +
		" or pipe what helm template prints through netpol-merge, and apply the result."
	unknownAnnotation = "carries the annotation %s, which netpol-merge does not know." +
		" For an overlay write " + ours + "into and run netpol-merge as the post-renderer; else remove the annotation."
	labelled = "carries the label %s, but netpol-merge reads annotations only." +
		" For an overlay make it the annotation " + ours + "into and run netpol-merge as the post-renderer; else remove the label."
)

// installGuard installs the chart and waits until the API server has taken notice,
// which it does a moment later. It takes the guard away after the test, as it
// is for the whole cluster.
func installGuard(t *testing.T, h helm, values ...string) {
	namespace := api.namespace(t, "netpol-merge")
	h.must(t, append([]string{"install", "overlay-guard", "charts/overlay-guard", "--namespace", namespace}, values...)...)
	probe := policy(t, "probe", namespace, "annotations: {"+ours+"into: ''}", "{}")
	noticed := func() bool {
		_, stderr, err := kubectl("apply", "--server-side", "--dry-run=server", "-f", probe)
		return err != nil || strings.Contains(stderr, "Warning: ")
	}
	t.Cleanup(func() {
		h.must(t, "uninstall", "overlay-guard", "--namespace", namespace)
		require.Eventually(t, func() bool { return !noticed() }, time.Minute, 100*time.Millisecond)
	})
	require.Eventually(t, noticed, time.Minute, 100*time.Millisecond)
}

// policy writes a NetworkPolicy to a file, and returns its path.
func policy(t *testing.T, name, namespace, metadata, spec string) (path string) {
	path = filepath.Join(t.TempDir(), "policy.yaml")
	write(t, path, fmt.Sprintf("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: %s\n  namespace: %s\n  %s\nspec: %s\n",
		name, namespace, metadata, spec))
	return path
}

func kubectl(args ...string) (stdout, stderr string, err error) {
	return run("", environment(helms[0]), "kubectl", args...)
}

func requireTaken(t *testing.T, args ...string) {
	_, stderr, err := kubectl(args...)
	require.NoError(t, err, stderr)
	require.NotContains(t, stderr, "Warning")
}

func requireRefused(t *testing.T, message string, args ...string) {
	_, stderr, err := kubectl(args...)
	require.Error(t, err)
	require.Contains(t, stderr, "ValidatingAdmissionPolicy 'overlay-guard' with binding 'overlay-guard' denied request: ")
	require.Contains(t, stderr, message)
}

func TestOverlayGuardOnReleases(t *testing.T) {
	eachHelm(t, "guard", "charts/overlay-guard: lint; install without the post-renderer is refused, with it passes", func(t *testing.T, h helm, namespace string) {
		h.must(t, "lint", "--strict", "charts/overlay-guard")
		installGuard(t, h)
		release := func(command string, more ...string) []string {
			return append([]string{command, "petstore", "charts/petstore", "--namespace", namespace}, more...)
		}
		_, stderr, err := h.run(release("install")...)
		require.Error(t, err)
		require.Contains(t, stderr, fmt.Sprintf(unmerged, "petstore-backends", namespace))
		require.NotContains(t, api.policies(t, namespace), "petstore-backends")
		h.must(t, "uninstall", "petstore", "--namespace", namespace)

		h.must(t, release("install", "--post-renderer", "netpol-merge")...)
		h.must(t, release("upgrade", "--post-renderer", "netpol-merge", "--set-json", changedOverlay)...)
		stored := api.policies(t, namespace)
		require.Len(t, stored, 1)
		require.Equal(t, "petstore-backends", stored["proxy-allow"].Annotations[ours+"merged-from"])

		_, stderr, err = h.run(release("upgrade")...)
		require.Error(t, err)
		require.Contains(t, stderr, fmt.Sprintf(unmerged, "petstore-backends", namespace))
		require.Len(t, api.policies(t, namespace), 1)
		h.must(t, "uninstall", "petstore", "--namespace", namespace)
	})
}

func TestOverlayGuardOnRequests(t *testing.T) {
	record(t, "API server", "1.37.2", "charts/overlay-guard: server-side apply, create, update, delete; what came before it; a left-out namespace")
	namespace, leftOut := api.namespace(t, "guard"), api.namespace(t, "guard-left-out")
	apply := func(name, metadata, spec string) []string {
		return []string{"apply", "--server-side", "-f", policy(t, name, namespace, metadata, spec)}
	}
	object := func(command, name string, more ...string) []string {
		return append([]string{command, "networkpolicy", name, "--namespace", namespace}, more...)
	}
	// These came before the guard.
	const overlay = "annotations: {" + ours + "into: ''}"
	for _, name := range []string{"labelled", "deleted", "changed", "marked", "cleaned"} {
		requireTaken(t, apply(name, overlay+"\n  finalizers: [example.com/wait]", "{egress: [{}]}")...)
	}
	installGuard(t, helms[1], "--set", "excludedNamespaces={guard-left-out}")

	t.Run("new policies", func(t *testing.T) {
		requireRefused(t, fmt.Sprintf(unmerged, "db", namespace), apply("db", overlay, "{podSelector: {matchLabels: {app: api}}, policyTypes: [Egress]}")...)
		requireRefused(t, fmt.Sprintf(unmerged, "db", namespace), append(apply("db", overlay, "{}"), "--dry-run=server")...)
		requireRefused(t, fmt.Sprintf(unmerged, "db", namespace), apply("db", "annotations: {"+ours+"into: '', "+ours+"a: '', "+ours+"merged-from: x}", "{}")...)
		requireRefused(t, fmt.Sprintf(unknownAnnotation, ours+"In-to"), apply("db", "annotations: {"+ours+"int0: '', "+ours+"In-to: ''}", "{}")...)
		requireRefused(t, fmt.Sprintf(labelled, ours+"into"), apply("db", "labels: {"+ours+"into: ''}", "{}")...)
		requireRefused(t, fmt.Sprintf(labelled, ours+"merged-from"), apply("db", "labels: {"+ours+"merged-from: x}", "{}")...)
		requireRefused(t, "NetworkPolicy generated-", "create", "-f", policy(t, "''\n  generateName: generated-", namespace, overlay, "{}"))

		requireTaken(t, apply("merged", "annotations: {"+ours+"merged-from: db}", "{egress: [{}]}")...)
		requireTaken(t, apply("others", "annotations: {example.com/into: x, x"+ours+"into: x}\n  labels: {app: api}", "{}")...)
		requireTaken(t, apply("bare", "", "{}")...)
		requireTaken(t, apply("large", "labels: {"+strings.Join(generated(20_000, "l%d: ''"), ", ")+"}",
			"{egress: [{to: ["+strings.Join(generated(5_000, "{podSelector: {matchLabels: {app: a%d}}}"), ", ")+"]}]}")...)
		requireTaken(t, "apply", "--server-side", "-f", policy(t, "db", leftOut, overlay, "{}"))
	})
	t.Run("updates", func(t *testing.T) {
		requireTaken(t, apply("merged", "annotations: {"+ours+"merged-from: 'db,kafka'}", "{ingress: [{}]}")...)
		requireTaken(t, object("label", "others", "a=b")...)
		requireTaken(t, object("annotate", "merged", ours+"merged-from-")...)
		requireRefused(t, fmt.Sprintf(unmerged, "merged", namespace), object("annotate", "merged", ours+"into=")...)
		requireRefused(t, fmt.Sprintf(labelled, ours+"into"), object("label", "others", ours+"into=")...)
		requireTaken(t, object("delete", "merged")...)
	})
	t.Run("overlays that came before", func(t *testing.T) {
		requireTaken(t, object("label", "labelled", "a=b")...)
		requireTaken(t, object("delete", "deleted", "--wait=false")...)
		requireTaken(t, object("patch", "deleted", "--type=merge", "--patch", `{"metadata": {"finalizers": null}}`)...)
		require.NotContains(t, api.policies(t, namespace), "deleted")
		requireRefused(t, fmt.Sprintf(unmerged, "changed", namespace), object("patch", "changed", "--type=merge", "--patch", `{"spec": {"egress": []}}`)...)
		requireRefused(t, fmt.Sprintf(unmerged, "marked", namespace), object("annotate", "marked", ours+"other=")...)
		requireTaken(t, object("patch", "cleaned", "--type=merge", "--patch", `{"metadata": {"annotations": null}, "spec": {"egress": []}}`)...)
	})
}

func generated(n int, format string) (texts []string) {
	for i := range n {
		texts = append(texts, fmt.Sprintf(format, i))
	}
	return texts
}

func TestOverlayGuardThatOnlyLooks(t *testing.T) {
	record(t, "API server", "1.37.2", "charts/overlay-guard: warns and stores with validationActions [Warn, Audit]")
	namespace := api.namespace(t, "guard-audit")
	installGuard(t, helms[0], "--set", "validationActions={Warn,Audit}", "--set", "failurePolicy=Ignore")
	_, stderr, err := kubectl("apply", "--server-side", "-f", policy(t, "db", namespace, "annotations: {"+ours+"into: ''}", "{}"))
	require.NoError(t, err)
	require.Contains(t, stderr, "Warning: Validation failed for ValidatingAdmissionPolicy 'overlay-guard' with binding 'overlay-guard': "+fmt.Sprintf(unmerged, "db", namespace))
	require.Contains(t, api.policies(t, namespace), "db")
}

// TestOverlayGuardValues: what the API server would refuse is refused by the
// chart's schema, before anything is sent.
func TestOverlayGuardValues(t *testing.T) {
	eachHelm(t, "guard-values", "charts/overlay-guard: refused values and versions", func(t *testing.T, h helm, _ string) {
		template := []string{"template", "overlay-guard", "charts/overlay-guard", "--kube-version", "1.30.2-vendor.1"}
		require.Contains(t, h.must(t, template...), "validationActions:\n    - Deny\n")
		for _, values := range []string{
			`validationActions=["Deny", "Warn"]`, `validationActions=[]`, `validationActions=["deny"]`, `failurePolicy="fail"`,
			`excludedNamespaces=["a_b"]`, `excludedNamespace=["a"]`, `fullnameOverride="A"`,
		} {
			_, stderr, err := h.run(append(template, "--set-json", values)...)
			require.Error(t, err, values)
			require.Contains(t, stderr, "schema", values)
		}
		_, stderr, err := h.run("template", "overlay-guard", "charts/overlay-guard", "--kube-version", "1.29.9")
		require.Error(t, err)
		require.Contains(t, stderr, "requires kubeVersion: >=1.30.0-0")
	})
}

// TestOverlayGuardReadme: the table of values in the chart's README has the
// defaults of its values.yaml.
func TestOverlayGuardReadme(t *testing.T) {
	readme := read(t, filepath.Join(root, "charts/overlay-guard/README.md"))
	values, err := os.ReadFile(filepath.Join(root, "charts/overlay-guard/values.yaml"))
	require.NoError(t, err)
	lines := 0
	for line := range strings.Lines(string(values)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && !strings.HasPrefix(name, "#") {
			require.Contains(t, readme, "| `"+name+"` | `"+value+"` |")
			lines++
		}
	}
	require.Equal(t, 4, lines)
}
