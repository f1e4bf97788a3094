package advice

import (
	"bytes"
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

// services are the Services of the input, by every number that their documents mention.
type services struct {
	set       *manifest.Set
	documents map[string][]*manifest.Document // nil until asked for
}

// servicePorts warns of overlays that ask for the port of a Service. A policy sees
// packets after the Service has put the pods' port in.
func (a *adviser) servicePorts(t *plan.Target) {
	allowed := sync.OnceValue(func() *merge.Allowance { return merge.NewAllowance(t.Folded) })
	for _, change := range t.Changes {
		for i, port := range change.Added.Ports {
			if port.Port == nil || port.Port.Type != intstr.Int || port.EndPort != nil {
				continue
			}
			for _, s := range a.services.at(port.Port.IntVal) {
				if s.protocol != *port.Protocol || !a.isDestination(s, t, change) || s.targetIsAllowed(t, change, allowed) {
					continue
				}
				a.warn(t.Overlays[change.Overlay].Object, report.ServicePort, plan.PortPath(change.Direction, change.Rule, change.Ports[i]).Child("port"),
					fmt.Sprintf("%d is a port of Service %q, whose pods listen on %d: a policy sees the pods' port", s.port, s.service.Name(), s.target),
					fmt.Sprintf("write port: %d, unless another destination is meant", s.target))
				break
			}
		}
	}
}

// isDestination reports whether a rule that was added may be about the pods of the
// Service. Pods do not call themselves through their own Service.
func (a *adviser) isDestination(s remappedPort, t *plan.Target, change merge.Change) bool {
	set := a.services.set
	own := mayShare(t.Policy.Spec.PodSelector.MatchLabels, s.selector) && set.SameNamespace(s.service, t.Object)
	if change.Direction == networkingv1.PolicyTypeIngress {
		return own
	}
	peers := merge.Rules(t.Folded, change.Direction)[change.Into].Peers
	if len(peers) == 0 {
		return !own && set.SameNamespace(s.service, t.Object)
	}
	return slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
		if p.IPBlock != nil || !selects(p.PodSelector, s.selector) {
			return false
		}
		if p.NamespaceSelector == nil {
			return set.SameNamespace(s.service, t.Object)
		}
		return selects(p.NamespaceSelector, labels.Set{corev1.LabelMetadataName: set.NamespaceOf(s.service)})
	})
}

// mayShare reports whether a pod can have all labels of both sets.
func mayShare(a, b map[string]string) bool {
	for label, value := range a {
		if other, both := b[label]; both && other != value {
			return false
		}
	}
	return true
}

// targetIsAllowed reports whether the merged policy lets the same peers have the port
// that the pods listen on, too.
func (s remappedPort) targetIsAllowed(t *plan.Target, change merge.Change, allowed func() *merge.Allowance) bool {
	port := intstr.FromInt32(s.target)
	return allowed().Allows(change.Direction, merge.Rule{
		Peers: merge.Rules(t.Folded, change.Direction)[change.Into].Peers,
		Ports: []networkingv1.NetworkPolicyPort{{Protocol: &s.protocol, Port: &port}},
	})
}

// selects reports whether a selector, nil being all, selects these labels.
func selects(selector *metav1.LabelSelector, set labels.Set) bool {
	if selector == nil {
		return true
	}
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(set)
}

// at returns the Services that have the port and send what comes there to another one.
func (s *services) at(port int32) (found []remappedPort) {
	if s.documents == nil {
		s.documents = map[string][]*manifest.Document{}
		if s.set.Size() <= mostSearched {
			s.index()
		}
	}
	for _, d := range s.documents[strconv.Itoa(int(port))] {
		if d.Read() != nil {
			continue
		}
		for _, o := range d.Objects {
			found = append(found, remappedPorts(o, port)...)
		}
	}
	return found
}

func (s *services) index() {
	for _, d := range s.set.Documents {
		if !bytes.Contains(d.Text, []byte("targetPort")) {
			continue
		}
		numbers := map[string]bool{}
		for number := range bytes.FieldsFuncSeq(d.Text, func(c rune) bool { return c < '0' || c > '9' }) {
			if !numbers[string(number)] {
				numbers[string(number)] = true
				s.documents[string(number)] = append(s.documents[string(number)], d)
			}
		}
	}
}

// remappedPorts are the entries for a port of an object, if that is a Service with an
// address of its own. A targetPort that is a name stands for a number that only the pods
// know.
func remappedPorts(o *manifest.Object, port int32) (found []remappedPort) {
	var service corev1.Service
	if o.Kind() != "Service" || runtime.DefaultUnstructuredConverter.FromUnstructured(o.Value, &service) != nil ||
		service.Spec.ClusterIP == corev1.ClusterIPNone || service.Spec.Type == corev1.ServiceTypeExternalName {
		return nil
	}
	for _, entry := range service.Spec.Ports {
		target := entry.TargetPort.IntVal
		if entry.Port != port || target == 0 || target == port {
			continue
		}
		protocol := entry.Protocol
		if protocol == "" {
			protocol = corev1.ProtocolTCP
		}
		found = append(found, remappedPort{service: o, selector: service.Spec.Selector, port: port, protocol: protocol, target: target})
	}
	return found
}
