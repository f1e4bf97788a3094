package merge

import (
	"fmt"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// BenchmarkFold folds overlays into one target that ask for ports of the same
// peers, or each for peers of its own. Ten times the overlays are to take about
// ten times as long.
func BenchmarkFold(b *testing.B) {
	kinds := []struct {
		name  string
		peers func(int) []networkingv1.NetworkPolicyPeer
	}{
		{"SamePeers", func(int) []networkingv1.NetworkPolicyPeer { return nil }},
		{"Networks", func(i int) []networkingv1.NetworkPolicyPeer {
			return []networkingv1.NetworkPolicyPeer{{IPBlock: &networkingv1.IPBlock{CIDR: fmt.Sprintf("10.%d.%d.0/24", i/250, i%250)}}}
		}},
		{"Namespaces", func(i int) []networkingv1.NetworkPolicyPeer {
			return []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": fmt.Sprint("t", i)}}}}
		}},
	}
	target := &networkingv1.NetworkPolicy{Spec: networkingv1.NetworkPolicySpec{
		Egress: []networkingv1.NetworkPolicyEgressRule{{Ports: []networkingv1.NetworkPolicyPort{{Port: new(intstr.FromInt32(443))}}}},
	}}
	for _, kind := range kinds {
		for _, n := range []int{1, 1_000, 10_000} {
			overlays := make([]*networkingv1.NetworkPolicy, n)
			for i := range overlays {
				overlays[i] = &networkingv1.NetworkPolicy{Spec: networkingv1.NetworkPolicySpec{
					Egress: []networkingv1.NetworkPolicyEgressRule{{
						To:    kind.peers(i),
						Ports: []networkingv1.NetworkPolicyPort{{Port: new(intstr.FromInt32(int32(1_000 + 2*i)))}},
					}},
				}}
			}
			b.Run(fmt.Sprintf("%s/%d", kind.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					Fold(target, overlays)
				}
			})
		}
	}
}
