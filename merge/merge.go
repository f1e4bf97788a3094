// Package merge folds overlay NetworkPolicies into a target NetworkPolicy.
//
// Start reading at Fold. The promise is one sentence: the folded policy allows
// exactly what the target and its overlays allow together. To keep it, an
// overlay's rule is looked up among the rules that stand so far (coverage.go), by a
// query (query.go) that takes away from what is asked what each of them allows. Ports,
// addresses and values of labels are sets of points on lines (points.go, spans.go);
// peers are selectors (peers.go, selectors.go). The same query says what is beyond
// ceilings (ceilings.go, allowance.go) and what differs (difference.go), both said as
// rules (tell.go), and what opens everything (guard.go). Beside it: what the API server
// would reject (validate.go) and what deserves a second look (advice.go).
//
// The package is pure: NetworkPolicy values go in, Changes come out. It knows
// no YAML, reads nothing and writes nothing. It never changes its arguments,
// never removes, reorders or rewrites a rule or port, and never splits or joins
// peers. It expects policies that Validate and Guard accept; what they reject
// it may fold into something the API server rejects, but never into something
// that allows more.
package merge

import (
	"iter"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

const (
	// IntoAnnotation marks a NetworkPolicy as an overlay. Its value is the name
	// of the target; empty means the default target.
	IntoAnnotation = "netpol-merge.networknt.com/into"
	// MergedFromAnnotation lists, sorted and separated by commas, the overlays
	// that added something to a target.
	MergedFromAnnotation = "netpol-merge.networknt.com/merged-from"
)

// Directions returns both directions that a policy can be about.
func Directions() []networkingv1.PolicyType {
	return []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
}

// Rule is an ingress or egress rule of a policy, whichever the direction.
type Rule struct {
	// Peers are the rule's from or to; nil and empty mean any peer.
	Peers []networkingv1.NetworkPolicyPeer
	// Ports are the rule's ports; nil and empty mean all traffic.
	Ports []networkingv1.NetworkPolicyPort
}

// Action is what a rule of an overlay did to the target.
type Action string

// The actions, in the order in which Fold tries them.
const (
	// NotIsolated: the target allows everything in this direction, so that
	// nothing is added. A rule would cut traffic, or be inert.
	NotIsolated Action = "not isolated"
	// Covered: the rules that stand allow all of it already.
	Covered Action = "covered"
	// PortsAdded: a rule with the same peers stands and got the missing ports.
	PortsAdded Action = "ports added"
	// RuleAppended: the rule was appended to the target's rules.
	RuleAppended Action = "rule appended"
)

// Change is what one rule of one overlay did to the target.
type Change struct {
	Overlay  int // index into the overlays given to Fold
	Position     // of the overlay's rule

	Action Action
	// Into is the index of the folded policy's rule that got the ports or that
	// was appended. It has no meaning for other actions.
	Into int
	// Added is what was added to rule Into: for RuleAppended the whole rule,
	// for PortsAdded the missing ports, without peers. Every port names its
	// protocol.
	Added Rule
	// Ports are the indices of Added.Ports in the overlay's rule.
	Ports []int
	// Allowed lists what needed no change: the rules that stand allow it, those
	// ports included that this very rule just added.
	Allowed []Allowed
}

// Allowed is a part of an overlay's rule that needed no change.
type Allowed struct {
	// Port is an index into the ports of the overlay's rule; -1 means all traffic
	// to the rule's peers.
	Port int
	// By are the rules that allow it together, sorted, at most ten; More is how many
	// others do, too.
	By   []AllowedBy
	More int
}

// AllowedBy is a rule of the folded policy, as it stood, that allows something or a
// part of it.
type AllowedBy struct {
	Rule int
	// Ports are the indices of the rule's ports that do so: one, if one suffices, and
	// at most ten. It is empty if the rule is for all traffic, or has too many ports
	// to look for them.
	Ports []int
}

// Fold folds the overlays, in the order given, into a copy of the target and
// returns that copy and one Change for each rule of each overlay. The copy
// differs from the target in nothing but added rules and ports.
func Fold(target *networkingv1.NetworkPolicy, overlays []*networkingv1.NetworkPolicy) (*networkingv1.NetworkPolicy, []Change) {
	folded := target.DeepCopy()
	var changes []Change
	for _, direction := range Directions() {
		rules := newRuleSet(Rules(target, direction))
		for i, overlay := range overlays {
			for j, rule := range Rules(overlay, direction) {
				change := Change{Action: NotIsolated}
				if Isolates(target, direction) {
					change = rules.fold(withProtocols(rule))
				}
				change.Overlay, change.Position = i, Position{direction, j}
				apply(folded, change)
				changes = append(changes, change)
			}
		}
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return a.Overlay - b.Overlay })
	return folded, changes
}

