package advice

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/plan"
	"github.com/networknt/netpol-merge/render/report"
)

// remappedPort is a Service port whose targetPort differs.
type remappedPort struct {
	service  *manifest.Object
	selector labels.Set
	port     int32
	protocol corev1.Protocol
	target   int32
}

// services are the Services of the input. Documents are parsed only for a port that is
// asked for: there may be thousands, and all for one warning.
type services struct {
	set      *manifest.Set
	mentions map[int32][]*manifest.Document // with a targetPort, by numbers in them that may be a port; nil until asked for
	read     map[*manifest.Document]bool    // of these
	remapped map[int32][]remappedPort       // what was read, by port
}

// servicePorts warns of overlays that ask for the port of a Service. A policy sees
// packets after the Service has put the pods' port in.
func (a *adviser) servicePorts(t *plan.Target) {
	allowed := sync.OnceValue(func() *merge.Allowance { return merge.NewAllowance(t.Folded) })
	rules := map[networkingv1.PolicyType][]merge.Rule{}
	for _, direction := range merge.Directions() {
		rules[direction] = merge.Rules(t.Folded, direction)
	}
	for _, change := range t.Changes {
		for i, port := range change.Added.Ports {
			if port.Port == nil || port.Port.Type != intstr.Int || port.EndPort != nil {
				continue
			}
			peers := rules[change.Direction][change.Into].Peers
			if change.Direction == networkingv1.PolicyTypeEgress && !slices.ContainsFunc(peers, namesPods) {
				continue
			}
			for _, s := range a.services.at(port.Port.IntVal) {
				if s.protocol != *port.Protocol || !a.isDestination(s, t, change.Direction, peers) || s.targetIsAllowed(change.Direction, peers, allowed) {
					continue
				}
				a.warn(t.Overlays[change.Overlay].Object, report.ServicePort, change.PortPath(change.Ports[i]).Child("port"),
					fmt.Sprintf("%d is a port of Service %q, whose pods listen on %d: a policy sees the pods' port", s.port, s.service.Name(), s.target),
					fmt.Sprintf("write port: %d, unless another destination is meant", s.target))
				break
			}
		}
	}
}

// isDestination reports whether the rule that was added names the pods of the Service:
// in a peer, or, for ingress, as the pods of the policy.
func (a *adviser) isDestination(s remappedPort, t *plan.Target, direction networkingv1.PolicyType, peers []networkingv1.NetworkPolicyPeer) bool {
	set := a.services.set
	if direction == networkingv1.PolicyTypeIngress {
		own := networkingv1.NetworkPolicyPeer{PodSelector: &t.Policy.Spec.PodSelector}
		return namesPods(own) && selects(own.PodSelector, s.selector) && set.SameNamespace(s.service, t.Object)
	}
	return slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
		if !namesPods(p) || !selects(p.PodSelector, s.selector) {
			return false
		}
		if p.NamespaceSelector == nil {
			return set.SameNamespace(s.service, t.Object)
		}
		return selects(p.NamespaceSelector, labels.Set{corev1.LabelMetadataName: set.NamespaceOf(s.service)})
	})
}

// namesPods reports whether a peer is some pods, and not all.
func namesPods(peer networkingv1.NetworkPolicyPeer) bool {
	return peer.PodSelector != nil && len(peer.PodSelector.MatchLabels)+len(peer.PodSelector.MatchExpressions) > 0
}

// targetIsAllowed reports whether the merged policy lets the same peers have the port
// that the pods listen on, too.
func (s remappedPort) targetIsAllowed(direction networkingv1.PolicyType, peers []networkingv1.NetworkPolicyPeer, allowed func() *merge.Allowance) bool {
	return allowed().Allows(direction, merge.Rule{
		Peers: peers,
		Ports: []networkingv1.NetworkPolicyPort{{Protocol: &s.protocol, Port: new(intstr.FromInt32(s.target))}},
	})
}

// selects reports whether a selector selects these labels.
func selects(selector *metav1.LabelSelector, set labels.Set) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(set)
}

// mostServices is how many Services of one port are looked at for each request.
const mostServices = 100

// at returns the Services that have the port and send what comes there to another one.
func (s *services) at(port int32) []remappedPort {
	if s.mentions == nil {
		s.index()
	}
	for _, d := range s.mentions[port] {
		if s.read[d] || d.Read() != nil {
			continue
		}
		s.read[d] = true
		for _, o := range d.Objects {
			s.add(o)
		}
	}
	return s.remapped[port][:min(len(s.remapped[port]), mostServices)]
}

// index finds the documents that may hold Services, without parsing any.
func (s *services) index() {
	s.mentions, s.remapped, s.read = map[int32][]*manifest.Document{}, map[int32][]remappedPort{}, map[*manifest.Document]bool{}
	for _, d := range s.set.Documents {
		if !bytes.Contains(d.Text, []byte("targetPort")) {
			continue
		}
		for word := range bytes.FieldsFuncSeq(d.Text, func(c rune) bool { return c < '0' || c > '9' }) {
			if port, err := strconv.ParseUint(string(word), 10, 16); err == nil {
				s.mentions[int32(port)] = append(s.mentions[int32(port)], d)
			}
		}
	}
}

// add adds the ports of an object that its pods have by another number, if the object is
// a Service with an address of its own, unless another of its ports leads to the pods' port
// of that number. What number a named targetPort has, only the pods know.
func (s *services) add(o *manifest.Object) {
	var service corev1.Service
	if o.Kind() != "Service" || runtime.DefaultUnstructuredConverter.FromUnstructured(o.Value, &service) != nil ||
		service.Spec.ClusterIP == corev1.ClusterIPNone || service.Spec.Type == corev1.ServiceTypeExternalName {
		return
	}
	for _, entry := range service.Spec.Ports {
		r := remappedPort{o, service.Spec.Selector, entry.Port, cmp.Or(entry.Protocol, corev1.ProtocolTCP), entry.TargetPort.IntVal}
		isTarget := func(p corev1.ServicePort) bool {
			return p.TargetPort.IntVal == r.port && cmp.Or(p.Protocol, corev1.ProtocolTCP) == r.protocol
		}
		if r.target != 0 && r.target != r.port && !slices.ContainsFunc(service.Spec.Ports, isTarget) {
			s.remapped[r.port] = append(s.remapped[r.port], r)
		}
	}
}
