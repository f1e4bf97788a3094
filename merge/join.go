package merge

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// crowd is whom a rule is for, as a set.
type crowd struct {
	anyone    bool
	addresses spans[netip.Addr]
	pods      []selector
}

// box is traffic with a crowd.
type box struct {
	traffic
	crowd
}

// mostJoined bounds the cost of join. With more, the parts are told as they are.
const mostJoined = 2_000_000

// join returns rules that allow the same as the parts, as few as may be, and the same
// ones for whatever parts that add up to the same. What is told of all ports is not
// told again of some.
func join(parts []Rule) (rules []Rule) {
	var boxes []box
	var list []traffic
	size := 0
	for _, part := range parts {
		peers, _ := peersOf(part.Peers)
		for _, p := range peers {
			size += p.size() * max(1, len(part.Ports))
		}
		for _, t := range newPortSet(entries(part.Ports)).entries() {
			boxes = append(boxes, box{t, crowdOf(peers)})
			list = append(list, t)
		}
	}
	columns := columnsOf(list)
	if len(columns)*size > mostJoined {
		return parts
	}
	var joined []box
	told := map[traffic]crowd{}
	for _, column := range columns {
		var all []crowd
		for _, b := range boxes {
			if b.covers(column) && b.level() == column.level() {
				all = append(all, b.crowd)
			}
		}
		who := anyOf(all)
		if column.level() > 0 {
			who = who.minus(told[traffic{}])
		}
		if column.level() > 1 {
			who = who.minus(told[traffic{protocol: column.protocol}])
		}
		told[column] = who
		joined = append(joined, box{column, who})
	}
	return rulesOf(joined)
}

// columnsOf cuts traffic into pieces of which each entry covers all or nothing. What
// holds others comes first.
func columnsOf(list []traffic) (columns []traffic) {
	numbered := map[corev1.Protocol][]traffic{}
	for _, t := range list {
		if t.isNumbered() {
			numbered[t.protocol] = append(numbered[t.protocol], t)
		} else {
			columns = append(columns, t)
		}
	}
	for protocol, list := range numbered {
		set := newPortSet(list)
		for _, piece := range cutAtBorders(allOf(protocol), list) {
			if set.covers(piece) {
				columns = append(columns, piece)
			}
		}
	}
	slices.SortFunc(columns, func(a, b traffic) int {
		return cmp.Or(cmp.Compare(a.level(), b.level()), cmp.Compare(a.protocol, b.protocol),
			cmp.Compare(a.name, b.name), cmp.Compare(a.numbers.first, b.numbers.first))
	})
	return slices.Compact(columns)
}

// rulesOf makes one rule of all traffic with the same crowd.
func rulesOf(boxes []box) (rules []Rule) {
	var keys []string
	ports := map[string][]traffic{}
	peers := map[string][]networkingv1.NetworkPolicyPeer{}
	for _, b := range boxes {
		if !b.anyone && len(b.addresses)+len(b.pods) == 0 {
			continue
		}
		to := b.peers()
		key := fmt.Sprint(b.crowd)
		if _, known := ports[key]; !known {
			keys = append(keys, key)
			peers[key] = to
		}
		ports[key] = appendTraffic(ports[key], b.traffic)
	}
	for _, key := range keys {
		rules = append(rules, Rule{Peers: peers[key], Ports: portsOf(ports[key])})
	}
	return rules
}

// appendTraffic joins a range with the one in front of it, if they touch.
func appendTraffic(list []traffic, t traffic) []traffic {
	end := len(list) - 1
	if end >= 0 && t.isNumbered() && list[end].protocol == t.protocol && list[end].numbers.last+1 == t.numbers.first {
		list[end].numbers.last = t.numbers.last
		return list
	}
	return append(list, t)
}

func crowdOf(peers []peer) (c crowd) {
	for _, p := range peers {
		switch {
		case p.isEmpty():
		case p.kind == anyone:
			c.anyone = true
		case p.kind == block:
			c.addresses = append(c.addresses, p.addresses...)
		default:
			c.pods = append(c.pods, p.pods)
		}
	}
	return c
}

// anyOf returns who is in any of the crowds.
func anyOf(crowds []crowd) (all crowd) {
	for _, c := range crowds {
		all.anyone = all.anyone || c.anyone
		all.addresses = append(all.addresses, c.addresses...)
		all.pods = append(all.pods, c.pods...)
	}
	if all.anyone {
		return crowd{anyone: true}
	}
	return crowd{addresses: spansOf(all.addresses), pods: joinSelectors(all.pods)}
}

// minus returns who is not in the other crowd, too. Of anybody, that is anybody. Pods
// of which a policy cannot say what is left are left as they are.
func (c crowd) minus(other crowd) crowd {
	if other.anyone {
		return crowd{}
	}
	var pods []selector
	for _, part := range c.pods {
		pods = append(pods, withoutAny(part, other.pods)...)
	}
	return crowd{c.anyone, c.addresses.minus(other.addresses), joinSelectors(pods)}
}

func withoutAny(whole selector, taken []selector) []selector {
	left := []selector{whole}
	for _, other := range taken {
		var rest []selector
		for _, part := range left {
			rest = append(rest, part.without(other)...)
		}
		if left = rest; len(left) > mostRemaining {
			return []selector{whole}
		}
	}
	if slices.ContainsFunc(left, func(s selector) bool { _, exact := expressPods(s); return !exact }) {
		return []selector{whole}
	}
	return left
}

func (c crowd) peers() []networkingv1.NetworkPolicyPeer {
	peers := expressAddresses(c.addresses)
	for _, pods := range c.pods {
		some, _ := expressPods(pods)
		peers = append(peers, some...)
	}
	return peers
}

// joinSelectors drops selectors that others cover, joins those that differ in one
// label, and sorts the rest. Too many to be compared each with each are only sorted.
func joinSelectors(list []selector) []selector {
	slices.SortFunc(list, func(a, b selector) int { return cmp.Compare(a.key(), b.key()) })
	list = slices.CompactFunc(list, func(a, b selector) bool { return a.key() == b.key() })
	if len(list) > mostRemaining {
		return list
	}
	for i := 0; i < len(list); i++ {
		for j := 0; j < len(list); j++ {
			if i == j {
				continue
			}
			if one, joined := list[i].join(list[j]); joined {
				list[min(i, j)] = one
				return joinSelectors(slices.Delete(list, max(i, j), max(i, j)+1))
			}
		}
	}
	return list
}

// join returns the one selector that selects what both do, if there is such a one: if
// s covers the other, or they differ in the values of one label.
func (s selector) join(other selector) (one selector, joined bool) {
	if s.covers(other) {
		return s, true
	}
	if len(s) != len(other) {
		return nil, false
	}
	differs := -1
	for i := range s {
		switch same := s[i].labelValues.covers(other[i].labelValues) && other[i].labelValues.covers(s[i].labelValues); {
		case s[i].label != other[i].label || !same && differs >= 0:
			return nil, false
		case !same:
			differs = i
		}
	}
	one = slices.Clone(s)
	one[differs].labelValues = s[differs].complement().intersect(other[differs].complement()).complement()
	if v := one[differs].labelValues; v.inverted && v.absent && len(v.listed) == 0 {
		one = slices.Delete(one, differs, differs+1)
	}
	return one, true
}
