// Package report is what people and programs read: problems, what the policies of an input
// allow, and how those of two inputs differ, as text, Markdown and JSON.
//
// Start reading at Report and Difference, the forms for programs. What they say is made of
// policies in explain.go and difference.go. For people, both become a page of blocks
// (explained.go, changes.go), which is written as text or as Markdown (page.go). The words
// for what is allowed are in words.go. The package knows no YAML, and is told on which line
// something stands.
package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf16"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// reportVersion changes when a reader of the JSON form has to.
const reportVersion = 2

// Report is every NetworkPolicy of the input, for a person or a program to read: what
// they allow, where each part of it is written, and what became of what overlays asked
// for. Its form as JSON is docs/report.schema.json.
type Report struct {
	Version int `json:"version"`
	// Refused reports whether nothing was merged, for the Problems. The lists of policies
	// are empty then.
	Refused bool `json:"refused"`
	// Targets are the policies that overlays were merged into. They are in the Groups,
	// too.
	Targets []Policy `json:"targets"`
	// Groups are in the order of their first policies in the input.
	Groups []Group `json:"groups"`
	// Unread says of policies, and of documents that may hold one, why an API server
	// would not take them. What they allow is not known.
	Unread []Problem `json:"unread"`
	// Others are policies of other vendors. What they allow is not known either.
	Others []Object `json:"others"`
	// Warnings and Problems are in the order of the input. An error that is no refusal,
	// such as a file that cannot be read, has a Reason only.
	Warnings []Problem `json:"warnings"`
	Problems []Problem `json:"problems"`
}

// Group is the policies for the same pods, whose rules add up.
type Group struct {
	// Namespace is empty if it is not known.
	Namespace string `json:"namespace,omitempty"`
	// Pods says in words what PodSelector selects.
	Pods        string               `json:"pods"`
	PodSelector metav1.LabelSelector `json:"podSelector"`
	// Isolates lists the directions that one of the policies isolates.
	Isolates []networkingv1.PolicyType `json:"isolates"`
	Policies []Policy                  `json:"policies"`
}

// Policy is a policy after the fold.
type Policy struct {
	Name string `json:"name"`
	// Namespace is empty if it is not known.
	Namespace string `json:"namespace,omitempty"`
	Hook      bool   `json:"hook"` // whether it is a Helm hook
	// Isolates lists the directions in which its rules count. In another direction they
	// allow nothing, and it blocks nothing.
	Isolates []networkingv1.PolicyType `json:"isolates"`
	// Sources are where the policy is written: itself, then its overlays, in the order in
	// which they were folded.
	Sources []Source `json:"sources"`
	// Rules are all rules, in their order, those of ingress first.
	Rules []Rule `json:"rules"`
	// Requests are what overlays asked for, port by port.
	Requests []Request `json:"requests"`
}

// Source is a policy or an overlay as it came.
type Source struct {
	Name string `json:"name"`
	// Template is the template that it came from, or else the name of its stream.
	Template string `json:"template"`
	Line     int    `json:"line"` // of the stream, counted from 1
}

// Origin is where something is written.
type Origin struct {
	Source int    `json:"source"` // index into the policy's Sources; 0 is the policy itself
	Line   int    `json:"line"`   // of the stream, counted from 1
	Field  string `json:"field"`
}

// Rule is one rule of a policy.
type Rule struct {
	Origin
	Direction networkingv1.PolicyType `json:"direction"`
	// Peer says in words what Peers does; no Peers are any peer.
	Peer  string                           `json:"peer"`
	Peers []networkingv1.NetworkPolicyPeer `json:"peers"`
	// Ports has one entry at least: of a rule for all traffic, one without Port.
	Ports []Port `json:"ports"`
}

// Port is one entry of a rule's ports.
type Port struct {
	Origin
	Words string                          `json:"words"`
	Port  *networkingv1.NetworkPolicyPort `json:"port,omitempty"`
}

// Outcome is what became of a request.
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
	// AllowedBy is what allows it already, together, at most ten; More is how many rules
	// and ports beside them are known to. There are some also for what was added, if it
	// is part of a rule that was appended whole.
	AllowedBy []Origin `json:"allowedBy"`
	More      int      `json:"more,omitempty"`
}

// Object is a policy of another vendor, which is only named.
type Object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
}

func (o Object) String() string {
	return fmt.Sprintf("%s %s%s (%s)", o.Kind, o.Name, InNamespace(o.Namespace), o.APIVersion)
}

// InNamespace names a namespace, if it is known: " in namespace shop".
func InNamespace(namespace string) string {
	if namespace == "" {
		return ""
	}
	return " in namespace " + namespace
}

// JSON is the report for programs.
func (r *Report) JSON() ([]byte, error) { return encode(r) }

// mostIndented is the longest JSON that is indented, in bytes. More is for programs only.
const mostIndented = 4 << 20

// encode is a value as JSON that may be shown on a terminal: everything invisible is
// escaped.
func encode(value any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	if text.Len() < mostIndented {
		var indented bytes.Buffer
		err = cmp.Or(err, json.Indent(&indented, text.Bytes(), "", "  "))
		text = indented
	}
	isOther := func(c byte) bool { return c >= unicode.MaxASCII } // JSON itself escapes the rest
	if !slices.ContainsFunc(text.Bytes(), isOther) {
		return text.Bytes(), err
	}
	return []byte(escape(text.String(), func(c rune) (escaped string) {
		if c != '\n' && isInvisible(c) {
			for _, unit := range utf16.Encode([]rune{c}) {
				escaped += fmt.Sprintf(`\u%04x`, unit)
			}
		}
		return escaped
	})), err
}
