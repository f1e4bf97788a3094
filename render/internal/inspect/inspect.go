// Package inspect finds everything that is wrong with one policy by itself, and says where
// in the stream it stands.
//
// Start reading at Policy. Decoding finds what the API server would drop (decode.go),
// package merge what it would refuse. What only follows from something found before is left
// out (causes.go), and hints.go says what to do. The package does not know which policy goes
// into which.
package inspect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/node"
	"github.com/networknt/netpol-merge/render/internal/strict"
	"github.com/networknt/netpol-merge/render/report"
)

// MaxObject is the most that an API server accepts in one request, in bytes.
const MaxObject = 3 << 20

// mostProblems is how many problems of one object are shown. More are no help to a person.
const mostProblems = strict.MostFindings

// Inspection is what was found in one object.
type Inspection struct {
	object   *manifest.Object
	causes   causes
	Problems []report.Problem
}

// Of is an inspection that found nothing yet.
func Of(o *manifest.Object) *Inspection { return &Inspection{object: o} }

// Policy finds everything for which the API server would refuse a policy and, for those
// that are merged, what it would drop.
func Policy(o *manifest.Object, r Role) (*networkingv1.NetworkPolicy, *Inspection) {
	in := Of(o)
	if version := o.APIVersion(); version != manifest.APIVersion {
		in.Add(report.NotAPolicy, WrongVersion(version))
	}
	if IsTooLarge(o) {
		in.Add(report.RejectedByServer, strict.Finding{
			Error: field.TooLong(nil, "", MaxObject),
			Hint:  fmt.Sprintf("it has %d bytes; an API server accepts no more than 3 MiB", o.Size()),
		})
	}
	policy, findings := Decode(o, strict.Options{NullItems: r != StrictRole, DropUnknown: r == BystanderRole})
	keys := keyChecker{equalInMetadata: r != StrictRole, seen: map[*yaml.Node]bool{}}
	keys.check(o.Node, nil, false)
	findings = append(findings, keys.findings...)
	in.Cause(report.NotInSchema, findings...)
	if r == StrictRole {
		in.Cause(report.NotForOverlays, lostValues(o)...)
	}
	invalid := merge.Validate(policy)
	if r == BystanderRole && policy.GenerateName != "" { // of which the API server makes a name
		invalid = slices.DeleteFunc(invalid, func(err *field.Error) bool {
			return err.Type == field.ErrorTypeRequired && err.Field == "metadata.name"
		})
	}
	in.AddConsequences(report.RejectedByServer, invalid)
	return policy, in
}

// Role is what a policy is inspected for.
type Role int

// The roles.
const (
	// StrictRole is that of overlays and ceilings: what they do not say plainly is refused.
	StrictRole Role = iota
	// TargetRole allows null items, which the API server takes for empty ones.
	TargetRole
	// BystanderRole is read as the API server would, to be held against the ceilings.
	BystanderRole
)

// WrongVersion says what to do about a policy of another API version or group.
func WrongVersion(version string) strict.Finding {
	hint := "write apiVersion: " + manifest.APIVersion
	if IsOfVendor(version) {
		hint = "another vendor's policy cannot be merged here; write a NetworkPolicy of " + manifest.APIVersion
	}
	return strict.Finding{Error: field.NotSupported(field.NewPath("apiVersion"), version, []string{manifest.APIVersion}), Hint: hint}
}

// IsOfVendor reports whether an API version is not one of Kubernetes' own.
func IsOfVendor(version string) bool {
	group, _, _ := strings.Cut(version, "/")
	return strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io")
}

// Cause adds findings that may have consequences.
func (in *Inspection) Cause(code report.Code, findings ...strict.Finding) {
	in.Add(code, findings...)
	for _, f := range findings {
		if in.TooMany() { // so that no consequence will be shown either
			return
		}
		in.causes.add(f)
	}
}

