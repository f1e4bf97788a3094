package render_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/networknt/netpol-merge/render"
)

func TestRunReportsWarningsAndRefusals(t *testing.T) {
	const overlay = `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, annotations: {netpol-merge.networknt.com/into: ""}}
spec: {egress: [{ports: [{port: 5432}]}]}
`
	const open = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: proxy-allow}
spec: {podSelector: {}}
`
	var warnings bytes.Buffer
	merged, err := (&render.Renderer{Warnings: &warnings}).Run(bytes.NewBufferString(open + overlay))
	require.NoError(t, err)
	require.Equal(t, open, merged.String())
	require.Contains(t, warnings.String(), "does not isolate egress")

	merged, err = (&render.Renderer{}).Run(bytes.NewBufferString(overlay))
	require.Nil(t, merged)
	var refusal *render.Refusal
	require.ErrorAs(t, err, &refusal)
	require.Len(t, refusal.Problems, 1)
	require.Equal(t, 4, refusal.Problems[0].Line)
}
