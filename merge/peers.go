package merge

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// peer is one entry of a rule's from or to as a set: anything at all, the
// addresses of an ipBlock, or pods by namespace and labels.
type peer struct {
	any       bool
	addresses *netipx.IPSet // nil unless an ipBlock
	// ownNamespace is a peer without namespaceSelector: pods beside the policy.
	ownNamespace bool
	namespaces   selector
	pods         selector
	// key is the same for two peers exactly if they mean the same.
	key string
	// anchor is a feature that only those peers can share whom this one covers
	// or overlaps, and lookups are the anchors of all peers that may cover or
	// overlap this one. They keep thousands of rules from being compared each
	// with every other.
	anchor  string
	lookups []string
}

// peersOf returns the peers of a rule, and one key for their set that does not
// depend on their order or on repetition.
func peersOf(peers []networkingv1.NetworkPolicyPeer) ([]peer, string) {
	if len(peers) == 0 {
		return []peer{{any: true, key: "any", anchor: anyAnchor, lookups: []string{anyAnchor}}}, "any"
	}
	all := make([]peer, len(peers))
	keys := make([]string, len(peers))
	for i := range peers {
		all[i] = peerOf(&peers[i])
		keys[i] = all[i].key
	}
	slices.Sort(keys)
	return all, strings.Join(slices.Compact(keys), "\n")
}

func peerOf(from *networkingv1.NetworkPolicyPeer) peer {
	if from.IPBlock != nil {
		return blockOf(from.IPBlock)
	}
	p := peer{
		ownNamespace: from.NamespaceSelector == nil,
		namespaces:   selectorOf(from.NamespaceSelector),
		pods:         selectorOf(from.PodSelector),
	}
	p.key = "pods " + p.pods.key() + " in namespaces " + p.namespaces.key()
	if p.ownNamespace {
		p.key = "pods " + p.pods.key() + " in the own namespace"
	}
	// A peer that requires a label to have one value covers only peers that do.
	p.anchor, p.lookups = podsAnchor, []string{anyAnchor, podsAnchor}
	for _, label := range append(p.pods.single("pod"), p.namespaces.single("namespace")...) {
		p.anchor, p.lookups = label, append(p.lookups, label)
	}
	return p
}

// The anchors of peers that have none of their own.
const (
	anyAnchor     = "any"
	podsAnchor    = "pods"
	wideAnchor    = "wide network"
	networkAnchor = "every network"
)

// blockOf returns the block's addresses less its exceptions. A block that is
// no CIDR has no addresses and equals only the same text.
func blockOf(block *networkingv1.IPBlock) peer {
	var b netipx.IPSetBuilder
	prefix, err := netip.ParsePrefix(block.CIDR)
	if err != nil {
		return peer{addresses: &netipx.IPSet{}, key: fmt.Sprintf("block %q %q", block.CIDR, block.Except), anchor: wideAnchor, lookups: []string{anyAnchor, networkAnchor}}
	}
	b.AddPrefix(prefix.Masked())
	for _, except := range block.Except {
		if prefix, err := netip.ParsePrefix(except); err == nil {
			b.RemovePrefix(prefix.Masked())
		}
	}
	addresses, err := b.IPSet()
	if err != nil {
		addresses = &netipx.IPSet{}
	}
	p := peer{addresses: addresses, key: fmt.Sprint("addresses ", addresses.Ranges())}
	// Networks in different blocks of this size do not overlap.
	const blockBits = 16
	p.anchor, p.lookups = wideAnchor, []string{anyAnchor, networkAnchor}
	if prefix.Bits() >= blockBits {
		block := netip.PrefixFrom(prefix.Addr(), blockBits).Masked()
		p.anchor, p.lookups = block.String(), []string{anyAnchor, wideAnchor, block.String()}
	}
	return p
}

