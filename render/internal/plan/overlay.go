package plan

import (
	"cmp"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/doubt"
	"github.com/networknt/netpol-merge/render/internal/inspect"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/strict"
	"github.com/networknt/netpol-merge/render/report"
)

// Overlay is a policy on its way into a target.
type Overlay struct {
	*manifest.Object
	Policy *networkingv1.NetworkPolicy
	InFile bool   // whether it came beside the input
	Into   string // the target's name

	inspection *inspect.Inspection
}

// intoPath is the field path of the annotation that marks an overlay.
func intoPath() *field.Path {
	return field.NewPath("metadata", "annotations").Key(merge.IntoAnnotation)
}

// addOverlay inspects an object that is to be an overlay, and keeps it to be folded.
func (m *maker) addOverlay(o *manifest.Object, inFile bool) {
	if report.IsFull(m.Problems) {
		return
	}
	if o.Kind() != "NetworkPolicy" {
		m.Problems = append(m.Problems, notAnOverlay(o))
		return
	}
	policy, in := inspect.Policy(o, inspect.StrictRole)
	if o.Nested {
		in.Add(report.OverlayInInnerList, strict.Finding{
			Error: field.Forbidden(intoPath(), "overlays in nested lists are not supported"),
			Hint:  "move its items to the outer list",
		})
	}
	if o.IsHook() {
		in.Add(report.OverlayIsHook, strict.Finding{
			Error: field.Forbidden(field.NewPath("metadata", "annotations").Key(manifest.HookAnnotation), "an overlay cannot be a Helm hook, which Helm 3 would never send here"),
			Hint:  "remove the hook's annotations from the overlay",
		})
	}
	in.AddConsequences(report.NotForOverlays, merge.Guard(policy, m.options.AllowIngress))
	if inFile { // those of the stream were looked at as they were read
		in.Add(report.NearlyOurs, nearlyOurs(o, true)...)
	}
	m.Problems = append(m.Problems, in.Problems...)
	if !o.Nested {
		into := cmp.Or(o.Into(), m.options.Target)
		m.Overlays = append(m.Overlays, &Overlay{Object: o, Policy: policy, InFile: inFile, Into: into, inspection: in})
	}
}

// notAnOverlay says why an object cannot be an overlay. Only in a file of overlays may
// it come without the annotation.
func notAnOverlay(o *manifest.Object) report.Problem {
	guess := strict.Nearest(o.Kind(), []string{"NetworkPolicy"})
	switch {
	case opensNetwork(o):
		return inspect.Locate(o, report.NotAPolicy, strict.Finding{
			Error: field.Forbidden(intoPath(), o.Kind()+ofVersion(o)+" is another vendor's policy, which cannot be merged here"),
			Hint:  "remove the annotation, or write a NetworkPolicy of " + manifest.APIVersion,
		})
	case guess != "":
		return inspect.Locate(o, report.NotAPolicy, strict.Finding{
			Error: field.NotSupported(field.NewPath("kind"), o.Kind(), []string{guess}),
			Hint:  "did you mean kind: " + guess + "?",
		})
	case o.IsMarked():
		return inspect.Locate(o, report.NotAPolicy, strict.Finding{
			Error: field.Forbidden(intoPath(), "only a NetworkPolicy can be an overlay"),
			Hint:  "remove the annotation",
		})
	}
	return wrongKind(o)
}

// wrongKind reports an object that is not a NetworkPolicy in a file of overlays or of
// ceilings.
func wrongKind(o *manifest.Object) report.Problem {
	return inspect.Locate(o, report.WrongFile, strict.Finding{
		Error: field.NotSupported(field.NewPath("kind"), o.Kind(), []string{"NetworkPolicy"}),
		Hint:  "keep only NetworkPolicies in this file",
	})
}

// objectsIn returns the objects in a file that is for overlays or ceilings only, and what
// is in it beside them.
func objectsIn(source manifest.Source, position int) (objects []*manifest.Object, problems []report.Problem) {
	for _, d := range manifest.Split(source, position) {
		if d.IsBlank() {
			continue
		}
		found, err := doubt.About(d), d.Read()
		_, isObject := d.Value.(map[string]any)
		switch {
		case err == nil && !isObject:
			problems = append(problems, inspect.OfLine(d, d.LineOf(1), report.WrongFile, "a document of this file has to be a NetworkPolicy", "remove the document"))
		case found != nil:
			hint := cmp.Or(found.Hint, "every document of this file has to be readable")
			problems = append(problems, inspect.OfLine(d, d.LineOf(found.Line), report.UnreadableDocument, found.Reason, hint))
		default:
			objects = append(objects, d.Objects...)
		}
	}
	return objects, problems
}

// Left is the problem of an overlay that nobody merged.
func Left(o *manifest.Object) report.Problem {
	return inspect.At(o, report.OverlayLeft, intoPath(), "an overlay is still in the stream", "a step of the pipeline forgot to run netpol-merge")
}
