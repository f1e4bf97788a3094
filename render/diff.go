package render

import (
	"errors"

	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/report"
)

// Difference is what Diff finds.
type Difference = report.Difference

// Diff merges two streams and compares what their policies allow. If either is refused, or
// has a policy that an API server would not take, the error is a *Refusal whose problems
// begin with the name of the stream.
func (r *Renderer) Diff(before, after Source) (*Difference, error) {
	var refusal Refusal
	old, _, err := r.side(before, &refusal)
	if err != nil {
		return nil, err
	}
	now, warnings, err := r.side(after, &refusal)
	if err != nil {
		return nil, err
	}
	if len(refusal.Problems) > 0 {
		return nil, &refusal
	}
	difference := report.Compare(old, now)
	difference.Warnings = warnings
	return difference, nil
}

// side is what a stream says; what keeps it from being compared is added to the refusal.
func (r *Renderer) side(source Source, refusal *Refusal) (side report.Side, warnings []Problem, err error) {
	result, err := r.Merge(source)
	var problems []Problem
	if refused, ok := errors.AsType[*Refusal](err); ok {
		problems = refused.Problems
	} else if err != nil {
		return side, nil, err
	} else {
		emitted := result.emitted()
		problems = emitted.unread
		side.Others = map[report.Object]string{}
		for _, p := range emitted.policies {
			side.Policies = append(side.Policies, result.placed(p.Object, p.Folded))
		}
		for _, o := range emitted.others {
			side.Others[result.named(o)] += manifest.JSON([]any{o.Value["spec"], o.Value["specs"]})
		}
		warnings = result.Warnings
	}
	for _, problem := range problems {
		if problem.Source != source.Name {
			problem.Source = source.Name + ": " + problem.Source
		}
		refusal.Problems = append(refusal.Problems, problem)
	}
	return side, warnings, nil
}
