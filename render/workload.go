package render

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/networknt/netpol-merge/merge"
)

// mostSearched is the largest input, in bytes, in which workloads and Services are
// looked for. Helm stores a release in an object of 1 MiB; what is much larger
// than that is no release, and should not take longer for a warning.
const mostSearched = 16 << 20

// warnSelectsNoPods warns of a target for none of the workloads in the stream.
// Only workloads that may match are parsed, up to the first that does, or one
// of the others to know that there are any.
func (r *run) warnSelectsNoPods(t *target) {
	selector, err := metav1.LabelSelectorAsSelector(&t.policy.Spec.PodSelector)
	if err != nil || selector.Empty() {
		return
	}
	workload := ""
	for _, d := range r.documentsWith("containers") {
		if workload != "" && !mentionsAll(d.text, t.policy.Spec.PodSelector.MatchLabels) {
			continue
		}
		m, ok := r.parse(d, "")
		if !ok {
			continue
		}
		for _, o := range m.objects {
			pods, makesPods := o.podLabels()
			if !makesPods || !r.sameNamespace(o, t.object) {
				continue
			}
			if selector.Matches(pods) {
				return
			}
			workload = fmt.Sprintf("%s %q has %s", o.kind(), o.name(), labels.FormatLabels(pods))
		}
	}
	if workload != "" {
		r.addWarning(t.object, selectsNoPods, "spec.podSelector",
			fmt.Sprintf("selects the pods of no workload in the input: it asks for %s", metav1.FormatLabelSelector(&t.policy.Spec.PodSelector)),
			"make it select the labels of a pod template; "+workload)
	}
}

// documentsWith returns the documents that hold a word, which are looked for once.
func (r *run) documentsWith(word string) []*document {
	documents, known := r.documentsBy[word]
	if !known {
		for _, d := range r.documents {
			if bytes.Contains(d.text, []byte(word)) {
				documents = append(documents, d)
			}
		}
		r.documentsBy[word] = documents
	}
	return documents
}

func mentionsAll(text []byte, words map[string]string) bool {
	for _, word := range words {
		if !mentions(text, word) {
			return false
		}
	}
	return true
}

// podLabels are the labels of the pods that an object is or makes, if any.
func (o *object) podLabels() (labels.Set, bool) {
	for _, path := range [][]string{{"spec", "template"}, {"spec", "jobTemplate", "spec", "template"}, {}} {
		if _, ok := o.valueAt(append(path, "spec", "containers")...).([]any); ok {
			return stringMap(o.valueAt(append(path, "metadata", "labels")...)), true
		}
	}
	return nil, false
}

func stringMap(value any) map[string]string {
	entries, _ := value.(map[string]any)
	texts := map[string]string{}
	for key, entry := range entries {
		texts[key], _ = entry.(string)
	}
	return texts
}

// service is a port of a Service in the stream that its pods know by another.
type service struct {
	object   *object
	selector labels.Set
	port     int64
	protocol corev1.Protocol
	target   any // a number, or the name of a container port
}

// warnServicePorts warns of overlays that ask for the port of a Service. A policy
// sees packets after the Service has put the pods' port in.
func (r *run) warnServicePorts(t *target) {
	for _, change := range t.changes {
		for i, port := range change.Added.Ports {
			if port.Port == nil || port.Port.Type != intstr.Int || port.EndPort != nil {
				continue
			}
			for _, s := range r.servicesAt(int64(port.Port.IntVal)) {
				if s.protocol != *port.Protocol || !r.sameNamespace(s.object, t.object) || !s.isDestination(t, change) {
					continue
				}
				path := portPath(change.Direction, change.Rule, change.Ports[i]).Child("port").String()
				r.addWarning(t.overlays[change.Overlay].object, servicePort, path,
					fmt.Sprintf("%d is a port of Service %q, whose pods listen on %v: a policy sees the pods' port", s.port, s.object.name(), s.target),
					fmt.Sprintf("write port: %v, unless another destination is meant", s.target))
				break
			}
		}
	}
}

// isDestination tells whether a rule that was added may be about the pods of the
// Service.
func (s *service) isDestination(t *target, change merge.Change) bool {
	if change.Direction == networkingv1.PolicyTypeIngress {
		return selects(&t.policy.Spec.PodSelector, s.selector)
	}
	peers := merge.Rules(t.folded, change.Direction)[change.Into].Peers
	return len(peers) == 0 || slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
		return p.IPBlock == nil && selects(p.PodSelector, s.selector)
	})
}

// selects tells whether a selector, nil being all, selects these labels.
func selects(selector *metav1.LabelSelector, set labels.Set) bool {
	if selector == nil {
		return true
	}
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(set)
}

// servicesAt returns the Services in the input that have the port and send what
// comes there to another one.
func (r *run) servicesAt(port int64) (found []service) {
	for _, d := range r.documentsWith("targetPort") {
		if !bytes.Contains(d.text, strconv.AppendInt(nil, port, 10)) {
			continue
		}
		if m, ok := r.parse(d, ""); ok {
			for _, o := range m.objects {
				found = append(found, o.servicesAt(port)...)
			}
		}
	}
	return found
}

func (o *object) servicesAt(port int64) (found []service) {
	if o.kind() != "Service" || o.scalarAt("spec", "clusterIP") == "None" {
		return nil
	}
	ports, _ := o.valueAt("spec", "ports").([]any)
	for _, item := range ports {
		entry, _ := item.(map[string]any)
		target := entry["targetPort"]
		if entry["port"] != any(port) || target == nil || target == any(port) {
			continue
		}
		s := service{object: o, selector: stringMap(o.valueAt("spec", "selector")), port: port, protocol: corev1.ProtocolTCP, target: target}
		if protocol, ok := entry["protocol"].(string); ok {
			s.protocol = corev1.Protocol(protocol)
		}
		found = append(found, s)
	}
	return found
}
