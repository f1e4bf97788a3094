package merge

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// ceilingFor allows egress to any peer at as many ports as there are numbers, in rules of
// their own.
func ceilingFor(namespace string, labels map[string]string, numbers ...int) *networkingv1.NetworkPolicy {
	p := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: namespace}}
	p.Spec.PodSelector.MatchLabels = labels
	p.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}
	for _, number := range numbers {
		p.Spec.Egress = append(p.Spec.Egress, networkingv1.NetworkPolicyEgressRule{Ports: portsOfNumbers(number)})
	}
	return p
}

func portsOfNumbers(numbers ...int) (ports []networkingv1.NetworkPolicyPort) {
	for _, number := range numbers {
		port := intstr.FromInt(number)
		ports = append(ports, networkingv1.NetworkPolicyPort{Port: &port})
	}
	return ports
}

// A ceiling counts in its namespace, or in all, for pods that it selects all of; those that
// count add up.
func TestCeilingsThatCount(t *testing.T) {
	c := NewCeilings([]*networkingv1.NetworkPolicy{
		ceilingFor("", nil, 1), ceilingFor("shop", nil, 2), ceilingFor("", map[string]string{"a": "x"}, 3), ceilingFor("shop", map[string]string{"a": "x", "b": "x"}, 4),
	})
	for _, test := range []struct {
		namespace string
		labels    map[string]string
		allowed   []int
	}{
		{"", nil, []int{1}},
		{"other", nil, []int{1}},
		{"shop", nil, []int{1, 2}},
		{"", map[string]string{"a": "x"}, []int{1, 3}},
		{"", map[string]string{"a": "y"}, []int{1}},
		{"", map[string]string{"b": "x"}, []int{1}},
		{"", map[string]string{"a": "x", "b": "x"}, []int{1, 3}},
		{"shop", map[string]string{"a": "x", "b": "x"}, []int{1, 2, 3, 4}},
	} {
		bound, known := c.For(test.namespace, &metav1.LabelSelector{MatchLabels: test.labels})
		require.True(t, known)
		require.Len(t, bound.Policies, len(test.allowed))
		for number := 1; number <= 4; number++ {
			require.Equal(t, slices.Contains(test.allowed, number),
				bound.Allows(networkingv1.PolicyTypeEgress, Rule{Ports: portsOfNumbers(number)}), "%+v: %d", test, number)
		}
		again, _ := c.For(test.namespace, &metav1.LabelSelector{MatchLabels: test.labels})
		require.Same(t, bound, again)
	}
}

// Where no ceiling counts, nothing is known to be allowed.
func TestCeilingsThatDoNotCount(t *testing.T) {
	c := NewCeilings([]*networkingv1.NetworkPolicy{ceilingFor("shop", nil, 1), ceilingFor("", map[string]string{"a": "x"}, 1)})
	bound, known := c.For("other", &metav1.LabelSelector{})
	require.True(t, known)
	require.Nil(t, bound)
}

// A ceiling of one namespace may bound what those that count do not.
func TestCeilingsOfSomeNamespace(t *testing.T) {
	shop := ceilingFor("shop", map[string]string{"a": "x"}, 1)
	ingress := ceilingFor("", nil)
	ingress.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
	c := NewCeilings([]*networkingv1.NetworkPolicy{shop, ingress})
	pods := &metav1.LabelSelector{MatchLabels: shop.Spec.PodSelector.MatchLabels}
	for namespace, bounded := range map[string]bool{"": false, "shop": true} {
		bound, _ := c.For(namespace, pods)
		require.True(t, bound.Bounds(networkingv1.PolicyTypeIngress))
		require.Equal(t, bounded, bound.Bounds(networkingv1.PolicyTypeEgress), namespace)
	}
	require.True(t, c.BoundsInSome(networkingv1.PolicyTypeEgress, pods))
	require.False(t, c.BoundsInSome(networkingv1.PolicyTypeIngress, pods))
	require.False(t, c.BoundsInSome(networkingv1.PolicyTypeEgress, &metav1.LabelSelector{}), "not all of the pods")
}

