package plan

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/node"
	"github.com/networknt/netpol-merge/render/internal/strict"
	"github.com/networknt/netpol-merge/render/report"
)

// maxObject is the most that an API server accepts in one request, in bytes.
const maxObject = 3 << 20

// inspection is what was found in one object.
type inspection struct {
	object   *manifest.Object
	decoded  []strict.Finding // why the policy is not all that the text says
	problems []report.Problem
}

// inspect finds everything for which the API server would refuse a policy, and what it
// would drop.
func inspect(o *manifest.Object, nullItems bool) (*networkingv1.NetworkPolicy, *inspection) {
	in := &inspection{object: o}
	if version := o.APIVersion(); version != manifest.APIVersion {
		in.add(report.NotAPolicy, strict.Finding{
			Error: field.NotSupported(field.NewPath("apiVersion"), version, []string{manifest.APIVersion}),
			Hint:  "write apiVersion: " + manifest.APIVersion,
		})
	}
	if size := o.Size(); size > maxObject {
		in.add(report.RejectedByServer, strict.Finding{
			Error: field.TooLong(nil, "", maxObject),
			Hint:  fmt.Sprintf("it has %d bytes; an API server accepts no more than 3 MiB", size),
		})
	}
	policy := &networkingv1.NetworkPolicy{}
	in.decoded = strict.Decode(o.Value, policy, strict.Options{NullItems: nullItems, Written: o.Written})
	in.decoded = append(in.decoded, keyFindings(o)...)
	in.add(report.NotInSchema, in.decoded...)
	in.addUnexplained(report.RejectedByServer, merge.Validate(policy))
	return policy, in
}

func (in *inspection) add(code report.Code, findings ...strict.Finding) {
	for _, f := range findings {
		in.problems = append(in.problems, Locate(in.object, code, f))
	}
}

// addUnexplained adds errors that are not there only because of what decoding found.
func (in *inspection) addUnexplained(code report.Code, errs field.ErrorList) {
	for _, err := range errs {
		if !slices.ContainsFunc(in.decoded, func(f strict.Finding) bool { return f.Explains(err) }) {
			in.add(code, strict.Finding{Error: err})
		}
	}
}

// doubts reports whether something is wrong with a rule, or with one of its ports: with
// the rule beside its ports, or with that port; -1 is all ports.
func (in *inspection) doubts(direction networkingv1.PolicyType, rule, port int) bool {
	rulePath, ports := RulePath(direction, rule).String(), PortPath(direction, rule, 0).String()
	one := node.Steps(PortPath(direction, rule, port).String())
	return slices.ContainsFunc(in.problems, func(p report.Problem) bool {
		path := node.Steps(p.Field)
		otherPort := hasPrefix(path, node.Steps(ports)[:len(node.Steps(ports))-1]) && !hasPrefix(path, one)
		return hasPrefix(path, node.Steps(rulePath)) && !otherPort
	})
}

func hasPrefix(path, prefix []node.Step) bool {
	return len(path) >= len(prefix) && slices.Equal(path[:len(prefix)], prefix)
}

// Locate makes a problem of a finding in an object.
func Locate(o *manifest.Object, code report.Code, f strict.Finding) report.Problem {
	if f.Hint == "" {
		f.Hint = hintFor(f.Error)
	}
	path := f.Field
	if len(node.Steps(path)) == 0 {
		path = ""
	}
	line := o.LineOfEntry(path, f.BadValue)
	switch {
	case f.Line > 0:
		line = o.LineOf(f.Line)
	case line == 0:
		line = o.LineAt(path)
	}
	return report.Problem{
		Code:       code,
		Source:     o.Source(),
		Line:       line,
		APIVersion: o.APIVersion(),
		Kind:       o.Kind(),
		Name:       o.Name(),
		Field:      path,
		Reason:     f.ErrorBody(),
		Hint:       f.Hint,
		Stream:     o.Position,
	}
}

// At is a problem with the field at a path, in words of its own.
func At(o *manifest.Object, code report.Code, path *field.Path, reason, hint string) report.Problem {
	problem := Locate(o, code, strict.Finding{Error: field.Invalid(path, field.OmitValueType{}, ""), Hint: hint})
	problem.Reason = reason
	return problem
}

// ofDocument is a problem with a document as a whole.
func ofDocument(d *manifest.Document, code report.Code, reason, hint string) report.Problem {
	return report.Problem{Code: code, Source: d.Source(), Line: d.Line, Reason: reason, Hint: hint, Stream: d.Position}
}

// keyFindings finds duplicate keys, and keys that are no plain text.
func keyFindings(o *manifest.Object) []strict.Finding {
	c := keyChecker{seen: map[*yaml.Node]bool{}}
	c.check(o.Node, nil)
	return c.findings
}

type keyChecker struct {
	seen     map[*yaml.Node]bool
	findings []strict.Finding
}

func (c *keyChecker) check(n *yaml.Node, path *field.Path) {
	n = node.Resolve(n)
	if n == nil || c.seen[n] {
		return
	}
	c.seen[n] = true
	if n.Kind == yaml.SequenceNode {
		for i, item := range n.Content {
			c.check(item, path.Index(i))
		}
		return
	}
	lines := map[string]int{} // of the keys
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := node.Resolve(n.Content[i])
		line := n.Content[i].Line
		if first, ok := lines[key.Value]; ok {
			c.findings = append(c.findings, strict.Finding{
				Error: field.Duplicate(childOrKey(path, key.Value), field.OmitValueType{}),
				Hint:  fmt.Sprintf("the key stands %s above already; keep one of them", report.Plural(line-first, "line")),
				Line:  line,
			})
		}
		lines[key.Value] = line
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!binary" {
			c.findings = append(c.findings, strict.Finding{
				Error: field.Invalid(path, field.OmitValueType{}, "has a key that is not plain text"),
				Hint:  "write the key as a plain word",
				Line:  line,
			})
		}
		c.check(n.Content[i+1], childOrKey(path, key.Value))
	}
}

// childOrKey is the path of an entry: a field of the API is one word, a key of labels or
// annotations may be more.
func childOrKey(path *field.Path, key string) *field.Path {
	if strings.ContainsAny(key, "./") {
		return path.Key(key)
	}
	return path.Child(key)
}
