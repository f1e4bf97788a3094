package inspect

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/node"
	"github.com/networknt/netpol-merge/render/internal/strict"
	"github.com/networknt/netpol-merge/render/report"
)

// Decode makes a policy of an object, and finds what is wrong with it. A status, which
// the API server ignores, is left out.
func Decode(o *manifest.Object, options strict.Options) (*networkingv1.NetworkPolicy, []strict.Finding) {
	values := o.Value
	if _, hasStatus := values["status"]; hasStatus {
		values = maps.Clone(values)
		delete(values, "status")
	}
	policy := &networkingv1.NetworkPolicy{}
	options.Written = o.Written
	return policy, strict.Decode(values, policy, options)
}

// keyChecker finds duplicate keys.
type keyChecker struct {
	equalInMetadata bool                // whether a key may stand twice under metadata with the same value
	seen            map[*yaml.Node]bool // of those that aliases may stand for
	findings        []strict.Finding
}

func (c *keyChecker) check(n *yaml.Node, path *field.Path, inMetadata bool) {
	n = node.Resolve(n)
	if n == nil || n.Anchor != "" && c.seen[n] || len(c.findings) > strict.MostFindings {
		return
	}
	if n.Anchor != "" {
		c.seen[n] = true
	}
	if n.Kind == yaml.SequenceNode {
		for i, item := range n.Content {
			c.check(item, path.Index(i), inMetadata)
		}
		return
	}
	entries := map[string]int{} // index of the key, by its text
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		first, again := entries[key.Value]
		isHarmless := again && inMetadata && c.equalInMetadata && node.Equal(n.Content[first+1], n.Content[i+1])
		if again && !isHarmless {
			c.findings = append(c.findings, strict.Finding{
				Error: field.Duplicate(strict.ChildOrKey(path, key.Value), field.OmitValueType{}),
				Hint:  fmt.Sprintf("the key is already set %s; keep one", linesAbove(key.Line-n.Content[first].Line)),
				Line:  key.Line,
			})
		}
		entries[key.Value] = i
		c.check(n.Content[i+1], strict.ChildOrKey(path, key.Value), inMetadata || key.Value == "metadata")
	}
}

func linesAbove(n int) string {
	if n == 0 {
		return "on the same line"
	}
	return report.Plural(n, "line") + " above"
}

// lostValues finds keys with nothing behind them, as a template leaves behind that has no
// value: the API server would read such a port or selector as "all", and such a label as
// an empty text.
func lostValues(o *manifest.Object) (findings []strict.Finding) {
	for _, list := range []string{"podSelector", "ingress", "egress"} {
		Walk(o.At("spec", list), field.NewPath("spec", list), list, func(path *field.Path, parent, key string, value any) {
			isSelector := parent == "matchLabels" || key == "matchLabels" || key == "matchExpressions" || strings.HasSuffix(key, "Selector")
			if value == nil && len(findings) <= strict.MostFindings && (isSelector || key == "port" || key == "cidr" || key == "except") {
				hint := "set the value; a port or selector without one means all"
				if key == "except" {
					hint = "set the value, or remove the key: an empty except excludes nothing"
				}
				findings = append(findings, strict.Finding{Error: field.Required(path, "nothing stands behind the key: did a template lose its value?"), Hint: hint})
			}
		})
	}
	return findings
}

// Walk visits the entries of all mappings in a value, in the order of their keys, each
// before what is in it. Parent is the key of the value; of an entry that of its mapping.
func Walk(value any, path *field.Path, parent string, visit func(path *field.Path, parent, key string, value any)) {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			at := strict.ChildOrKey(path, key)
			if parent == "matchLabels" {
				at = path.Key(key)
			}
			visit(at, parent, key, value[key])
			Walk(value[key], at, key, visit)
		}
	case []any:
		for i, item := range value {
			Walk(item, path.Index(i), parent, visit)
		}
	}
}
