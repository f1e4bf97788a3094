package merge

import (
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// TestPortSetExhaustively compares port sets with arrays of bools: every
// sequence of three ranges over six port numbers, asked about every range.
func TestPortSetExhaustively(t *testing.T) {
	const numbers = 6
	var ranges []span[number]
	for first := number(1); first <= numbers; first++ {
		for last := first; last <= numbers; last++ {
			ranges = append(ranges, span[number]{first, last})
		}
	}
	for _, a := range ranges {
		for _, b := range ranges {
			for _, c := range ranges {
				set := newPortSet(entries([]networkingv1.NetworkPolicyPort{portOf(a), portOf(b), portOf(c)}))
				var has [numbers + 2]bool
				for _, r := range []span[number]{a, b, c} {
					for n := r.first; n <= r.last; n++ {
						has[n] = true
					}
				}
				requireCompact(t, set)
				for _, asked := range ranges {
					requireAnswers(t, set, has[:], asked, a, b, c)
				}
			}
		}
	}
}

func portOf(r span[number]) networkingv1.NetworkPolicyPort {
	return networkingv1.NetworkPolicyPort{Port: new(intstr.FromInt32(int32(r.first))), EndPort: new(int32(r.last))}
}

func requireCompact(t *testing.T, set *portSet) {
	ranges := set.protocols["TCP"].numbers
	for i := 1; i < len(ranges); i++ {
		require.Greater(t, ranges[i].first, ranges[i-1].last+1, "sorted, neither overlapping nor adjacent: %v", ranges)
	}
}

func requireAnswers(t *testing.T, set *portSet, has []bool, asked span[number], added ...span[number]) {
	all := true
	var common []bool
	for n := asked.first; n <= asked.last; n++ {
		all = all && has[n]
		common = append(common, has[n])
	}
	question := traffic{protocol: "TCP", numbers: asked}
	if set.covers(question) != all {
		t.Fatalf("%v covers %v: %t", added, asked, !all)
	}
	parts := set.overlapping(question)
	for i := range common {
		n := asked.first + number(i)
		found := false
		for _, part := range parts {
			found = found || part.numbers.first <= n && n <= part.numbers.last
		}
		if found != common[i] {
			t.Fatalf("%v overlaps %v in %v", added, asked, parts)
		}
	}
	next := asked.first
	for _, piece := range cutAtBorders(question, parts) {
		if piece.numbers.first != next {
			t.Fatalf("%v is split into a piece from %d instead of %d", asked, piece.numbers.first, next)
		}
		next = piece.numbers.last + 1
		for n := piece.numbers.first; n <= piece.numbers.last; n++ {
			if has[n] != has[piece.numbers.first] {
				t.Fatalf("%v, asked about %v: the piece %v is neither inside nor outside", added, asked, piece)
			}
		}
	}
	if next != asked.last+1 {
		t.Fatalf("%v is split up to %d", asked, next-1)
	}
}
