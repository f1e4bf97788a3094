package render

import (
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
)

// ceiling is what overlays may ask for, and the same in words.
type ceiling struct {
	*merge.Allowance
	words map[networkingv1.PolicyType]string
}

// readCeilings reads the policies that say what overlays may ask for. They are
// checked as the API server would, and for unknown fields, as overlays are; as
// open as the platform wants them to be.
func (r *run) readCeilings(position int) {
	var policies []*networkingv1.NetworkPolicy
	for i, source := range r.Ceilings {
		before := len(policies) + len(r.problems)
		r.eachIn(source, position+i, "ceiling", func(o *object) {
			if o.kind() != "NetworkPolicy" || o.nested {
				r.report(o, wrongKind(o, "ceiling"))
				return
			}
			policy, findings := r.check(o, false)
			r.reportUnexplained(o, notForOverlays, merge.GuardTypes(policy), findings)
			policies = append(policies, policy)
		})
		if len(policies)+len(r.problems) == before {
			r.problems = append(r.problems, Problem{
				Code: wrongFile, Source: source.Name, Line: 1, stream: position + i,
				Reason: "the ceiling holds no NetworkPolicy",
				Hint:   "a ceiling lists the most that any API may ask for, as rules of a NetworkPolicy",
			})
		}
	}
	if len(r.Ceilings) > 0 && len(r.problems) == 0 {
		r.ceiling = &ceiling{Allowance: merge.NewAllowance(policies...), words: map[networkingv1.PolicyType]string{}}
		for _, direction := range merge.Directions() {
			r.ceiling.words[direction] = rulesInWords(policies, direction)
		}
	}
}

// checkCeilings reports what an overlay asks for beyond the ceilings, but for
// ports, and for rules beside their ports, in which something is wrong already.
func (r *run) checkCeilings(o *overlay, wrong []Problem) {
	if r.ceiling == nil {
		return
	}
	for _, excess := range r.ceiling.Beyond(o.policy) {
		path := rulePath(excess.Direction, excess.Rule)
		inRule, inPorts := path.String(), path.Child("ports").String()+"["
		if excess.Port >= 0 {
			path = portPath(excess.Direction, excess.Rule, excess.Port)
		}
		if slices.ContainsFunc(wrong, func(p Problem) bool {
			otherPort := strings.HasPrefix(p.Field, inPorts) && !strings.HasPrefix(p.Field, path.String())
			return strings.HasPrefix(p.Field, inRule) && !otherPort
		}) {
			continue
		}
		r.report(o.object, finding{
			Error: field.Forbidden(path, fmt.Sprintf("%s; the ceiling allows %s", ruleInWords(excess.Part, excess.Direction), r.ceiling.words[excess.Direction])),
			code:  beyondCeiling,
			hint:  "ask for less, or have the platform team raise the ceiling",
		})
	}
}
