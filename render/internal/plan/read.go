package plan

import (
	"bytes"
	"cmp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/doubt"
	"github.com/networknt/netpol-merge/render/internal/inspect"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/strict"
	"github.com/networknt/netpol-merge/render/report"
)

// Reading is what the documents of a set hold that is about policies.
type Reading struct {
	Marked   []*manifest.Object // that are to be overlays
	Policies []*manifest.Object // NetworkPolicies, of whatever API group, that are none
	Others   []*manifest.Object // policies of other kinds that say who may reach whom
	// Problems are documents that may hold an overlay but cannot be read in one way
	// only, and keys that are nearly ours. Doubts are documents of which that is only
	// so for a policy: they matter once something is merged or bounded.
	Problems, Doubts []report.Problem

	misspelt map[*manifest.Object]bool // which have a key that is nearly ours
}

// Read reads the documents that may be about policies.
func Read(set *manifest.Set) *Reading {
	r := &Reading{misspelt: map[*manifest.Object]bool{}}
	for _, d := range set.Documents {
		if report.IsFull(r.Problems) {
			break
		}
		saysInto := d.SaysInto()
		if !saysInto && !d.MayBePolicy() {
			continue
		}
		if found := doubt.About(d); found != nil {
			if saysInto || found.Certain {
				r.Problems = append(r.Problems, unreadable(d, found, saysInto))
			} else if !report.IsFull(r.Doubts) {
				r.Doubts = append(r.Doubts, unreadable(d, found, false))
			}
			continue
		}
		for _, o := range d.Objects {
			r.add(o)
		}
	}
	return r
}

func (r *Reading) add(o *manifest.Object) {
	isPolicy := o.Kind() == "NetworkPolicy"
	switch {
	case o.IsMarked():
		r.Marked = append(r.Marked, o)
	case isPolicy:
		r.Policies = append(r.Policies, o)
	case opensNetwork(o):
		r.Others = append(r.Others, o)
	}
	if isPolicy {
		in := inspect.Of(o)
		in.Add(report.NearlyOurs, nearlyOurs(o, o.IsMarked())...)
		r.Problems = append(r.Problems, in.Problems...)
		r.misspelt[o] = len(in.Problems) > 0
	}
}

// unreadable is the problem of a document that cannot be read in one way only.
func unreadable(d *manifest.Document, found *doubt.Doubt, saysInto bool) report.Problem {
	why := "may hold a NetworkPolicy"
	if saysInto {
		says := "mentions"
		if !bytes.Contains(d.Text, []byte(merge.IntoAnnotation)) {
			says = "may mention"
		}
		why = says + " " + merge.IntoAnnotation + ": it may hold an overlay"
	}
	hint := cmp.Or(found.Hint, "fix the document") + " (the document " + why + ")"
	return inspect.OfLine(d, d.LineOf(found.Line), report.UnreadableDocument, found.Reason, hint)
}

// nearlyOurs finds keys in an object that look like our annotation and are not, or stand
// where it means nothing: unless it is an overlay all the same, the policy would go to the
// cluster as one of its own.
func nearlyOurs(o *manifest.Object, isOverlay bool) (findings []strict.Finding) {
	isMarked := o.IsMarked()
	inspect.Walk(o.Value, nil, "", func(path *field.Path, _, key string, _ any) {
		if len(findings) > strict.MostFindings || !isNearlyOurs(key) || isOurs(path.String()) {
			return
		}
		reason, hint := "this key marks no overlay, so the policy would be applied as it is", "an overlay has this key in metadata.annotations"
		if isOverlay {
			reason = "this key looks like ours, and means nothing here"
		}
		if isMarked {
			hint = "rename or remove it"
		} else if key != merge.IntoAnnotation {
			hint = "did you mean the annotation " + merge.IntoAnnotation + "?"
		}
		findings = append(findings, strict.Finding{Error: field.Forbidden(path, reason), Hint: hint})
	})
	return findings
}

// isOurs reports whether a field path is that of one of our annotations.
func isOurs(path string) bool {
	return path == intoPath().String() || path == "metadata.annotations["+merge.MergedFromAnnotation+"]"
}

// isNearlyOurs reports whether a key is one of ours, or what a slip makes of it: another
// case or separator, letters too many or too few, another domain of ours.
func isNearlyOurs(key string) bool {
	const longest = 80 // longer keys are no slips
	if len(key) > longest {
		return strings.Contains(key, "netpol-merge.networknt.com/")
	}
	letters := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, strings.ToLower(key))
	has := func(word string) bool { return strings.Contains(letters, word) }
	return has("netpolmerge") || has("networknt") && has("into") && strings.ContainsAny(key, "/.") ||
		(has("netpol") || has("merge")) && strict.Nearest(letters, []string{"netpolmergenetworkntcominto"}) != ""
}

// Forgotten returns the policies that look as if the annotation of an overlay was
// forgotten: without any podSelector they are for all pods of their namespace.
func (r *Reading) Forgotten(targets map[*manifest.Object]*Target) (problems []report.Problem) {
	for _, o := range r.Policies {
		if report.IsFull(problems) {
			break
		}
		if targets[o] != nil || r.misspelt[o] || !o.IsNetworkPolicy() || o.At("spec", "podSelector") != nil {
			continue
		}
		problems = append(problems, inspect.At(o, report.ForgottenAnnotation, field.NewPath("spec"),
			"the policy has no podSelector, so it is for all pods of its namespace: is it an overlay whose annotation is missing?",
			"an overlay has the annotation "+merge.IntoAnnotation+"; a policy for all pods says podSelector: {}"))
	}
	return problems
}
