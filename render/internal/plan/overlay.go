package plan

import (
	"cmp"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
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

	inspection *inspection
}

// intoPath is the field path of the annotation that marks an overlay.
func intoPath() *field.Path {
	return field.NewPath("metadata", "annotations").Key(merge.IntoAnnotation)
}

// addOverlay inspects an object that is to be an overlay, and keeps it to be folded.
func (m *maker) addOverlay(o *manifest.Object, inFile bool) {
	if o.Kind() != "NetworkPolicy" {
		m.Problems = append(m.Problems, notAnOverlay(o))
		return
	}
	added := newOverlay(o, m.options.AllowIngress)
	added.InFile = inFile
	added.Into = cmp.Or(added.Into, m.options.Target)
	m.checkCeilings(added)
	m.Problems = append(m.Problems, added.inspection.problems...)
	if !o.Nested {
		m.Overlays = append(m.Overlays, added)
	}
}

func newOverlay(o *manifest.Object, allowIngress bool) *Overlay {
	policy, in := inspect(o, false)
	if o.Nested {
		in.add(report.OverlayInInnerList, strict.Finding{
			Error: field.Forbidden(intoPath(), "overlays in a list in a list are not merged"),
			Hint:  "take the inner list apart",
		})
	}
	if o.IsHook() {
		in.add(report.OverlayIsHook, strict.Finding{
			Error: field.Forbidden(field.NewPath("metadata", "annotations").Key(manifest.HookAnnotation), "an overlay cannot be a Helm hook, which Helm 3 would never send here"),
			Hint:  "remove the hook's annotations from the overlay",
		})
	}
	in.addUnexplained(report.NotForOverlays, merge.Guard(policy, allowIngress))
	return &Overlay{Object: o, Policy: policy, Into: o.Into(), inspection: in}
}

// notAnOverlay says why an object cannot be an overlay. Only in a file of overlays may
// it come without the annotation.
func notAnOverlay(o *manifest.Object) report.Problem {
	guess := strict.Nearest(o.Kind(), []string{"NetworkPolicy"})
	switch {
	case guess != "":
		return Locate(o, report.NotAPolicy, strict.Finding{
			Error: field.NotSupported(field.NewPath("kind"), o.Kind(), []string{guess}),
			Hint:  "did you mean kind: " + guess + "?",
		})
	case o.IsMarked():
		return Locate(o, report.NotAPolicy, strict.Finding{
			Error: field.Forbidden(intoPath(), "only a NetworkPolicy can be an overlay"),
			Hint:  "remove the annotation",
		})
	}
	return wrongKind(o)
}

// wrongKind reports an object that is not a NetworkPolicy in a file of overlays or of
// ceilings.
func wrongKind(o *manifest.Object) report.Problem {
	return Locate(o, report.WrongFile, strict.Finding{
		Error: field.NotSupported(field.NewPath("kind"), o.Kind(), []string{"NetworkPolicy"}),
		Hint:  "keep only NetworkPolicies in this file",
	})
}

// eachIn calls f for every object in a file that is for overlays or ceilings only.
func (m *maker) eachIn(source manifest.Source, position int, f func(*manifest.Object)) {
	for _, d := range manifest.Split(source, position) {
		if err := d.Read(); err != nil {
			m.Problems = append(m.Problems, unreadable(d, err, "every document of this file has to be readable"))
			continue
		}
		if _, isObject := d.Value.(map[string]any); !isObject && d.Value != nil {
			m.Problems = append(m.Problems, ofDocument(d, report.WrongFile, "a document of this file has to be a NetworkPolicy", "remove the document"))
		}
		for _, o := range d.Objects {
			f(o)
		}
	}
}

// EachMarked calls f for every object of the set that is to be an overlay, and adds
// documents that may be one but cannot be read to the problems, and what is marked
// nearly like one to the warnings.
func EachMarked(set *manifest.Set, f func(*manifest.Object), problems, warnings *[]report.Problem) {
	for _, d := range set.Documents {
		if !d.MayBeOverlay() {
			continue
		}
		if err := d.Read(); err != nil {
			if d.SaysInto() {
				*problems = append(*problems, unreadable(d, err, "the document mentions "+merge.IntoAnnotation+", so it may be an overlay: mend it, or take the annotation out"))
			}
			continue
		}
		for _, o := range d.Objects {
			if o.IsMarked() {
				f(o)
			} else if o.Kind() == "NetworkPolicy" {
				warnOfOwnKeys(o, o.Value, nil, warnings)
			}
		}
	}
}

// unreadable is the problem of a document that cannot be read.
func unreadable(d *manifest.Document, err error, hint string) report.Problem {
	problem := ofDocument(d, report.UnreadableDocument, err.Error(), hint)
	if syntax, ok := err.(*manifest.SyntaxError); ok { //nolint:errorlint // Read returns no other
		problem.Line = d.LineOf(syntax.Line)
	}
	return problem
}

// warnOfOwnKeys warns of all keys in a value that have our domain but mean nothing.
func warnOfOwnKeys(o *manifest.Object, value any, path *field.Path, warnings *[]report.Problem) {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			at := childOrKey(path, key)
			if strings.HasPrefix(key, manifest.OwnDomain) && at.String() != "metadata.annotations["+merge.MergedFromAnnotation+"]" {
				*warnings = append(*warnings, At(o, report.Mismarked, at,
					"this marks no overlay: the policy goes to the cluster as one of its own",
					"an overlay has the annotation "+merge.IntoAnnotation+" in metadata.annotations"))
			}
			warnOfOwnKeys(o, inner, at, warnings)
		}
	case []any:
		for i, item := range value {
			warnOfOwnKeys(o, item, path.Index(i), warnings)
		}
	}
}

// Left is the problem of an overlay that nobody merged.
func Left(o *manifest.Object) report.Problem {
	return At(o, report.OverlayLeft, intoPath(), "an overlay is still in the stream", "a step of the pipeline forgot to run netpol-merge")
}
