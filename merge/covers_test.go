package merge

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/networknt/netpol-merge/merge/mergetest"
)

// TestCoversOfAllPairs compares covers, overlaps and what is left of one peer without
// another with trying every party: all pairs of many generated peers.
func TestCoversOfAllPairs(t *testing.T) {
	w := mergetest.NewWorld()
	require.LessOrEqual(t, len(w.Flows), 64, "a verdict has one bit for each")
	from := somePeers(120)
	verdicts := make([]mergetest.Verdict, len(from))
	peers := make([]peer, len(from))
	for i, p := range from {
		verdicts[i] = w.Rule(p, nil)
		all, _ := peersOf(p)
		peers[i] = all[0]
	}
	parties := make([]selector, len(w.Parties))
	for i := range parties {
		parties[i] = selectorFor(w.Parties[i])
	}
	covered := 0
	for i, p := range peers {
		for j, other := range peers {
			if other.isEmpty() {
				continue
			}
			want := verdicts[j].Within(verdicts[i])
			require.Equal(t, want, p.covers(other.selector), "%q covers %q", p.key, other.key)
			if want && i != j {
				covered++
			}
			require.Equal(t, p.isEmpty(), p.nobody, p.key)
			if !p.nobody {
				require.Equal(t, verdicts[i].Overlaps(verdicts[j]), p.overlaps(other.selector), "%q overlaps %q", p.key, other.key)
			}
			left := p.without(other.selector)
			for k, party := range parties {
				in := 0
				for _, part := range left {
					if part.covers(party) {
						in++
					}
				}
				want := 0
				if verdicts[i][k]&^verdicts[j][k] != 0 {
					want = 1
				}
				require.Equal(t, want, in, "%q without %q: %v", p.key, other.key, w.Parties[k])
			}
		}
	}
	require.Greater(t, covered, 300)
}

// selectorFor selects just one party. Who is no pod has no labels.
func selectorFor(p mergetest.Party) selector {
	list := []requirement{{whom, spans{only("")}}, {ownNamespace, spans{only("")}}}
	switch {
	case p.IsPod:
		list[0].values = spans{allThat(pod)}
	case p.Address.IsValid():
		list[0].values = networks(netip.PrefixFrom(p.Address, p.Address.BitLen()))
	}
	if p.OwnNamespace {
		list[1].values = exists()
	}
	for prefix, set := range map[string]labels.Set{podLabel: p.Pod, namespaceLabel: p.Namespace} {
		for _, label := range []string{"app", "tier", "env"} {
			values := spans{only("")}
			if set.Has(label) {
				values = valuesOf([]string{set[label]})
			}
			list = append(list, requirement{prefix + label, values})
		}
	}
	return newSelector(list)
}

func somePeers(n int) (peers [][]networkingv1.NetworkPolicyPeer) {
	g := mergetest.New(1)
	peers = append(peers, nil)
	for len(peers) < n {
		for _, rule := range Rules(g.Overlay(), networkingv1.PolicyTypeEgress) {
			for i := range rule.Peers {
				peers = append(peers, rule.Peers[i:i+1])
			}
		}
	}
	return peers
}
