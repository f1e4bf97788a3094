package merge

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/networknt/netpol-merge/merge/mergetest"
)

// TestSelectorsExhaustively compares selectors of up to two requirements on one
// label with what they select: every pair of them, and every value there is.
func TestSelectorsExhaustively(t *testing.T) {
	selectors := everySelector()
	selected := make([][]bool, len(selectors))
	for i, s := range selectors {
		selected[i] = selects(t, s)
	}
	for i, a := range selectors {
		for j, b := range selectors {
			if !anyTrue(selected[i]) || !anyTrue(selected[j]) {
				continue // what selects nothing has many forms
			}
			within := true
			for k := range selected[j] {
				within = within && (selected[i][k] || !selected[j][k])
			}
			require.Equal(t, within, selectorOf(a).covers(selectorOf(b)), "%v covers %v", a, b)
			same := equal(selected[i], selected[j])
			require.Equal(t, same, PodsKey(a) == PodsKey(b), "%v selects the same as %v", a, b)
		}
	}
}

func everySelector() []*metav1.LabelSelector {
	one := []metav1.LabelSelectorRequirement{{Operator: metav1.LabelSelectorOpExists}, {Operator: metav1.LabelSelectorOpDoesNotExist}}
	for _, values := range [][]string{{"a"}, {"b"}, {"a", "b"}, {"b", "a", "a"}} {
		one = append(one, metav1.LabelSelectorRequirement{Operator: metav1.LabelSelectorOpIn, Values: values},
			metav1.LabelSelectorRequirement{Operator: metav1.LabelSelectorOpNotIn, Values: values})
	}
	for i := range one {
		one[i].Key = "app"
	}
	all := []*metav1.LabelSelector{nil, {}, {MatchLabels: map[string]string{"app": "a"}}}
	for _, first := range one {
		all = append(all,
			&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{first}},
			&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{first}, MatchLabels: map[string]string{"app": "b"}})
		for _, second := range one {
			all = append(all, &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{first, second}})
		}
	}
	return all
}

// selects reports for the label absent and for each value it may have whether the
// selector selects it; nil selects everything.
func selects(t *testing.T, s *metav1.LabelSelector) (selected []bool) {
	if s == nil {
		s = &metav1.LabelSelector{}
	}
	official, err := metav1.LabelSelectorAsSelector(s)
	require.NoError(t, err)
	for _, set := range []labels.Set{{}, {"app": "a"}, {"app": "b"}, {"app": "c"}} {
		selected = append(selected, official.Matches(set))
	}
	return selected
}

func anyTrue(values []bool) bool {
	for _, value := range values {
		if value {
			return true
		}
	}
	return false
}

func equal(a, b []bool) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// TestPeersCover compares, for every pair of generated peers and anybody, whether the
// one covers the other with whom the judge takes each of them for. The fold has
// other ways to find that out, which may hide what is wrong here.
func TestPeersCover(t *testing.T) {
	type known struct {
		peer
		words   string
		verdict mergetest.Verdict
	}
	world := mergetest.NewWorld()
	anybody, _ := peersOf(nil)
	all := []known{{anybody[0], "anybody", world.Rule(nil, nil)}}
	seen := map[string]bool{}
	for seed := range uint64(2_000) {
		for _, rule := range mergetest.New(seed).Overlay().Spec.Egress {
			for i := range rule.To {
				words := asJSON(t, rule.To[i])
				if !seen[words] {
					seen[words] = true
					all = append(all, known{peerOf(&rule.To[i]), words, world.Rule(rule.To[i:i+1], nil)})
				}
			}
		}
	}
	require.Greater(t, len(all), 100)
	covered := 0
	for _, a := range all {
		for _, b := range all {
			if b.verdict.Count() == 0 {
				continue // nobody has many forms
			}
			want := b.verdict.Within(a.verdict)
			if a.covers(b.selector) != want {
				require.Fail(t, "wrong", "%s covers %s should be %t", a.words, b.words, want)
			}
			if want {
				covered++
			}
		}
	}
	require.Greater(t, covered, 2*len(all))
	t.Logf("%d peers, %d times one covers the other", len(all), covered)
}

