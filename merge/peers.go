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
	pods      selector      // nil unless selectors; of the labels of pods and of their namespaces
	// key is the same for two peers only if they mean the same, and always if neither
	// contradicts itself.
	key string
	// Whomever this peer covers has each of its anchors among its lookups: lookups
	// are where peers are filed that may cover this one. They keep thousands of
	// rules from being compared each with every other.
	anchors, lookups []anchor
}

// anchor is a label, with or without its value, as in "pod app=db", or a network.
type anchor string

// The anchors of peers that have none of their own.
const (
	anyAnchor     anchor = "any"
	podsAnchor    anchor = "pods"
	wideAnchor    anchor = "wide network"
	networkAnchor anchor = "every network"
)

func (a anchor) label() string {
	label, _, _ := strings.Cut(string(a), "=")
	return label
}

// peersOf returns the peers of a rule, and one key for their set that does not
// depend on their order or on repetition.
func peersOf(peers []networkingv1.NetworkPolicyPeer) ([]peer, string) {
	if len(peers) == 0 {
		return []peer{{any: true, key: "any", anchors: []anchor{anyAnchor}, lookups: []anchor{anyAnchor}}}, "any"
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
	p := peer{pods: selector{}}
	p.pods.requireAll("pod ", from.PodSelector)
	p.pods.requireAll("namespace ", from.NamespaceSelector)
	if from.NamespaceSelector == nil {
		p.pods.require(ownNamespace, labelValues{listed: map[string]bool{"own": true}})
	}
	p.key = "pods " + p.pods.key()
	// A peer that requires a label, or one value of it, covers only peers that do.
	p.anchors = p.pods.required()
	p.lookups = append([]anchor{anyAnchor, podsAnchor}, p.anchors...)
	if len(p.anchors) == 0 {
		p.anchors = []anchor{podsAnchor}
	}
	return p
}

// ownNamespace stands for the label that only the policy's own namespace had, if
// it were one.
const ownNamespace = "namespace"

// blockOf returns the block's addresses less its exceptions. A block that is
// no CIDR has no addresses and equals only the same text.
func blockOf(block *networkingv1.IPBlock) peer {
	var b netipx.IPSetBuilder
	prefix, err := netip.ParsePrefix(block.CIDR)
	if err != nil {
		return peer{addresses: &netipx.IPSet{}, key: fmt.Sprintf("block %q %q", block.CIDR, block.Except), anchors: []anchor{wideAnchor}, lookups: []anchor{anyAnchor, networkAnchor}}
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
	p.anchors, p.lookups = []anchor{wideAnchor}, []anchor{anyAnchor, networkAnchor}
	if prefix.Bits() >= blockBits {
		block := anchor(netip.PrefixFrom(prefix.Addr(), blockBits).Masked().String())
		p.anchors, p.lookups = []anchor{block}, []anchor{anyAnchor, wideAnchor, block}
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
	}
	return p.pods.covers(other.pods)
}

// overlaps tells whether two ipBlocks, or two peers that select pods, have
// something in common.
func (p peer) overlaps(other peer) bool {
	if p.addresses != nil && other.addresses != nil {
		return p.addresses.Overlaps(other.addresses)
	}
	return p.pods != nil && other.pods != nil && p.pods.overlaps(other.pods)
}

// isEmpty tells whether the peer is nobody: a block that excepts all of itself,
// or a selector that contradicts itself.
func (p peer) isEmpty() bool {
	if p.addresses != nil {
		return len(p.addresses.Ranges()) == 0
	}
	return p.pods != nil && p.pods.isEmpty()
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
	return PodsKey(a) == PodsKey(b)
}

// PodsKey is the same for two pod selectors only if they select the same pods, and
// always if neither contradicts itself; nil selects all.
func PodsKey(s *metav1.LabelSelector) string { return selectorOf(s).key() }

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
	s.requireAll("", from)
	return s
}

// requireAll adds a selector's requirements, with something in front of the
// names of its labels to tell them from those of others.
func (s selector) requireAll(prefix string, from *metav1.LabelSelector) {
	if from == nil {
		return
	}
	for label, value := range from.MatchLabels {
		s.require(prefix+label, labelValues{listed: map[string]bool{value: true}})
	}
	for _, requirement := range from.MatchExpressions {
		values := labelValues{listed: map[string]bool{}}
		for _, value := range requirement.Values {
			values.listed[value] = true
		}
		switch requirement.Operator {
		case metav1.LabelSelectorOpIn:
		case metav1.LabelSelectorOpNotIn:
			values.inverted, values.absent = true, true
		case metav1.LabelSelectorOpExists:
			values.inverted = true
		case metav1.LabelSelectorOpDoesNotExist:
			values.absent = true
		}
		s.require(prefix+requirement.Key, values)
	}
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

func (s selector) isEmpty() bool {
	for _, values := range s {
		if values.isEmpty() {
			return true
		}
	}
	return false
}

func (s selector) overlaps(other selector) bool {
	for label, values := range s {
		if others, ok := other[label]; ok && values.intersect(others).isEmpty() {
			return false
		}
	}
	return !s.isEmpty() && !other.isEmpty()
}

// without returns what s selects and other does not, as selectors of which no
// two select the same.
func (s selector) without(other selector) (parts []selector) {
	if !s.overlaps(other) {
		return []selector{s}
	}
	inside := maps.Clone(s)
	for _, label := range slices.Sorted(maps.Keys(other)) {
		outside := maps.Clone(inside)
		outside.require(label, other[label].complement())
		if !outside[label].isEmpty() {
			parts = append(parts, outside)
		}
		inside.require(label, other[label])
	}
	return parts
}

// required lists the labels that have to be there, and their value if it is one.
func (s selector) required() (anchors []anchor) {
	for _, label := range slices.Sorted(maps.Keys(s)) {
		v := s[label]
		if v.absent {
			continue
		}
		anchors = append(anchors, anchor(label))
		if len(v.listed) == 1 && !v.inverted {
			anchors = append(anchors, anchor(label+"="+slices.Collect(maps.Keys(v.listed))[0]))
		}
	}
	return anchors
}

func (s selector) key() string {
	var b strings.Builder
	for _, label := range slices.Sorted(maps.Keys(s)) {
		v := s[label]
		fmt.Fprintf(&b, "{%q %q %t %t}", label, slices.Sorted(maps.Keys(v.listed)), v.inverted, v.absent)
	}
	return b.String()
}

func (v labelValues) isEmpty() bool { return len(v.listed) == 0 && !v.inverted && !v.absent }

func (v labelValues) complement() labelValues {
	return labelValues{listed: v.listed, inverted: !v.inverted, absent: !v.absent}
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
