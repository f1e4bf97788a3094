package merge

import (
	"cmp"
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SamePods reports whether two pod selectors select the same pods, whatever the
// order and form of their requirements; nil selects all.
func SamePods(a, b *metav1.LabelSelector) bool { return PodsKey(a) == PodsKey(b) }

// PodsKey is the same for two pod selectors only if they select the same pods, and
// always if neither contradicts itself; nil selects all.
func PodsKey(s *metav1.LabelSelector) string { return selectorOf(s).key() }

// SelectsAllOf reports whether a ceiling's podSelector selects every pod that a
// policy's selects; nil and empty select all. It is false when in doubt.
func SelectsAllOf(ceiling, policy *metav1.LabelSelector) bool {
	return selectorOf(ceiling).covers(selectorOf(policy))
}

func selectorOf(from *metav1.LabelSelector) selector { return newSelector(requirementsOf("", from)) }

// selector holds, sorted by label, what each label that matters may be. An empty
// selector selects everything.
type selector []requirement

type requirement struct {
	label string
	labelValues
}

// labelValues is the set of values a label may have: those listed, which are sorted,
// or, if inverted, all others. The label itself may also be allowed to be absent.
type labelValues struct {
	listed   []string
	inverted bool
	absent   bool
}

// requirementsOf returns a selector's requirements, with something in front of the
// names of its labels to tell them from those of others.
func requirementsOf(prefix string, from *metav1.LabelSelector) (list []requirement) {
	if from == nil {
		return nil
	}
	for label, value := range from.MatchLabels {
		list = append(list, requirement{prefix + label, labelValues{listed: []string{value}}})
	}
	for _, expression := range from.MatchExpressions {
		values := labelValues{listed: slices.Compact(slices.Sorted(slices.Values(expression.Values)))}
		switch expression.Operator {
		case metav1.LabelSelectorOpIn:
		case metav1.LabelSelectorOpNotIn:
			values.inverted, values.absent = true, true
		case metav1.LabelSelectorOpExists:
			values.inverted = true
		case metav1.LabelSelectorOpDoesNotExist:
			values.absent = true
		}
		list = append(list, requirement{prefix + expression.Key, values})
	}
	return list
}

func newSelector(list []requirement) (s selector) {
	slices.SortFunc(list, func(a, b requirement) int { return cmp.Compare(a.label, b.label) })
	for len(list) > 0 {
		n := slices.IndexFunc(list, func(r requirement) bool { return r.label != list[0].label })
		if n < 0 {
			n = len(list)
		}
		s, list = append(s, requirement{list[0].label, allOfThem(list[:n])}), list[n:]
	}
	return s
}

// allOfThem is what meets every requirement. It halves the list, as long sets of
// values would be copied for each requirement otherwise.
func allOfThem(list []requirement) labelValues {
	if len(list) == 1 {
		return list[0].labelValues
	}
	half := len(list) / 2
	return allOfThem(list[:half]).intersect(allOfThem(list[half:]))
}

func (s selector) find(label string) (int, bool) {
	return slices.BinarySearchFunc(s, label, func(r requirement, label string) int { return cmp.Compare(r.label, label) })
}

// require returns a selector that also requires values of a label.
func (s selector) require(label string, values labelValues) selector {
	i, known := s.find(label)
	s = slices.Clone(s)
	if !known {
		return slices.Insert(s, i, requirement{label, values})
	}
	s[i].labelValues = s[i].intersect(values)
	return s
}

func (s selector) covers(other selector) bool {
	for _, r := range s {
		i, known := other.find(r.label)
		if !known || !r.labelValues.covers(other[i].labelValues) {
			return false
		}
	}
	return true
}

func (s selector) isEmpty() bool {
	return slices.ContainsFunc(s, func(r requirement) bool { return r.labelValues.isEmpty() })
}

func (s selector) overlaps(other selector) bool {
	for _, r := range s {
		if i, known := other.find(r.label); known && !r.labelValues.overlaps(other[i].labelValues) {
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
	inside := s
	for _, r := range other {
		outside := inside.require(r.label, r.complement())
		if !outside.isEmpty() {
			parts = append(parts, outside)
		}
		inside = inside.require(r.label, r.labelValues)
	}
	return parts
}

// size is what it costs to compare the selector with another, in steps.
func (s selector) size() (n int) {
	for _, r := range s {
		n += 1 + len(r.listed)
	}
	return n
}

func (s selector) key() string {
	var key []byte
	for _, r := range s {
		key = strconv.AppendQuote(append(key, '{'), r.label)
		for _, value := range r.listed {
			key = strconv.AppendQuote(append(key, ' '), value)
		}
		key = strconv.AppendBool(append(key, ' '), r.inverted)
		key = append(strconv.AppendBool(append(key, ' '), r.absent), '}')
	}
	return string(key)
}

func (v labelValues) isEmpty() bool { return len(v.listed) == 0 && !v.inverted && !v.absent }

func (v labelValues) complement() labelValues {
	return labelValues{listed: v.listed, inverted: !v.inverted, absent: !v.absent}
}

func (v labelValues) has(value string) bool {
	_, listed := slices.BinarySearch(v.listed, value)
	return listed != v.inverted
}

func (v labelValues) intersect(other labelValues) labelValues {
	both := labelValues{inverted: v.inverted && other.inverted, absent: v.absent && other.absent}
	if v.inverted {
		v, other = other, v // v is finite, unless both are not
	}
	both.listed = slices.DeleteFunc(slices.Clone(v.listed), func(value string) bool { return !both.inverted && !other.has(value) })
	if both.inverted {
		both.listed = append(both.listed, other.listed...)
		slices.Sort(both.listed)
		both.listed = slices.Compact(both.listed)
	}
	return both
}

func (v labelValues) overlaps(other labelValues) bool {
	if v.absent && other.absent || v.inverted && other.inverted {
		return true
	}
	if v.inverted || !other.inverted && len(other.listed) < len(v.listed) {
		v, other = other, v
	}
	return slices.ContainsFunc(v.listed, other.has)
}

func (v labelValues) covers(other labelValues) bool {
	if other.absent && !v.absent || other.inverted && !v.inverted {
		return false // other has infinitely many values, v only those listed
	}
	if other.inverted {
		return !slices.ContainsFunc(v.listed, other.has)
	}
	return !slices.ContainsFunc(other.listed, func(value string) bool { return !v.has(value) })
}
