package merge_test

import (
	"math/bits"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// The judge answers "may this flow pass?" by trying: every rule against every
// party and every flow of a small world, by the words of the API reference. It
// shares no code with package merge.

// party is who is on the other side: a pod, an address that is no pod's, or,
// for the zero value, somebody whom no peer describes.
type party struct {
	isPod, ownNamespace bool
	namespace, pod      labels.Set
	address             netip.Addr
}

// flow is what is sent. A named port is a flow of its own: which number it has,
// only the pod knows. The flow without protocol stands for all that has no
// ports, such as ICMP.
type flow struct {
	protocol corev1.Protocol
	number   int32
	name     string
}

// world is all that the judge tries.
type world struct {
	parties []party
	flows   []flow
}

func newWorld() *world {
	w := &world{flows: []flow{{}}}
	for _, protocol := range []corev1.Protocol{"TCP", "UDP", "SCTP"} {
		for _, number := range []int32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 65534, 65535} {
			w.flows = append(w.flows, flow{protocol: protocol, number: number})
		}
		for _, name := range []string{"http", "dns", "other"} {
			w.flows = append(w.flows, flow{protocol: protocol, name: name})
		}
	}
	namespaces := []labels.Set{{"team": "a"}, {"team": "b", "env": "prod"}, {}}
	for i, namespace := range namespaces {
		for _, app := range []string{"", "db", "web", "x"} {
			for _, tier := range []string{"", "1", "2"} {
				pod := labels.Set{}
				if app != "" {
					pod["app"] = app
				}
				if tier != "" {
					pod["tier"] = tier
				}
				w.parties = append(w.parties, party{isPod: true, ownNamespace: i == 0, namespace: namespace, pod: pod})
			}
		}
	}
	for _, address := range addresses() {
		w.parties = append(w.parties, party{address: address})
	}
	w.parties = append(w.parties, party{})
	return w
}

// addresses are the first and last address of every network that is generated,
// and their neighbours outside.
func addresses() []netip.Addr {
	seen := map[netip.Addr]bool{}
	var all []netip.Addr
	add := func(address netip.Addr) {
		if address.IsValid() && !seen[address] {
			seen[address] = true
			all = append(all, address)
		}
	}
	for _, text := range networks {
		prefix := netip.MustParsePrefix(text)
		first, last := prefix.Addr(), lastAddress(prefix)
		add(first)
		add(last)
		add(first.Prev())
		add(last.Next())
	}
	return all
}

func lastAddress(prefix netip.Prefix) netip.Addr {
	raw := prefix.Addr().AsSlice()
	for bit := prefix.Bits(); bit < len(raw)*8; bit++ {
		raw[bit/8] |= 1 << (7 - bit%8)
	}
	last, _ := netip.AddrFromSlice(raw)
	return last
}

// verdict says for each party which of the flows may pass, as bits.
type verdict []uint64

func (w *world) none() verdict { return make(verdict, len(w.parties)) }

func (w *world) everything() verdict {
	v := w.none()
	for i := range v {
		v[i] = 1<<len(w.flows) - 1
	}
	return v
}

// policy is what a policy allows in a direction, isolation included.
func (w *world) policy(policy *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) verdict {
	if !isolated(policy, direction) {
		return w.everything()
	}
	return w.rules(policy, direction)
}

// isolated is the defaulting of policyTypes in the words of the API reference:
// "policies that have an egress section affect egress, and all policies
// (whether or not they have an ingress section) affect ingress".
func isolated(policy *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) bool {
	for _, listed := range policy.Spec.PolicyTypes {
		if listed == direction {
			return true
		}
	}
	return len(policy.Spec.PolicyTypes) == 0 && (direction == "Ingress" || len(policy.Spec.Egress) > 0)
}

// rules is what the rules of a direction allow, isolated or not.
func (w *world) rules(policy *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) verdict {
	v := w.none()
	if direction == networkingv1.PolicyTypeIngress {
		for _, rule := range policy.Spec.Ingress {
			v.add(w.rule(rule.From, rule.Ports))
		}
		return v
	}
	for _, rule := range policy.Spec.Egress {
		v.add(w.rule(rule.To, rule.Ports))
	}
	return v
}

func (v verdict) add(other verdict) {
	for i := range v {
		v[i] |= other[i]
	}
}

// within tells whether all that v allows, other allows too.
func (v verdict) within(other verdict) bool {
	for i := range v {
		if v[i]&^other[i] != 0 {
			return false
		}
	}
	return true
}

func (v verdict) count() (n int) {
	for _, flows := range v {
		n += bits.OnesCount64(flows)
	}
	return n
}

func (w *world) rule(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) verdict {
	var flows uint64
	for i, f := range w.flows {
		if len(ports) == 0 {
			flows |= 1 << i
		}
		for _, port := range ports {
			if portMatches(port, f) {
				flows |= 1 << i
			}
		}
	}
	v := w.none()
	for i, p := range w.parties {
		matches := len(peers) == 0
		for _, peer := range peers {
			matches = matches || peerMatches(peer, p)
		}
		if matches {
			v[i] = flows
		}
	}
	return v
}

func portMatches(port networkingv1.NetworkPolicyPort, f flow) bool {
	protocol := corev1.ProtocolTCP
	if port.Protocol != nil {
		protocol = *port.Protocol
	}
	switch {
	case protocol != f.protocol:
		return false
	case port.Port == nil:
		return true
	case port.Port.Type == intstr.String:
		return f.name == port.Port.StrVal
	case f.name != "":
		return false
	case port.EndPort != nil:
		return port.Port.IntVal <= f.number && f.number <= *port.EndPort
	}
	return f.number == port.Port.IntVal
}

func peerMatches(peer networkingv1.NetworkPolicyPeer, p party) bool {
	if peer.IPBlock != nil {
		if p.isPod || !netip.MustParsePrefix(peer.IPBlock.CIDR).Contains(p.address) {
			return false
		}
		for _, except := range peer.IPBlock.Except {
			if netip.MustParsePrefix(except).Contains(p.address) {
				return false
			}
		}
		return true
	}
	if !p.isPod {
		return false
	}
	if peer.NamespaceSelector == nil && !p.ownNamespace {
		return false
	}
	if peer.NamespaceSelector != nil && !selects(peer.NamespaceSelector, p.namespace) {
		return false
	}
	return peer.PodSelector == nil || selects(peer.PodSelector, p.pod)
}

func selects(selector *metav1.LabelSelector, set labels.Set) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		panic(err)
	}
	return s.Matches(set)
}
