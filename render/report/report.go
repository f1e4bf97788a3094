package report

import (
	"bytes"
	"encoding/json"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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

// New returns a report of nothing. It has empty lists instead of nil, which in JSON is
// null.
func New() *Report {
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
