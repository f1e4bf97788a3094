// Package meaning asks cyclonus, a simulator of network policies that shares
// nothing with netpol-merge, for a second opinion on what policies allow.
package meaning

import (
	"flag"
	"testing"

	"github.com/mattfenwick/cyclonus/pkg/kube"
	"github.com/mattfenwick/cyclonus/pkg/matcher"
	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/merge/mergetest"
)

var (
	cases = flag.Int("cases", 2_000, "how many generated cases are judged")
	seed  = flag.Uint64("seed", 1, "the seed of the first generated case")
)

var directions = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}

const (
	// namedPort is the number that cyclonus is told for a named port. The judge
	// of mergetest gives a named port no number.
	namedPort = 30_000
	podIP     = "198.51.100.7"
)

// TestMergedIsUnion: to cyclonus, the merged policy allows what the target and
// the overlays allow as separate policies in a cluster.
func TestMergedIsUnion(t *testing.T) {
	w := mergetest.NewWorld()
	for i := range uint64(*cases) {
		target, overlays := generate(*seed + i)
		folded, _ := merge.Fold(target, overlays)
		apart := []*networkingv1.NetworkPolicy{defaulted(target)}
		for _, overlay := range overlays {
			if overlay = restricted(overlay, target); overlay != nil {
				apart = append(apart, overlay)
			}
		}
		union := matcher.BuildNetworkPolicies(false, apart)
		merged := matcher.BuildNetworkPolicies(false, []*networkingv1.NetworkPolicy{defaulted(folded)})
		each(w, i, func(party mergetest.Party, flow mergetest.Flow, direction networkingv1.PolicyType) {
			if allows(union, party, flow, direction) != allows(merged, party, flow, direction) {
				t.Fatalf("seed %d: %s %+v %+v", *seed+i, direction, party, flow)
			}
		})
	}
	t.Logf("%d cases from seed %d on", *cases, *seed)
}

// TestJudgesAgree compares cyclonus with the judge that the laws are checked
// with. Where they differ there are two reasons, both known:
//
//   - to cyclonus an ipBlock also means pods with an address in it; the API
//     reference leaves that to the network plugin;
//   - to cyclonus a named port has a number, which ranges may contain.
func TestJudgesAgree(t *testing.T) {
	w := mergetest.NewWorld()
	agreed, pods, names := 0, 0, 0
	for i := range uint64(*cases) {
		target, _ := generate(*seed + i)
		policy := defaulted(target)
		second := matcher.BuildNetworkPolicies(false, []*networkingv1.NetworkPolicy{policy})
		for _, direction := range directions {
			first := w.Policy(policy, direction)
			for p, party := range w.Parties {
				for f, flow := range w.Flows {
					if !isAsked(party, p, i) {
						continue
					}
					verdict := first[p]&(1<<f) != 0
					switch opinion := allows(second, party, flow, direction); {
					case opinion == verdict:
						agreed++
					case opinion && party.IsPod && hasBlock(policy, direction):
						pods++
					case opinion && flow.Name != "" && hasRange(policy, direction):
						names++
					default:
						t.Fatalf("seed %d: %s %+v %+v: the judge says %t", *seed+i, direction, party, flow, verdict)
					}
				}
			}
		}
	}
	require.Positive(t, pods)
	require.Positive(t, names)
	t.Logf("agreed %d times; differed %d times about pods in an ipBlock, %d times about the number of a named port", agreed, pods, names)
}

// generate makes the policies that the laws are checked on, but for NotIn: see
// TestNotInOfAnAbsentLabel.
func generate(seed uint64) (*networkingv1.NetworkPolicy, []*networkingv1.NetworkPolicy) {
	g := mergetest.New(seed)
	target, overlays := g.Target(), mergetest.Some(g, 4, g.Overlay)
	for _, policy := range append(overlays, target) {
		for _, direction := range directions {
			for _, rule := range merge.Rules(policy, direction) {
				for _, peer := range rule.Peers {
					withoutNotIn(peer.PodSelector)
					withoutNotIn(peer.NamespaceSelector)
				}
			}
		}
	}
	return target, overlays
}

func withoutNotIn(selector *metav1.LabelSelector) {
	if selector == nil {
		return
	}
	for i := range selector.MatchExpressions {
		if selector.MatchExpressions[i].Operator == metav1.LabelSelectorOpNotIn {
			selector.MatchExpressions[i].Operator = metav1.LabelSelectorOpIn
		}
	}
}

