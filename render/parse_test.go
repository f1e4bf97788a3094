package render

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBystandersAreNotParsed: a workload costs a few allocations, whatever the labels say
// and whatever the overlay asks for; parsed it would cost hundreds.
func TestBystandersAreNotParsed(t *testing.T) {
	const workload = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api, labels: {app: api}}\nspec:\n  template:\n    metadata: {labels: {app: api}}\n    spec: {serviceAccountName: api, containers: [{name: api, ports: [{name: http, containerPort: 8080}]}]}\n" +
		"---\napiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {selector: {app: api}, ports: [{port: 80, targetPort: 8080}]}\n"
	for name, rule := range map[string]string{
		"any peer":  "ports: [{port: 5432}]",
		"networks":  "{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 80}]}",
		"all pods":  "{to: [{namespaceSelector: {}}], ports: [{port: 80}]}",
		"some pods": "{to: [{podSelector: {matchLabels: {app: api}}}], ports: [{port: 5432}]}",
	} {
		t.Run(name, func(t *testing.T) {
			policies := "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: proxy-allow}\nspec:\n  podSelector: {matchLabels: {app: api}}\n  policyTypes: [Egress]\n  egress:\n  - ports: [{port: 443}]\n" +
				"---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: o, annotations: {netpol-merge.networknt.com/into: proxy-allow}}\nspec:\n  egress:\n  - " + strings.TrimPrefix(rule, "- ") + "\n"
			allocations := func(workloads int) float64 {
				text := []byte(policies + strings.Repeat(workload, workloads))
				return testing.AllocsPerRun(3, func() {
					result, err := (&Renderer{}).Merge(Source{Text: text})
					require.NoError(t, err)
					require.Empty(t, result.Warnings)
				})
			}
			require.Less(t, (allocations(220)-allocations(20))/200, 50.0)
		})
	}
}
