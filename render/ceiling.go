package render

import (
	"fmt"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
)

// readCeilings reads the policies that say what overlays may ask for. They are
// checked as strictly as overlays.
func (r *run) readCeilings(position int) {
	defer func() { r.bounded = len(r.Ceilings) > 0 && len(r.problems) == 0 }()
	for i, source := range r.Ceilings {
		documents := split(&stream{Source: source, position: position + i})
		found := false
		for i := range documents {
			m, ok := r.parse(&documents[i], "every document of a ceiling file has to be readable")
			if !ok {
				return
			}
			for _, o := range m.objects {
				found = true
				if o.kind() != "NetworkPolicy" || o.nested {
					r.report(o, finding{
						Error: field.NotSupported(field.NewPath("kind"), o.kind(), []string{"NetworkPolicy"}),
						hint:  "keep only NetworkPolicies in files given by --ceiling",
					})
				} else if policy, _ := r.check(o, false); policy != nil {
					r.ceilings = append(r.ceilings, policy)
				}
			}
		}
		if !found {
			r.problems = append(r.problems, Problem{
				Source: source.Name, Line: 1, stream: position + i,
				Reason: "the ceiling holds no NetworkPolicy",
				Hint:   "a ceiling lists the most that any API may ask for, as rules of a NetworkPolicy",
			})
		}
	}
}

// checkCeilings reports what an overlay asks for beyond the ceilings.
func (r *run) checkCeilings(o *overlay) {
	if !r.bounded {
		return
	}
	for _, excess := range merge.Beyond(o.policy, r.ceilings) {
		rule := merge.Rules(o.policy, excess.Direction)[excess.Rule]
		path := field.NewPath("spec", strings.ToLower(string(excess.Direction))).Index(excess.Rule)
		ports := "all ports"
		if excess.Port >= 0 {
			path = path.Child("ports").Index(excess.Port)
			ports = portsInWords(rule.Ports[excess.Port : excess.Port+1])
		}
		to := map[networkingv1.PolicyType]string{networkingv1.PolicyTypeIngress: "from", networkingv1.PolicyTypeEgress: "to"}[excess.Direction]
		r.report(o.object, finding{
			Error: field.Forbidden(path, fmt.Sprintf("%s %s %s; the ceiling allows %s",
				ports, to, peersInWords(excess.Peers, excess.Direction), rulesInWords(r.ceilings, excess.Direction))),
			hint: "ask for less, or have the platform team raise the ceiling",
		})
	}
}
