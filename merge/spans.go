package merge

import "slices"

// point is what spans are made of: addresses and port numbers.
type point[T any] interface {
	comparable
	Compare(T) int
	Next() T
	Prev() T
}

// span is all points from first to last, both included.
type span[T point[T]] struct{ first, last T }

// spans is a set of points as spansOf makes it: sorted, no two spans overlap or
// touch. So two sets are the same if their spans are.
type spans[T point[T]] []span[T]

// spansOf returns the union of spans, which may come in any order.
func spansOf[T point[T]](list []span[T]) spans[T] {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b span[T]) int { return a.first.Compare(b.first) })
	var joined spans[T]
	for _, next := range list {
		end := len(joined) - 1
		switch {
		case end < 0 || joined[end].last.Compare(next.first) < 0 && joined[end].last.Next() != next.first:
			joined = append(joined, next)
		case joined[end].last.Compare(next.last) < 0:
			joined[end].last = next.last
		}
	}
	return joined
}

// find returns the index of the first span that ends at p or later.
func (s spans[T]) find(p T) int {
	i, _ := slices.BinarySearchFunc(s, p, func(s span[T], p T) int { return s.last.Compare(p) })
	return i
}

func (s spans[T]) covers(other spans[T]) bool {
	for _, o := range other {
		i := s.find(o.first)
		if i == len(s) || s[i].first.Compare(o.first) > 0 || s[i].last.Compare(o.last) < 0 {
			return false
		}
	}
	return true
}

func (s spans[T]) overlaps(other spans[T]) bool {
	if len(s) > len(other) {
		s, other = other, s
	}
	for _, one := range s {
		if i := other.find(one.first); i < len(other) && other[i].first.Compare(one.last) <= 0 {
			return true
		}
	}
	return false
}

func (s spans[T]) minus(other spans[T]) spans[T] {
	var left spans[T]
	for _, rest := range s {
		gone := false
		for _, cut := range other[other.find(rest.first):] {
			if cut.first.Compare(rest.last) > 0 {
				break
			}
			if rest.first.Compare(cut.first) < 0 {
				left = append(left, span[T]{rest.first, cut.first.Prev()})
			}
			if gone = cut.last.Compare(rest.last) >= 0; gone {
				break
			}
			rest.first = cut.last.Next()
		}
		if !gone {
			left = append(left, rest)
		}
	}
	return left
}

func (s spans[T]) intersect(other spans[T]) spans[T] { return s.minus(s.minus(other)) }
