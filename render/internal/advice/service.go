package advice

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/inspect"
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
// asked for: there may be thousands of workloads, and all for one warning.
type services struct {
	set       *manifest.Set
	mentions  map[int32][]*manifest.Document // with a targetPort, by numbers in them that may be a port; nil until asked for
	read      map[*manifest.Document]bool    // of these
	remapped  map[int32][]remappedPort       // what was read, by port
	workloads []*manifest.Document           // with a containerPort
	templates map[*manifest.Document][]corev1.PodTemplateSpec
	looked    int // how much was looked at to find named ports, in bytes
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

// mostServices is how many Services of one port are looked at for each request, and how
// many workloads for a port's name.
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
			for _, remapped := range s.remappedPorts(o) {
				s.remapped[remapped.port] = append(s.remapped[remapped.port], remapped)
			}
		}
	}
	return s.remapped[port][:min(len(s.remapped[port]), mostServices)]
}

// index finds the documents that may hold Services, or pods with ports, without parsing
// any.
func (s *services) index() {
	s.mentions, s.remapped = map[int32][]*manifest.Document{}, map[int32][]remappedPort{}
	s.read, s.templates = map[*manifest.Document]bool{}, map[*manifest.Document][]corev1.PodTemplateSpec{}
	for _, d := range s.set.Documents {
		if bytes.Contains(d.Text, []byte("containerPort")) {
			s.workloads = append(s.workloads, d)
		}
		if !bytes.Contains(d.Text, []byte("targetPort")) {
			continue
		}
		for port := range portsIn(d.Text) {
			s.mentions[port] = append(s.mentions[port], d)
		}
	}
}

// portsIn are the numbers in a text that may be a port.
func portsIn(text []byte) sets.Set[int32] {
	ports := sets.New[int32]()
	for word := range bytes.FieldsFuncSeq(text, func(c rune) bool { return c < '0' || c > '9' }) {
		if number, err := strconv.ParseUint(string(word), 10, 16); err == nil {
			ports.Insert(int32(number))
		}
	}
	return ports
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

// mostLooked bounds how much is looked at to find named ports, in bytes.
const mostLooked = 256 << 20

// portNamed is the number that the pods of a Service in the input give a port's name; 0
// if that is not known.
func (s *services) portNamed(name string, service *manifest.Object, selector labels.Set) int32 {
	namespace := s.set.NamespaceOf(service)
	if len(selector) == 0 {
		return 0
	}
	words := append(slices.Collect(maps.Values(selector)), name)
	parsed := 0
	for _, d := range s.workloads {
		if s.looked += len(d.Text); s.looked > mostLooked || parsed == mostServices {
			return 0
		}
		if slices.ContainsFunc(words, func(word string) bool { return !bytes.Contains(d.Text, []byte(word)) }) {
			continue
		}
		parsed++
		for _, pods := range s.templatesIn(d) {
			elsewhere := namespace != "" && pods.Namespace != "" && pods.Namespace != namespace
			if elsewhere || !selector.AsSelectorPreValidated().Matches(labels.Set(pods.Labels)) {
				continue
			}
			if port := containerPort(pods.Spec, name); port != 0 {
				return port
			}
		}
	}
	return 0
}

// templatesIn are the templates of the pods in a document, with their namespaces.
func (s *services) templatesIn(d *manifest.Document) []corev1.PodTemplateSpec {
	if templates, known := s.templates[d]; known {
		return templates
	}
	var templates []corev1.PodTemplateSpec
	if d.Read() == nil {
		for _, o := range d.Objects {
			template := podTemplate(o)
			template.Namespace = s.set.NamespaceOf(o)
			templates = append(templates, template)
		}
	}
	s.templates[d] = templates
	return templates
}

// containerPort is the port of a name; 0 if there is none.
func containerPort(pods corev1.PodSpec, name string) int32 {
	for _, container := range pods.Containers {
		for _, port := range container.Ports {
			if port.Name == name {
				return port.ContainerPort
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
