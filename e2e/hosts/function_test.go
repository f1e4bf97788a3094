package hosts

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/fn/runtime/exec"
	"sigs.k8s.io/kustomize/kyaml/kio"
)

// TestFunction runs netpol-merge with the code that runs KRM functions in
// kustomize and kpt.
func TestFunction(t *testing.T) {
	record(t, "kyaml (kpt)", "0.21.2", "an exec function: merged, and refused")
	function := exec.Filter{Path: filepath.Join(work, "bin/netpol-merge"), WorkingDir: work}
	input := read(t, filepath.Join(root, "testdata/2-target/default/input.yaml"))
	merge := func(input string) (merged []string, err error) {
		items, err := (&kio.ByteReader{Reader: strings.NewReader(input), OmitReaderAnnotations: true}).Read()
		require.NoError(t, err)
		nodes, err := function.Filter(items)
		for _, node := range nodes {
			merged = append(merged, node.MustString())
		}
		return merged, err
	}
	merged, err := merge(input)
	require.NoError(t, err)
	require.Len(t, merged, 1)
	require.Contains(t, merged[0], "# from petstore-db")

	_, err = merge(strings.ReplaceAll(input, "5432", "70000"))
	require.Error(t, err)
}
