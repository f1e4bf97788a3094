package doubt

import (
	"cmp"
	"encoding/base64"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/node"
)

// unlikeObject returns the first node of an object, or of a list, for which parsers do not
// agree whether it is a policy or an overlay, or on what such a one says; nil if they do.
func unlikeObject(n *yaml.Node, value any) *yaml.Node {
	n = node.Resolve(n)
	object, isObject := value.(map[string]any)
	if n == nil || !isObject {
		return nil // no reader takes anything else for an object
	}
	entries, metadata, annotations := map[string]*yaml.Node{}, map[string]*yaml.Node{}, map[string]*yaml.Node{}
	disputed := collect(n, entries, false)
	disputed = cmp.Or(disputed, collect(entries["metadata"], metadata, false))
	if disputed = cmp.Or(disputed, collect(metadata["annotations"], annotations, false)); disputed != nil {
		return disputed
	}
	items, isList := object["items"].([]any)
	sequence := node.Resolve(entries["items"])
	switch {
	case unlike(entries["kind"], object["kind"]) != nil, unlike(entries["apiVersion"], object["apiVersion"]) != nil,
		isList && (sequence == nil || len(sequence.Content) != len(items)):
		return n
	case isList:
		for i, item := range items {
			if found := unlikeObject(sequence.Content[i], item); found != nil {
				return found
			}
		}
		return nil
	}
	kind, _ := object["kind"].(string)
	if annotations[merge.IntoAnnotation] == nil && !manifest.Annotated(object, merge.IntoAnnotation) && !strings.HasSuffix(kind, "NetworkPolicy") {
		return nil
	}
	return unlike(n, value)
}

// unlike returns the first node that says something else than the value, which another
// parser read of the same text; nil if they are alike. Words such as yes, which YAML 1.1
// takes for a boolean, count as alike: where text has to stand they are reported anyway.
func unlike(n *yaml.Node, value any) *yaml.Node {
	n = node.Resolve(n)
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.MappingNode:
		return unlikeMapping(n, value)
	case n.Kind == yaml.SequenceNode:
		items, isList := value.([]any)
		if !isList || len(items) != len(n.Content) || n.ShortTag() != "!!seq" {
			return n
		}
		for i, item := range items {
			if inner := unlike(n.Content[i], item); inner != nil {
				return inner
			}
		}
		return nil
	case isSameScalar(n, value):
		return nil
	}
	return n
}

func unlikeMapping(n *yaml.Node, value any) *yaml.Node {
	entries, isMapping := value.(map[string]any)
	if !isMapping || n.ShortTag() != "!!map" {
		return n
	}
	for i := 0; i < len(n.Content); i += 2 { // 1 and "1" are two keys to one parser, and one to the other
		if tag := n.Content[i].ShortTag(); tag != "!!str" && tag != "!!merge" {
			return n.Content[i]
		}
	}
	merged := map[string]*yaml.Node{}
	if disputed := collect(n, merged, false); disputed != nil {
		return disputed
	}
	if len(merged) != len(entries) {
		return n
	}
	for key, inner := range merged {
		other, ok := entries[key]
		if !ok {
			return n
		}
		if found := unlike(inner, other); found != nil {
			return found
		}
	}
	return nil
}

// collect gathers the values of a mapping as YAML 1.2 parsers do: its own, of a key that
// stands twice the last, and then those that merge keys bring in. It returns a key, or its
// value, on which programs do not agree, if there is one: it stands twice, and not alike, in
// what a merge key brings in; or it has no value, and a merge key has one.
func collect(n *yaml.Node, into map[string]*yaml.Node, isMerged bool) (disputed *yaml.Node) {
	if n = node.Resolve(n); n == nil {
		return nil
	}
	if n.Kind == yaml.SequenceNode {
		for _, one := range n.Content {
			disputed = cmp.Or(disputed, collect(one, into, isMerged))
		}
		return disputed
	}
	disputed = collectOwn(n, into, isMerged)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].ShortTag() == "!!merge" {
			disputed = cmp.Or(disputed, collect(n.Content[i+1], into, true))
		}
	}
	return disputed
}

// collectOwn is collect, without merge keys.
func collectOwn(n *yaml.Node, into map[string]*yaml.Node, isMerged bool) (disputed *yaml.Node) {
	own := map[string]*yaml.Node{}
	for i := len(n.Content) - 2; i >= 0; i -= 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.ShortTag() == "!!merge" {
			continue
		}
		if later, again := own[key.Value]; again {
			if isMerged && !node.Equal(value, later) {
				disputed = key
			}
			continue
		}
		own[key.Value] = value
		if already, isThere := into[key.Value]; !isThere {
			into[key.Value] = value
		} else if isNull(already) && !isNull(value) {
			disputed = already
		}
	}
	return disputed
}

func isNull(n *yaml.Node) bool { return node.Resolve(n).ShortTag() == "!!null" }

func isSameScalar(n *yaml.Node, value any) bool {
	switch value := value.(type) {
	case nil:
		return n.ShortTag() == "!!null"
	case bool:
		if n.ShortTag() == "!!bool" {
			truth, err := strconv.ParseBool(n.Value)
			return err != nil || truth == value
		}
		return n.ShortTag() == "!!str"
	case string:
		switch n.ShortTag() {
		case "!!str", "!!timestamp":
			return n.Value == value
		case "!!binary":
			text, err := base64.StdEncoding.DecodeString(n.Value)
			return err == nil && string(text) == value
		}
		return false
	case int64:
		isSameText := n.ShortTag() == "!!int" && n.Value == strconv.FormatInt(value, 10) // most are, and to decode costs
		return isSameText || isNumber(n, float64(value))
	case float64:
		return isNumber(n, value)
	}
	return false
}

func isNumber(n *yaml.Node, value float64) bool {
	var number float64
	err := n.Decode(&number)
	if err != nil { // an integer that is a fraction only to YAML
		number, err = strconv.ParseFloat(n.Value, 64)
	}
	return (n.ShortTag() == "!!int" || n.ShortTag() == "!!float") && err == nil && number == value
}
