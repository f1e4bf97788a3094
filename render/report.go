package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
)

// reportVersion changes when a reader of the JSON form has to.
const reportVersion = 1

// Report is what a merge did, for a person or a program to read: every target's
// effective policy, where each part of it comes from, and what became of each
// request. Its form as JSON is docs/report.schema.json.
type Report struct {
	Version int `json:"version"`
	// Refused tells that nothing was merged, for the Problems. There are no
	// Targets then.
	Refused bool           `json:"refused"`
	Targets []TargetReport `json:"targets"`
	// Warnings and Problems are in the order of the input. An error that is no
	// refusal, such as a file that cannot be read, has a Reason only.
	Warnings []Problem `json:"warnings"`
	Problems []Problem `json:"problems"`
}

// TargetReport is a target after the fold.
type TargetReport struct {
	Origin
	// Pods says in words whom the policy is for.
	Pods        string               `json:"pods"`
	PodSelector metav1.LabelSelector `json:"podSelector"`
	// Isolates lists the directions in which only the Rules allow anything.
	Isolates []networkingv1.PolicyType `json:"isolates"`
	// Rules are all rules of the merged policy, in its order.
	Rules []RuleReport `json:"rules"`
	// Requests are what overlays asked for, port by port.
	Requests []Request `json:"requests"`
}

// Origin is where something is written: in a target or in an overlay.
type Origin struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
	Source    string `json:"source"`
	// Line is a line of the stream, counted from 1.
	Line int `json:"line"`
	// Field is empty for the whole policy.
	Field string `json:"field,omitempty"`
	// Overlay tells that it is written in an overlay.
	Overlay bool `json:"overlay"`
}

// RuleReport is one rule of a merged policy.
type RuleReport struct {
	Origin
	Direction networkingv1.PolicyType `json:"direction"`
	// Peer says in words what Peers does; no Peers are any peer.
	Peer  string                           `json:"peer"`
	Peers []networkingv1.NetworkPolicyPeer `json:"peers"`
	// Ports has one entry at least: of a rule for all traffic, one without Port.
	Ports []PortReport `json:"ports"`
}

// PortReport is one entry of a rule's ports.
type PortReport struct {
	Origin
	Words string                          `json:"words"`
	Port  *networkingv1.NetworkPolicyPort `json:"port,omitempty"`
}

// Outcome tells what became of a request.
type Outcome string

// The outcomes.
const (
	Added          Outcome = "added"
	AlreadyAllowed Outcome = "already allowed"
	NotIsolated    Outcome = "not isolated" // allowed, as everything is in this direction
)

// Request is one port that an overlay asks for, or all traffic to a rule's peers.
type Request struct {
	Origin
	Direction networkingv1.PolicyType `json:"direction"`
	Words     string                  `json:"words"`
	Outcome   Outcome                 `json:"outcome"`
	// AllowedBy is what allows it already, together; also of what was added, if
	// it is part of a rule that was appended whole.
	AllowedBy []Origin `json:"allowedBy"`
}

// Report says what the merge did.
func (r *Result) Report() *Report {
	report := newReport()
	for _, t := range r.run.targets {
		report.Targets = append(report.Targets, r.run.reportTarget(t))
	}
	report.Warnings = append(report.Warnings, r.Warnings...)
	return report
}

// ReportError says why nothing was merged. The problems are those of a *Refusal,
// or the error itself.
func ReportError(err error) *Report {
	report := newReport()
	report.Refused = true
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		report.Problems = append(report.Problems, refusal.Problems...)
	} else {
		report.Problems = append(report.Problems, Problem{Reason: err.Error()})
	}
	return report
}

// newReport has empty lists instead of none, which in JSON are null.
func newReport() *Report {
	return &Report{Version: reportVersion, Targets: []TargetReport{}, Warnings: []Problem{}, Problems: []Problem{}}
}

// JSON is the report for programs.
func (r *Report) JSON() ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(r)
	return b.Bytes(), err
}

