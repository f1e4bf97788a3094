package advice

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/inspect"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/plan"
	"github.com/networknt/netpol-merge/render/report"
)

// mostSearched is the largest input, in bytes, in which Services are looked for. Helm
// stores a release in an object of 1 MiB; what is much larger than that is no release,
// and should not take longer for a warning.
const mostSearched = 16 << 20

// remappedPort is a Service port whose targetPort differs.
type remappedPort struct {
	service  *manifest.Object
	selector labels.Set
	port     int32
	protocol corev1.Protocol
	target   int32
}

// services are the Services of the input.
type services struct {
	set       *manifest.Set
	remapped  map[int32][]remappedPort            // by port; nil until asked for
	templates map[string][]corev1.PodTemplateSpec // that name a port, by its name
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
			for _, s := range a.services.at(port.Port.IntVal) {
				peers := rules[change.Direction][change.Into].Peers
				if s.protocol != *port.Protocol || !a.isDestination(s, t, change.Direction, peers) || s.targetIsAllowed(change.Direction, peers, allowed) {
					continue
				}
				a.warn(t.Overlays[change.Overlay].Object, report.ServicePort, inspect.PortPath(change.Direction, change.Rule, change.Ports[i]).Child("port"),
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
		return names(&t.Policy.Spec.PodSelector, s.selector) && set.SameNamespace(s.service, t.Object)
	}
	return slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
		if !names(p.PodSelector, s.selector) {
			return false
		}
		if p.NamespaceSelector == nil {
			return set.SameNamespace(s.service, t.Object)
		}
		return selects(p.NamespaceSelector, labels.Set{corev1.LabelMetadataName: set.NamespaceOf(s.service)})
	})
}

// names reports whether a selector selects these labels, and not all pods.
func names(selector *metav1.LabelSelector, set labels.Set) bool {
	return selector != nil && len(selector.MatchLabels)+len(selector.MatchExpressions) > 0 && selects(selector, set)
}

// targetIsAllowed reports whether the merged policy lets the same peers have the port
// that the pods listen on, too.
func (s remappedPort) targetIsAllowed(direction networkingv1.PolicyType, peers []networkingv1.NetworkPolicyPeer, allowed func() *merge.Allowance) bool {
	port := intstr.FromInt32(s.target)
	return allowed().Allows(direction, merge.Rule{
		Peers: peers,
		Ports: []networkingv1.NetworkPolicyPort{{Protocol: &s.protocol, Port: &port}},
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
	if s.remapped == nil {
		s.remapped = map[int32][]remappedPort{}
		if s.set.Size() <= mostSearched {
			s.index()
		}
	}
	return s.remapped[port][:min(len(s.remapped[port]), mostServices)]
}

// index finds the Services and the pods with named ports in the input.
func (s *services) index() {
	s.templates = map[string][]corev1.PodTemplateSpec{}
	s.each("containerPort", func(o *manifest.Object) {
		template := podTemplate(o)
		for _, container := range template.Spec.Containers {
			for _, port := range container.Ports {
				if port.Name != "" {
					template.Namespace = s.set.NamespaceOf(o)
					s.templates[port.Name] = append(s.templates[port.Name], template)
				}
			}
		}
	})
	s.each("targetPort", func(o *manifest.Object) {
		for _, remapped := range s.remappedPorts(o) {
			s.remapped[remapped.port] = append(s.remapped[remapped.port], remapped)
		}
	})
}

// each calls f for every object in documents that mention a word.
func (s *services) each(word string, f func(*manifest.Object)) {
	for _, d := range s.set.Documents {
		if !bytes.Contains(d.Text, []byte(word)) || d.Read() != nil {
			continue
		}
		for _, o := range d.Objects {
			f(o)
		}
	}
}

// remappedPorts are the ports of an object that its pods have by another number, if the
// object is a Service with an address of its own.
func (s *services) remappedPorts(o *manifest.Object) (found []remappedPort) {
	var service corev1.Service
	if o.Kind() != "Service" || runtime.DefaultUnstructuredConverter.FromUnstructured(o.Value, &service) != nil ||
		service.Spec.ClusterIP == corev1.ClusterIPNone || service.Spec.Type == corev1.ServiceTypeExternalName {
		return nil
	}
	for _, entry := range service.Spec.Ports {
		r := remappedPort{service: o, selector: service.Spec.Selector, port: entry.Port, protocol: entry.Protocol, target: entry.TargetPort.IntVal}
		if entry.TargetPort.Type == intstr.String {
			r.target = s.portNamed(entry.TargetPort.StrVal, o, service.Spec.Selector)
		}
		if r.protocol == "" {
			r.protocol = corev1.ProtocolTCP
		}
		if r.target != 0 && r.target != r.port {
			found = append(found, r)
		}
	}
	return found
}

// portNamed is the number that the pods of a Service in the input give a port's name; 0
// if that is not known.
func (s *services) portNamed(name string, service *manifest.Object, selector labels.Set) int32 {
	namespace := s.set.NamespaceOf(service)
	templates := s.templates[name]
	for _, pods := range templates[:min(len(templates), mostServices)] {
		elsewhere := namespace != "" && pods.Namespace != "" && pods.Namespace != namespace
		if elsewhere || len(selector) == 0 || !selector.AsSelectorPreValidated().Matches(labels.Set(pods.Labels)) {
			continue
		}
		for _, container := range pods.Spec.Containers {
			for _, port := range container.Ports {
				if port.Name == name {
					return port.ContainerPort
				}
			}
		}
	}
	return 0
}

// podTemplate is the template of the pods that an object makes, or the object if it is a
// pod; empty if it is neither, or has a wrong type in it.
func podTemplate(o *manifest.Object) (template corev1.PodTemplateSpec) {
	for _, path := range [][]string{{"spec", "template"}, {"spec", "jobTemplate", "spec", "template"}, {}} {
		value, _ := o.At(path...).(map[string]any)
		if _, hasContainers := o.At(append(path, "spec", "containers")...).([]any); hasContainers {
			_ = runtime.DefaultUnstructuredConverter.FromUnstructured(value, &template)
			break
		}
	}
	return template
}