// Ceilings that are asked for in ever new combinations are held up to a bound, and those
// that are held stay known.
func TestCeilingsInTooManyCombinations(t *testing.T) {
	const labels, rules = 10, 1000
	numbers := make([]int, rules)
	for i := range numbers {
		numbers[i] = i + 1
	}
	var policies []*networkingv1.NetworkPolicy
	for i := range labels {
		policies = append(policies, ceilingFor("", map[string]string{fmt.Sprint("l", i): "x"}, numbers...))
	}
	c := NewCeilings(policies)
	podsOf := func(combination int) *metav1.LabelSelector {
		pods := &metav1.LabelSelector{MatchLabels: map[string]string{}}
		for i := range labels {
			if combination>>i&1 == 1 {
				pods.MatchLabels[fmt.Sprint("l", i)] = "x"
			}
		}
		return pods
	}
	unknown := 0
	for combination := 1; combination < 1<<labels; combination++ {
		if _, known := c.For("", podsOf(combination)); !known {
			unknown++
		}
	}
	require.Positive(t, unknown)
	require.LessOrEqual(t, c.held, mostHeld)
	_, known := c.For("", podsOf(1))
	require.True(t, known)

	c = NewCeilings(policies)
	c.held = mostHeld
	_, known = c.For("", podsOf(1))
	require.True(t, known, "the first, however many rules it has")
}

// With no steps left to all bounds, a rule is still found if one ceiling allows it alone.
func TestCeilingsShareSteps(t *testing.T) {
	c := NewCeilings([]*networkingv1.NetworkPolicy{ceilingFor("", nil, 1)})
	bound, _ := c.For("", &metav1.LabelSelector{})
	before := c.steps
	require.True(t, bound.Allows(networkingv1.PolicyTypeEgress, Rule{Ports: portsOfNumbers(1)}))
	require.Less(t, c.steps, before)
	c.steps = 0
	require.True(t, bound.Allows(networkingv1.PolicyTypeEgress, Rule{Ports: portsOfNumbers(1)}))
	require.Equal(t, stepsPerRule, max(stepsPerRule, *bound.rules[networkingv1.PolicyTypeEgress].steps))
}

// podsRule is a rule to the pods that have a label of a number, and the labels beside it.
func podsRule(number int, beside map[string]string) networkingv1.NetworkPolicyEgressRule {
	labels := map[string]string{fmt.Sprint("k", number): "v"}
	maps.Copy(labels, beside)
	return networkingv1.NetworkPolicyEgressRule{To: []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{MatchLabels: labels}}}}
}

// What cannot be compared in time is told, as that.
func TestTooMuchToCompare(t *testing.T) {
	all, some := ceilingFor("", nil), ceilingFor("", nil)
	for i := range 1500 {
		all.Spec.Egress = append(all.Spec.Egress, podsRule(i, nil))
		some.Spec.Egress = append(some.Spec.Egress, podsRule(i, map[string]string{"z": "x"}))
	}
	last := some.DeepCopy()
	last.Spec.Egress = last.Spec.Egress[1499:]

	c := NewCeilings([]*networkingv1.NetworkPolicy{all})
	bound, _ := c.For("", &metav1.LabelSelector{})
	require.Empty(t, bound.Beyond(last))
	c.steps = 0
	beyond := bound.Beyond(last)
	require.Len(t, beyond, 1)
	require.True(t, beyond[0].Unknown)

	gained, exact := Gained([]*networkingv1.NetworkPolicy{all}, []*networkingv1.NetworkPolicy{last}, networkingv1.PolicyTypeEgress)
	require.Empty(t, gained)
	require.True(t, exact)
	_, exact = Gained([]*networkingv1.NetworkPolicy{all}, []*networkingv1.NetworkPolicy{some}, networkingv1.PolicyTypeEgress)
	require.False(t, exact)
}

// Where all ports fall into thousands, for each of many peers, the parts that are told stay
// within the steps that there are.
func TestMuchIsBeyond(t *testing.T) {
	const numbers, peers = 5000, 300
	ports, all := ceilingFor("", nil), ceilingFor("", nil)
	ports.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{}}
	for i := range numbers {
		ports.Spec.Egress[0].Ports = append(ports.Spec.Egress[0].Ports, portsOfNumbers(2*i+1)...)
	}
	lastPort := int32(1<<16 - 1)
	for i := range peers {
		rule := podsRule(i, nil)
		rule.Ports = portsOfNumbers(1)
		rule.Ports[0].EndPort = &lastPort
		all.Spec.Egress = append(all.Spec.Egress, rule)
	}
	bound, _ := NewCeilings([]*networkingv1.NetworkPolicy{ports}).For("", &metav1.LabelSelector{})
	told, unknown := 0, 0
	for _, excess := range bound.Beyond(all) {
		if excess.Unknown {
			unknown++
		} else {
			told += len(excess.Part.Ports)
		}
	}
	require.Positive(t, unknown)
	require.Positive(t, told)
	require.LessOrEqual(t, told, sharedSteps/50)
}
