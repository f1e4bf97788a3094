package merge

import (
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/networknt/netpol-merge/merge/mergetest"
)

// TestCoversOfAllPairs compares covers, overlaps and what is left of one peer without
// another with trying every party: all pairs of many generated peers.
func TestCoversOfAllPairs(t *testing.T) {
	w := mergetest.NewWorld()
	from := somePeers(120)
	verdicts := make([]mergetest.Verdict, len(from))
	peers := make([]peer, len(from))
	for i, p := range from {
		verdicts[i] = w.Rule(p, nil)
		all, _ := peersOf(p)
		peers[i] = all[0]
	}
	covered := 0
	for i, p := range peers {
		for j, other := range peers {
			if other.isEmpty() {
				continue
			}
			want := verdicts[j].Within(verdicts[i])
			require.Equal(t, want, p.covers(other), "%v covers %v", p.key, other.key)
			if want && i != j {
				covered++
			}
			if p.kind == anyone || other.kind == anyone {
				continue
			}
			require.Equal(t, verdicts[i].Overlaps(verdicts[j]), p.overlaps(other), "%v overlaps %v", p.key, other.key)
			requireWithout(t, w, p, other, verdicts[i], verdicts[j])
		}
	}
	require.Greater(t, covered, 300)
}

// requireWithout checks p without other, as far as a policy can say it.
func requireWithout(t *testing.T, w *mergetest.World, p, other peer, whole, taken mergetest.Verdict) {
	set := newRuleSet(nil)
	set.append(set.askFor([]peer{other}, other.key, nil))
	left, _ := set.askFor([]peer{p}, p.key, nil).without(p, []int{0})
	got := w.None()
	for _, rest := range left {
		peers, exact := express(rest)
		if !exact {
			return
		}
		for i := range peers {
			one := w.Rule(peers[i:i+1], nil)
			require.False(t, one.Overlaps(taken), "%s without %s", p.key, other.key)
			got.Add(one)
		}
	}
	require.Equal(t, whole.Without(taken), got, "%s without %s", p.key, other.key)
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
