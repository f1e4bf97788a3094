package render

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

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
	if err != nil || selector.Empty() || isOfController(&t.policy.Spec.PodSelector) {
		return
	}
	var other *object // a workload whose pods the target does not select
	for _, d := range r.documentsWith("containers") {
		if other != nil && !d.mentionsAll(t.policy.Spec.PodSelector.MatchLabels) {
			continue
		}
		for _, o := range r.workloadsIn(d, t.object) {
			switch {
			case selector.Matches(o.podLabels()):
				return
			case !o.isHook():
				other = o
			}
		}
	}
	if other != nil {
		r.addWarning(t.object, selectsNoPods, "spec.podSelector",
			fmt.Sprintf("selects the pods of no workload in the input: it asks for %s", metav1.FormatLabelSelector(&t.policy.Spec.PodSelector)),
			fmt.Sprintf("make it select the labels of a pod template; %s %q has %s", other.kind(), other.name(), labels.FormatLabels(other.podLabels())))
	}
}

// workloadsIn are the objects of a document that make pods in the namespace of
// another object.
func (r *run) workloadsIn(d *document, beside *object) (workloads []*object) {
	for _, o := range r.objectsIn(d) {
		if o.podTemplate() != nil && r.sameNamespace(o, beside) {
			workloads = append(workloads, o)
		}
	}
	return workloads
}

// objectsIn are the objects of a document. There are none in one that cannot be read.
func (r *run) objectsIn(d *document) []*object {
	if m, ok := r.parse(d, ""); ok {
		return m.objects
	}
	return nil
}

// isOfController tells whether a selector asks for a label that a controller gives
// to pods, so that no template has it.
func isOfController(selector *metav1.LabelSelector) bool {
	keys := slices.Collect(maps.Keys(selector.MatchLabels))
	for _, requirement := range selector.MatchExpressions {
		keys = append(keys, requirement.Key)
	}
	return slices.ContainsFunc(keys, func(key string) bool {
		return strings.HasPrefix(key, "statefulset.kubernetes.io/") || strings.HasPrefix(key, "batch.kubernetes.io/") ||
			strings.HasPrefix(key, "apps.kubernetes.io/") || slices.Contains([]string{"pod-template-hash", "controller-revision-hash", "controller-uid", "job-name"}, key)
	})
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

func (d *document) mentionsAll(words map[string]string) bool {
	for _, word := range words {
		if !d.mentions(word) {
			return false
		}
	}
	return true
}

// podLabels are the labels of the pods that an object is or makes.
func (o *object) podLabels() labels.Set {
	if o.labels == nil {
		metadata, _ := o.podTemplate()["metadata"].(map[string]any)
		o.labels = stringMap(metadata["labels"])
	}
	return o.labels
}

// podTemplate is the template of the pods that an object makes, or the object if
// it is a pod; nil if it is neither.
func (o *object) podTemplate() map[string]any {
	for _, path := range [][]string{{"spec", "template"}, {"spec", "jobTemplate", "spec", "template"}, {}} {
		if _, ok := o.valueAt(append(path, "spec", "containers")...).([]any); ok {
			template, _ := o.valueAt(path...).(map[string]any)
			return template
		}
	}
	return nil
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
	port     int32
	protocol corev1.Protocol
	target   int32
}

// warnServicePorts warns of overlays that ask for the port of a Service. A policy
// sees packets after the Service has put the pods' port in.
func (r *run) warnServicePorts(t *target) {
	allowed := sync.OnceValue(func() *merge.Allowance { return merge.NewAllowance(t.folded) })
	for _, change := range t.changes {
		for i, port := range change.Added.Ports {
			if port.Port == nil || port.Port.Type != intstr.Int || port.EndPort != nil {
				continue
			}
			for _, s := range r.servicesAt(port.Port.IntVal) {
				if s.protocol != *port.Protocol || !r.isDestination(s, t, change) || s.allowsTarget(t, change, allowed) {
					continue
				}
				path := portPath(change.Direction, change.Rule, change.Ports[i]).Child("port").String()
				r.addWarning(t.overlays[change.Overlay].object, servicePort, path,
					fmt.Sprintf("%d is a port of Service %q, whose pods listen on %d: a policy sees the pods' port", s.port, s.object.name(), s.target),
					fmt.Sprintf("write port: %d, unless another destination is meant", s.target))
				break
			}
		}
	}
}

// isDestination tells whether a rule that was added may be about the pods of the
// Service. Pods do not call themselves through their own Service.
func (r *run) isDestination(s service, t *target, change merge.Change) bool {
	own := mayShare(t.policy.Spec.PodSelector.MatchLabels, s.selector) && r.sameNamespace(s.object, t.object)
	if change.Direction == networkingv1.PolicyTypeIngress {
		return own
	}
	peers := merge.Rules(t.folded, change.Direction)[change.Into].Peers
	if len(peers) == 0 {
		return !own && r.sameNamespace(s.object, t.object)
	}
	return slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
		if p.IPBlock != nil || !selects(p.PodSelector, s.selector) {
			return false
		}
		if p.NamespaceSelector == nil {
			return r.sameNamespace(s.object, t.object)
		}
		return selects(p.NamespaceSelector, labels.Set{corev1.LabelMetadataName: r.namespaceOf(s.object)})
	})
}

