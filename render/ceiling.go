package render

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
)

// readCeilings reads the policies that say what overlays may ask for. They are
// checked as the API server would, and for unknown fields, as overlays are; as
// open as the platform wants them to be.
func (r *run) readCeilings(position int) {
	for i, source := range r.Ceilings {
		before := len(r.ceilings) + len(r.problems)
		r.eachIn(source, position+i, "ceiling", func(o *object) {
			if o.kind() != "NetworkPolicy" || o.nested {
				r.report(o, wrongKind(o, "ceiling"))
				return
			}
			policy, findings := r.check(o, false)
			r.reportUnexplained(o, notForOverlays, merge.GuardTypes(policy), findings)
			r.ceilings = append(r.ceilings, policy)
		})
		if len(r.ceilings)+len(r.problems) == before {
			r.problems = append(r.problems, Problem{
				Code: wrongFile, Source: source.Name, Line: 1, stream: position + i,
				Reason: "the ceiling holds no NetworkPolicy",
				Hint:   "a ceiling lists the most that any API may ask for, as rules of a NetworkPolicy",
			})
		}
	}
	r.bounded = len(r.Ceilings) > 0 && len(r.problems) == 0
}

// checkCeilings reports what an overlay asks for beyond the ceilings, but for
// ports, and for rules beside their ports, in which something is wrong already.
func (r *run) checkCeilings(o *overlay, wrong []Problem) {
	if !r.bounded {
		return
	}
	for _, excess := range merge.Beyond(o.policy, r.ceilings) {
		rule := merge.Rules(o.policy, excess.Direction)[excess.Rule]
		rulePath := field.NewPath("spec", merge.RulesKey(excess.Direction)).Index(excess.Rule)
		path, beyond := rulePath, merge.Rule{Peers: excess.Peers}
		if excess.Port >= 0 {
			path = path.Child("ports").Index(excess.Port)
			beyond.Ports = rule.Ports[excess.Port : excess.Port+1]
		}
		if slices.ContainsFunc(wrong, func(p Problem) bool {
			otherPort := strings.HasPrefix(p.Field, rulePath.String()+".ports[") && !strings.HasPrefix(p.Field, path.String())
			return strings.HasPrefix(p.Field, rulePath.String()) && !otherPort
		}) {
			continue
		}
		r.report(o.object, finding{
			Error: field.Forbidden(path, fmt.Sprintf("%s; the ceiling allows %s", ruleInWords(beyond, excess.Direction), rulesInWords(r.ceilings, excess.Direction))),
			code:  beyondCeiling,
			hint:  "ask for less, or have the platform team raise the ceiling",
		})
	}
}
