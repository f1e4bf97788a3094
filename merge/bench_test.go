package merge

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/networknt/netpol-merge/merge/mergetest"
)

type (
	peers = []networkingv1.NetworkPolicyPeer
	ports = []networkingv1.NetworkPolicyPort
)

// shape makes policies of a size that are hard in one respect. Most is the size at
// which their YAML is about 1 MiB.
type shape struct {
	name string
	most int
	make func(n int) (target, overlay *networkingv1.NetworkPolicy)
}

var shapes = []shape{
	{"same peers", 20_000, func(n int) (target, overlay *networkingv1.NetworkPolicy) {
		return policyOf(1, same(nil), number1), policyOf(n, same(nil), func(i int) ports { return onePort(1 + 2*i%65_000) })
	}},
	{"networks", 20_000, func(n int) (target, overlay *networkingv1.NetworkPolicy) {
		return policyOf(1, same(nil), number1), policyOf(n, networkAt(24), number1)
	}},
	{"namespaces", 16_000, func(n int) (target, overlay *networkingv1.NetworkPolicy) {
		return policyOf(1, same(nil), number1), policyOf(n, namespaceAt, func(i int) ports { return onePort(1_000 + i) })
	}},
	{"other labels", 8_000, func(n int) (target, overlay *networkingv1.NetworkPolicy) {
		return policyOf(n, podsAt("x"), all), policyOf(n, podsAt("y"), all)
	}},
	{"not in", 6_000, func(n int) (target, overlay *networkingv1.NetworkPolicy) {
		return policyOf(n, notInAt("x"), all), policyOf(n, notInAt("y"), all)
	}},
	{"exists", 8_000, func(n int) (target, overlay *networkingv1.NetworkPolicy) {
		return policyOf(n, existsAt("x"), all), policyOf(n, existsAt("y"), all)
	}},
	{"one long not in", 40_000, func(n int) (target, overlay *networkingv1.NetworkPolicy) {
		return policyOf(1, same(longNotIn(n, 0)), all), policyOf(1, same(longNotIn(n, 1)), all)
	}},
	{"many requirements", 10_000, func(n int) (target, overlay *networkingv1.NetworkPolicy) {
		return policyOf(1, same(requirements(n, "x")), all), policyOf(1, same(requirements(n, "y")), all)
	}},
	{"a network of many", 8_000, func(n int) (target, overlay *networkingv1.NetworkPolicy) {
		return policyOf(n, networkAt(24), all), policyOf(1, same(blockPeer("10.0.0.0/9")), func(int) ports { return portsTo(n) })
	}},
	{"reopened", 6_000, func(n int) (target, overlay *networkingv1.NetworkPolicy) {
		return policyOf(n, excepting, func(i int) ports { return onePort(1 + i) }),
			policyOf(n, networkAt(16), func(i int) ports { return onePort(1 + i) })
	}},
	{"many exceptions", 20_000, func(n int) (target, overlay *networkingv1.NetworkPolicy) {
		return policyOf(1, same(manyExceptions(n)), all), policyOf(n, networkAt(32), number1)
	}},
	{"peers and ports", 12_000, func(n int) (target, overlay *networkingv1.NetworkPolicy) {
		whole := func(int) ports { return ports{{Port: new(intstr.FromInt32(1)), EndPort: new(int32(65535))}} }
		return policyOf(n, podsAt("x"), whole), policyOf(1, same(manyPeers(n)), func(int) ports { return portsTo(n) })
	}},
	{"same peers in other orders", 150, func(n int) (target, overlay *networkingv1.NetworkPolicy) {
		turned := func(i int) peers { all := manyPeers(n); return append(all[i:], all[:i]...) }
		return policyOf(1, turned, number1), policyOf(n, turned, func(i int) ports { return onePort(1 + 2*i) })
	}},
	{"peers in other forms", 10_000, func(n int) (target, overlay *networkingv1.NetworkPolicy) {
		return policyOf(1, same(manyPeers(n)), all), policyOf(1, same(append(manyPeers(n), peers{}...)[1:]), func(int) ports { return portsTo(n) })
	}},
	{"ranges that fragment", 10_000, func(n int) (target, overlay *networkingv1.NetworkPolicy) {
		return policyOf(n, networkAt(24), func(i int) ports { return onePort(1 + 2*i) }),
			policyOf(n, same(blockPeer("10.0.0.0/8")), func(i int) ports {
				return ports{{Port: new(intstr.FromInt32(int32(1 + i))), EndPort: new(int32(65535))}}
			})
	}},
	{"ranges that nest", 10_000, func(n int) (target, overlay *networkingv1.NetworkPolicy) {
		nested := func(i int) ports {
			return ports{{Port: new(intstr.FromInt32(int32(1 + i))), EndPort: new(int32(65535 - i))}}
		}
		return policyOf(n, networkAt(24), nested), policyOf(n, networkAt(25), nested)
	}},
}

func policyOf(n int, to func(int) peers, on func(int) ports) *networkingv1.NetworkPolicy {
	p := &networkingv1.NetworkPolicy{}
	for i := range n {
		p.Spec.Egress = append(p.Spec.Egress, networkingv1.NetworkPolicyEgressRule{To: to(i), Ports: on(i)})
	}
	return p
}

func same(p peers) func(int) peers { return func(int) peers { return p } }

func all(int) ports { return nil }

func number1(int) ports { return onePort(443) }

func onePort(n int) ports { return ports{{Port: new(intstr.FromInt32(int32(n)))}} }

