package hosts

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"
)

// helm is one version of Helm with settings of its own.
type helm struct{ version, plugins, data string }

// withPluginsIn makes helm install plugins into the folder, and find them there.
func (h *helm) withPluginsIn(folder string) {
	h.data, h.plugins = folder, filepath.Join(folder, "plugins")
}

// run runs helm in the root of the checkout's copy.
func (h helm) run(args ...string) (stdout, stderr string, err error) {
	return run("", environment(h), "helm", args...)
}

// must runs helm, which must not fail.
func (h helm) must(t *testing.T, args ...string) string {
	stdout, stderr, err := h.run(args...)
	require.NoError(t, err, "helm %s\n%s", strings.Join(args, " "), stderr)
	return stdout
}

// eachHelm runs a test with both versions, and makes a namespace for each.
func eachHelm(t *testing.T, name, what string, test func(t *testing.T, h helm, namespace string)) {
	for _, h := range helms {
		t.Run("Helm "+h.version, func(t *testing.T) {
			record(t, "Helm", h.version, what)
			test(t, h, api.namespace(t, name+"-"+h.version[:1]))
		})
	}
}

const (
	badOverlay     = `egress=[{"ports": [{"port": 70000}]}]`
	changedOverlay = `egress=[{"ports": [{"port": 6379}]}, {"to": [{"ipBlock": {"cidr": "10.20.0.0/16"}}], "ports": [{"port": 5432}]}]`
	noOverlay      = `egress=[]`
)

// refusal is the whole message about badOverlay, line breaks and all; the group is the
// reason. Only the line in the stream differs between the two Helms. helmfile indents it.
var refusal = regexp.MustCompile(`(?m)^petstore/templates/overlay\.yaml: (NetworkPolicy "petstore-backends": spec\.egress\[0\]\.ports\[0\]\.port: Invalid value: 70000: must be between 1 and 65535, inclusive \(E06\))
 *\d+ \|     - port: 70000
 *hint: use a number from 1 to 65535, or the name of a container port
netpol-merge: refused for 1 problem, nothing was written`)

// TestReleases takes the petstore through the life of a release, and reads back
// from the API server what became of it.
func TestReleases(t *testing.T) {
	specs := map[string][]networkingv1.NetworkPolicySpec{}
	eachHelm(t, "releases", "install, upgrade, refused upgrade, overlay removed, rollback", func(t *testing.T, h helm, namespace string) {
		release := func(command string, more ...string) []string {
			return append([]string{command, "petstore", "charts/petstore", "--namespace", namespace, "--post-renderer", "netpol-merge"}, more...)
		}
		// read compares what is in the cluster with what Helm renders.
		read := func(values string) networkingv1.NetworkPolicySpec {
			rendered := policiesIn(t, h.must(t, release("template", "--set-json", values)...))
			require.Len(t, rendered, 1)
			stored := api.policies(t, namespace)
			require.Len(t, stored, 1, "one policy per API")
			require.Equal(t, typed(t, rendered[0]).Spec, stored["proxy-allow"].Spec)
			specs[h.version] = append(specs[h.version], stored["proxy-allow"].Spec)
			return stored["proxy-allow"].Spec
		}
		const asShipped = `replicas=2`
		h.must(t, release("install")...)
		installed := read(asShipped)
		require.Equal(t, []int32{8438, 443, 8443, 53, 53, 5432, 9092}, ports(installed.Egress[0]))

		h.must(t, release("upgrade", "--set-json", changedOverlay)...)
		changed := read(changedOverlay)
		require.Equal(t, []int32{8438, 443, 8443, 53, 53, 6379}, ports(changed.Egress[0]))
		require.Len(t, changed.Egress, 2)

		before, history := api.policies(t, namespace), h.must(t, "history", "petstore", "--namespace", namespace)
		_, stderr, err := h.run(release("upgrade", "--set-json", badOverlay)...)
		require.Error(t, err)
		require.Regexp(t, refusal, stderr)
		require.Equal(t, before, api.policies(t, namespace), "the cluster is as it was")
		require.Equal(t, history, h.must(t, "history", "petstore", "--namespace", namespace), "the release is as it was")

		h.must(t, release("upgrade", "--set-json", noOverlay)...)
		removed := read(noOverlay)
		require.Equal(t, []int32{8438, 443, 8443, 53, 53}, ports(removed.Egress[0]))

		h.must(t, "rollback", "petstore", "1", "--namespace", namespace)
		require.Equal(t, installed, read(asShipped))
	})
	require.Equal(t, specs[helms[0].version], specs[helms[1].version], "both Helms merge to the same")
	require.Len(t, specs[helms[0].version], 4)
}

func ports(rule networkingv1.NetworkPolicyEgressRule) (numbers []int32) {
	for _, port := range rule.Ports {
		numbers = append(numbers, port.Port.IntVal)
	}
	return numbers
}

// TestRefusals shows that each command prints the whole message and applies
// nothing, and that both Helms give the same reason.
func TestRefusals(t *testing.T) {
	reasons := map[string]bool{}
	eachHelm(t, "refusals", "refused template, install and upgrade --install: the whole message, nothing applied", func(t *testing.T, h helm, namespace string) {
		for _, command := range [][]string{{"template"}, {"install"}, {"upgrade", "--install"}} {
			stdout, stderr, err := h.run(append(command, "petstore", "charts/petstore", "--namespace", namespace,
				"--set-json", badOverlay, "--post-renderer", "netpol-merge")...)
			require.Error(t, err)
			match := refusal.FindStringSubmatch(stderr)
			require.NotNil(t, match, stderr)
			reasons[match[1]] = true
			require.NotContains(t, stdout, "NetworkPolicy")
			require.Empty(t, api.policies(t, namespace))
			require.Zero(t, api.count(t, namespace, "secrets"), "no release, not even a failed one")
		}
	})
	require.Len(t, reasons, 1, "the same reason under both")
}

