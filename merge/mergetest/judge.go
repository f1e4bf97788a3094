// Package mergetest is for tests: a generator of policies, and a judge that answers
// "may this flow pass?" by trying: every rule against every party and every flow of
// a small world, by the words of the API reference. It shares no code with package
// merge. It also has what tests of several packages need: a target in YAML, what
// became of a text's lines, and how many cases to try.
package mergetest

import (
	"math/bits"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Verdict says for each party which of the flows may pass, as bits.
type Verdict []uint64

// None lets nothing pass.
func (w *World) None() Verdict { return make(Verdict, len(w.Parties)) }

// Everything lets every flow of every party pass.
func (w *World) Everything() Verdict {
	v := w.None()
	for i := range v {
		v[i] = 1<<len(w.Flows) - 1
	}
	return v
}

// Policy is what a policy allows in a direction, isolation included.
func (w *World) Policy(policy *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) Verdict {
	return w.Together([]*networkingv1.NetworkPolicy{policy}, direction)
}

// Together is what policies for the same pods allow in a direction: everything, if none of
// them isolates there.
func (w *World) Together(policies []*networkingv1.NetworkPolicy, direction networkingv1.PolicyType) Verdict {
	allowed, isolated := w.None(), false
	for _, p := range policies {
		if Isolated(p, direction) {
			isolated = true
			allowed.Add(w.Rules(p, direction))
		}
	}
	if !isolated {
		return w.Everything()
	}
	return allowed
}

// Isolated is the defaulting of policyTypes in the words of the API reference:
// "policies that have an egress section affect egress, and all policies
// (whether or not they have an ingress section) affect ingress".
func Isolated(policy *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) bool {
	if slices.Contains(policy.Spec.PolicyTypes, direction) {
		return true
	}
	return len(policy.Spec.PolicyTypes) == 0 && (direction == "Ingress" || len(policy.Spec.Egress) > 0)
}

// Rules is what the rules of a direction allow, isolated or not.
func (w *World) Rules(policy *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) Verdict {
	v := w.None()
	if direction == networkingv1.PolicyTypeIngress {
		for _, rule := range policy.Spec.Ingress {
			v.Add(w.Rule(rule.From, rule.Ports))
		}
		return v
	}
	for _, rule := range policy.Spec.Egress {
		v.Add(w.Rule(rule.To, rule.Ports))
	}
	return v
}

// Add lets pass what other does, too.
func (v Verdict) Add(other Verdict) {
	for i := range v {
		v[i] |= other[i]
	}
}

// Without returns what v allows and other does not.
func (v Verdict) Without(other Verdict) Verdict {
	rest := make(Verdict, len(v))
	for i := range v {
		rest[i] = v[i] &^ other[i]
	}
	return rest
}

// Overlaps reports whether something that v allows, other allows too.
func (v Verdict) Overlaps(other Verdict) bool {
	for i := range v {
		if v[i]&other[i] != 0 {
			return true
		}
	}
	return false
}

// Within reports whether all that v allows, other allows too.
func (v Verdict) Within(other Verdict) bool {
	for i := range v {
		if v[i]&^other[i] != 0 {
			return false
		}
	}
	return true
}

// Open reports whether v lets all numbers of a protocol pass to somebody whom no peer
// describes, to all addresses of a family, or to all pods.
func (w *World) Open(v Verdict) bool {
	worlds := []func(Party) bool{
		func(p Party) bool { return !p.IsPod && !p.Address.IsValid() },
		func(p Party) bool { return p.Address.Is4() },
		func(p Party) bool { return p.Address.Is6() },
		func(p Party) bool { return p.IsPod },
	}
	for _, isIn := range worlds {
		all := w.Everything()[0]
		for i, p := range w.Parties {
			if isIn(p) {
				all &= v[i]
			}
		}
		if w.allNumbers(all) {
			return true
		}
	}
	return false
}

func (w *World) allNumbers(flows uint64) bool {
	for _, protocol := range []corev1.Protocol{"TCP", "UDP", "SCTP"} {
		open := true
		for i, f := range w.Flows {
			if f.Protocol == protocol && f.Name == "" {
				open = open && flows&(1<<i) != 0
			}
		}
		if open {
			return true
		}
	}
	return false
}

// Count is the number of flows that pass.
func (v Verdict) Count() (n int) {
	for _, flows := range v {
		n += bits.OnesCount64(flows)
	}
	return n
}

// Rule judges a single rule.
func (w *World) Rule(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) Verdict {
	var flows uint64
	for i, f := range w.Flows {
		if len(ports) == 0 {
			flows |= 1 << i
		}
		for _, port := range ports {
			if portMatches(port, f) {
				flows |= 1 << i
			}
		}
	}
	v := w.None()
	matches := []func(Party) bool{}
	for _, peer := range peers {
		matches = append(matches, w.matcher(peer))
	}
	for i, p := range w.Parties {
		if len(peers) == 0 || slices.ContainsFunc(matches, func(m func(Party) bool) bool { return m(p) }) {
			v[i] = flows
		}
	}
	return v
}

func portMatches(port networkingv1.NetworkPolicyPort, f Flow) bool {
	protocol := corev1.ProtocolTCP
	if port.Protocol != nil {
		protocol = *port.Protocol
	}
	switch {
	case protocol != f.Protocol:
		return false
	case port.Port == nil:
		return true
	case port.Port.Type == intstr.String:
		return f.Name == port.Port.StrVal
	case f.Name != "":
		return false
	case port.EndPort != nil:
		return port.Port.IntVal <= f.Number && f.Number <= *port.EndPort
	}
	return f.Number == port.Port.IntVal
}

// matcher returns a function that reports whether a party is the peer.
func (w *World) matcher(peer networkingv1.NetworkPolicyPeer) func(Party) bool {
	if peer.IPBlock != nil {
		return blockMatcher(peer.IPBlock)
	}
	pods, namespaces := selected(w.pods, peer.PodSelector), selected(w.namespaces, peer.NamespaceSelector)
	return func(p Party) bool {
		if !p.IsPod || peer.NamespaceSelector == nil && !p.OwnNamespace {
			return false
		}
		return pods[p.pod] && namespaces[p.namespace]
	}
}

// selected reports of each set whether a selector selects it.
func selected(sets []labels.Set, by *metav1.LabelSelector) []bool {
	s := selector(by)
	matches := make([]bool, len(sets))
	for i, set := range sets {
		matches[i] = s.Matches(set)
	}
	return matches
}

func blockMatcher(block *networkingv1.IPBlock) func(Party) bool {
	cidr := netip.MustParsePrefix(block.CIDR)
	var except []netip.Prefix
	for _, text := range block.Except {
		except = append(except, netip.MustParsePrefix(text))
	}
	return func(p Party) bool {
		excepted := slices.ContainsFunc(except, func(e netip.Prefix) bool { return e.Contains(p.Address) })
		return !p.IsPod && cidr.Contains(p.Address) && !excepted
	}
}

// selector is what the API server makes of a selector; nil selects everything.
func selector(from *metav1.LabelSelector) labels.Selector {
	if from == nil {
		return labels.Everything()
	}
	s, err := metav1.LabelSelectorAsSelector(from)
	if err != nil {
		return labels.Nothing() // what is generated is valid
	}
	return s
}