// mayShare tells whether a pod can have all labels of both sets.
func mayShare(a, b map[string]string) bool {
	for label, value := range a {
		if other, both := b[label]; both && other != value {
			return false
		}
	}
	return true
}

// allowsTarget tells whether the merged policy lets the same peers have the port
// that the pods listen on, too.
func (s service) allowsTarget(t *target, change merge.Change, allowed func() *merge.Allowance) bool {
	port := intstr.FromInt32(s.target)
	return allowed().Allows(change.Direction, merge.Rule{
		Peers: merge.Rules(t.folded, change.Direction)[change.Into].Peers,
		Ports: []networkingv1.NetworkPolicyPort{{Protocol: &s.protocol, Port: &port}},
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
func (r *run) servicesAt(port int32) (found []service) {
	if r.withPort == nil {
		r.withPort = map[string][]*document{}
		for _, d := range r.documentsWith("targetPort") {
			for number := range numbersIn(d.text) {
				r.withPort[number] = append(r.withPort[number], d)
			}
		}
	}
	for _, d := range r.withPort[strconv.Itoa(int(port))] {
		for _, o := range r.objectsIn(d) {
			found = append(found, r.portsOf(o, port)...)
		}
	}
	return found
}

// numbersIn are the runs of digits in a text.
func numbersIn(text []byte) map[string]bool {
	numbers := map[string]bool{}
	for number := range bytes.FieldsFuncSeq(text, func(c rune) bool { return c < '0' || c > '9' }) {
		numbers[string(number)] = true
	}
	return numbers
}

// portsOf are the entries for a port of an object, if that is a Service with an
// address of its own.
func (r *run) portsOf(o *object, port int32) (found []service) {
	selector := labels.Set(stringMap(o.valueAt("spec", "selector")))
	if o.kind() != "Service" || o.scalarAt("spec", "clusterIP") == "None" || o.stringAt("spec", "type") == "ExternalName" {
		return nil
	}
	ports, _ := o.valueAt("spec", "ports").([]any)
	for _, item := range ports {
		entry, _ := item.(map[string]any)
		if entry["port"] != any(int64(port)) {
			continue
		}
		s := service{object: o, selector: selector, port: port, protocol: corev1.ProtocolTCP}
		if protocol, ok := entry["protocol"].(string); ok {
			s.protocol = corev1.Protocol(protocol)
		}
		switch target := entry["targetPort"].(type) {
		case int64:
			s.target = int32(target)
		case string:
			s.target = r.portNamed(target, s)
		}
		if s.target != 0 && s.target != port {
			found = append(found, s)
		}
	}
	return found
}

// portNamed is the number that the Service's pods in the input give a port's name;
// 0 if that is not known.
func (r *run) portNamed(name string, s service) int32 {
	if len(s.selector) == 0 {
		return 0
	}
	for _, d := range r.documentsWith("containers") {
		if !d.mentionsAll(s.selector) || !d.mentions(name) {
			continue
		}
		for _, o := range r.workloadsIn(d, s.object) {
			if s.selector.AsSelectorPreValidated().Matches(o.podLabels()) {
				return o.containerPort(name)
			}
		}
	}
	return 0
}

// containerPort is the number of a named port of the object's containers, or 0.
func (o *object) containerPort(name string) int32 {
	spec, _ := o.podTemplate()["spec"].(map[string]any)
	containers, _ := spec["containers"].([]any)
	for _, container := range containers {
		entries, _ := container.(map[string]any)
		ports, _ := entries["ports"].([]any)
		for _, item := range ports {
			port, _ := item.(map[string]any)
			if number, ok := port["containerPort"].(int64); ok && port["name"] == name {
				return int32(number)
			}
		}
	}
	return 0
}
