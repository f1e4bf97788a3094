package report

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
)

// Explained is a policy that is to be part of a report.
type Explained struct {
	Policy   *networkingv1.NetworkPolicy // as it was before the fold
	Overlays []*networkingv1.NetworkPolicy
	Changes  []merge.Change // what the overlays did to it, one for each of their rules
	Hook     bool
	Sources  []Source // of the policy, then of its overlays
	// Line is the line at which a field of a source stands.
	Line func(source int, field string) int
}

// New returns the report of policies, those for the same pods side by side. It has empty
// lists instead of nil, which in JSON is null.
func New(policies []Explained) *Report {
	r := &Report{
		Version: reportVersion, Targets: []Policy{}, Groups: []Group{}, Unread: []Problem{}, Others: []Object{},
		Warnings: []Problem{}, Problems: []Problem{},
	}
	groups, members := map[[2]string]int{}, [][]*networkingv1.NetworkPolicy{}
	for _, e := range policies {
		pods := e.Policy.Spec.PodSelector
		key := [2]string{e.Policy.Namespace, merge.PodsKey(&pods)}
		i, known := groups[key]
		if !known {
			i = len(r.Groups)
			groups[key], members = i, append(members, nil)
			r.Groups = append(r.Groups, Group{Namespace: e.Policy.Namespace, PodSelector: pods, Pods: PodsInWords(&pods)})
		}
		said := e.explain()
		members[i] = append(members[i], e.Policy)
		r.Groups[i].Policies = append(r.Groups[i].Policies, said)
		if len(e.Overlays) > 0 {
			r.Targets = append(r.Targets, said)
		}
	}
	for i := range r.Groups {
		r.Groups[i].Isolates = isolatedBy(members[i]...)
	}
	return r
}

// explain says what a policy allows, and what became of what its overlays asked for.
func (e Explained) explain() Policy {
	rules := map[networkingv1.PolicyType][]Rule{}
	for at, rule := range merge.AllRules(e.Policy) {
		rules[at.Direction] = append(rules[at.Direction], e.rule(0, at, rule))
	}
	requests := []Request{}
	changes := e.Changes
	for _, overlay := range e.Overlays {
		for at, rule := range merge.AllRules(overlay) {
			// Each is explained by what stood when it was folded.
			asked := e.rule(changes[0].Overlay+1, at, rule)
			rules[at.Direction] = add(changes[0], asked, rules[at.Direction])
			requests = append(requests, requestsOf(changes[0], asked, rules[at.Direction])...)
			changes = changes[1:]
		}
	}
	return Policy{
		Name: e.Policy.Name, Namespace: e.Policy.Namespace, Hook: e.Hook, Sources: e.Sources,
		Isolates: isolatedBy(e.Policy), Requests: requests,
		Rules: append(append([]Rule{}, rules[networkingv1.PolicyTypeIngress]...), rules[networkingv1.PolicyTypeEgress]...),
	}
}

// isolatedBy are the directions that one of the policies isolates.
func isolatedBy(policies ...*networkingv1.NetworkPolicy) []networkingv1.PolicyType {
	return slices.DeleteFunc(merge.Directions(), func(direction networkingv1.PolicyType) bool {
		return !slices.ContainsFunc(policies, func(p *networkingv1.NetworkPolicy) bool { return merge.Isolates(p, direction) })
	})
}

// add adds to the rules what a change added to them of what was asked for.
func add(change merge.Change, asked Rule, rules []Rule) []Rule {
	if change.Action != merge.PortsAdded && change.Action != merge.RuleAppended {
		return rules
	}
	added := asked
	if len(change.Ports) > 0 { // which need not be all of the overlay's rule
		added.Ports = nil
	}
	for i, port := range change.Ports {
		added.Ports = append(added.Ports, asked.Ports[port])
		added.Ports[i].Port = &change.Added.Ports[i]
	}
	if change.Action == merge.RuleAppended {
		return append(rules, added)
	}
	rules[change.Into].Ports = append(rules[change.Into].Ports, added.Ports...)
	return rules
}

// rule is a rule of a source, whose ports are in the order of the source.
func (e Explained) rule(source int, at merge.Position, rule merge.Rule) Rule {
	said := Rule{
		Origin:    e.origin(source, at.Path()),
		Direction: at.Direction,
		Peer:      PeersInWords(rule.Peers, at.Direction),
		Peers:     append([]networkingv1.NetworkPolicyPeer{}, rule.Peers...),
	}
	if len(rule.Ports) == 0 {
		said.Ports = []Port{{Origin: said.Origin, Words: PortsInWords(nil)}}
	}
	for i := range rule.Ports {
		said.Ports = append(said.Ports, Port{e.origin(source, at.PortPath(i)), PortsInWords(rule.Ports[i : i+1]), &rule.Ports[i]})
	}
	return said
}

func (e Explained) origin(source int, path *field.Path) Origin {
	return Origin{source, e.Line(source, path.String()), path.String()}
}

// requestsOf says what became of each port that an overlay's rule asked for.
func requestsOf(change merge.Change, asked Rule, rules []Rule) (requests []Request) {
	to := toPeers(asked.Peers, asked.Direction)
	for i, port := range asked.Ports {
		request := Request{
			Origin: port.Origin, Direction: asked.Direction, Words: port.Words + to,
			Outcome: AlreadyAllowed, AllowedBy: []Origin{},
		}
		switch _, isAdded := slices.BinarySearch(change.Ports, i); {
		case change.Action == merge.NotIsolated:
			request.Outcome = NotIsolated
		case isAdded || port.Port == nil && change.Action == merge.RuleAppended:
			request.Outcome = Added
		}
		requests = append(requests, request)
	}
	for _, allowed := range change.Allowed {
		requests[max(0, allowed.Port)].allow(allowed, rules)
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
