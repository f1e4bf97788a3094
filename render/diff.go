package render

import (
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/report"
)

// Diff merges two streams and compares what their policies allow. If either is refused, or
// has a policy that an API server would not take, the error is a *Refusal whose problems
// begin with the name of the stream.
func (r *Renderer) Diff(before, after Source) (*Difference, error) {
	var refusal Refusal
	var sides [2]report.Side
	var warnings []Problem
	for i, source := range []Source{before, after} {
		var problems []Problem
		if result, refused := r.decide([]Source{source}); refused != nil {
			problems = refused.Problems
		} else {
			sides[i], problems = result.side()
			warnings = result.Warnings
		}
		for _, problem := range problems {
			if problem.Source != source.Name {
				problem.Source = source.Name + ": " + problem.Source
			}
			refusal.Problems = append(refusal.Problems, problem)
		}
	}
	if len(refusal.Problems) > 0 {
		return nil, &refusal
	}
	difference := report.Compare(sides[0], sides[1])
	difference.Warnings = append(warnings, difference.Warnings...)
	return difference, nil
}

// side is what the result says, and what of it cannot be compared.
func (r *Result) side() (report.Side, []Problem) {
	policies, others, unread := r.emitted()
	side := report.Side{Others: map[report.Object]string{}}
	for _, t := range policies {
		side.Policies = append(side.Policies, r.placed(t.Object, t.Folded))
	}
	said := map[report.Object][]any{} // there may be several of one name
	for _, o := range others {
		said[r.named(o)] = append(said[r.named(o)], o.Value["spec"], o.Value["specs"])
	}
	for o, all := range said {
		side.Others[o] = manifest.JSON(all)
	}
	return side, unread
}
