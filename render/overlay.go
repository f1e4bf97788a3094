package render

import (
	"fmt"
	"slices"
	"strings"

	yamlnode "go.yaml.in/yaml/v3"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
)

// overlay is a policy on its way into a target.
type overlay struct {
	*object
	policy *networkingv1.NetworkPolicy
	valid  bool   // whether there is no problem with it
	inFile bool   // it came beside the input, from Overlays
	into   string // the target's name
}

// addOverlay checks an object that is to be an overlay, reports everything that
// is wrong with it, and keeps it to be folded.
func (r *run) addOverlay(o *object, inFile bool) {
	into := field.NewPath("metadata", "annotations").Key(merge.IntoAnnotation)
	if o.kind() != "NetworkPolicy" {
		r.report(o, noOverlay(o, into))
		return
	}
	before := len(r.problems)
	added := &overlay{object: o, inFile: inFile, into: o.into()}
	if added.into == "" {
		added.into = r.defaultTarget()
	}
	if o.nested {
		r.report(o, finding{Error: field.Forbidden(into, "overlays in a list in a list are not merged"), code: overlayInInnerList, hint: "take the inner list apart"})
	}
	if o.isHook() {
		r.report(o, finding{
			Error: field.Forbidden(field.NewPath("metadata", "annotations").Key(hookAnnotation), "an overlay cannot be a Helm hook, which Helm 3 would never send here"),
			code:  overlayIsHook,
			hint:  "remove the hook's annotations from the overlay",
		})
	}
	var findings []finding
	added.policy, findings = r.check(o, false)
	r.reportUnexplained(o, notForOverlays, merge.Guard(added.policy, r.AllowIngress), findings)
	r.checkCeilings(added, r.problems[before:])
	added.valid = len(r.problems) == before
	if !o.nested {
		r.overlays = append(r.overlays, added)
	}
}

// noOverlay says why an object cannot be an overlay. Only in an overlay file
// it may come without the annotation.
func noOverlay(o *object, into *field.Path) finding {
	guess := nearest(o.kind(), []string{"NetworkPolicy"})
	switch {
	case guess != "":
		return finding{Error: field.NotSupported(field.NewPath("kind"), o.kind(), []string{guess}), code: notAPolicy, hint: "did you mean kind: " + guess + "?"}
	case o.isMarked():
		return finding{Error: field.Forbidden(into, "only a NetworkPolicy can be an overlay"), code: notAPolicy, hint: "remove the annotation"}
	}
	return wrongKind(o, "overlay")
}

// wrongKind is about an object in a file that is for NetworkPolicies only.
func wrongKind(o *object, flag string) finding {
	return finding{
		Error: field.NotSupported(field.NewPath("kind"), o.kind(), []string{"NetworkPolicy"}),
		code:  wrongFile,
		hint:  "keep only NetworkPolicies in files given by --" + flag,
	}
}

// size is how many bytes an object takes: its document, or, of a list's item,
// what is sent to the API server.
func (o *object) size() int {
	if o.item < 0 {
		return len(o.document.text)
	}
	return len(asJSON(o.value))
}

func (r *Renderer) defaultTarget() string {
	if r.Target == "" {
		return DefaultTarget
	}
	return r.Target
}

// check reports everything for which the API server would refuse a policy, and what
// it would drop. It returns the policy, and the findings that keep it from being all
// that the text says.
func (r *run) check(o *object, nullItems bool) (*networkingv1.NetworkPolicy, []finding) {
	if version := o.stringAt("apiVersion"); version != apiVersion {
		r.report(o, finding{
			Error: field.NotSupported(field.NewPath("apiVersion"), version, []string{apiVersion}),
			code:  notAPolicy,
			hint:  "write apiVersion: " + apiVersion,
		})
	}
	if size := o.size(); size > maxObject {
		r.report(o, finding{Error: field.TooLong(nil, "", maxObject), code: rejectedByServer, hint: fmt.Sprintf("it has %d bytes; an API server accepts no more than 3 MiB", size)})
	}
	policy, findings := decode(o, nullItems)
	r.report(o, findings...)
	r.reportUnexplained(o, rejectedByServer, merge.Validate(policy), findings)
	return policy, findings
}

// reportUnexplained reports errors that are not there only because of a finding.
func (r *run) reportUnexplained(o *object, code Code, errs field.ErrorList, findings []finding) {
	for _, err := range errs {
		if !slices.ContainsFunc(findings, func(f finding) bool { return f.explains(err) }) {
			r.report(o, finding{Error: err, code: code, hint: hintFor(err)})
		}
	}
}

// explains tells whether an error is there only because of the finding: it is
// about the same field or the mapping that has it, or about the values of the list
// that it is in, or it misses what has the wrong type or name beside it in the same
// item of a list.
func (f finding) explains(err *field.Error) bool {
	if below, ok := strings.CutPrefix(f.Field, err.Field); ok && (below == "" || below[0] == '.' || below[0] == '[' && err.Type == field.ErrorTypeInvalid) {
		return true
	}
	item := f.Field[:strings.LastIndexByte(f.Field, ']')+1]
	rest, inItem := strings.CutPrefix(err.Field, item)
	misses := err.Type == field.ErrorTypeRequired || err.Type == field.ErrorTypeForbidden || strings.HasSuffix(err.Field, "endPort") && strings.HasSuffix(f.Field, ".port")
	return item != "" && inItem && !strings.Contains(rest, "[") && misses
}

// report adds findings about an object to the problems of the run.
func (r *run) report(o *object, findings ...finding) {
	for _, f := range findings {
		r.problems = append(r.problems, o.problem(f))
	}
}

func (o *object) problem(f finding) Problem {
	problem := o.problemAt(f.code, f.Field, f.ErrorBody(), f.hint)
	switch line := o.lineOfEntry(f.Error); {
	case f.line > 0:
		problem.Line = o.streamLine(f.line)
	case line > 0:
		problem.Line = o.streamLine(line)
	}
	return problem
}

// lineOfEntry is the line of a bad key or value in labels or annotations, for
// which the API server names only the mapping; 0 if that is not the case.
func (o *object) lineOfEntry(err *field.Error) int {
	_, mapping := locate(o.node, err.Field)
	if mapping == nil || mapping.Kind != yamlnode.MappingNode {
		return 0
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == err.BadValue || mapping.Content[i+1].Value == err.BadValue {
			return mapping.Content[i].Line
		}
	}
	return 0
}

// problemAt is a problem with the field at a path.
func (o *object) problemAt(code Code, path, reason, hint string) Problem {
	if path == "<nil>" {
		path = ""
	}
	line, _ := locate(o.node, path)
	return Problem{
		Code:       code,
		Source:     o.template(),
		Line:       o.streamLine(line),
		APIVersion: o.stringAt("apiVersion"),
		Kind:       o.kind(),
		Name:       o.name(),
		Field:      path,
		Reason:     reason,
		Hint:       hint,
		stream:     o.stream.position,
	}
}
