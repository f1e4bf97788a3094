package merge

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// peer is one entry of a rule's from or to as a set. Whom it is for, addresses or
// pods, is a requirement like those of its selectors; any peer has none.
type peer struct {
	selector
	// key is the same for two peers only if they mean the same, and always if neither
	// contradicts itself.
	key    string
	nobody bool // whether it is for nobody
}

// What stands in front of a label's name says whose label it is. ownNamespace is a
// pseudo-label that only the policy's own namespace carries, whom one for addresses
// and pods.
const (
	namespaceLabel = "namespace "
	ownNamespace   = "own namespace"
	podLabel       = "pod "
	whom           = "whom"
)

// peersOf returns the peers of a rule, and one key for their set that does not
// depend on their order or on repetition.
func peersOf(from []networkingv1.NetworkPolicyPeer) ([]peer, string) {
	if len(from) == 0 {
		return []peer{{}}, ""
	}
	all := make([]peer, len(from))
	keys := make([]string, len(from))
	for i := range from {
		all[i] = peerOf(&from[i])
		keys[i] = all[i].key
	}
	slices.Sort(keys)
	return all, strings.Join(slices.Compact(keys), "\n")
}

func peerOf(from *networkingv1.NetworkPolicyPeer) peer {
	if from.IPBlock != nil {
		return blockOf(from.IPBlock)
	}
	requirements := append(requirementsOf(podLabel, from.PodSelector), requirementsOf(namespaceLabel, from.NamespaceSelector)...)
	if from.NamespaceSelector == nil {
		requirements = append(requirements, requirement{ownNamespace, exists()})
	}
	return newPeer(append(requirements, requirement{whom, spans{allThat(pod)}}))
}

func newPeer(requirements []requirement) peer {
	s := newSelector(requirements)
	return peer{s, s.key(), s.isEmpty()}
}

// isBlock reports whether the peer is for addresses only.
func (p peer) isBlock() bool { return len(p.selector) > 0 && !p.allowed(whom).has(pod) }

func addressesOf(addresses spans) peer { return newPeer([]requirement{{whom, addresses}}) }

// blockOf returns the block's addresses minus its exceptions. A block that is
// no CIDR has no addresses and equals only the same text.
func blockOf(from *networkingv1.IPBlock) peer {
	prefix, err := netip.ParsePrefix(from.CIDR)
	if err != nil {
		return peer{selector{{whom, nil}}, fmt.Sprintf("block %q %q", from.CIDR, from.Except), true}
	}
	return addressesOf(networks(prefix).minus(exceptionsOf(from)))
}

// exceptionsOf returns the networks that a block excepts.
func exceptionsOf(from *networkingv1.IPBlock) spans {
	var prefixes []netip.Prefix
	for _, text := range from.Except {
		if prefix, err := netip.ParsePrefix(text); err == nil {
			prefixes = append(prefixes, prefix)
		}
	}
	return networks(prefixes...)
}

// mostPieces is how many exceptions of a network, or networks of a range, are told at
// most. More are no help to a reader.
const mostPieces = 16

// blocksOf returns addresses of one family as networks, or, if that is shorter, as one
// network with exceptions. Of a very long list, what takes many networks is told as
// the network around it.
func blocksOf(addresses spans) (peers []networkingv1.NetworkPolicyPeer) {
	if len(addresses) == 0 {
		return nil
	}
	var prefixes []netip.Prefix
	for _, s := range addresses {
		some := rangeOf(s).Prefixes()
		if len(addresses) > 16*mostPieces && len(some) > mostPieces {
			some = []netip.Prefix{around(s)}
		}
		prefixes = append(prefixes, some...)
	}
	whole := around(span{addresses[0].from, addresses[len(addresses)-1].to})
	if except := prefixesOf(networks(whole).minus(addresses)); len(except) < min(len(prefixes)-1, mostPieces) {
		block := &networkingv1.IPBlock{CIDR: whole.String()}
		for _, prefix := range except {
			block.Except = append(block.Except, prefix.String())
		}
		return []networkingv1.NetworkPolicyPeer{{IPBlock: block}}
	}
	for _, prefix := range slices.Compact(prefixes) {
		peers = append(peers, networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: prefix.String()}})
	}
	return peers
}

// around returns the smallest network that holds a span.
func around(s span) netip.Prefix {
	r := rangeOf(s)
	prefix := netip.PrefixFrom(r.From(), r.From().BitLen())
	for !prefix.Contains(r.To()) {
		prefix = netip.PrefixFrom(r.From(), prefix.Bits()-1).Masked()
	}
	return prefix
}

// podsOf is the opposite of peerOf for pods. It has one form for all that mean the same.
func podsOf(s selector) (p networkingv1.NetworkPolicyPeer) {
	p.NamespaceSelector = &metav1.LabelSelector{}
	for _, r := range s {
		label, isPod := strings.CutPrefix(r.label, podLabel)
		namespace, isNamespace := strings.CutPrefix(r.label, namespaceLabel)
		if p.PodSelector == nil && (isPod || r.label == ownNamespace) {
			p.PodSelector = &metav1.LabelSelector{}
		}
		switch {
		case isPod:
			requireValues(p.PodSelector, label, r.values)
		case isNamespace:
			requireValues(p.NamespaceSelector, namespace, r.values)
		case r.label == ownNamespace:
			p.NamespaceSelector = nil
		}
	}
	return p
}
