package hosts

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCeilings takes a namespace from zero to enforced, as docs/ceilings.md says, and
// tries what the page says of each of its parts.
func TestCeilings(t *testing.T) {
	record(t, "API server", "1.37.2", "docs/ceilings.md: namespace, guard, RBAC, ceilings; its table")
	h := helms[0]
	installGuard(t, h) // some moments before the page does, for the API server to take notice
	requireBlocks(t, "docs/ceilings.md", ".", block, environment(h))
	stored := api.policies(t, "pets")
	require.Len(t, stored, 2)
	require.Equal(t, "petstore-backends", stored["proxy-allow"].Annotations[ours+"merged-from"])

	forbidden := func(message string, args ...string) {
		_, stderr, err := kubectl(args...)
		require.Error(t, err)
		require.Contains(t, stderr, message)
	}
	// An application whose chart brings a policy of that name.
	for _, spec := range []string{
		"{podSelector: {matchLabels: {app: none}}}",
		"{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [], egress: [{ports: [{port: 5432}]}]}",
		"{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{ports: [{port: 8080}]}], egress: []}",
	} {
		forbidden(`with "platform"`, "--as", "ci:pets", "apply", "--server-side", "-f", policy(t, "default-deny", "pets", "labels: {}", spec))
	}
	forbidden("cannot delete resource", "--as", "ci:pets", "delete", "networkpolicy", "default-deny", "--namespace", "pets")
	forbidden("cannot create resource", "--as", "ci:pets", "create", "-f", policy(t, "there", "default", "labels: {}", "{}"))
	requireTaken(t, "create", "serviceaccount", "default", "--namespace", "pets") // a controller's work, of which there are none
	pod := filepath.Join(t.TempDir(), "pod.yaml")
	write(t, pod, "apiVersion: v1\nkind: Pod\nmetadata: {name: node, namespace: pets}\nspec: {hostNetwork: true, containers: [{name: a, image: a}]}\n")
	forbidden(`violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)`, "create", "--dry-run=server", "-f", pod)
	require.Equal(t, stored, api.policies(t, "pets"))
}