// covers tells whether p is a superset of other, judging by these two alone.
func (p peer) covers(other peer) bool {
	switch {
	case p.any || other.any:
		return p.any
	case p.addresses != nil || other.addresses != nil:
		// An address may belong to a pod, but nobody knows to which: blocks
		// and selectors never cover each other.
		return p.addresses != nil && other.addresses != nil && containsAll(p.addresses, other.addresses)
	case p.ownNamespace:
		return other.ownNamespace && p.pods.covers(other.pods)
	case other.ownNamespace:
		return len(p.namespaces) == 0 && p.pods.covers(other.pods)
	}
	return p.namespaces.covers(other.namespaces) && p.pods.covers(other.pods)
}

func containsAll(set, other *netipx.IPSet) bool {
	for _, r := range other.Ranges() {
		if !set.ContainsRange(r) {
			return false
		}
	}
	return true
}

// SamePods tells whether two pod selectors select the same pods, whatever the
// order and form of their requirements.
func SamePods(a, b *metav1.LabelSelector) bool {
	return selectorOf(a).key() == selectorOf(b).key()
}

// selector holds, for each label that is required to be something, what it may
// be. An empty selector selects everything.
type selector map[string]labelValues

// labelValues is the set of values a label may have: those listed, or, if
// inverted, all others. The label itself may also be allowed to be absent.
type labelValues struct {
	listed   map[string]bool
	inverted bool
	absent   bool
}

func selectorOf(from *metav1.LabelSelector) selector {
	s := selector{}
	if from == nil {
		return s
	}
	for label, value := range from.MatchLabels {
		s.require(label, labelValues{listed: map[string]bool{value: true}})
	}
	for _, requirement := range from.MatchExpressions {
		values := labelValues{listed: map[string]bool{}}
		for _, value := range requirement.Values {
			values.listed[value] = true
		}
		switch requirement.Operator {
		case metav1.LabelSelectorOpNotIn:
			values.inverted, values.absent = true, true
		case metav1.LabelSelectorOpExists:
			values.inverted = true
		case metav1.LabelSelectorOpDoesNotExist:
			values.absent = true
		}
		s.require(requirement.Key, values)
	}
	return s
}

func (s selector) require(label string, values labelValues) {
	if already, ok := s[label]; ok {
		values = already.intersect(values)
	}
	s[label] = values
}

func (s selector) covers(other selector) bool {
	for label, values := range s {
		narrower, ok := other[label]
		if !ok || !values.covers(narrower) {
			return false
		}
	}
	return true
}

// single lists the labels that have to have exactly one value, in their order.
func (s selector) single(of string) (requirements []string) {
	for _, label := range slices.Sorted(maps.Keys(s)) {
		if v := s[label]; len(v.listed) == 1 && !v.inverted && !v.absent {
			requirements = append(requirements, fmt.Sprint(of, " ", label, "=", slices.Collect(maps.Keys(v.listed))[0]))
		}
	}
	return requirements
}

func (s selector) key() string {
	var b strings.Builder
	for _, label := range slices.Sorted(maps.Keys(s)) {
		v := s[label]
		fmt.Fprintf(&b, "{%q %q %t %t}", label, slices.Sorted(maps.Keys(v.listed)), v.inverted, v.absent)
	}
	return b.String()
}

func (v labelValues) has(value string) bool { return v.listed[value] != v.inverted }

func (v labelValues) intersect(other labelValues) labelValues {
	both := labelValues{listed: map[string]bool{}, inverted: v.inverted && other.inverted, absent: v.absent && other.absent}
	for _, listed := range []map[string]bool{v.listed, other.listed} {
		for value := range listed {
			if (v.has(value) && other.has(value)) != both.inverted {
				both.listed[value] = true
			}
		}
	}
	return both
}

func (v labelValues) covers(other labelValues) bool {
	if other.absent && !v.absent || other.inverted && !v.inverted {
		return false // other has infinitely many values, v only those listed
	}
	for _, listed := range []map[string]bool{v.listed, other.listed} {
		for value := range listed {
			if other.has(value) && !v.has(value) {
				return false
			}
		}
	}
	return true
}