// TooMany reports whether there are more problems than are shown.
func (in *Inspection) TooMany() bool { return len(in.Problems) > mostProblems }

// Add adds findings, and instead of those beyond mostProblems one that says so.
func (in *Inspection) Add(code report.Code, findings ...strict.Finding) {
	for _, f := range findings {
		if in.TooMany() {
			return
		}
		problem := Locate(in.object, code, f)
		if len(in.Problems) == mostProblems {
			problem.Reason = fmt.Sprintf("and more: this is problem %d, and those behind it are not shown", mostProblems+1)
			problem.Hint = "solve those above first"
		}
		in.Problems = append(in.Problems, problem)
	}
}

// AddConsequences adds errors that are not there only because of what was found before.
// A port, protocol or policyType that is wrong may have consequences in turn: it reads
// like none.
func (in *Inspection) AddConsequences(code report.Code, errs field.ErrorList) {
	if len(errs) > mostProblems { // labels come in no order, and the same have to be shown each time
		errs = slices.Clone(errs)
		slices.SortStableFunc(errs, func(a, b *field.Error) int {
			if order := cmp.Compare(a.Field, b.Field); order != 0 {
				return order
			}
			return cmp.Compare(fmt.Sprint(a.BadValue), fmt.Sprint(b.BadValue))
		})
	}
	var found []strict.Finding
	for _, err := range errs {
		if in.causes.explain(err) {
			continue
		}
		f := strict.Finding{Error: err}
		in.Add(code, f)
		if strings.HasSuffix(err.Field, ".port") || strings.HasSuffix(err.Field, ".protocol") || strings.HasPrefix(err.Field, "spec.policyTypes[") {
			found = append(found, f)
		}
	}
	for _, f := range found {
		in.causes.add(f)
	}
}

// Doubts returns a function that reports whether something is wrong with a rule, or with
// one of its ports: with the rule beside its ports, or with that port; -1 is all ports. If
// there are TooMany problems, it does not know all.
func (in *Inspection) Doubts() func(at merge.Position, port int) bool {
	wrong := sets.Set[string]{} // paths of rules, and of entries of their ports
	for _, p := range in.Problems {
		rule, rest, _ := strings.Cut(p.Field, "]")
		if port, _, isItem := strings.Cut(rest, "]"); isItem && strings.HasPrefix(port, ".ports[") {
			wrong.Insert(rule+"]"+port+"]", rule+"].ports")
		} else {
			wrong.Insert(rule + "]")
		}
	}
	return func(at merge.Position, port int) bool {
		return wrong.HasAny(at.Path().String(), at.PortPath(port).String()) || port < 0 && wrong.Has(at.Path().Child("ports").String())
	}
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
	problem := OfLine(o.Document, line, code, f.ErrorBody(), f.Hint)
	problem.IsFile = problem.IsFile && problem.Source == o.Source()
	problem.Source, problem.Field = o.Source(), path
	problem.APIVersion, problem.Kind, problem.Name = o.APIVersion(), o.Kind(), o.Name()
	return problem
}

// OfLine is a problem in a line of the stream that is one of the document's.
func OfLine(d *manifest.Document, line int, code report.Code, reason, hint string) report.Problem {
	return report.Problem{
		Code:   code,
		Source: d.Source(),
		Line:   line,
		Text:   d.LineText(line),
		IsFile: d.Template() == "" && d.IsFile,
		Stream: d.Position,
		Reason: reason,
		Hint:   hint,
	}
}

// At is a problem with the field at a path, in words of its own.
func At(o *manifest.Object, code report.Code, path *field.Path, reason, hint string) report.Problem {
	problem := Locate(o, code, strict.Finding{Error: field.Invalid(path, field.OmitValueType{}, ""), Hint: hint})
	problem.Reason = reason
	return problem
}

// IsTooLarge reports whether an API server would refuse an object for its size.
func IsTooLarge(o *manifest.Object) bool { return o.Size() > MaxObject }
