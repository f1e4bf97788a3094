package render_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/networknt/netpol-merge/render"
)

// TestConcurrentRuns: one Renderer serves several goroutines at once, as a server
// with the Helm SDK does. .ci/run runs this with the race detector, which sees
// writes that the results do not show.
func TestConcurrentRuns(t *testing.T) {
	policy := func(name, into, spec string) string {
		return "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: " + name + into + "\nspec:" + spec
	}
	target := policy("proxy-allow", "", "\n  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n  - ports:\n    - port: 53\n")
	overlay := func(name, port string) string {
		return policy(name, "\n  annotations: {netpol-merge.networknt.com/into: ''}", "\n  egress:\n  - ports:\n    - port: "+port+"\n")
	}
	renderer := render.Renderer{
		Overlays: []render.Source{{Name: "overlay.yaml", Text: []byte(overlay("from-a-file", "9092"))}},
		Ceilings: []render.Source{{Name: "ceiling.yaml", Text: []byte(policy("ceiling", "", "\n  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n  - ports:\n    - {port: 1, endPort: 9999}\n    - {port: 53, protocol: UDP}\n"))}},
	}
	streams := map[string]string{
		target + overlay("one", "5432"):     "# from one\n      port: 5432\n",
		overlay("two", "6379") + target:     "# from two\n      port: 6379\n",
		target + overlay("bad", "70000"):    "70000",
		target + overlay("beyond", "10000"): "beyond",
	}
	var wait sync.WaitGroup
	for stream, want := range streams {
		for range 4 {
			wait.Go(func() { // require would end the goroutine only
				merged, err := renderer.Run(bytes.NewBufferString(stream))
				if err != nil {
					merged = bytes.NewBufferString(err.Error())
				}
				if !strings.Contains(merged.String(), want) {
					t.Errorf("%q is not in %s", want, merged)
				}
			})
		}
	}
	wait.Wait()
}
