package merge

import (
	"net/netip"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// peersFor returns what is left of a peer, as a policy would say it. If it cannot, or
// not shortly, that is the whole peer.
func peersFor(whole networkingv1.NetworkPolicyPeer, p peer, left []peer) (peers []networkingv1.NetworkPolicyPeer) {
	for _, rest := range left {
		if rest.key == p.key || len(rest.addresses) > mostPieces {
			return []networkingv1.NetworkPolicyPeer{whole}
		}
		some, exact := express(rest)
		peers = append(peers, some...)
		if !exact || entriesOf(peers) > mostPieces {
			return []networkingv1.NetworkPolicyPeer{whole}
		}
	}
	return peers
}

func entriesOf(peers []networkingv1.NetworkPolicyPeer) (n int) {
	for _, p := range peers {
		n++
		if p.IPBlock != nil {
			n += len(p.IPBlock.Except)
		}
	}
	return n
}

// express returns a block or selected pods as peers of a policy, and whether these
// are exactly the same.
func express(p peer) (peers []networkingv1.NetworkPolicyPeer, exact bool) {
	if p.kind == selected {
		return expressPods(p.pods)
	}
	return expressAddresses(p.addresses), true
}

// mostMinimized is up to how many ranges of addresses expressAddresses looks for
// exceptions that make it shorter.
const mostMinimized = 256

// expressAddresses uses as few networks and exceptions as it can.
func expressAddresses(addresses spans[netip.Addr]) []networkingv1.NetworkPolicyPeer {
	if len(addresses) == 0 {
		return nil
	}
	first, last := addresses[0].first, addresses[len(addresses)-1].last
	if first.Is4() != last.Is4() {
		v6 := addresses.find(netip.IPv6Unspecified())
		return append(expressAddresses(addresses[:v6]), expressAddresses(addresses[v6:])...)
	}
	if len(addresses) > mostMinimized {
		var peers []networkingv1.NetworkPolicyPeer
		for _, prefix := range prefixesOf(addresses) {
			peers = append(peers, networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: prefix.String()}})
		}
		return peers
	}
	within := netip.PrefixFrom(first, first.BitLen())
	for !within.Contains(last) {
		within = netip.PrefixFrom(first, within.Bits()-1).Masked()
	}
	whole := networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: within.String()}}
	for _, except := range prefixesOf(spansOfPrefixes(within).minus(addresses)) {
		whole.IPBlock.Except = append(whole.IPBlock.Except, except.String())
	}
	if len(whole.IPBlock.Except) == 0 {
		return []networkingv1.NetworkPolicyPeer{whole}
	}
	low := spansOfPrefixes(netip.PrefixFrom(within.Addr(), within.Bits()+1))
	halves := append(expressAddresses(addresses.intersect(low)), expressAddresses(addresses.minus(low))...)
	if entriesOf(halves) <= 1+len(whole.IPBlock.Except) {
		return halves
	}
	return []networkingv1.NetworkPolicyPeer{whole}
}

// expressPods returns the peers that select what s selects. Pods of all namespaces but
// the policy's own cannot be said.
func expressPods(s selector) (peers []networkingv1.NetworkPolicyPeer, exact bool) {
	var p networkingv1.NetworkPolicyPeer
	p.NamespaceSelector = &metav1.LabelSelector{}
	for i, r := range s {
		if r.absent && !r.inverted && len(r.listed) > 0 { // "absent, or one of these" is two selectors
			for _, values := range []labelValues{{absent: true}, {listed: r.listed}} {
				one, expressed := expressPods(s.require(r.label, values))
				if !expressed {
					return nil, false
				}
				peers = append(peers, one...)
			}
			return peers, true
		}
		if r.label == ownNamespace {
			continue
		}
		label, ofPod := strings.CutPrefix(s[i].label, podLabel)
		if ofPod && p.PodSelector == nil {
			p.PodSelector = &metav1.LabelSelector{}
		}
		to := p.PodSelector
		if !ofPod {
			label, to = strings.TrimPrefix(label, namespaceLabel), p.NamespaceSelector
		}
		r.addTo(to, label)
	}
	if i, known := s.find(ownNamespace); known {
		if s[i].absent || len(p.NamespaceSelector.MatchLabels)+len(p.NamespaceSelector.MatchExpressions) > 0 {
			return nil, false
		}
		p.NamespaceSelector = nil
		if p.PodSelector == nil {
			p.PodSelector = &metav1.LabelSelector{}
		}
	}
	return []networkingv1.NetworkPolicyPeer{p}, true
}

func (v labelValues) addTo(s *metav1.LabelSelector, label string) {
	add := func(operator metav1.LabelSelectorOperator, values []string) {
		s.MatchExpressions = append(s.MatchExpressions, metav1.LabelSelectorRequirement{Key: label, Operator: operator, Values: values})
	}
	switch {
	case !v.inverted && !v.absent && len(v.listed) == 1:
		metav1.AddLabelToSelector(s, label, v.listed[0])
	case !v.inverted && !v.absent:
		add(metav1.LabelSelectorOpIn, v.listed)
	case !v.inverted:
		add(metav1.LabelSelectorOpDoesNotExist, nil)
	}
	if v.inverted && !v.absent {
		add(metav1.LabelSelectorOpExists, nil)
	}
	if v.inverted && len(v.listed) > 0 {
		add(metav1.LabelSelectorOpNotIn, v.listed)
	}
}
