package merge

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"
	networkingv1 "k8s.io/api/networking/v1"
)

// peer is one entry of a rule's from or to as a set: anything at all, the
// addresses of an ipBlock, or pods by namespace and labels.
type peer struct {
	kind      peerKind
	addresses spans[netip.Addr] // of a block
	pods      selector          // of selected; about the labels of pods and of their namespaces
	// key is the same for two peers only if they mean the same, and always if neither
	// contradicts itself.
	key string
}

type peerKind int

const (
	anyone peerKind = iota
	block
	selected
)

// anyKey is the key of any peer.
const anyKey = "any"

// peersOf returns the peers of a rule, and one key for their set that does not
// depend on their order or on repetition.
func peersOf(from []networkingv1.NetworkPolicyPeer) ([]peer, string) {
	if len(from) == 0 {
		return []peer{{kind: anyone, key: anyKey}}, anyKey
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
		requirements = append(requirements, requirement{ownNamespace, labelValues{listed: []string{"own"}}})
	}
	return podsOf(newSelector(requirements))
}

// What stands in front of a label's name says whose label it is. ownNamespace is a
// pseudo-label that only the policy's own namespace carries.
const (
	podLabel       = "pod "
	namespaceLabel = "namespace "
	ownNamespace   = "own namespace"
)

func podsOf(pods selector) peer { return peer{kind: selected, pods: pods, key: "pods " + pods.key()} }

func addressesOf(addresses spans[netip.Addr]) peer {
	return peer{kind: block, addresses: addresses, key: fmt.Sprint("addresses ", addresses)}
}

// blockOf returns the block's addresses minus its exceptions. A block that is
// no CIDR has no addresses and equals only the same text.
func blockOf(from *networkingv1.IPBlock) peer {
	prefix, err := netip.ParsePrefix(from.CIDR)
	if err != nil {
		return peer{kind: block, key: fmt.Sprintf("block %q %q", from.CIDR, from.Except)}
	}
	return addressesOf(spansOfPrefixes(prefix).minus(exceptionsOf(from)))
}

// exceptionsOf returns the networks that a block excepts.
func exceptionsOf(from *networkingv1.IPBlock) spans[netip.Addr] {
	var prefixes []netip.Prefix
	for _, text := range from.Except {
		if prefix, err := netip.ParsePrefix(text); err == nil {
			prefixes = append(prefixes, prefix)
		}
	}
	return spansOfPrefixes(prefixes...)
}

func spansOfPrefixes(prefixes ...netip.Prefix) spans[netip.Addr] {
	list := make([]span[netip.Addr], len(prefixes))
	for i, prefix := range prefixes {
		r := netipx.RangeOfPrefix(prefix)
		list[i] = span[netip.Addr]{r.From(), r.To()}
	}
	return spansOf(list)
}

func prefixesOf(addresses spans[netip.Addr]) (prefixes []netip.Prefix) {
	for _, s := range addresses {
		prefixes = netipx.IPRangeFrom(s.first, s.last).AppendPrefixes(prefixes)
	}
	return prefixes
}

// everyAddress returns all addresses of both families.
func everyAddress() spans[netip.Addr] {
	return spansOfPrefixes(netip.PrefixFrom(netip.IPv4Unspecified(), 0), netip.PrefixFrom(netip.IPv6Unspecified(), 0))
}

// covers reports whether p is a superset of other, judging by these two alone.
// An address may belong to a pod, but nobody knows to which: blocks and selectors
// never cover each other.
func (p peer) covers(other peer) bool {
	switch {
	case p.kind == anyone:
		return true
	case p.kind != other.kind:
		return false
	case p.kind == block:
		return p.addresses.covers(other.addresses)
	}
	return p.pods.covers(other.pods)
}

// overlaps reports whether two ipBlocks, or two peers that select pods, have
// something in common.
func (p peer) overlaps(other peer) bool {
	if p.kind != other.kind {
		return false
	}
	return p.addresses.overlaps(other.addresses) || p.kind == selected && p.pods.overlaps(other.pods)
}

// isEmpty reports whether the peer selects nobody: a block that excepts all of
// itself, or a selector that contradicts itself.
func (p peer) isEmpty() bool {
	return p.kind == block && len(p.addresses) == 0 || p.kind == selected && p.pods.isEmpty()
}

// size is what it costs to compare the peer with another, in steps.
func (p peer) size() int { return 1 + len(p.addresses) + p.pods.size() }
