package render

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
)

// overlay is a policy on its way into a target.
type overlay struct {
	*object
	policy *networkingv1.NetworkPolicy // nil if there is any problem with it
	into   string                      // the target's name
}

// ReadOverlays reads files, and of folders all files that end in .yaml, .yml
// or .json, in the order of their names. The errors are of type *fs.PathError.
func ReadOverlays(paths ...string) ([]Source, error) {
	var sources []Source
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		files := []string{path}
		if info.IsDir() {
			if files, err = manifestsIn(path); err != nil {
				return nil, err
			}
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			sources = append(sources, Source{Name: file, Text: text})
		}
	}
	return sources, nil
}

func manifestsIn(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		extensions := []string{".yaml", ".yml", ".json"}
		if entry.Type()&fs.ModeDir == 0 && slices.Contains(extensions, filepath.Ext(entry.Name())) {
			files = append(files, filepath.Join(folder, entry.Name()))
		}
	}
	return files, nil
}

// addOverlay checks an object that is to be an overlay, reports everything that
// is wrong with it, and keeps it to be folded.
func (r *run) addOverlay(o *object, fromFile bool) {
	into := field.NewPath("metadata", "annotations").Key(merge.IntoAnnotation)
	if o.kind() != "NetworkPolicy" {
		r.report(o, finding{
			Error: field.Forbidden(into, "only a NetworkPolicy can be an overlay"),
			hint:  kindHint(o.kind(), fromFile),
		})
		return
	}
	before := len(r.problems)
	added := &overlay{object: o, into: o.annotation(merge.IntoAnnotation)}
	if added.into == "" {
		added.into = r.defaultTarget()
	}
	if o.annotated(hookAnnotation) {
		r.report(o, finding{
			Error: field.Forbidden(field.NewPath("metadata", "annotations").Key(hookAnnotation), "an overlay cannot be a Helm hook, which Helm 3 would never send here"),
			hint:  "remove the hook's annotations from the overlay",
		})
	}
	policy, exact := r.check(o, false)
	if exact {
		// Of a misspelt field the guards would say that it opens everything.
		r.reportAll(o, merge.Guard(policy, r.AllowIngress))
	}
	if len(r.problems) == before {
		added.policy = policy
	}
	r.overlays = append(r.overlays, added)
}

func kindHint(kind string, fromFile bool) string {
	switch guess := nearest(kind, []string{"NetworkPolicy"}); {
	case guess != "":
		return fmt.Sprintf("did you mean kind: %s?", guess)
	case fromFile:
		return "keep only NetworkPolicies in files given by --overlay"
	}
	return "remove the annotation"
}

func (r *Renderer) defaultTarget() string {
	if r.Target == "" {
		return DefaultTarget
	}
	return r.Target
}

// check checks a policy as the API server would. It returns its value, or nil
// if it has none, and whether the value is exactly what the text says.
func (r *run) check(o *object, nullItems bool) (policy *networkingv1.NetworkPolicy, exact bool) {
	if version := o.text("apiVersion"); version != apiVersion {
		r.report(o, finding{
			Error: field.NotSupported(field.NewPath("apiVersion"), version, []string{apiVersion}),
			hint:  "write apiVersion: " + apiVersion,
		})
	}
	findings, value := checkFields(o, nullItems)
	r.report(o, findings...)
	policy, err := decode(value)
	if err != nil {
		r.report(o, finding{Error: field.InternalError(field.NewPath("spec"), err), hint: "please report this"})
		return nil, false
	}
	for _, err := range merge.Validate(policy) {
		if !slices.ContainsFunc(findings, func(f finding) bool { return f.explains(err) }) {
			r.report(o, finding{Error: err, hint: hintFor(err)})
		}
	}
	return policy, len(findings) == 0
}

// explains tells whether an error is there only because of the finding: it is
// about the same field, or about a neighbour in the same item of a list.
func (f finding) explains(err *field.Error) bool {
	item := f.Field[:strings.LastIndexByte(f.Field, ']')+1]
	rest, inItem := strings.CutPrefix(err.Field, item)
	return err.Field == f.Field || inItem && item != "" && !strings.Contains(rest, "[")
}

func (r *run) reportAll(o *object, errs field.ErrorList) {
	for _, err := range errs {
		r.report(o, finding{Error: err, hint: hintFor(err)})
	}
}

// report adds findings about an object to the problems of the run.
func (r *run) report(o *object, findings ...finding) {
	for _, f := range findings {
		r.problems = append(r.problems, o.problem(f))
	}
}

func (o *object) problem(f finding) Problem {
	problem := o.problemAt(f.Field, f.ErrorBody(), f.hint)
	if f.line > 0 {
		problem.Line = o.line(0) + f.line - 1
	}
	return problem
}

// problemAt is a problem with the field at a path.
func (o *object) problemAt(path, reason, hint string) Problem {
	return Problem{
		Source: o.template(),
		Line:   o.line(0) + locate(o.node, path) - 1,
		Kind:   o.kind(),
		Name:   o.name(),
		Field:  path,
		Reason: reason,
		Hint:   hint,
		stream: o.stream.position,
	}
}
