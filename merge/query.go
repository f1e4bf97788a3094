package merge

import (
	"cmp"
	"net/netip"
	"slices"
)

// query is what a rule asks of the rules that stand.
type query struct {
	*ruleSet
	peers    []peer
	key      string // of the set of peers
	entries  []traffic
	requests []traffic // the entries, or all traffic
	ports    *portSet
	reaches  []*reach
}

func (s *ruleSet) ask(rule Rule) *query {
	peers, key := peersOf(rule.Peers)
	return s.askFor(peers, key, entries(rule.Ports))
}

func (s *ruleSet) askFor(peers []peer, key string, entries []traffic) *query {
	s.steps = max(s.steps, stepsPerRule)
	q := &query{ruleSet: s, peers: peers, key: key, entries: entries, ports: newPortSet(entries), requests: entries}
	if len(entries) == 0 {
		q.requests = []traffic{{}}
	}
	return q
}

// samePeersSomePorts returns the first rule with the same peers to which ports can be
// added: not one for all ports, which they would narrow.
func (q *query) samePeersSomePorts() (rule int, stands bool) {
	for _, i := range q.samePeers[q.key] {
		if len(q.rules[i].entries) > 0 {
			return i, len(q.entries) > 0
		}
	}
	return 0, false
}

// coveredByOne returns the first rule that is for any peer or for the same peers, and
// allows t.
func (q *query) coveredByOne(t traffic) (rule int, covered bool) {
	for _, key := range []string{anyKey, q.key} {
		for _, i := range q.samePeers[key] {
			if !q.spend(1) || covered && i >= rule {
				break
			}
			if q.rules[i].ports.covers(t) {
				rule, covered = i, true
			}
		}
	}
	return rule, covered
}

// coveredBy returns the sorted indices of rules that together allow t for all of the
// peers, or nil if no rules do, or if it is not certain. A peer that selects nobody
// needs no rule, unless all are such.
func (q *query) coveredBy(t traffic) []int {
	if rule, covered := q.coveredByOne(t); covered {
		return []int{rule}
	}
	var by []int
	for _, r := range q.reach() {
		for _, piece := range q.pieces(r, t) {
			left, used := q.subtract(r, piece)
			if len(left) > 0 {
				return nil
			}
			by = append(by, used...)
		}
	}
	slices.Sort(by)
	return slices.Compact(by)
}

// reach is a peer and the standing rules that are for it, or for a part of it, and for
// any of the ports that are asked for. It is found once for all of these.
type reach struct {
	peer
	candidates []candidate
	// What subtract said last, as the next piece of traffic often gets the same.
	last     []int
	lastLeft []peer
	lastUsed []int
}

type candidate struct {
	rule      int
	ports     *portSet
	wholePeer bool // the rule is for the whole peer, not only for a part
}

func (q *query) reach() []*reach {
	if q.reaches == nil {
		for _, p := range q.peers {
			q.reaches = append(q.reaches, &reach{peer: p, candidates: q.candidates(p)})
		}
	}
	return q.reaches
}

func (q *query) candidates(p peer) (found []candidate) {
	size := p.size()
	for i, rule := range q.rules {
		if !q.spend(4) {
			break
		}
		grows := rule.key == q.key // by the ports of this very query
		if !grows && !rule.ports.overlaps(q.ports) {
			continue
		}
		if !q.spend(min(len(rule.peers)*size, rule.size)) {
			break
		}
		whole := slices.ContainsFunc(rule.peers, func(standing peer) bool { return standing.covers(p) })
		if whole || slices.ContainsFunc(rule.peers, p.overlaps) {
			found = append(found, candidate{i, rule.ports, whole})
		}
	}
	return found
}

// pieces cuts t so that every candidate allows either all of a piece or nothing.
func (q *query) pieces(r *reach, t traffic) []traffic {
	var parts []traffic
	for _, c := range r.candidates {
		common := c.ports.overlapping(t)
		if !q.spend(1+len(common)) || c.wholePeer && len(common) == 1 && common[0] == t {
			return []traffic{t}
		}
		parts = append(parts, common...)
	}
	return cutAtBorders(t, parts)
}

// subtract returns what of the peer may not have a piece of traffic, and the indices
// of the rules that let the rest have it.
func (q *query) subtract(r *reach, piece traffic) (left []peer, used []int) {
	if r.isEmpty() {
		return nil, nil
	}
	var allowing []int
	for _, c := range r.candidates {
		switch {
		case !q.spend(1):
			return []peer{r.peer}, nil
		case !c.ports.covers(piece):
		case c.wholePeer:
			return nil, []int{c.rule}
		default:
			allowing = append(allowing, c.rule)
		}
	}
	if r.lastLeft == nil && r.lastUsed == nil || !slices.Equal(allowing, r.last) {
		r.last = allowing
		r.lastLeft, r.lastUsed = q.without(r.peer, allowing)
	}
	return r.lastLeft, r.lastUsed
}

// without takes what the rules are for away from a peer, and returns what is left and
// which rules took something. What two rules take is taken by the first.
func (q *query) without(p peer, rules []int) (left []peer, used []int) {
	switch {
	case len(rules) == 0 || p.kind == anyone:
		return []peer{p}, nil
	case p.kind == selected:
		return q.withoutPods(p, rules)
	}
	var taken []span[netip.Addr]
	for _, i := range rules {
		for _, standing := range q.rules[i].peers {
			taken = append(taken, standing.addresses...)
		}
	}
	if !q.spend(4 * len(taken)) {
		return []peer{p}, nil
	}
	if rest := p.addresses.minus(spansOf(taken)); len(rest) > 0 {
		left = []peer{addressesOf(rest)}
	}
	return left, rules
}

// mostRemaining bounds the search for selectors that add up, which could grow
// exponentially.
const mostRemaining = 100

// withoutPods begins with the peers that select most, so that what is left does not
// depend on the order of rules, and is in few pieces.
func (q *query) withoutPods(p peer, rules []int) (left []peer, used []int) {
	type taking struct {
		peer
		rule int
	}
	var takings []taking
	for _, i := range rules {
		for _, standing := range q.rules[i].peers {
			if standing.kind == selected && q.spend(10) {
				takings = append(takings, taking{standing, i})
			}
		}
	}
	slices.SortStableFunc(takings, func(a, b taking) int {
		return cmp.Or(cmp.Compare(len(a.pods), len(b.pods)), cmp.Compare(a.key, b.key))
	})
	remaining := []selector{p.pods}
	for _, t := range takings {
		rest, took := q.takeAway(remaining, t.peer)
		if took {
			used = append(used, t.rule)
		}
		if remaining = rest; len(remaining) == 0 {
			break
		}
		if len(remaining) > mostRemaining || q.steps <= 0 {
			return []peer{p}, nil
		}
	}
	for _, pods := range remaining {
		left = append(left, podsOf(pods))
	}
	return left, used
}

// takeAway returns what the parts select and taken does not.
func (q *query) takeAway(parts []selector, taken peer) (left []selector, took bool) {
	for _, part := range parts {
		if !q.spend(2 * (taken.size() + len(part))) {
			return parts, took
		}
		if !part.overlaps(taken.pods) {
			left = append(left, part)
			continue
		}
		took = true
		if !q.spend(len(taken.pods)*(10+len(part)+taken.size()) + 4*part.size()) {
			return parts, took
		}
		left = append(left, part.without(taken.pods)...)
	}
	return left, took
}
