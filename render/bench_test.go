package render

import (
	"fmt"
	"strings"
	"testing"

	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/plan"
)

// BenchmarkMerge measures a whole merge: one target with many overlays that ask
// for ports of the same peers, or each for peers of its own.
func BenchmarkMerge(b *testing.B) {
	peers := map[string]func(int) string{
		"SamePeers": func(i int) string { return fmt.Sprintf("[{ports: [{port: %d}]}]", 1000+i) },
		"Networks": func(i int) string {
			return fmt.Sprintf("[{to: [{ipBlock: {cidr: 10.%d.%d.0/24}}], ports: [{port: 5432}]}]", i/250, i%250)
		},
		"Namespaces": func(i int) string {
			return fmt.Sprintf("[{to: [{namespaceSelector: {matchLabels: {team: t%d}}}], ports: [{port: 5432}]}]", i)
		},
	}
	for _, name := range []string{"SamePeers", "Networks", "Namespaces"} {
		for _, n := range []int{100, 1_000, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				stream := Source{Text: []byte(manyOverlays(n, peers[name]))}
				b.SetBytes(int64(len(stream.Text)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := (&Renderer{}).Merge(stream); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkGrowth measures shapes that are hard in one respect. Ten times of it are to
// take about ten times as long; where each is compared with each (PeersAndPorts,
// Exceptions, Workloads), less than a hundred times.
func BenchmarkGrowth(b *testing.B) {
	for _, shape := range hardShapes() {
		for _, n := range []int{100, 1_000} {
			stream := Source{Text: []byte(shape.stream(n))}
			b.Run(fmt.Sprintf("%s/%d", shape.name, n), func(b *testing.B) {
				b.SetBytes(int64(len(stream.Text)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := (&Renderer{}).Merge(stream); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// hardShape is a stream that can be made as hard as one likes.
type hardShape struct {
	name   string
	stream func(n int) string
}

func hardShapes() []hardShape {
	network := func(i int) string { return fmt.Sprintf("10.%d.%d.0/24", i/250, i%250) }
	times := func(n int, format func(int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(format(i))
		}
		return b.String()
	}
	policy := func(name, into, egress string) string {
		annotations := ""
		if into != "" {
			annotations = ", annotations: {netpol-merge.networknt.com/into: " + into + "}"
		}
		return fmt.Sprintf("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: %s%s}\nspec:\n  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n%s", name, annotations, egress)
	}
	toNetwork := func(i int) string {
		return fmt.Sprintf("  - to: [{ipBlock: {cidr: %s}}]\n    ports: [{port: 5432}]\n", network(i))
	}
	toAll := func(n int) string {
		return "  - to:\n" + times(n, func(i int) string { return fmt.Sprintf("    - ipBlock: {cidr: %s}\n", network(i)) }) +
			"    ports:\n" + times(n, func(i int) string { return fmt.Sprintf("    - port: %d\n", 1000+2*i) })
	}
	ports := "  - ports: [{port: 53}]\n"
	return []hardShape{
		{"FlowTargets", func(n int) string {
			return "---\napiVersion: v1\nkind: List\nitems:\n" + times(n, func(i int) string {
				return fmt.Sprintf("- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: t%d}, spec: {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53}]}]}}\n", i)
			}) + times(n, func(i int) string {
				return policy(fmt.Sprint("o", i), fmt.Sprint("t", i), "  - ports: [{port: 5432}]\n")
			})
		}},
		{"PeersAndPorts", func(n int) string {
			return policy("proxy-allow", "", ports+toAll(n)) + policy("o", `""`, toAll(n))
		}},
		{"Exceptions", func(n int) string {
			return policy("proxy-allow", "", ports+times(n, func(i int) string {
				return fmt.Sprintf("  - to: [{ipBlock: {cidr: 10.0.0.0/8, except: [%s]}}]\n    ports: [{port: %d}]\n", network(i), 6000+i)
			})) + policy("o", `""`, times(n, toNetwork))
		}},
		{"NothingAdded", func(n int) string {
			return policy("proxy-allow", "", ports+times(n, toNetwork)) + times(n, func(i int) string {
				return policy(fmt.Sprint("o", i), `""`, toNetwork(i))
			})
		}},
		{"Workloads", func(n int) string {
			return times(n, func(i int) string {
				selector := fmt.Sprintf("podSelector: {matchExpressions: [{key: app, operator: In, values: [absent%d]}]}", i)
				policies := policy(fmt.Sprint("t", i), "", ports) + policy(fmt.Sprint("o", i), fmt.Sprint("t", i), "  - ports: [{port: 5432}]\n")
				return strings.ReplaceAll(policies, "podSelector: {}", selector) +
					fmt.Sprintf("---\nkind: Pod\nmetadata: {name: p%d, labels: {app: a%d}}\nspec: {containers: []}\n", i, i)
			})
		}},
	}
}

// BenchmarkStages measures the rooms of a merge one by one: for documents that are not
// involved, Split and Read, which parses none of them; for a target with many overlays,
// Plan, which reads and folds them, and Write. Package merge has a benchmark of the fold.
func BenchmarkStages(b *testing.B) {
	var bystanders strings.Builder
	for i := range 5_000 {
		fmt.Fprintf(&bystanders, bystander, i)
	}
	overlays := []manifest.Source{{Text: []byte(manyOverlays(1_000, func(i int) string {
		return fmt.Sprintf("[{ports: [{port: %d}]}, {to: [{namespaceSelector: {matchLabels: {team: t%d}}}], ports: [{port: 5432}]}]", 1000+i, i)
	}))}}
	options := plan.Options{Target: DefaultTarget}
	bystander := []manifest.Source{{Text: []byte(bystanders.String())}}
	made := plan.Make(manifest.NewSet("", overlays), 1, options)
	for _, stage := range []struct {
		name string
		run  func()
	}{
		{"Split", func() { manifest.NewSet("", bystander) }},
		{"Read", func() { plan.Make(manifest.NewSet("", bystander), 1, options) }},
		{"Plan", func() { plan.Make(manifest.NewSet("", overlays), 1, options) }},
		{"Write", func() {
			if _, _, err := rewrite(made); err != nil {
				b.Fatal(err)
			}
		}},
	} {
		b.Run(stage.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				stage.run()
			}
		})
	}
}

// bystander is a document that is not involved, as charts render it.
const bystander = `---
# Source: api/templates/service.yaml
apiVersion: v1
kind: Service
metadata:
  name: api-%d
  labels:
    app.kubernetes.io/name: api
    app.kubernetes.io/managed-by: Helm
  annotations:
    rewrite: "^/v1/(\\d+)$"
spec:
  type: ClusterIP
  selector:
    app.kubernetes.io/name: api
  ports:
  - name: http
    port: 80
    targetPort: http
    protocol: TCP
`

func manyOverlays(n int, egress func(int) string) string {
	var b strings.Builder
	b.WriteString("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: proxy-allow\nspec:\n  policyTypes: [Egress]\n  egress:\n  - ports:\n    - port: 443\n")
	for i := range n {
		fmt.Fprintf(&b, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: o-%d\n  annotations:\n    netpol-merge.networknt.com/into: proxy-allow\nspec:\n  egress: %s\n", i, egress(i))
	}
	return b.String()
}
