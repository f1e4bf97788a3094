package readers

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/networknt/netpol-merge/merge"
)

// object is what a reader takes for a Kubernetes object.
type object struct {
	apiVersion, kind, name string
	// marked reports whether it carries our annotation.
	marked bool
	// spec is its spec as JSON with sorted keys; empty if it has none. Words such as yes
	// count as the truths that they are to YAML 1.1.
	spec string
}

// isPolicy reports whether a cluster could take the object for a NetworkPolicy of any
// group. Without a name and a group nothing is applied.
func (o object) isPolicy() bool {
	return o.kind == "NetworkPolicy" && o.name != "" && strings.Contains(o.apiVersion, "/")
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
	if spec, ok := value["spec"]; ok {
		text, err := json.Marshal(truths(spec))
		if err != nil {
			text = fmt.Append(nil, err)
		}
		o.spec = string(text)
	}
	return o
}

// truths is a value with true for yes and the like, which YAML 1.2 takes for texts. Where
// a policy needs a text the API server refuses the one, where it needs a truth the other.
func truths(value any) any {
	switch value := value.(type) {
	case []any:
		items := slices.Clone(value)
		for i := range items {
			items[i] = truths(items[i])
		}
		return items
	case map[string]any:
		fields := maps.Clone(value)
		for key := range fields {
			fields[key] = truths(fields[key])
		}
		return fields
	case string:
		switch strings.ToLower(value) {
		case "y", "yes", "on":
			return true
		case "n", "no", "off":
			return false
		}
	}
	return value
}

// fromPolicy is a typed policy. What it says has lost the spelling of its keys, so that
// its spec is not compared.
func fromPolicy(policy *networkingv1.NetworkPolicy, apiVersion string) object {
	_, marked := policy.Annotations[merge.IntoAnnotation]
	return object{apiVersion: apiVersion, kind: "NetworkPolicy", name: policy.Name, marked: marked, spec: anySpec}
}

// anySpec is the spec of an object of which only the rest is known.
const anySpec = "?"

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
