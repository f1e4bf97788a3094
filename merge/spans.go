package merge

import (
	"cmp"
	"slices"
)

// span is the points of a line from one up to another, which is not in it. Points are
// strings, in the order of their bytes; points.go says which stand for what.
type span struct{ from, to string }

// spans is a set of points as spansOf makes it: sorted, no two spans overlap or
// touch. So two sets are the same if their spans are.
type spans []span

// lineEnd is behind every point.
const lineEnd = "\xff"

func everything() spans { return spans{{"", lineEnd}} }

// spansOf returns the union of spans, which may come in any order, overlap or be empty.
func spansOf(list []span) spans {
	list = slices.Clone(list)
	slices.SortFunc(list, byStart)
	return joined(list)
}

func byStart(a, b span) int { return cmp.Compare(a.from, b.from) }

// joined is the union of sorted spans, which it takes the place of.
func joined(sorted []span) spans {
	set := sorted[:0]
	for _, next := range sorted {
		last := len(set) - 1
		switch {
		case next.from >= next.to:
		case last < 0 || set[last].to < next.from:
			set = append(set, next)
		default:
			set[last].to = max(set[last].to, next.to)
		}
	}
	return set
}

// add returns the set with one more span in it. It may change s.
func (s spans) add(next span) spans {
	i := s.find(next.from)
	if i > 0 && s[i-1].to == next.from {
		i--
	}
	behind := i
	for ; behind < len(s) && s[behind].from <= next.to; behind++ {
		next = span{min(next.from, s[behind].from), max(next.to, s[behind].to)}
	}
	return slices.Replace(s, i, behind, next)
}

// addAll is add of each. One by one, each moves all that are behind it, so that many are
// put in from behind. It changes both.
func (s spans) addAll(list []span) spans {
	const few = 16
	if len(list) < few {
		for _, next := range list {
			s = s.add(next)
		}
		return s
	}
	slices.SortFunc(list, byStart)
	end, touches := len(s), false // s[end:] is where it has to be
	s = append(s, list...)
	for j, next := range slices.Backward(list) {
		i, _ := slices.BinarySearchFunc(s[:end], next, byStart)
		copy(s[i+j+1:], s[i:end])
		s[i+j], end = next, i
		touches = touches || i > 0 && s[i-1].to >= next.from || i+j+1 < len(s) && s[i+j+1].from <= next.to
	}
	if touches {
		return joined(s)
	}
	return s
}

// find returns the index of the first span that ends behind p.
func (s spans) find(p string) int {
	i, _ := slices.BinarySearchFunc(s, p, func(s span, p string) int {
		if s.to > p {
			return 1
		}
		return -1
	})
	return i
}

func (s spans) has(p string) bool { return s.covers(only(p)) }

func (s spans) covers(other ...span) bool {
	if len(s) < len(other) {
		return !everything().minus(s).overlaps(other...)
	}
	for _, o := range other {
		i := s.find(o.from)
		if i == len(s) || s[i].from > o.from || s[i].to < o.to {
			return false
		}
	}
	return true
}

func (s spans) overlaps(other ...span) bool {
	if len(s) > len(other) {
		s, other = other, s
	}
	for _, one := range s {
		if i := spans(other).find(one.from); i < len(other) && other[i].from < one.to {
			return true
		}
	}
	return false
}

func (s spans) minus(other spans) (left spans) {
	for _, rest := range s {
		for _, cut := range other[other.find(rest.from):] {
			if cut.from >= rest.to {
				break
			}
			if rest.from < cut.from {
				left = append(left, span{rest.from, cut.from})
			}
			rest.from = cut.to
		}
		if rest.from < rest.to {
			left = append(left, rest)
		}
	}
	return left
}

// cuts is into how many pieces minus may cut the set.
func (s spans) cuts(other spans) (n int) {
	for _, one := range s {
		n += 1 + other.find(one.to) - other.find(one.from)
	}
	return n
}

func (s spans) intersect(other spans) spans { return s.minus(s.minus(other)) }