// TestForgottenMerge installs the petstore without netpol-merge. Its overlay has the safe
// form: what the API server stores, its defaults filled in, is for the target's pods and
// isolates nothing that the target does not.
func TestForgottenMerge(t *testing.T) {
	eachHelm(t, "forgotten", "install without the post-renderer: the overlay adds, and isolates nothing", func(t *testing.T, h helm, namespace string) {
		h.must(t, "install", "petstore", "charts/petstore", "--namespace", namespace)
		stored := api.policies(t, namespace)
		require.Len(t, stored, 2)
		target, overlay := stored["proxy-allow"].Spec, stored["petstore-backends"].Spec
		require.Equal(t, target.PodSelector, overlay.PodSelector)
		require.NotEmpty(t, overlay.PodSelector.MatchLabels)
		require.Equal(t, []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}, overlay.PolicyTypes)
		require.Contains(t, target.PolicyTypes, networkingv1.PolicyTypeEgress)
		require.Empty(t, overlay.Ingress)
		require.Equal(t, []int32{5432, 9092}, append(ports(overlay.Egress[0]), ports(overlay.Egress[1])...))
	})
}

// TestHooks shows that hooks stay and templates can still be selected.
func TestHooks(t *testing.T) {
	chart, err := filepath.Abs("testdata/hooks")
	require.NoError(t, err)
	eachHelm(t, "hooks", "hooks, template -s, hooks run on install", func(t *testing.T, h helm, namespace string) {
		template := []string{"template", "hooks", chart, "--namespace", namespace, "--post-renderer", "netpol-merge"}
		rendered := h.must(t, template...)
		require.Contains(t, rendered, "helm.sh/hook: pre-install")
		require.NotContains(t, rendered, "generated-by-postrender")
		require.NotContains(t, rendered, "postrenderer.helm.sh")
		require.NotContains(t, rendered, "netpol-merge.networknt.com/into")

		selected := h.must(t, append(template, "-s", "templates/policy.yaml")...)
		require.Equal(t, 1, strings.Count(selected, "kind:"))
		require.Contains(t, selected, "# from hooks-db")
		_, stderr, err := h.run(append(template, "-s", "templates/overlay.yaml")...)
		require.Error(t, err)
		require.Contains(t, stderr, "could not find template templates/overlay.yaml")

		h.must(t, "install", "hooks", chart, "--namespace", namespace, "--post-renderer", "netpol-merge")
		require.Contains(t, h.must(t, "get", "hooks", "hooks", "--namespace", namespace), "name: before")
		require.Contains(t, api.policies(t, namespace), "proxy-allow")
	})
}

// TestStreamOfHelm4 looks at what passes between Helm 4 and the plugin.
func TestStreamOfHelm4(t *testing.T) {
	h := helms[1]
	record(t, "Helm", h.version, "the stream: hooks in it, file names kept on the target and gone with the overlay")
	folder := t.TempDir()
	h.plugins = folder
	write(t, filepath.Join(folder, "spy/plugin.yaml"), `apiVersion: v1
name: spy
version: 0.1.0
type: postrenderer/v1
runtime: subprocess
runtimeConfig:
  platformCommand:
  - command: ${HELM_PLUGIN_DIR}/spy
`)
	write(t, filepath.Join(folder, "spy/spy"), "#!/bin/sh\nset -e\ncd \"$HELM_PLUGIN_DIR\"\ncat >in\nnetpol-merge in >out\ncat out\n")
	require.NoError(t, os.Chmod(filepath.Join(folder, "spy/spy"), 0o755))
	chart, err := filepath.Abs("testdata/hooks")
	require.NoError(t, err)
	h.must(t, "template", "hooks", chart, "--post-renderer", "spy")

	in, out := read(t, filepath.Join(folder, "spy/in")), read(t, filepath.Join(folder, "spy/out"))
	require.Contains(t, in, "helm.sh/hook: pre-install")
	require.Contains(t, in, "postrenderer.helm.sh/postrender-filename: 'hooks/templates/overlay.yaml'")
	require.NotContains(t, out, "hooks/templates/overlay.yaml")
	target := policiesIn(t, out)
	require.Len(t, target, 1)
	require.Equal(t, "hooks/templates/policy.yaml", target[0]["metadata"].(map[string]any)["annotations"].(map[string]any)["postrenderer.helm.sh/postrender-filename"])
	require.Equal(t, strings.Count(in, "postrender-filename")-1, strings.Count(out, "postrender-filename"))
}

func read(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

var marker = regexp.MustCompile(`(?m)^---(\s|$)`)

// policiesIn returns the network policies of a stream, those in lists too.
func policiesIn(t *testing.T, stream string) (policies []map[string]any) {
	for _, text := range marker.Split(strings.TrimPrefix(stream, "\ufeff"), -1) {
		var object map[string]any
		if yaml.Unmarshal([]byte(text), &object) != nil {
			continue
		}
		objects := []any{object}
		if items, ok := object["items"].([]any); ok {
			objects = items
		}
		for _, one := range objects {
			policy, _ := one.(map[string]any)
			if object["kind"] == "NetworkPolicyList" { // its items may leave out what they are
				policy["apiVersion"], policy["kind"] = object["apiVersion"], "NetworkPolicy"
			}
			if policy["kind"] == "NetworkPolicy" {
				policies = append(policies, policy)
			}
		}
	}
	return policies
}

// typed makes a policy of what was read, with what the API server would fill in.
func typed(t *testing.T, object map[string]any) (policy networkingv1.NetworkPolicy) {
	text, err := json.Marshal(object)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &policy))
	return policy
}
