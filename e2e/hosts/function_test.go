package hosts

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/fn/runtime/exec"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/yaml"
)

// TestFunction runs netpol-merge with the code that runs KRM functions in
// kustomize and kpt, and reads the results that it keeps of a refusal.
func TestFunction(t *testing.T) {
	record(t, "kyaml (kpt)", "0.21.2", "an exec function: merged, and the results of a refusal")
	input := read(t, filepath.Join(root, "testdata/5-failing/errors-as-results/input.yaml"))
	items, err := (&kio.ByteReader{Reader: strings.NewReader(input), OmitReaderAnnotations: true}).Read()
	require.NoError(t, err)
	require.Len(t, items, 3)
	function := exec.Filter{Path: filepath.Join(work, "bin/netpol-merge"), Args: []string{"--errors-as-results"}, WorkingDir: work}
	function.ResultsFile = filepath.Join(t.TempDir(), "results.yaml")
	_, err = function.Filter(items)
	require.Error(t, err)
	var kept []struct {
		Message, Severity string
		ResourceRef       struct{ APIVersion, Kind, Name string }
		Field, File       struct{ Path string }
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, function.ResultsFile)), &kept))
	require.Len(t, kept, 2)
	require.Contains(t, kept[0].Message, "Invalid value: 70000")
	require.Equal(t, "error", kept[0].Severity)
	require.Equal(t, "petstore-db", kept[0].ResourceRef.Name)
	require.Equal(t, "networking.k8s.io/v1", kept[0].ResourceRef.APIVersion)
	require.Equal(t, "spec.egress[0].ports[0].port", kept[0].Field.Path)
	require.Equal(t, "petstore/overlay.yaml", kept[0].File.Path)

	input = strings.ReplaceAll(input, "70000", "5432")
	items, err = (&kio.ByteReader{Reader: strings.NewReader(input), OmitReaderAnnotations: true}).Read()
	require.NoError(t, err)
	merged, err := function.Filter(items[:2])
	require.NoError(t, err)
	require.Len(t, merged, 1)
	require.Contains(t, merged[0].MustString(), "# from petstore-db")
}
