package mergetest

import (
	"net/netip"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Rewrite returns a policy that says the same in other words: a rule for each peer and
// port, in the reverse order, with ranges cut in two, networks cut in halves, and
// labels as expressions.
func Rewrite(p *networkingv1.NetworkPolicy) *networkingv1.NetworkPolicy {
	p = p.DeepCopy()
	var egress []networkingv1.NetworkPolicyEgressRule
	for _, r := range p.Spec.Egress {
		split(r.To, r.Ports, func(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) {
			egress = append(egress, networkingv1.NetworkPolicyEgressRule{To: peers, Ports: ports})
		})
	}
	var ingress []networkingv1.NetworkPolicyIngressRule
	for _, r := range p.Spec.Ingress {
		split(r.From, r.Ports, func(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) {
			ingress = append(ingress, networkingv1.NetworkPolicyIngressRule{From: peers, Ports: ports})
		})
	}
	slices.Reverse(egress)
	slices.Reverse(ingress)
	p.Spec.Egress, p.Spec.Ingress = egress, ingress
	return p
}

func split(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort, each func([]networkingv1.NetworkPolicyPeer, []networkingv1.NetworkPolicyPort)) {
	ports = cutPorts(ports)
	for i := range max(1, len(peers)) {
		for j := range max(1, len(ports)) {
			each(rewritten(peers, i), one(ports, j))
		}
	}
}

func one[T any](list []T, i int) []T {
	if len(list) == 0 {
		return nil
	}
	return list[i : i+1]
}

func cutPorts(ports []networkingv1.NetworkPolicyPort) (cut []networkingv1.NetworkPolicyPort) {
	for _, port := range ports {
		if port.EndPort == nil || port.Port.IntVal == *port.EndPort {
			cut = append(cut, port)
			continue
		}
		middle := (port.Port.IntVal + *port.EndPort) / 2
		low, high := port, port
		low.EndPort, high.Port = &middle, new(intstr.FromInt32(middle+1))
		cut = append(cut, high, low)
	}
	return cut
}

func rewritten(peers []networkingv1.NetworkPolicyPeer, i int) []networkingv1.NetworkPolicyPeer {
	if len(peers) == 0 {
		return nil
	}
	peer := *peers[i].DeepCopy()
	if peer.IPBlock != nil {
		return halves(peer)
	}
	for _, s := range []*metav1.LabelSelector{peer.PodSelector, peer.NamespaceSelector} {
		if s == nil {
			continue
		}
		for key, value := range s.MatchLabels {
			s.MatchExpressions = append(s.MatchExpressions, metav1.LabelSelectorRequirement{Key: key, Operator: metav1.LabelSelectorOpIn, Values: []string{value, value}})
		}
		s.MatchLabels = nil
	}
	return []networkingv1.NetworkPolicyPeer{peer}
}

// halves cuts a network in two, if nothing is excepted.
func halves(peer networkingv1.NetworkPolicyPeer) []networkingv1.NetworkPolicyPeer {
	prefix := netip.MustParsePrefix(peer.IPBlock.CIDR)
	if len(peer.IPBlock.Except) > 0 || prefix.IsSingleIP() {
		return []networkingv1.NetworkPolicyPeer{peer}
	}
	low := netip.PrefixFrom(prefix.Addr(), prefix.Bits()+1)
	high := netip.PrefixFrom(lastAddress(prefix), prefix.Bits()+1).Masked()
	return []networkingv1.NetworkPolicyPeer{
		{IPBlock: &networkingv1.IPBlock{CIDR: high.String()}},
		{IPBlock: &networkingv1.IPBlock{CIDR: low.String()}},
	}
}
