package readers

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/report"
)

// object is what a reader takes for a Kubernetes object.
type object struct {
	apiVersion, kind, name string
	// marked reports whether it carries our annotation.
	marked bool
	// spec is what its spec says, in one form for all: that of specText. Of other kinds
	// than a NetworkPolicy's it does not count.
	spec string
}

// isPolicy reports whether a cluster could take the object for a NetworkPolicy, or for
// the like of another group. Without a name and a group nothing is applied.
func (o object) isPolicy() bool {
	return strings.HasSuffix(o.kind, "NetworkPolicy") && o.name != "" && strings.Contains(o.apiVersion, "/")
}

// isOverlay reports whether the object carries our annotation and could be applied.
func (o object) isOverlay() bool { return o.marked && o.kind != "" && o.name != "" }

// fromValue is the object that a decoded document is. Values of another type than
// Kubernetes' count as missing.
func fromValue(value map[string]any) object {
	metadata, _ := value["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	var o object
	o.apiVersion, _ = value["apiVersion"].(string)
	o.kind, _ = value["kind"].(string)
	o.name, _ = metadata["name"].(string)
	_, o.marked = annotations[merge.IntoAnnotation]
	o.spec = anySpec
	if o.apiVersion+o.kind == "networking.k8s.io/v1NetworkPolicy" {
		o.spec = specText(value["spec"])
	}
	return o
}

// anySpec is the spec of an object of which only the rest is known, or counts.
const anySpec = "?"

// specText is what the API server takes a spec for: it drops the fields that it does not
// know. What it refuses is anySpec.
func specText(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return anySpec
	}
	var spec networkingv1.NetworkPolicySpec
	if err := utiljson.Unmarshal(text, &spec); err != nil {
		return anySpec
	}
	return fromPolicy(&networkingv1.NetworkPolicy{Spec: spec}, "").spec
}

// fromPolicy is a typed policy.
func fromPolicy(policy *networkingv1.NetworkPolicy, apiVersion string) object {
	_, marked := policy.Annotations[merge.IntoAnnotation]
	s := sayings{Pods: policy.Spec.PodSelector}
	for _, direction := range merge.Directions() {
		if merge.Isolates(policy, direction) {
			s.Isolates = append(s.Isolates, direction)
		}
		for _, rule := range merge.Rules(policy, direction) {
			s.add(direction, rule.Peers, rule.Ports)
		}
	}
	return object{apiVersion: apiVersion, kind: "NetworkPolicy", name: policy.Name, marked: marked, spec: s.String()}
}

// fromReport is a policy as our report has it.
func fromReport(pods metav1.LabelSelector, p report.Policy) object {
	s := sayings{Pods: pods, Isolates: p.Isolates}
	for _, rule := range p.Rules {
		var ports []networkingv1.NetworkPolicyPort
		for _, port := range rule.Ports {
			if port.Port != nil {
				ports = append(ports, *port.Port)
			}
		}
		s.add(rule.Direction, rule.Peers, ports)
	}
	return object{apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", name: p.Name, spec: s.String()}
}

// sayings are what a policy and our report have in common.
type sayings struct {
	Pods     metav1.LabelSelector
	Isolates []networkingv1.PolicyType `json:",omitempty"`
	Rules    []saying
}

type saying struct {
	Direction networkingv1.PolicyType
	Peers     []networkingv1.NetworkPolicyPeer `json:",omitempty"`
	Ports     []networkingv1.NetworkPolicyPort `json:",omitempty"`
}

func (s *sayings) add(direction networkingv1.PolicyType, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) {
	s.Rules = append(s.Rules, saying{direction, peers, ports})
}

func (s *sayings) String() string {
	text, err := json.Marshal(s)
	if err != nil {
		return anySpec
	}
	return string(text)
}

// equal reports whether two objects are the same, as far as both are known.
func (o object) equal(other object) bool {
	if o.spec == anySpec || other.spec == anySpec {
		o.spec, other.spec = "", ""
	}
	return o == other
}

// textKeys makes keys of mappings texts, as JSON has them.
func textKeys(value any) any {
	switch value := value.(type) {
	case []any:
		for i := range value {
			value[i] = textKeys(value[i])
		}
	case map[string]any:
		for key := range value {
			value[key] = textKeys(value[key])
		}
	case map[any]any:
		fields := map[string]any{}
		for key, field := range value {
			fields[fmt.Sprint(key)] = textKeys(field)
		}
		return fields
	}
	return value
}

// flatten is the object that a value is, or those in it if it is a list; items without
// kind and apiVersion have the list's, as kubectl reads them.
func flatten(value any) []object {
	fields, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	items, ok := fields["items"].([]any)
	if !ok {
		return []object{fromValue(fields)}
	}
	kind, _ := fields["kind"].(string)
	var objects []object
	for _, item := range items {
		if item, ok := item.(map[string]any); ok {
			if item["kind"] == nil && item["apiVersion"] == nil {
				item["kind"], item["apiVersion"] = strings.TrimSuffix(kind, "List"), fields["apiVersion"]
			}
			objects = append(objects, flatten(item)...)
		}
	}
	return slices.Clip(objects)
}