// TestNotInOfAnAbsentLabel pins where cyclonus is wrong: a label that is absent
// is not in any list, so that NotIn selects the pod. The API server's own code
// says so, and netpol-merge follows it.
func TestNotInOfAnAbsentLabel(t *testing.T) {
	selector := metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
		{Key: "app", Operator: metav1.LabelSelectorOpNotIn, Values: []string{"db"}},
	}}
	official, err := metav1.LabelSelectorAsSelector(&selector)
	require.NoError(t, err)
	require.True(t, official.Matches(labels.Set{}))
	require.False(t, kube.IsLabelsMatchLabelSelector(nil, selector))
}

func each(w *mergetest.World, number uint64, ask func(mergetest.Party, mergetest.Flow, networkingv1.PolicyType)) {
	for i, party := range w.Parties {
		for _, flow := range w.Flows {
			for _, direction := range directions {
				if isAsked(party, i, number) {
					ask(party, flow, direction)
				}
			}
		}
	}
}

// isAsked reports whether cyclonus is asked about a party in a case: it has no word
// for the one whom no peer describes, and of the pods each case takes others.
func isAsked(party mergetest.Party, index int, number uint64) bool {
	const every = 8
	if party.IsPod {
		return uint64(index)%every == number%every
	}
	return party.Address.IsValid()
}

// defaulted fills policyTypes in as the API server does; cyclonus requires it.
func defaulted(policy *networkingv1.NetworkPolicy) *networkingv1.NetworkPolicy {
	policy = policy.DeepCopy()
	var types []networkingv1.PolicyType
	for _, direction := range directions {
		if mergetest.Isolated(policy, direction) {
			types = append(types, direction)
		}
	}
	policy.Spec.PolicyTypes = types
	return policy
}

// restricted is the overlay as a policy of its own, in directions in which it
// has rules and the target isolates; nil if there is none.
func restricted(overlay, target *networkingv1.NetworkPolicy) *networkingv1.NetworkPolicy {
	overlay = overlay.DeepCopy()
	overlay.Spec.PolicyTypes = nil
	for _, direction := range directions {
		if len(merge.Rules(overlay, direction)) > 0 && mergetest.Isolated(target, direction) {
			overlay.Spec.PolicyTypes = append(overlay.Spec.PolicyTypes, direction)
		}
	}
	if len(overlay.Spec.PolicyTypes) == 0 {
		return nil
	}
	return overlay
}

// allows asks cyclonus whether the policies' pod may send to, or receive from,
// the party.
func allows(policies *matcher.Policy, party mergetest.Party, flow mergetest.Flow, direction networkingv1.PolicyType) bool {
	pod := &matcher.TrafficPeer{IP: podIP, Internal: &matcher.InternalPeer{Namespace: "default"}}
	other := &matcher.TrafficPeer{IP: party.Address.String()}
	if party.IsPod {
		other = &matcher.TrafficPeer{IP: podIP, Internal: &matcher.InternalPeer{Namespace: "elsewhere", NamespaceLabels: party.Namespace, PodLabels: party.Pod}}
		if party.OwnNamespace {
			other.Internal.Namespace = "default"
		}
	}
	traffic := &matcher.Traffic{Source: pod, Destination: other, ResolvedPort: int(flow.Number), ResolvedPortName: flow.Name, Protocol: flow.Protocol}
	if flow.Name != "" {
		traffic.ResolvedPort = namedPort
	}
	if direction == networkingv1.PolicyTypeIngress {
		traffic.Source, traffic.Destination = other, pod
	}
	return policies.IsIngressOrEgressAllowed(traffic, direction == networkingv1.PolicyTypeIngress).IsAllowed()
}

func hasBlock(policy *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) bool {
	for _, rule := range merge.Rules(policy, direction) {
		for _, peer := range rule.Peers {
			if peer.IPBlock != nil {
				return true
			}
		}
	}
	return false
}

func hasRange(policy *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) bool {
	for _, rule := range merge.Rules(policy, direction) {
		for _, port := range rule.Ports {
			if port.EndPort != nil && *port.EndPort >= namedPort {
				return true
			}
		}
	}
	return false
}
