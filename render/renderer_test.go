package render_test

import (
	"bytes"
	"fmt"
	"strings"
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

// TestSameProblems: of more problems than are shown, the same are shown each time, although
// labels and fields have no order in Go.
func TestSameProblems(t *testing.T) {
	many := func(format string) string {
		var items []string
		for i := range 1_100 {
			items = append(items, fmt.Sprintf(format, i))
		}
		return strings.Join(items, ", ")
	}
	policy := func(metadata, rule string) string {
		return "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, annotations: {netpol-merge.networknt.com/into: x}, " + metadata + "}\nspec:\n  egress: [" + rule + "]\n"
	}
	for name, text := range map[string]string{
		"unknown fields": policy("labels: {}", "{"+many("f%d: 1")+"}"),
		"wrong labels":   policy("labels: {"+many("f%[1]d: '+%[1]d'")+"}", ""),
		"labels of pods": policy("labels: {}", "{to: [{podSelector: {matchLabels: {"+many("f%[1]d: '+%[1]d'")+"}}}], ports: [{port: 1}]}"),
		"lost values":    policy("labels: {}", "{to: [{podSelector: {matchLabels: {"+many("f%d: ")+"}}}], ports: [{port: 1}]}"),
		"near keys":      policy("labels: {"+many("netpol-merge/into%d: a")+"}", ""),
	} {
		first := ""
		for range 5 {
			_, err := (&render.Renderer{}).Run(bytes.NewBufferString(text))
			require.ErrorContains(t, err, "and more: this is problem 1001", name)
			require.True(t, first == "" || first == err.Error(), name) // Equal would print them
			first = err.Error()
		}
	}
}
