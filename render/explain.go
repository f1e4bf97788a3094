package render

import (
	"errors"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/plan"
	"github.com/networknt/netpol-merge/render/report"
)

// Report says what the merge did.
func (r *Result) Report() *Report {
	said := report.New()
	reporter := reporter{set: r.set}
	for _, t := range r.plan.Targets {
		said.Targets = append(said.Targets, reporter.target(t))
	}
	said.Warnings = append(said.Warnings, r.Warnings...)
	return said
}

// ReportError says why nothing was merged. The problems are those of a *Refusal, or the
// error itself.
func ReportError(err error) *Report {
	said := report.New()
	said.Refused = true
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		said.Problems = append(said.Problems, refusal.Problems...)
	} else {
		said.Problems = append(said.Problems, Problem{Reason: err.Error()})
	}
	return said
}

// reporter says where things were written.
type reporter struct{ set *manifest.Set }

func (r reporter) target(t *plan.Target) report.TargetReport {
	said := report.TargetReport{
		Origin:      r.origin(t.Object, nil, false),
		Pods:        report.PodsInWords(&t.Policy.Spec.PodSelector),
		PodSelector: t.Policy.Spec.PodSelector,
		Isolates:    []networkingv1.PolicyType{},
		Rules:       []report.RuleReport{},
		Requests:    []report.Request{},
	}
	rules := map[networkingv1.PolicyType][]report.RuleReport{}
	for _, direction := range merge.Directions() {
		for i, rule := range merge.Rules(t.Policy, direction) {
			rules[direction] = append(rules[direction], r.rule(t.Object, direction, i, rule, false))
		}
	}
	for _, change := range t.Changes { // each is explained by what stood when it was folded
		rules[change.Direction] = r.addChange(t, change, rules[change.Direction])
		said.Requests = append(said.Requests, r.requests(t, change, rules[change.Direction])...)
	}
	for _, direction := range merge.Directions() {
		if merge.Isolates(t.Policy, direction) {
			said.Isolates = append(said.Isolates, direction)
		}
		said.Rules = append(said.Rules, rules[direction]...)
	}
	return said
}

// addChange adds to the rules what a change added to them.
func (r reporter) addChange(t *plan.Target, change merge.Change, rules []report.RuleReport) []report.RuleReport {
	if change.Action != merge.PortsAdded && change.Action != merge.RuleAppended {
		return rules
	}
	in := t.Overlays[change.Overlay].Object
	added := r.rule(in, change.Direction, change.Rule, change.Added, true)
	for i, port := range change.Ports { // which need not be all of the overlay's rule
		added.Ports[i].Origin = r.origin(in, plan.PortPath(change.Direction, change.Rule, port), true)
	}
	if change.Action == merge.RuleAppended {
		return append(rules, added)
	}
	rules[change.Into].Ports = append(rules[change.Into].Ports, added.Ports...)
	return rules
}

func (r reporter) rule(in *manifest.Object, direction networkingv1.PolicyType, index int, rule merge.Rule, overlay bool) report.RuleReport {
	said := report.RuleReport{
		Origin:    r.origin(in, merge.Position{Direction: direction, Index: index}.Path(), overlay),
		Direction: direction,
		Peer:      report.PeersInWords(rule.Peers, direction),
		Peers:     append([]networkingv1.NetworkPolicyPeer{}, rule.Peers...),
	}
	if len(rule.Ports) == 0 {
		said.Ports = []report.PortReport{{Origin: said.Origin, Words: report.PortsInWords(nil)}}
	}
	for i := range rule.Ports {
		said.Ports = append(said.Ports, report.PortReport{
			Origin: r.origin(in, plan.PortPath(direction, index, i), overlay),
			Words:  report.PortsInWords(rule.Ports[i : i+1]),
			Port:   &rule.Ports[i],
		})
	}
	return said
}

// reportRequests says what became of each port of an overlay's rule.
func (r reporter) requests(t *plan.Target, change merge.Change, rules []report.RuleReport) (requests []report.Request) {
	o := t.Overlays[change.Overlay]
	rule := merge.Rules(o.Policy, change.Direction)[change.Rule]
	request := func(port int) report.Request {
		path, part := plan.PortPath(change.Direction, change.Rule, port), rule
		if port >= 0 {
			part.Ports = rule.Ports[port : port+1]
		}
		asked := report.Request{
			Origin:    r.origin(o.Object, path, true),
			Direction: change.Direction,
			Words:     report.RuleInWords(part, change.Direction),
			Outcome:   report.Added,
			AllowedBy: []report.Origin{},
		}
		for _, allowed := range change.Allowed {
			if allowed.Port != port {
				continue
			}
			if !slices.Contains(change.Ports, port) {
				asked.Outcome = report.AlreadyAllowed
			}
			for _, by := range allowed.By {
				asked.AllowedBy = append(asked.AllowedBy, originsOf(rules[by.Rule], by.Ports)...)
			}
		}
		if change.Action == merge.NotIsolated {
			asked.Outcome = report.NotIsolated
		}
		return asked
	}
	if len(rule.Ports) == 0 {
		return []report.Request{request(-1)}
	}
	for i := range rule.Ports {
		requests = append(requests, request(i))
	}
	return requests
}

// originsOf says where it was written that a rule allows something: at its ports with
// these indices or, if there are none, where the rule is.
func originsOf(rule report.RuleReport, ports []int) []report.Origin {
	if len(ports) == 0 {
		return []report.Origin{rule.Origin}
	}
	origins := make([]report.Origin, len(ports))
	for i, port := range ports {
		origins[i] = rule.Ports[port].Origin
	}
	return origins
}

// origin is where a field of an object is; a nil path is the object.
func (r reporter) origin(o *manifest.Object, path *field.Path, overlay bool) report.Origin {
	origin := report.Origin{Name: o.Name(), Namespace: r.set.NamespaceOf(o), Source: o.Source(), Overlay: overlay}
	if path != nil {
		origin.Field = path.String()
	}
	origin.Line = o.LineAt(origin.Field)
	return origin
}