// TestSelectorsAddUp asks, for every peer and every two others of a small world,
// whether the two together cover the one, and compares the answer with trying every
// pod; and the same for many three others. Of all two others it is a tenth, unless
// NETPOL_MERGE_CASES is 10.
func TestSelectorsAddUp(t *testing.T) {
	peers := everyPeer()
	pods := make([]uint64, len(peers))
	for i := range peers {
		pods[i] = podBits(t, &peers[i])
	}
	random := rand.New(rand.NewPCG(1, 1))
	covered, together := 0, 0
	check := func(asked int, others ...int) {
		policy := &networkingv1.NetworkPolicy{}
		var sum uint64
		alone := false
		for _, i := range others {
			policy.Spec.Egress = append(policy.Spec.Egress, networkingv1.NetworkPolicyEgressRule{To: peers[i : i+1]})
			sum |= pods[i]
			alone = alone || pods[asked]&^pods[i] == 0
		}
		want := pods[asked]&^sum == 0
		if NewAllowance(policy).Allows(networkingv1.PolicyTypeEgress, Rule{Peers: peers[asked : asked+1]}) != want {
			require.Fail(t, "wrong", "%s covered by %s should be %t", asJSON(t, peers[asked]), asJSON(t, policy.Spec.Egress), want)
		}
		if want {
			covered++
		}
		if want && !alone {
			together++
		}
	}
	for asked := range peers {
		for first := range peers {
			for second := range first + 1 {
				if random.IntN(10) < mergetest.Cases(1) {
					check(asked, first, second)
				}
			}
			for range mergetest.Cases(1) {
				check(asked, first, random.IntN(len(peers)), random.IntN(len(peers)))
			}
		}
	}
	require.Greater(t, together, 200)
	t.Logf("%d peers, covered %d times, %d times only by several others together", len(peers), covered, together)
}

// everyPeer has each kind of requirement on each of two labels, in the own namespace
// and in every one.
func everyPeer() (peers []networkingv1.NetworkPolicyPeer) {
	kinds := []*metav1.LabelSelectorRequirement{
		nil,
		{Operator: metav1.LabelSelectorOpExists},
		{Operator: metav1.LabelSelectorOpDoesNotExist},
		{Operator: metav1.LabelSelectorOpIn, Values: []string{"a"}},
		{Operator: metav1.LabelSelectorOpIn, Values: []string{"a", "b"}},
		{Operator: metav1.LabelSelectorOpNotIn, Values: []string{"a"}},
	}
	for _, app := range kinds {
		for _, tier := range kinds {
			selector := &metav1.LabelSelector{}
			for key, kind := range map[string]*metav1.LabelSelectorRequirement{"app": app, "tier": tier} {
				if kind != nil {
					requirement := *kind
					requirement.Key = key
					selector.MatchExpressions = append(selector.MatchExpressions, requirement)
				}
			}
			peers = append(peers, networkingv1.NetworkPolicyPeer{PodSelector: selector},
				networkingv1.NetworkPolicyPeer{PodSelector: selector, NamespaceSelector: &metav1.LabelSelector{}})
		}
	}
	return peers
}

// podBits returns the pods that a peer is, as bits: by each label absent or one of three
// values, in the own namespace and in another.
func podBits(t *testing.T, peer *networkingv1.NetworkPolicyPeer) (pods uint64) {
	official, err := metav1.LabelSelectorAsSelector(peer.PodSelector)
	require.NoError(t, err)
	bit := 0
	for _, app := range []string{"", "a", "b", "c"} {
		for _, tier := range []string{"", "a", "b", "c"} {
			set := labels.Set{}
			for key, value := range map[string]string{"app": app, "tier": tier} {
				if value != "" {
					set[key] = value
				}
			}
			for _, own := range []bool{true, false} {
				if official.Matches(set) && (own || peer.NamespaceSelector != nil) {
					pods |= 1 << bit
				}
				bit++
			}
		}
	}
	return pods
}

func asJSON(t *testing.T, value any) string {
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}
