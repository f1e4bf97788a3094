package merge

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// TestSpansExhaustively compares sets of ports with arrays of bools: every sequence of
// three ranges over six port numbers, asked about every range.
func TestSpansExhaustively(t *testing.T) {
	const numbers = 6
	type numberRange struct{ first, last int32 }
	var ranges []numberRange
	for first := int32(1); first <= numbers; first++ {
		for last := first; last <= numbers; last++ {
			ranges = append(ranges, numberRange{first, last})
		}
	}
	spanOf := func(r numberRange) span {
		return trafficOf(networkingv1.NetworkPolicyPort{Port: new(intstr.FromInt32(r.first)), EndPort: new(r.last)})
	}
	for _, a := range ranges {
		for _, b := range ranges {
			for _, c := range ranges {
				set := spansOf([]span{spanOf(a), spanOf(b), spanOf(c)})
				require.Equal(t, set, spans{}.add(spanOf(a)).add(spanOf(b)).add(spanOf(c)))
				var has [numbers + 2]bool
				for _, r := range []numberRange{a, b, c} {
					for n := r.first; n <= r.last; n++ {
						has[n] = true
					}
				}
				for i := 1; i < len(set); i++ {
					require.Greater(t, set[i].from, set[i-1].to, "sorted, neither overlapping nor adjacent")
				}
				for _, asked := range ranges {
					requireAnswers(t, set, has[asked.first:asked.last+1], spanOf(asked), asked.first)
				}
			}
		}
	}
}

// requireAnswers asks about a range of ports, of which the set has some.
func requireAnswers(t *testing.T, set spans, has []bool, asked span, first int32) {
	all, some := true, false
	inside, outside := set.intersect(spans{asked}), spans{asked}.minus(set)
	for i, want := range has {
		all, some = all && want, some || want
		point := numberPoint("TCP", uint32(first)+uint32(i))
		if set.has(point) != want || inside.has(point) != want || outside.has(point) == want {
			t.Fatalf("%q has %q: %t", set, point, !want)
		}
	}
	if set.covers(asked) != all || set.overlaps(asked) != some {
		t.Fatalf("%q covers, overlaps %q: %t, %t", set, asked, !all, !some)
	}
}

// TestTraffic: all is more than its parts, and what is laid on the line is read back.
// TestSpansAddAll: many spans added at once, or few, are what all are together.
func TestSpansAddAll(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	some := func(n int, most uint32) []span {
		list := make([]span, n)
		for i := range list {
			first := random.Uint32N(most)
			list[i] = span{numberPoint("TCP", first), numberPoint("TCP", first+1+random.Uint32N(4))}
		}
		return list
	}
	for i := range 3000 {
		most := []uint32{300, 10_000}[i%2] // many that touch, or few
		before, more := some(random.IntN(60), most), some(random.IntN(40), most)
		want := spansOf(slices.Concat(before, more))
		require.Equal(t, append(spans{}, want...), append(spans{}, spansOf(before).addAll(more)...))
	}
}

func TestTraffic(t *testing.T) {
	tcp, udp := allOf("TCP"), allOf("UDP")
	name := trafficOf(networkingv1.NetworkPolicyPort{Port: new(intstr.FromString("http"))})
	numbers := allNumbers("TCP")
	require.False(t, spansOf([]span{tcp, udp, allOf("SCTP")}).covers(everything()...))
	require.False(t, spansOf([]span{numbers, name}).covers(tcp))
	require.True(t, spans{tcp}.covers(numbers, name))
	require.False(t, spans{numbers}.overlaps(name))
	require.Equal(t, spans{tcp}, tellable(spans{tcp}.minus(spans{numbers}).minus(spans{name})))
	require.Equal(t, everything(), tellable(everything().minus(spans{tcp})))
	ports := []networkingv1.NetworkPolicyPort{
		{Protocol: new(protocols()[0]), Port: new(intstr.FromInt32(1)), EndPort: new(int32(65535))},
		{Protocol: new(protocols()[0]), Port: new(intstr.FromString("http"))},
		{Protocol: new(protocols()[1])},
	}
	require.Equal(t, ports, portsOf(spansOf(requestsOf(ports))))
}
