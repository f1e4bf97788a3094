package merge

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Guard returns what netpol-merge itself forbids an overlay, beyond what the
// API server would: inbound rules unless allowIngress, rules that open
// everything, or say so in other words, and rules in a direction that the overlay's own
// policyTypes do not list.
func Guard(overlay *networkingv1.NetworkPolicy, allowIngress bool) (problems field.ErrorList) {
	path := field.NewPath("spec")
	if len(overlay.Spec.Ingress) > 0 && !allowIngress {
		problems = append(problems, field.Forbidden(path.Child("ingress"), "inbound traffic belongs to the sidecar"))
	}
	problems = append(problems, GuardTypes(overlay)...)
	for _, direction := range Directions() {
		problems = append(problems, guardRules(Rules(overlay, direction), direction)...)
	}
	return problems
}

// GuardTypes returns the part of Guard that is for ceilings, too: rules in a
// direction that the policy's own policyTypes do not list.
func GuardTypes(policy *networkingv1.NetworkPolicy) (problems field.ErrorList) {
	path := field.NewPath("spec")
	for _, direction := range Directions() {
		types := policy.Spec.PolicyTypes
		if len(Rules(policy, direction)) > 0 && len(types) > 0 && !slices.Contains(types, direction) {
			problems = append(problems, field.Invalid(path.Child("policyTypes"), types,
				fmt.Sprintf("does not list %s, but %s has rules", direction, path.Child(RulesKey(direction)))))
		}
	}
	return problems
}

// guardRules reports rules that open everything: those that plainly do, those that say
// so in other words, and those that do so only together.
func guardRules(rules []Rule, direction networkingv1.PolicyType) (problems field.ErrorList) {
	var others []Rule
	var at []Position
	for i, rule := range rules {
		here := Position{direction, i}
		found := guardRule(rule, here)
		if len(found) == 0 {
			found = guardTogether([]Rule{rule}, []Position{here})
		}
		if len(found) == 0 {
			others, at = append(others, rule), append(at, here)
		}
		problems = append(problems, found...)
	}
	if len(others) == 1 { // which was looked at alone
		return problems
	}
	return append(problems, guardTogether(others, at)...)
}

func guardRule(rule Rule, at Position) field.ErrorList {
	if len(rule.Peers) > 0 {
		return nil
	}
	if len(rule.Ports) == 0 {
		return field.ErrorList{field.Forbidden(at.Path(), "the rule names neither peers nor ports, which opens everything")}
	}
	var problems field.ErrorList
	for i, port := range rule.Ports {
		if port.Port == nil {
			problems = append(problems, field.Forbidden(at.PortPath(i),
				fmt.Sprintf("names no port, and the rule no peers, which opens all of %s", ProtocolOf(port))))
		}
	}
	return problems
}

type world struct {
	peer
	words string
}

// wholeWorlds are the peers to which nothing may be open altogether. Every namespace
// has a name, which the API server puts into its label kubernetes.io/metadata.name, so
// that a selector that requires the label selects them all.
func wholeWorlds() []world {
	return []world{
		{peer{}, "any peer"},
		{addressesOf(networks(netip.PrefixFrom(netip.IPv4Unspecified(), 0))), "every IPv4 address"},
		{addressesOf(networks(netip.PrefixFrom(netip.IPv6Unspecified(), 0))), "every IPv6 address"},
		{newPeer([]requirement{{whom, spans{allThat(pod)}}, {namespaceLabel + corev1.LabelMetadataName, exists()}}), "every pod of every namespace"},
	}
}

// guardTogether reports rules that together open all ports of a protocol to a whole
// world. In the end a port is a number, so that all numbers are all ports.
func guardTogether(rules []Rule, at []Position) (problems field.ErrorList) {
	open := openProtocols(rules)
	if len(open) == 0 {
		return nil
	}
	set := newRuleSet(rules)
	reported := sets.Set[corev1.Protocol]{}
	for _, w := range wholeWorlds() {
		var found []opening
		for _, protocol := range open {
			all := allNumbers(protocol)
			by := set.ask(standing([]peer{w.peer}, w.key, spans{all})).coveredBy(all)
			if len(by) == 0 || reported.Has(protocol) {
				continue
			}
			reported.Insert(protocol)
			if last := len(found) - 1; last >= 0 && slices.Equal(found[last].by, by) {
				found[last].protocols = append(found[last].protocols, string(protocol))
				continue
			}
			found = append(found, opening{by, []string{string(protocol)}, set.portsAllowing(by[0], all)})
		}
		for _, o := range found {
			problems = append(problems, o.to(w, at))
		}
	}
	return problems
}

// openProtocols are those of which the rules have all numbers, for whomever.
func openProtocols(rules []Rule) []corev1.Protocol {
	var list []span
	for _, rule := range rules {
		list = append(list, requestsOf(rule.Ports)...)
	}
	ports := spansOf(list)
	return slices.DeleteFunc(protocols(), func(p corev1.Protocol) bool { return !ports.covers(allNumbers(p)) })
}

// opening is rules that together open all ports of protocols.
type opening struct {
	by        []int
	protocols []string
	ports     []int // of the first rule, for the first protocol
}

// to says that at the first of the rules, or at its port if that is all it takes.
func (o opening) to(w world, at []Position) *field.Error {
	path := at[o.by[0]].Path()
	if len(o.by) == 1 && len(o.protocols) == 1 && len(o.ports) == 1 {
		path = path.Child("ports").Index(o.ports[0])
	}
	what := "all ports"
	if len(o.protocols) < 3 {
		what = "all of " + strings.Join(o.protocols, " and ")
	}
	message := fmt.Sprintf("opens %s to %s", what, w.words)
	var others []string
	for _, i := range o.by[1:min(len(o.by), mostNamed)] {
		others = append(others, at[i].Path().String())
	}
	if more := len(o.by) - mostNamed; more > 0 {
		others = append(others, fmt.Sprintf("%d more", more))
	}
	if len(others) > 0 {
		message += ", together with " + strings.Join(others, ", ")
	}
	return field.Forbidden(path, message)
}