func (r *run) reportTarget(t *target) TargetReport {
	report := TargetReport{
		Origin:      r.origin(t.object, nil, false),
		Pods:        podsInWords(&t.policy.Spec.PodSelector),
		PodSelector: t.policy.Spec.PodSelector,
		Isolates:    []networkingv1.PolicyType{},
		Rules:       []RuleReport{},
		Requests:    []Request{},
	}
	rules := map[networkingv1.PolicyType][]RuleReport{}
	for _, direction := range merge.Directions() {
		for i, rule := range merge.Rules(t.policy, direction) {
			rules[direction] = append(rules[direction], r.reportRule(t.object, direction, i, rule, false))
		}
	}
	for _, change := range t.changes { // each is explained by what stood when it was folded
		rules[change.Direction] = r.addChange(t, change, rules[change.Direction])
		report.Requests = append(report.Requests, r.reportRequests(t, change, rules[change.Direction])...)
	}
	for _, direction := range merge.Directions() {
		if merge.Isolates(t.policy, direction) {
			report.Isolates = append(report.Isolates, direction)
		}
		report.Rules = append(report.Rules, rules[direction]...)
	}
	return report
}

// addChange adds to the rules what a change added to them.
func (r *run) addChange(t *target, change merge.Change, rules []RuleReport) []RuleReport {
	if change.Action != merge.PortsAdded && change.Action != merge.RuleAppended {
		return rules
	}
	in := t.overlays[change.Overlay].object
	added := r.reportRule(in, change.Direction, change.Rule, change.Added, true)
	for i, port := range change.Ports { // which need not be all of the overlay's rule
		added.Ports[i].Origin = r.origin(in, portPath(change.Direction, change.Rule, port), true)
	}
	if change.Action == merge.RuleAppended {
		return append(rules, added)
	}
	rules[change.Into].Ports = append(rules[change.Into].Ports, added.Ports...)
	return rules
}

func (r *run) reportRule(in *object, direction networkingv1.PolicyType, index int, rule merge.Rule, overlay bool) RuleReport {
	report := RuleReport{
		Origin:    r.origin(in, rulePath(direction, index), overlay),
		Direction: direction,
		Peer:      peersInWords(rule.Peers, direction),
		Peers:     append([]networkingv1.NetworkPolicyPeer{}, rule.Peers...),
	}
	if len(rule.Ports) == 0 {
		report.Ports = []PortReport{{Origin: report.Origin, Words: portsInWords(nil)}}
	}
	for i := range rule.Ports {
		report.Ports = append(report.Ports, PortReport{
			Origin: r.origin(in, portPath(direction, index, i), overlay),
			Words:  portsInWords(rule.Ports[i : i+1]),
			Port:   &rule.Ports[i],
		})
	}
	return report
}

// reportRequests says what became of each port of an overlay's rule.
func (r *run) reportRequests(t *target, change merge.Change, rules []RuleReport) (requests []Request) {
	o := t.overlays[change.Overlay]
	rule := merge.Rules(o.policy, change.Direction)[change.Rule]
	request := func(port int) Request {
		path, part := rulePath(change.Direction, change.Rule), rule
		if port >= 0 {
			path = portPath(change.Direction, change.Rule, port)
			part.Ports = rule.Ports[port : port+1]
		}
		asked := Request{
			Origin:    r.origin(o.object, path, true),
			Direction: change.Direction,
			Words:     ruleInWords(part, change.Direction),
			Outcome:   Added,
			AllowedBy: []Origin{},
		}
		for _, allowed := range change.Allowed {
			if allowed.Port != port {
				continue
			}
			if !slices.Contains(change.Ports, port) {
				asked.Outcome = AlreadyAllowed
			}
			for _, by := range allowed.By {
				asked.AllowedBy = append(asked.AllowedBy, rules[by.Rule].origins(by.Ports)...)
			}
		}
		if change.Action == merge.NotIsolated {
			asked.Outcome = NotIsolated
		}
		return asked
	}
	if len(rule.Ports) == 0 {
		return []Request{request(-1)}
	}
	for i := range rule.Ports {
		requests = append(requests, request(i))
	}
	return requests
}

// origins says where it was written that a rule allows something: at these of its
// ports, or, for all traffic, where the rule is.
func (r *RuleReport) origins(ports []int) (origins []Origin) {
	for _, port := range ports {
		origins = append(origins, r.Ports[port].Origin)
	}
	if len(origins) == 0 {
		return []Origin{r.Origin}
	}
	return origins
}

// origin is where a field of an object is; a nil path is the object.
func (r *run) origin(o *object, path *field.Path, overlay bool) Origin {
	at := o.problemAt("", path.String(), "", "")
	origin := Origin{Name: o.name(), Namespace: r.namespaceOf(o), Source: at.Source, Line: at.Line, Overlay: overlay}
	if path != nil {
		origin.Field = path.String()
	}
	return origin
}
