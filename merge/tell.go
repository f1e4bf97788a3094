package merge

import (
	"cmp"
	"maps"
	"slices"
)

// mostTold bounds the cost of tell.
const mostTold = 300_000

// piece is whom something is told of: addresses between two borders, or all that a
// peer is for, which is any peer if there is no key.
type piece struct {
	addresses span
	key       string
}

// tell returns rules that allow what is in the boxes, the same ones for whatever boxes
// add up to the same. Networks and ranges of ports are exact. Any peer, selected pods, all
// ports of a protocol and all traffic are told whole, as the API has no word for most
// parts of them. Told is false if that would take too long.
func tell(boxes []box) (rules []Rule, told bool) {
	ports, cost := map[piece][]span{}, 0
	selected := map[string]selector{}
	borders := bordersOf(boxes)
	for _, b := range boxes {
		pieces := []piece{{key: b.peer.key}}
		if b.peer.isBlock() {
			pieces = piecesOf(b.some.allowed(whom), borders)
		} else {
			selected[b.peer.key] = b.peer.selector
		}
		if cost += len(pieces) * len(b.ports); cost > mostTold {
			return nil, false
		}
		for _, p := range pieces {
			ports[p] = append(ports[p], b.ports...)
		}
	}
	return rulesOf(ports, selected), true
}

// bordersOf returns where addresses of the boxes begin and end.
func bordersOf(boxes []box) (borders []string) {
	for _, b := range boxes {
		if b.peer.isBlock() {
			for _, s := range b.some.allowed(whom) {
				borders = append(borders, s.from, s.to)
			}
		}
	}
	slices.Sort(borders)
	return slices.Compact(borders)
}

// piecesOf cuts addresses at all borders in them.
func piecesOf(addresses spans, borders []string) (pieces []piece) {
	for _, s := range addresses {
		i, _ := slices.BinarySearch(borders, s.from)
		for ; borders[i] < s.to; i++ {
			pieces = append(pieces, piece{addresses: span{borders[i], borders[i+1]}})
		}
	}
	return pieces
}

// rulesOf makes one rule of all pieces that have the same ports. What any peer has is
// not told again of some.
func rulesOf(ports map[piece][]span, selected map[string]selector) (rules []Rule) {
	pieces := slices.SortedFunc(maps.Keys(ports), func(a, b piece) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.addresses.from, b.addresses.from))
	})
	groups := map[string]*group{}
	var keys []string
	var anyPeer spans // sorted in front
	for _, p := range pieces {
		has := tellable(spansOf(ports[p]).minus(anyPeer))
		if len(has) == 0 {
			continue
		}
		key := selector{{"", has}}.key()
		if groups[key] == nil {
			groups[key], keys = &group{ports: has}, append(keys, key)
		}
		g := groups[key]
		switch {
		case p == piece{}:
			anyPeer = has
		case p.key != "":
			g.pods = append(g.pods, selected[p.key])
		default:
			g.addresses = append(g.addresses, p.addresses)
		}
	}
	for _, key := range keys {
		rules = append(rules, groups[key].rule())
	}
	return rules
}

// group is addresses and pods that have the same ports; with neither, it is any peer.
type group struct {
	addresses []span
	pods      []selector
	ports     spans
}

func (g *group) rule() Rule {
	rule := Rule{Ports: portsOf(g.ports)}
	addresses := spansOf(g.addresses)
	for _, family := range []string{ipv4, ipv6} {
		rule.Peers = append(rule.Peers, blocksOf(addresses.intersect(spans{allThat(family)}))...)
	}
	for _, pods := range g.pods {
		rule.Peers = append(rule.Peers, podsOf(pods))
	}
	return rule
}
