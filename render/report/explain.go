package report

import (
	"fmt"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/networknt/netpol-merge/merge"
)

// Explained is a policy that is to be part of a report.
type Explained struct {
	Policy   *networkingv1.NetworkPolicy // as it was before the fold
	Overlays []*networkingv1.NetworkPolicy
	Changes  []merge.Change // what the overlays did to it
	Hook     bool
	Sources  []Source // of the policy, then of its overlays
	// Line is the line at which a field of a source stands.
	Line func(source int, field string) int
}

// explain says what a policy allows, and what became of what its overlays asked for.
func (e Explained) explain() Policy {
	said := Policy{
		Name: e.Policy.Name, Namespace: e.Policy.Namespace, Hook: e.Hook, Sources: e.Sources,
		Isolates: isolatedBy(e.Policy), Rules: []Rule{}, Requests: []Request{},
	}
	rules := map[networkingv1.PolicyType][]Rule{}
	for at, rule := range merge.AllRules(e.Policy) {
		rules[at.Direction] = append(rules[at.Direction], e.rule(0, at, rule))
	}
	type slot struct {
		overlay   int
		direction networkingv1.PolicyType
	}
	overlays := map[slot][]merge.Rule{}
	for _, change := range e.Changes { // each is explained by what stood when it was folded
		rules[change.Direction] = e.add(change, rules[change.Direction])
		asked := slot{change.Overlay, change.Direction}
		if overlays[asked] == nil {
			overlays[asked] = merge.Rules(e.Overlays[change.Overlay], change.Direction)
		}
		said.Requests = append(said.Requests, e.requests(change, overlays[asked][change.Rule], rules[change.Direction])...)
	}
	for _, direction := range merge.Directions() {
		said.Rules = append(said.Rules, rules[direction]...)
	}
	return said
}

func isolatedBy(policies ...*networkingv1.NetworkPolicy) []networkingv1.PolicyType {
	isolated := []networkingv1.PolicyType{}
	for _, direction := range merge.Directions() {
		if slices.ContainsFunc(policies, func(p *networkingv1.NetworkPolicy) bool { return merge.Isolates(p, direction) }) {
			isolated = append(isolated, direction)
		}
	}
	return isolated
}

// add adds to the rules what a change added to them.
func (e Explained) add(change merge.Change, rules []Rule) []Rule {
	if change.Action != merge.PortsAdded && change.Action != merge.RuleAppended {
		return rules
	}
	at := merge.Position{Direction: change.Direction, Index: change.Rule}
	added := e.rule(change.Overlay+1, at, change.Added)
	for i, port := range change.Ports { // which need not be all of the overlay's rule
		added.Ports[i].Origin = e.origin(change.Overlay+1, at, port)
	}
	if change.Action == merge.RuleAppended {
		return append(rules, added)
	}
	rules[change.Into].Ports = append(rules[change.Into].Ports, added.Ports...)
	return rules
}

func (e Explained) rule(source int, at merge.Position, rule merge.Rule) Rule {
	said := Rule{
		Origin:    e.origin(source, at, -1),
		Direction: at.Direction,
		Peer:      PeersInWords(rule.Peers, at.Direction),
		Peers:     append([]networkingv1.NetworkPolicyPeer{}, rule.Peers...),
	}
	if len(rule.Ports) == 0 {
		said.Ports = []Port{{Origin: said.Origin, Words: PortsInWords(nil)}}
	}
	for i := range rule.Ports {
		said.Ports = append(said.Ports, Port{e.origin(source, at, i), PortsInWords(rule.Ports[i : i+1]), &rule.Ports[i]})
	}
	return said
}

// origin is where a rule of a source is or, if port is not -1, an entry of its ports.
func (e Explained) origin(source int, at merge.Position, port int) Origin {
	path := at.Path().String()
	if port >= 0 {
		path += fmt.Sprintf(".ports[%d]", port)
	}
	return Origin{source, e.Line(source, path), path}
}

// requests says what became of each port of an overlay's rule.
func (e Explained) requests(change merge.Change, rule merge.Rule, rules []Rule) (requests []Request) {
	at := merge.Position{Direction: change.Direction, Index: change.Rule}
	for i := range max(1, len(rule.Ports)) {
		port, part := i, rule
		if len(rule.Ports) == 0 {
			port = -1
		} else {
			part.Ports = rule.Ports[i : i+1]
		}
		asked := Request{
			Origin:    e.origin(change.Overlay+1, at, port),
			Direction: change.Direction,
			Words:     RuleInWords(part, change.Direction),
			Outcome:   Added,
			AllowedBy: []Origin{},
		}
		if change.Action == merge.NotIsolated {
			asked.Outcome = NotIsolated
		}
		requests = append(requests, asked)
	}
	for _, allowed := range change.Allowed {
		asked := &requests[max(0, allowed.Port)]
		if _, added := slices.BinarySearch(change.Ports, allowed.Port); !added && asked.Outcome == Added {
			asked.Outcome = AlreadyAllowed
		}
		asked.allow(allowed, rules)
	}
	return requests
}

// allow says by what a request is allowed already: rules, or ports of them.
func (q *Request) allow(allowed merge.Allowed, rules []Rule) {
	for _, by := range allowed.By {
		if len(by.Ports) == 0 {
			q.AllowedBy = append(q.AllowedBy, rules[by.Rule].Origin)
		}
		for _, port := range by.Ports {
			q.AllowedBy = append(q.AllowedBy, rules[by.Rule].Ports[port].Origin)
		}
	}
	listed := min(mostWords, len(q.AllowedBy))
	q.More = allowed.More + len(q.AllowedBy) - listed
	q.AllowedBy = q.AllowedBy[:listed]
}

// Add adds policies to the report, those for the same pods side by side.
func (r *Report) Add(policies []Explained) {
	groups := map[[2]string]int{}
	var members [][]*networkingv1.NetworkPolicy // of each group
	for _, e := range policies {
		pods := e.Policy.Spec.PodSelector
		key := [2]string{e.Policy.Namespace, merge.PodsKey(&pods)}
		i, known := groups[key]
		if !known {
			i = len(r.Groups)
			groups[key] = i
			members = append(members, nil)
			r.Groups = append(r.Groups, Group{Namespace: e.Policy.Namespace, PodSelector: pods, Pods: PodsInWords(&pods)})
		}
		members[i] = append(members[i], e.Policy)
		said := e.explain()
		r.Groups[i].Policies = append(r.Groups[i].Policies, said)
		if len(e.Overlays) > 0 {
			r.Targets = append(r.Targets, said)
		}
	}
	for i := range r.Groups {
		r.Groups[i].Isolates = isolatedBy(members[i]...)
	}
}
