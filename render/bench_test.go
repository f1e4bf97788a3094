package render

import (
	"fmt"
	"strings"
	"testing"
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

func manyOverlays(n int, egress func(int) string) string {
	var b strings.Builder
	b.WriteString("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: proxy-allow\nspec:\n  policyTypes: [Egress]\n  egress:\n  - ports:\n    - port: 443\n")
	for i := range n {
		fmt.Fprintf(&b, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: o-%d\n  annotations:\n    netpol-merge.networknt.com/into: proxy-allow\nspec:\n  egress: %s\n", i, egress(i))
	}
	return b.String()
}
