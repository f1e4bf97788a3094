package plan

import (
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/strict"
	"github.com/networknt/netpol-merge/render/report"
)

// ceiling is what overlays may ask for, and the same in words.
type ceiling struct {
	*merge.Allowance
	words map[networkingv1.PolicyType]string
}

// readCeilings reads the policies that say what overlays may ask for. They are checked
// as the API server would, and for unknown fields, as overlays are; as open as the
// platform wants them to be.
func (m *maker) readCeilings(position int) {
	var policies []*networkingv1.NetworkPolicy
	for i, source := range m.options.CeilingFiles {
		before := len(policies) + len(m.Problems)
		m.eachIn(source, position+i, func(o *manifest.Object) {
			if o.Kind() != "NetworkPolicy" || o.Nested {
				m.Problems = append(m.Problems, wrongKind(o))
				return
			}
			policy, in := inspect(o, false)
			in.addUnexplained(report.NotForOverlays, merge.GuardTypes(policy))
			m.Problems = append(m.Problems, in.problems...)
			policies = append(policies, policy)
		})
		if len(policies)+len(m.Problems) == before {
			m.Problems = append(m.Problems, report.Problem{
				Code: report.WrongFile, Source: source.Name, Line: 1, Stream: position + i,
				Reason: "the ceiling holds no NetworkPolicy",
				Hint:   "a ceiling lists the most that any API may ask for, as rules of a NetworkPolicy",
			})
		}
	}
	if len(m.options.CeilingFiles) > 0 && len(m.Problems) == 0 {
		m.ceiling = &ceiling{Allowance: merge.NewAllowance(policies...), words: map[networkingv1.PolicyType]string{}}
		for _, direction := range merge.Directions() {
			m.ceiling.words[direction] = report.RulesInWords(policies, direction)
		}
	}
}

// checkCeilings finds what an overlay asks for beyond the ceilings, but for ports, and
// for rules beside their ports, in which something is wrong already.
func (m *maker) checkCeilings(o *Overlay) {
	if m.ceiling == nil {
		return
	}
	var beyond []strict.Finding
	for _, excess := range m.ceiling.Beyond(o.Policy) {
		if o.inspection.doubts(excess.Direction, excess.Rule, excess.Port) {
			continue
		}
		part := merge.Rule{Peers: excess.Peers}
		if excess.Port >= 0 {
			part.Ports = merge.Rules(o.Policy, excess.Direction)[excess.Rule].Ports[excess.Port : excess.Port+1]
		}
		beyond = append(beyond, strict.Finding{
			Error: field.Forbidden(PortPath(excess.Direction, excess.Rule, excess.Port),
				fmt.Sprintf("%s; the ceiling allows %s", report.RuleInWords(part, excess.Direction), m.ceiling.words[excess.Direction])),
			Hint: "ask for less, or have the platform team raise the ceiling",
		})
	}
	o.inspection.add(report.BeyondCeiling, beyond...)
}
