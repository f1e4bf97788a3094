package merge

import "slices"

// query is what a rule asks of the rules that stand.
type query struct {
	*ruleSet
	standingRule
	met  []int         // rules whose ports overlap with those asked for; nil until asked for
	near [][]candidate // of each peer; nil until asked for
}

// candidate is a peer of a standing rule that has pods or addresses, and ports, in
// common with what a query asks for.
type candidate struct {
	rule  int
	peer  selector
	whole bool // it covers the whole peer that is asked for, not only a part
}

func (s *ruleSet) ask(rule standingRule) *query {
	*s.steps = max(*s.steps, stepsPerRule)
	return &query{ruleSet: s, standingRule: rule, near: make([][]candidate, len(rule.peers))}
}

// samePeersSomePorts returns the first rule with the same peers to which ports can be
// added: not one for all ports, which they would narrow.
func (q *query) samePeersSomePorts() (rule int, stands bool) {
	for _, i := range q.samePeers[q.key] {
		if !q.rules[i].hasAll {
			return i, !q.hasAll
		}
	}
	return 0, false
}

// coveredByOne returns the first rule that is for any peer or for the same peers, and
// allows what is asked.
func (q *query) coveredByOne(asked span) (rule int, covered bool) {
	for _, key := range []string{"", q.key} {
		for _, i := range q.samePeers[key] {
			if !q.spend(1) || covered && i >= rule {
				break
			}
			if q.rules[i].ports.covers(asked) {
				rule, covered = i, true
			}
		}
	}
	return rule, covered
}

// coveredBy returns the sorted indices of rules that together allow what is asked for
// all of the peers, or none if no rules do, or if it is not certain. A peer that
// selects nobody needs no rule, unless all are such.
func (q *query) coveredBy(asked span) []int {
	if rule, covered := q.coveredByOne(asked); covered {
		return []int{rule}
	}
	var by []int
	for i := range q.peers {
		left, used := q.left(i, asked)
		if len(left) > 0 {
			return nil
		}
		by = append(by, used...)
	}
	slices.Sort(by)
	return slices.Compact(by)
}

// beyond returns what the peers may not have of what is asked. Found is false if there
// is too much to be compared.
func (q *query) beyond(asked span) (beyond []box, found bool) {
	if _, covered := q.coveredByOne(asked); covered {
		return nil, true
	}
	for i := range q.peers {
		left, _ := q.left(i, asked)
		for _, b := range left { // what it costs to tell them
			if !q.spend(50*(len(b.ports)+len(b.some.allowed(whom))) + 10*b.some.size()) {
				return nil, false
			}
		}
		beyond = append(beyond, left...)
	}
	return beyond, true
}

// box is traffic with some of whom a peer is for.
type box struct {
	ports spans
	some  selector
	peer  *peer // the whole
}

// without returns what is in b and not in the other box, in pieces that do not overlap.
func (b box) without(other box) (parts []box) {
	outside := b.ports.minus(other.ports)
	if len(outside) > 0 {
		parts = append(parts, box{outside, b.some, b.peer})
	}
	common := b.ports.minus(outside)
	for _, rest := range b.some.without(other.some) {
		parts = append(parts, box{common, rest, b.peer})
	}
	return parts
}

// mostRemaining bounds into how many pieces something is cut, which could grow
// exponentially.
const mostRemaining = 100

// left returns what a peer may not have of what is asked, and the rules that let it
// have the rest. If that cannot be found out, all is left.
func (q *query) left(peer int, asked span) (left []box, used []int) {
	p := &q.peers[peer]
	if p.nobody {
		return nil, nil
	}
	whole := []box{{spans{asked}, p.selector, p}}
	near := q.candidates(peer)
	for _, c := range near {
		if q.spend(1) && c.whole && q.rules[c.rule].ports.covers(asked) {
			return nil, []int{c.rule}
		}
	}
	left = whole
	for _, c := range near {
		rest, took := q.takeAway(left, box{q.rules[c.rule].ports, c.peer, nil})
		if took {
			used = append(used, c.rule)
		}
		if left = rest; len(left) == 0 {
			return nil, used
		}
		if len(left) > mostRemaining || *q.steps <= 0 {
			return whole, nil
		}
	}
	return left, used
}

func (q *query) candidates(peer int) []candidate {
	if q.near[peer] != nil {
		return q.near[peer]
	}
	p, found := q.peers[peer], []candidate{}
	size := p.size()
	for _, i := range q.rulesMet() {
		rule := q.rules[i]
		if !q.spend(3 + min(len(rule.peers)*size, rule.size)) {
			break
		}
		for _, standing := range rule.peers {
			whole := standing.covers(p.selector)
			if whole || !standing.nobody && len(p.selector) > 0 && standing.overlaps(p.selector) { // any peer is not cut
				found = append(found, candidate{i, standing.selector, whole})
			}
		}
	}
	q.near[peer] = found
	return found
}

// rulesMet returns the rules that have ports in common with what is asked for, or may get
// some, as they grow by the ports of this very query.
func (q *query) rulesMet() []int {
	if q.met != nil {
		return q.met
	}
	q.met = []int{}
	for i, rule := range q.rules {
		if !q.spend(1 + 2*min(len(rule.ports), len(q.ports))) {
			break
		}
		if rule.key == q.key || rule.ports.overlaps(q.ports...) {
			q.met = append(q.met, i)
		}
	}
	return q.met
}

// takeAway returns what is in the boxes and not in taken.
func (q *query) takeAway(boxes []box, taken box) (left []box, took bool) {
	size := taken.some.size()
	for _, b := range boxes {
		if !q.spend(2 * (size + len(b.some))) {
			return boxes, took
		}
		if !b.ports.overlaps(taken.ports...) || !b.some.overlaps(taken.some) {
			left = append(left, b)
			continue
		}
		took = true
		if !q.spend(len(taken.some)*(10+len(b.some)+len(taken.some)) + 2*size + 8*b.some.size() + 4*b.ports.cuts(taken.ports)) {
			return boxes, took
		}
		left = append(left, b.without(taken)...)
	}
	return left, took
}
