package mergetest

import (
	"math/rand/v2"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// networks are the CIDRs that policies are generated from. They nest, touch and
// cover all of a family, so that unions and exceptions meet.
var networks = []string{
	"0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1",
	"10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32",
	"::/0", "2001:db8::/32", "2001:db8::/33", "2001:db8:8000::/33", "2001:db8::1/128",
}

// exceptions are what may be excepted from a network.
var exceptions = map[string][]string{
	"0.0.0.0/0":     {"0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "10.1.2.3/32"},
	"10.0.0.0/8":    {"10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16", "10.1.2.0/24"},
	"10.0.0.0/9":    {"10.1.0.0/16", "10.1.2.3/32"},
	"10.1.0.0/16":   {"10.1.2.0/24"},
	"::/0":          {"2001:db8::/32", "2001:db8::1/128"},
	"2001:db8::/32": {"2001:db8::/33", "2001:db8:8000::/33"},
}

// labelling is the labels that selectors are generated from. They are few, so that
// selectors overlap, add up, and contradict themselves. Pods and namespaces have one
// in common, which means something else to each.
type labelling struct {
	keys   [2]string
	values []string
}

var (
	podLabels       = labelling{[2]string{"app", "tier"}, []string{"db", "web"}}
	namespaceLabels = labelling{[2]string{"app", "env"}, []string{"db", "b"}}
)

// Generator makes policies that the API server accepts. The policies of one
// generator have peers in common, so that there is something to fold.
type Generator struct {
	*rand.Rand
	peers *[][]networkingv1.NetworkPolicyPeer // made so far
}

// New returns a generator that makes the same from the same seed.
func New(seed uint64) Generator {
	return Generator{rand.New(rand.NewPCG(seed, 0)), new([][]networkingv1.NetworkPolicyPeer)}
}

func pick[T any](g Generator, from ...T) T { return from[g.IntN(len(from))] }

// Some calls one up to most times, fewer times more often.
func Some[T any](g Generator, most int, one func() T) []T {
	var list []T
	for range g.IntN(g.IntN(most+1) + 1) {
		list = append(list, one())
	}
	return list
}

// Target makes a policy with or without policyTypes.
func (g Generator) Target() *networkingv1.NetworkPolicy {
	p := &networkingv1.NetworkPolicy{}
	p.Spec.PolicyTypes = pick(g,
		nil,
		[]networkingv1.PolicyType{"Ingress"},
		[]networkingv1.PolicyType{"Egress"},
		[]networkingv1.PolicyType{"Ingress", "Egress"},
		[]networkingv1.PolicyType{"Egress", "Ingress"})
	g.addRules(p, 4)
	return p
}

// Overlay makes a policy that has rules only.
func (g Generator) Overlay() *networkingv1.NetworkPolicy {
	p := &networkingv1.NetworkPolicy{}
	g.addRules(p, 3)
	return p
}

func (g Generator) addRules(p *networkingv1.NetworkPolicy, most int) {
	for _, r := range Some(g, most, g.rule) {
		p.Spec.Egress = append(p.Spec.Egress, networkingv1.NetworkPolicyEgressRule{To: r.peers, Ports: r.ports})
	}
	for _, r := range Some(g, most-1, g.rule) {
		p.Spec.Ingress = append(p.Spec.Ingress, networkingv1.NetworkPolicyIngressRule{From: r.peers, Ports: r.ports})
	}
}

type rule struct {
	peers []networkingv1.NetworkPolicyPeer
	ports []networkingv1.NetworkPolicyPort
}

func (g Generator) rule() rule {
	return rule{peers: g.somePeers(), ports: Some(g, 5, g.port)}
}

// somePeers makes new peers, or takes old ones in another order.
func (g Generator) somePeers() []networkingv1.NetworkPolicyPeer {
	if len(*g.peers) == 0 || g.IntN(2) == 0 {
		*g.peers = append(*g.peers, Some(g, 3, g.peer))
		return (*g.peers)[len(*g.peers)-1]
	}
	peers := slices.Clone(pick(g, *g.peers...))
	g.Shuffle(len(peers), func(i, j int) { peers[i], peers[j] = peers[j], peers[i] })
	return peers
}

func (g Generator) port() networkingv1.NetworkPolicyPort {
	var port networkingv1.NetworkPolicyPort
	if g.IntN(3) > 0 {
		protocol := pick(g, corev1.ProtocolTCP, corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)
		port.Protocol = &protocol
	}
	switch g.IntN(8) {
	case 0:
	case 1:
		name := intstr.FromString(pick(g, "http", "dns"))
		port.Port = &name
	default:
		first := pick[int32](g, 1, 2, 3, 4, 5, 6, 7, 8, 9, 65534, 65535)
		number := intstr.FromInt32(first)
		port.Port = &number
		if g.IntN(2) == 0 {
			last := min(first+g.Int32N(5), 65535)
			if g.IntN(10) == 0 {
				last = 65535
			}
			port.EndPort = &last
		}
	}
	return port
}

func (g Generator) peer() networkingv1.NetworkPolicyPeer {
	if g.IntN(2) == 0 {
		block := &networkingv1.IPBlock{CIDR: pick(g, networks...)}
		if within := exceptions[block.CIDR]; within != nil {
			block.Except = Some(g, 3, func() string { return pick(g, within...) })
		}
		return networkingv1.NetworkPolicyPeer{IPBlock: block}
	}
	var p networkingv1.NetworkPolicyPeer
	which := 1 + g.IntN(3)
	if which&1 != 0 {
		p.PodSelector = g.selector(podLabels)
	}
	if which&2 != 0 {
		p.NamespaceSelector = g.selector(namespaceLabels)
	}
	return p
}

func (g Generator) selector(from labelling) *metav1.LabelSelector {
	keys, values := from.keys[:], from.values
	s := &metav1.LabelSelector{}
	if g.IntN(2) == 0 {
		s.MatchLabels = map[string]string{}
		for range g.IntN(3) {
			s.MatchLabels[pick(g, keys...)] = pick(g, values...)
		}
	}
	s.MatchExpressions = Some(g, 2, func() metav1.LabelSelectorRequirement {
		r := metav1.LabelSelectorRequirement{Key: pick(g, keys...), Operator: pick(g,
			metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist)}
		if r.Operator == metav1.LabelSelectorOpIn || r.Operator == metav1.LabelSelectorOpNotIn {
			r.Values = append(Some(g, 2, func() string { return pick(g, values...) }), pick(g, values...))
		}
		return r
	})
	return s
}