func portsTo(n int) (list ports) {
	for i := range n {
		list = append(list, onePort(1+i)...)
	}
	return list
}

func blockPeer(cidr string, except ...string) peers {
	return peers{{IPBlock: &networkingv1.IPBlock{CIDR: cidr, Except: except}}}
}

func networkAt(bits int) func(int) peers {
	return func(i int) peers { return blockPeer(fmt.Sprintf("10.%d.%d.0/%d", i/256%256, i%256, bits)) }
}

func excepting(i int) peers {
	network := fmt.Sprintf("10.%d.%d.0/", i/256%256, i%256)
	return blockPeer(network+"24", network+"25")
}

func manyExceptions(n int) peers {
	var except []string
	for i := range n {
		except = append(except, fmt.Sprintf("10.%d.%d.0/25", i/256%256, i%256))
	}
	return blockPeer("10.0.0.0/8", except...)
}

func podsWith(expressions ...metav1.LabelSelectorRequirement) peers {
	return peers{{PodSelector: &metav1.LabelSelector{MatchExpressions: expressions}}}
}

func podsAt(label string) func(int) peers {
	return func(i int) peers {
		return peers{{PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{label: fmt.Sprint("v", i)}}}}
	}
}

func namespaceAt(i int) peers {
	return peers{{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": fmt.Sprint("t", i)}}}}
}

func notInAt(label string) func(int) peers {
	return func(i int) peers {
		return podsWith(metav1.LabelSelectorRequirement{Key: label, Operator: metav1.LabelSelectorOpNotIn, Values: []string{fmt.Sprint("v", i)}},
			metav1.LabelSelectorRequirement{Key: fmt.Sprint(label, i), Operator: metav1.LabelSelectorOpExists})
	}
}

func existsAt(label string) func(int) peers {
	return func(i int) peers {
		return podsWith(metav1.LabelSelectorRequirement{Key: fmt.Sprint(label, i), Operator: metav1.LabelSelectorOpExists})
	}
}

func longNotIn(n, from int) peers {
	r := metav1.LabelSelectorRequirement{Key: "x", Operator: metav1.LabelSelectorOpNotIn}
	for i := range n {
		r.Values = append(r.Values, fmt.Sprint("v", from+i))
	}
	return podsWith(r)
}

func requirements(n int, label string) peers {
	var list []metav1.LabelSelectorRequirement
	for i := range n {
		list = append(list, metav1.LabelSelectorRequirement{Key: fmt.Sprint(label, i), Operator: metav1.LabelSelectorOpExists})
	}
	return podsWith(list...)
}

func manyPeers(n int) (list peers) {
	for i := range n {
		list = append(list, podsAt("x")(i)...)
	}
	return list
}

// operations are what a policy goes through, of which each has a bound.
var operations = []struct {
	name string
	do   func(target, overlay *networkingv1.NetworkPolicy)
}{
	{"fold", func(target, overlay *networkingv1.NetworkPolicy) {
		Fold(target, []*networkingv1.NetworkPolicy{overlay})
	}},
	{"guard", func(_, overlay *networkingv1.NetworkPolicy) { Guard(overlay, false) }},
	{"beyond", func(target, overlay *networkingv1.NetworkPolicy) { NewAllowance(target).Beyond(overlay) }},
	{"many beyond", func(target, overlay *networkingv1.NetworkPolicy) {
		allowance := NewAllowance(target)
		for _, rule := range overlay.Spec.Egress {
			allowance.Beyond(&networkingv1.NetworkPolicy{Spec: networkingv1.NetworkPolicySpec{Egress: []networkingv1.NetworkPolicyEgressRule{rule}}})
		}
	}},
	{"difference", func(target, overlay *networkingv1.NetworkPolicy) {
		for _, direction := range Directions() {
			Gained([]*networkingv1.NetworkPolicy{target}, []*networkingv1.NetworkPolicy{overlay}, direction)
			Gained([]*networkingv1.NetworkPolicy{overlay}, []*networkingv1.NetworkPolicy{target}, direction)
		}
	}},
	{"reopenings", func(target, overlay *networkingv1.NetworkPolicy) {
		folded, changes := Fold(target, []*networkingv1.NetworkPolicy{overlay})
		Reopenings(target, folded, changes)
	}},
}

// TestCost: whatever is hard about policies of 1 MiB, each operation ends in time. A
// quarter of that is tried by default.
func TestCost(t *testing.T) {
	for _, s := range shapes {
		target, overlay := s.make(s.most * min(4, mergetest.Cases(1)) / 4)
		for _, o := range operations {
			start := time.Now()
			o.do(target, overlay)
			took := time.Since(start)
			t.Logf("%-28s %-12s %8s", s.name, o.name, took.Round(time.Millisecond))
			require.Less(t, took, 10*time.Second, "%s, %s", s.name, o.name) // far below what a square would take, on a busy machine
		}
	}
}

// BenchmarkDoubling prints how much longer an operation takes for policies twice as large.
func BenchmarkDoubling(b *testing.B) {
	for _, s := range shapes {
		for _, o := range operations {
			b.Run(s.name+"/"+o.name, func(b *testing.B) {
				var took [2]time.Duration // for half the size, and for all of it
				for b.Loop() {
					for i, size := range []int{s.most / 2, s.most} {
						target, overlay := s.make(size)
						start := time.Now()
						o.do(target, overlay)
						took[i] += time.Since(start)
					}
				}
				b.ReportMetric(float64(took[1])/float64(max(took[0], 1)), "factor")
			})
		}
	}
}