// Rules returns the policy's rules in one direction.
func Rules(policy *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) (rules []Rule) {
	if direction == networkingv1.PolicyTypeIngress {
		rules = slices.Grow(rules, len(policy.Spec.Ingress))
		for _, r := range policy.Spec.Ingress {
			rules = append(rules, Rule{Peers: r.From, Ports: r.Ports})
		}
		return rules
	}
	rules = slices.Grow(rules, len(policy.Spec.Egress))
	for _, r := range policy.Spec.Egress {
		rules = append(rules, Rule{Peers: r.To, Ports: r.Ports})
	}
	return rules
}

// Position is where a rule is in a policy.
type Position struct {
	Direction networkingv1.PolicyType
	Index     int // into the rules of the direction
}

// Path is the rule's field path in the policy.
func (p Position) Path() *field.Path {
	return field.NewPath("spec", RulesKey(p.Direction)).Index(p.Index)
}

// PortPath is the field path of one entry of the rule's ports; of the rule, if port is -1.
func (p Position) PortPath(port int) *field.Path {
	if port < 0 {
		return p.Path()
	}
	return p.Path().Child("ports").Index(port)
}

// AllRules returns each rule of each direction, in the order of Directions.
func AllRules(policy *networkingv1.NetworkPolicy) iter.Seq2[Position, Rule] {
	return func(yield func(Position, Rule) bool) {
		for _, direction := range Directions() {
			for i, rule := range Rules(policy, direction) {
				if !yield(Position{direction, i}, rule) {
					return
				}
			}
		}
	}
}

// RulesKey is the field of a policy's spec that holds the rules of a direction.
func RulesKey(direction networkingv1.PolicyType) string {
	return strings.ToLower(string(direction))
}

// PeersKey is the field of a rule that holds its peers.
func PeersKey(direction networkingv1.PolicyType) string {
	if direction == networkingv1.PolicyTypeIngress {
		return "from"
	}
	return "to"
}

// Isolates reports whether the policy cuts everything in a direction that its
// rules do not allow. Without policyTypes, a policy isolates ingress, and
// egress only if it has egress rules (the defaulting of networking.k8s.io/v1).
func Isolates(policy *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) bool {
	if len(policy.Spec.PolicyTypes) > 0 {
		return slices.Contains(policy.Spec.PolicyTypes, direction)
	}
	return direction == networkingv1.PolicyTypeIngress || len(policy.Spec.Egress) > 0
}

// MergedFrom returns the value of MergedFromAnnotation for a target that holds
// the value before and now also has something from the named overlays.
func MergedFrom(before string, names []string) string {
	all := sets.New(names...)
	for name := range strings.SplitSeq(before, ",") {
		all.Insert(strings.TrimSpace(name))
	}
	return strings.Join(sets.List(all.Delete("")), ",")
}

// withProtocols returns a copy of the rule in which every port names its
// protocol, as the API server would fill it in.
func withProtocols(rule Rule) Rule {
	ports := slices.Clone(rule.Ports)
	for i := range ports {
		ports[i].Protocol = new(ProtocolOf(ports[i]))
	}
	return Rule{Peers: rule.Peers, Ports: ports}
}

// ProtocolOf is a port's protocol, which is TCP if it names none.
func ProtocolOf(port networkingv1.NetworkPolicyPort) corev1.Protocol {
	if port.Protocol == nil {
		return corev1.ProtocolTCP
	}
	return *port.Protocol
}

func apply(policy *networkingv1.NetworkPolicy, change Change) {
	spec := &policy.Spec
	ports := slices.Clone(change.Added.Ports)
	switch ingress := change.Direction == networkingv1.PolicyTypeIngress; {
	case change.Action == RuleAppended && ingress:
		spec.Ingress = append(spec.Ingress, networkingv1.NetworkPolicyIngressRule{From: change.Added.Peers, Ports: ports})
	case change.Action == RuleAppended:
		spec.Egress = append(spec.Egress, networkingv1.NetworkPolicyEgressRule{To: change.Added.Peers, Ports: ports})
	case change.Action == PortsAdded && ingress:
		spec.Ingress[change.Into].Ports = append(spec.Ingress[change.Into].Ports, ports...)
	case change.Action == PortsAdded:
		spec.Egress[change.Into].Ports = append(spec.Egress[change.Into].Ports, ports...)
	}
}
