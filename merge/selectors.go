package merge

import (
	"cmp"
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// PodsKey is the same for two pod selectors only if they select the same pods, and
// always if neither contradicts itself; nil selects all.
func PodsKey(s *metav1.LabelSelector) string { return selectorOf(s).key() }

func selectorOf(from *metav1.LabelSelector) selector { return newSelector(requirementsOf("", from)) }

// selector holds, sorted by label, what each label that matters may be. An empty
// selector selects everything.
type selector []requirement

type requirement struct {
	label  string
	values spans
}

// requirementsOf returns a selector's requirements, with something in front of the
// names of its labels to tell them from those of others.
func requirementsOf(prefix string, from *metav1.LabelSelector) (list []requirement) {
	if from == nil {
		return nil
	}
	for label, value := range from.MatchLabels {
		list = append(list, requirement{prefix + label, valuesOf([]string{value})})
	}
	for _, expression := range from.MatchExpressions {
		values := valuesOf(expression.Values)
		switch expression.Operator {
		case metav1.LabelSelectorOpIn:
		case metav1.LabelSelectorOpNotIn:
			values = everything().minus(values)
		case metav1.LabelSelectorOpExists:
			values = exists()
		case metav1.LabelSelectorOpDoesNotExist:
			values = everything().minus(exists())
		}
		list = append(list, requirement{prefix + expression.Key, values})
	}
	return list
}

func newSelector(list []requirement) selector {
	slices.SortFunc(list, func(a, b requirement) int { return cmp.Compare(a.label, b.label) })
	s := make(selector, 0, len(list))
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].label == list[0].label {
			n++
		}
		s, list = append(s, requirement{list[0].label, allowedByAll(list[:n])}), list[n:]
	}
	return s
}

// allowedByAll returns the values that no requirement excludes.
func allowedByAll(list []requirement) spans {
	if len(list) == 1 {
		return list[0].values
	}
	var excluded []span
	for _, r := range list {
		excluded = append(excluded, everything().minus(r.values)...)
	}
	return everything().minus(spansOf(excluded))
}

func (s selector) find(label string) (int, bool) {
	return slices.BinarySearchFunc(s, label, func(r requirement, label string) int { return cmp.Compare(r.label, label) })
}

// allowed returns the values that a label may have.
func (s selector) allowed(label string) spans {
	if i, known := s.find(label); known {
		return s[i].values
	}
	return everything()
}

// with returns a selector for which a label may have these values.
func (s selector) with(label string, values spans) selector {
	i, known := s.find(label)
	s = slices.Clone(s)
	if !known {
		return slices.Insert(s, i, requirement{label, values})
	}
	s[i].values = values
	return s
}

func (s selector) covers(other selector) bool {
	for _, r := range s {
		if i, known := other.find(r.label); !known || !r.values.covers(other[i].values...) {
			return false
		}
	}
	return true
}

// isEmpty reports whether nobody is selected: the selector contradicts itself, or a
// block excepts all of itself.
func (s selector) isEmpty() bool {
	return slices.ContainsFunc(s, func(r requirement) bool { return len(r.values) == 0 })
}

// overlaps reports whether two selectors that are not empty have somebody in common.
func (s selector) overlaps(other selector) bool {
	if len(s) > len(other) {
		s, other = other, s
	}
	for _, r := range s {
		if i, known := other.find(r.label); known && !r.values.overlaps(other[i].values...) {
			return false
		}
	}
	return true
}

// without returns what s selects and other does not, as selectors of which no
// two select the same.
func (s selector) without(other selector) (parts []selector) {
	inside := s
	for _, r := range other {
		allowed := inside.allowed(r.label)
		if outside := allowed.minus(r.values); len(outside) > 0 {
			parts = append(parts, inside.with(r.label, outside))
			inside = inside.with(r.label, allowed.minus(outside))
		}
	}
	return parts
}

// size is what it costs to compare the selector with another, in steps.
func (s selector) size() int {
	n := 1
	for _, r := range s {
		n += 1 + len(r.values)
	}
	return n
}

func (s selector) key() string {
	var key []byte
	add := func(text string) {
		key = append(strconv.AppendInt(key, int64(len(text)), 10), ':')
		key = append(key, text...)
	}
	for _, r := range s {
		add(r.label)
		for _, one := range r.values {
			add(one.from)
			add(one.to)
		}
		key = append(key, ';')
	}
	return string(key)
}
