package merge

import (
	"net/netip"
	"slices"

	"go4.org/netipx"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// Reopening is what a change opens although a rule excepts it.
type Reopening struct {
	// Change is an index into the changes, Rules are indices of the folded rules
	// in the change's direction that except the Networks.
	Change   int
	Rules    []int
	Networks []netip.Prefix
}

// Reopenings returns which changes of a fold open addresses that another rule of
// the folded policy keeps out by except, for whatever ports. What the target allowed
// for the same ports before is not opened.
func Reopenings(target, folded *networkingv1.NetworkPolicy, changes []Change) []Reopening {
	var reopenings []Reopening
	for _, direction := range Directions() {
		e := newExceptions(Rules(target, direction), Rules(folded, direction))
		for i, change := range changes {
			if change.Direction != direction || change.Action != PortsAdded && change.Action != RuleAppended {
				continue
			}
			if reopening := e.openedBy(change); reopening != nil {
				reopening.Change = i
				reopenings = append(reopenings, *reopening)
			}
		}
	}
	return reopenings
}

// exceptions are what the rules of a direction except, rule by rule and in all.
type exceptions struct {
	before []opening // by the target's own rules
	rules  []Rule
	byRule [][]netipx.IPRange
	all    *netipx.IPSet
	ranges []netipx.IPRange // of all
}

// opening is a rule as addresses and ports.
type opening struct {
	addresses *netipx.IPSet
	ports     *portSet
}

func newExceptions(before, rules []Rule) *exceptions {
	e := &exceptions{rules: rules}
	var all netipx.IPSetBuilder
	for _, rule := range rules {
		excepted := exceptedBy(rule)
		e.byRule = append(e.byRule, excepted.Ranges())
		all.AddSet(excepted)
	}
	e.all = setOf(&all)
	e.ranges = e.all.Ranges()
	if len(e.ranges) == 0 {
		return e // nothing to compare with
	}
	for _, rule := range before {
		e.before = append(e.before, opening{addresses: addressesOf(rule), ports: newPortSet(rule.Ports)})
	}
	return e
}

// openedBy is what a change reopens, nil if that is nothing.
func (e *exceptions) openedBy(change Change) *Reopening {
	if len(e.ranges) == 0 {
		return nil
	}
	opened := addressesOf(e.rules[change.Into])
	if !overlapAny(e.ranges, opened) {
		return nil
	}
	opened = e.newlyOpened(common(e.all, opened), change)
	if len(opened.Ranges()) == 0 {
		return nil
	}
	reopening := &Reopening{Networks: opened.Prefixes()}
	for i, excepted := range e.byRule {
		if overlapAny(excepted, opened) {
			reopening.Rules = append(reopening.Rules, i)
		}
	}
	return reopening
}

// newlyOpened is what the rules that stood before do not allow of addresses, for any
// of the change's ports. What other overlays add excuses nothing.
func (e *exceptions) newlyOpened(addresses *netipx.IPSet, change Change) *netipx.IPSet {
	before := slices.DeleteFunc(slices.Clone(e.before), func(o opening) bool { return !o.addresses.Overlaps(addresses) })
	var opened netipx.IPSetBuilder
	for _, asked := range requestsOf(change.Added.Ports) {
		var rest netipx.IPSetBuilder
		rest.AddSet(addresses)
		for _, o := range before {
			if o.ports.covers(asked.traffic) {
				rest.RemoveSet(o.addresses)
			}
		}
		opened.AddSet(setOf(&rest))
	}
	return setOf(&opened)
}

// exceptedBy is what a rule's exceptions keep out of it. What another peer of the
// rule lets in again does not count.
func exceptedBy(rule Rule) *netipx.IPSet {
	var b netipx.IPSetBuilder
	for _, peer := range rule.Peers {
		if peer.IPBlock == nil {
			continue
		}
		for _, text := range peer.IPBlock.Except {
			if prefix, err := netip.ParsePrefix(text); err == nil {
				b.AddPrefix(prefix)
			}
		}
	}
	b.RemoveSet(addressesOf(rule))
	return setOf(&b)
}

// addressesOf are the addresses that a rule is for: of any peer, all.
func addressesOf(rule Rule) *netipx.IPSet {
	var b netipx.IPSetBuilder
	peers, _ := peersOf(rule.Peers)
	for _, p := range peers {
		switch {
		case p.any:
			b.AddPrefix(netip.PrefixFrom(netip.IPv4Unspecified(), 0))
			b.AddPrefix(netip.PrefixFrom(netip.IPv6Unspecified(), 0))
		case p.addresses != nil:
			b.AddSet(p.addresses)
		}
	}
	return setOf(&b)
}

func common(a, b *netipx.IPSet) *netipx.IPSet {
	var both netipx.IPSetBuilder
	both.AddSet(a)
	both.Intersect(b)
	return setOf(&both)
}

// overlapAny tells whether a range of sorted, as a set has them, overlaps the
// other set.
func overlapAny(sorted []netipx.IPRange, other *netipx.IPSet) bool {
	for _, r := range other.Ranges() {
		i, _ := slices.BinarySearchFunc(sorted, r.From(), func(r netipx.IPRange, from netip.Addr) int { return r.To().Compare(from) })
		if i < len(sorted) && sorted[i].From().Compare(r.To()) <= 0 {
			return true
		}
	}
	return false
}

// setOf is the set that was built; empty if it cannot be.
func setOf(b *netipx.IPSetBuilder) *netipx.IPSet {
	set, err := b.IPSet()
	if err != nil {
		return &netipx.IPSet{}
	}
	return set
}

// AllowsDNS tells whether the policy lets its pods ask a name server somewhere:
// egress is not isolated, or a rule allows port 53, or port 5353, on which CoreDNS
// listens in some distributions, or a port named for it.
func AllowsDNS(policy *networkingv1.NetworkPolicy) bool {
	if !Isolates(policy, networkingv1.PolicyTypeEgress) {
		return true
	}
	for _, rule := range Rules(policy, networkingv1.PolicyTypeEgress) {
		ports := newPortSet(rule.Ports)
		for _, protocol := range []corev1.Protocol{corev1.ProtocolUDP, corev1.ProtocolTCP} {
			queries := []traffic{
				{protocol: protocol, numbers: portRange{53, 53}},
				{protocol: protocol, numbers: portRange{5353, 5353}},
				{protocol: protocol, name: "dns"},
				{protocol: protocol, name: "dns-tcp"},
			}
			if slices.ContainsFunc(queries, ports.covers) {
				return true
			}
		}
	}
	return false
}

// StrayDashes returns the indices of rules that have only peers while the next
// one has only ports. In YAML a "-" too many makes two such rules of one: all
// ports to these peers, and these ports to any peer.
func StrayDashes(policy *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) (found []int) {
	rules := Rules(policy, direction)
	for i := 0; i+1 < len(rules); i++ {
		rule, next := rules[i], rules[i+1]
		if len(rule.Peers) > 0 && len(rule.Ports) == 0 && len(next.Peers) == 0 && len(next.Ports) > 0 {
			found = append(found, i)
		}
	}
	return found
}
