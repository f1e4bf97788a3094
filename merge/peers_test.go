package merge

import (
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// TestSelectorsExhaustively compares selectors of up to two requirements on one
// label with what they select: every pair of them, and every value there is.
func TestSelectorsExhaustively(t *testing.T) {
	selectors := everySelector()
	selected := make([][]bool, len(selectors))
	for i, s := range selectors {
		selected[i] = selects(t, s)
	}
	for i, a := range selectors {
		for j, b := range selectors {
			if !anyOf(selected[i]) || !anyOf(selected[j]) {
				continue // what selects nothing has many forms
			}
			within := true
			for k := range selected[j] {
				within = within && (selected[i][k] || !selected[j][k])
			}
			require.Equal(t, within, selectorOf(a).covers(selectorOf(b)), "%v covers %v", a, b)
			same := equal(selected[i], selected[j])
			require.Equal(t, same, SamePods(a, b), "%v selects the same as %v", a, b)
		}
	}
}

func everySelector() []*metav1.LabelSelector {
	one := []metav1.LabelSelectorRequirement{{Operator: metav1.LabelSelectorOpExists}, {Operator: metav1.LabelSelectorOpDoesNotExist}}
	for _, values := range [][]string{{"a"}, {"b"}, {"a", "b"}, {"b", "a", "a"}} {
		one = append(one, metav1.LabelSelectorRequirement{Operator: metav1.LabelSelectorOpIn, Values: values},
			metav1.LabelSelectorRequirement{Operator: metav1.LabelSelectorOpNotIn, Values: values})
	}
	for i := range one {
		one[i].Key = "app"
	}
	all := []*metav1.LabelSelector{nil, {}, {MatchLabels: map[string]string{"app": "a"}}}
	for _, first := range one {
		all = append(all,
			&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{first}},
			&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{first}, MatchLabels: map[string]string{"app": "b"}})
		for _, second := range one {
			all = append(all, &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{first, second}})
		}
	}
	return all
}

// selects tells for the label absent and for each value it may have whether the
// selector selects it; nil selects everything.
func selects(t *testing.T, s *metav1.LabelSelector) (selected []bool) {
	if s == nil {
		s = &metav1.LabelSelector{}
	}
	official, err := metav1.LabelSelectorAsSelector(s)
	require.NoError(t, err)
	for _, set := range []labels.Set{{}, {"app": "a"}, {"app": "b"}, {"app": "c"}} {
		selected = append(selected, official.Matches(set))
	}
	return selected
}

func anyOf(values []bool) bool {
	for _, value := range values {
		if value {
			return true
		}
	}
	return false
}

func equal(a, b []bool) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
