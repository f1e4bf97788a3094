package hosts

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGoldenCases lets the API server decide on every policy that a golden case
// merges.
func TestGoldenCases(t *testing.T) {
	record(t, "API server", "1.37.2", "every golden case that merges, by server-side dry run")
	promises, err := filepath.Glob(filepath.Join(root, "testdata/*/*/promise"))
	require.NoError(t, err)
	merged := 0
	for _, promise := range promises {
		folder := filepath.Dir(promise)
		output, err := os.ReadFile(filepath.Join(folder, "output.yaml"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		require.NoError(t, err)
		if !strings.Contains(string(output), "/merged-from") || strings.Contains(read(t, promise), "5.3 a refusal") {
			continue
		}
		t.Run(strings.TrimPrefix(folder, filepath.Join(root, "testdata")+"/"), func(t *testing.T) {
			accepted := 0
			for _, policy := range policiesIn(t, string(output)) {
				if annotations(policy)["netpol-merge.networknt.com/merged-from"] != nil {
					delete(policy, "status") // which strict validation, unlike a plain request, refuses
					api.requireAccepted(t, policy)
					accepted++
				}
			}
			require.Positive(t, accepted)
		})
		merged++
	}
	require.Greater(t, merged, 50)
	bad := policiesIn(t, `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: bad}, spec: {podSelector: {}, egress: [{ports: [{port: 70000}]}]}}`)
	status, answer := api.dryRun(t, bad[0])
	require.Equal(t, http.StatusUnprocessableEntity, status, answer)
	t.Logf("%d golden cases", merged)
}

func annotations(object map[string]any) map[string]any {
	metadata, _ := object["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	return annotations
}
