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

	pipeline := []string{"--namespace", "pets", "--as", "ci:pets"}
	folder := t.TempDir()
	write(t, filepath.Join(folder, "open.yaml"), "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: default-deny}, spec: {podSelector: {matchLabels: {app: none}}}}")
	_, stderr, err := kubectl(append(pipeline, "apply", "--server-side", "-f", filepath.Join(folder, "open.yaml"))...)
	require.Error(t, err, "an application whose chart brings a policy of that name")
	require.Contains(t, stderr, `conflict with "platform"`)
	_, stderr, err = kubectl(append(pipeline, "delete", "networkpolicy", "default-deny")...)
	require.Error(t, err)
	require.Contains(t, stderr, "cannot delete resource")
	write(t, filepath.Join(folder, "node.yaml"), "{apiVersion: v1, kind: Pod, metadata: {name: node}, spec: {hostNetwork: true, containers: [{name: a, image: a}]}}")
	_, stderr, err = kubectl("--namespace", "pets", "create", "--dry-run=server", "-f", filepath.Join(folder, "node.yaml"))
	require.Error(t, err)
	require.Contains(t, stderr, `violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)`)
	write(t, filepath.Join(folder, "there.yaml"), "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: there, namespace: default}, spec: {}}")
	_, stderr, err = kubectl("--as", "ci:pets", "create", "--dry-run=server", "-f", filepath.Join(folder, "there.yaml"))
	require.Error(t, err)
	require.Contains(t, stderr, "forbidden")
	require.Equal(t, stored, api.policies(t, "pets"))
}
