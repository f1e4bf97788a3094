package report

import (
	"cmp"
	"maps"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/networknt/netpol-merge/merge"
)

// differenceVersion changes when a reader of the JSON form has to.
const differenceVersion = 1

// Difference is what the policies of one input allow and those of another do not, and the
// other way round. Its form as JSON is docs/diff.schema.json.
type Difference struct {
	Version int `json:"version"`
	// Policies are those that differ, by namespace and name.
	Policies []PolicyDifference `json:"policies"`
	// Others are policies of other vendors that differ. What they allow is not known.
	Others []ObjectDifference `json:"others"`
	// Warnings are those of merging the new input.
	Warnings []Problem `json:"-"`
}

// Change says in which input something is.
type Change string

// The changes.
const (
	Came    Change = "new"
	Went    Change = "gone"
	Changed Change = "changed"
)

// PolicyDifference is a policy that differs.
type PolicyDifference struct {
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Change    Change `json:"change"`
	// FormerName is the name in the old input, if that is another. A policy is known
	// again by its pods, if no other is for just them.
	FormerName string `json:"formerName,omitempty"`
	// Pods says in words whom the policy is for, FormerPods whom it was for, if others.
	Pods        string               `json:"pods"`
	FormerPods  string               `json:"formerPods,omitempty"`
	PodSelector metav1.LabelSelector `json:"podSelector"`
	// Isolation lists the directions that only one of the inputs isolates.
	Isolation []IsolationDifference `json:"isolation"`
	// Gained is what is allowed now, Lost what was allowed, in the directions that both
	// isolate.
	Gained []AllowedRule `json:"gained"`
	Lost   []AllowedRule `json:"lost"`
}

// IsolationDifference is a direction that the policy began or ceased to isolate.
type IsolationDifference struct {
	Direction networkingv1.PolicyType `json:"direction"`
	Before    bool                    `json:"before"`
	After     bool                    `json:"after"`
	// Rules are all that the policy allows while it isolates the direction.
	Rules []AllowedRule `json:"rules"`
}

// AllowedRule is something that is allowed, in words and as a rule of the API.
type AllowedRule struct {
	Direction networkingv1.PolicyType          `json:"direction"`
	Words     string                           `json:"words"`
	Peers     []networkingv1.NetworkPolicyPeer `json:"peers"` // none are any peer
	Ports     []networkingv1.NetworkPolicyPort `json:"ports"` // none are all traffic
}

// ObjectDifference is a policy of another vendor that differs.
type ObjectDifference struct {
	Object
	Change Change `json:"change"`
}

// Side is one of two inputs that are compared.
type Side struct {
	Policies []*networkingv1.NetworkPolicy
	Others   map[Object]string // what each says, in some form
}

// Compare returns how the policies differ. Neither their order nor their form counts.
func Compare(before, after Side) *Difference {
	d := &Difference{Version: differenceVersion, Policies: []PolicyDifference{}, Others: []ObjectDifference{}}
	for _, p := range pairs(before.Policies, after.Policies) {
		if difference, differs := p.compare(); differs {
			d.Policies = append(d.Policies, difference)
		}
	}
	slices.SortStableFunc(d.Policies, func(a, b PolicyDifference) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Pods, b.Pods))
	})
	for o, was := range before.Others {
		if is, stayed := after.Others[o]; !stayed {
			d.Others = append(d.Others, ObjectDifference{o, Went})
		} else if was != is {
			d.Others = append(d.Others, ObjectDifference{o, Changed})
		}
	}
	for o := range after.Others {
		if _, known := before.Others[o]; !known {
			d.Others = append(d.Others, ObjectDifference{o, Came})
		}
	}
	slices.SortFunc(d.Others, func(a, b ObjectDifference) int { return cmp.Compare(a.String(), b.String()) })
	return d
}

// IsEmpty reports whether nothing differs.
func (d *Difference) IsEmpty() bool { return len(d.Policies)+len(d.Others) == 0 }

// JSON is the difference for programs.
func (d *Difference) JSON() ([]byte, error) { return encode(d) }

// unit is the policies of one name for the same pods: one, but in a broken input.
type unit []*networkingv1.NetworkPolicy

// keys tell by what units belong together: the same name, for the same pods; else the
// name; else the pods. The first is also their order.
func (u unit) keys() [3]string {
	name, pods := u[0].Namespace+"\x00"+u[0].Name, merge.PodsKey(&u[0].Spec.PodSelector)
	return [3]string{name + "\x00" + pods, name, u[0].Namespace + "\x00" + pods}
}

func units(policies []*networkingv1.NetworkPolicy) []unit {
	known := map[string]unit{}
	for _, p := range policies {
		key := unit{p}.keys()[0]
		known[key] = append(known[key], p)
	}
	var sorted []unit
	for _, key := range slices.Sorted(maps.Keys(known)) {
		sorted = append(sorted, known[key])
	}
	return sorted
}

// pair is what is compared; nil on the side on which there is nothing.
type pair struct{ before, after unit }

// pairs finds what belongs together. By its name or pods alone a unit is known again only
// if it is the only one on its side.
func pairs(before, after []*networkingv1.NetworkPolicy) (pairs []pair) {
	old, now := units(before), units(after)
	for i := range 3 { // keys
		was, is := map[string][]unit{}, map[string][]unit{}
		for _, u := range old {
			was[u.keys()[i]] = append(was[u.keys()[i]], u)
		}
		for _, u := range now {
			is[u.keys()[i]] = append(is[u.keys()[i]], u)
		}
		isPaired := func(u unit) bool { return len(was[u.keys()[i]]) == 1 && len(is[u.keys()[i]]) == 1 }
		for _, u := range old {
			if isPaired(u) {
				pairs = append(pairs, pair{u, is[u.keys()[i]][0]})
			}
		}
		old, now = slices.DeleteFunc(old, isPaired), slices.DeleteFunc(now, isPaired)
	}
	for _, u := range old {
		pairs = append(pairs, pair{before: u})
	}
	for _, u := range now {
		pairs = append(pairs, pair{after: u})
	}
	return pairs
}

func (p pair) compare() (d PolicyDifference, differs bool) {
	shown := p.after
	if shown == nil {
		shown = p.before
	}
	d = PolicyDifference{
		Namespace: shown[0].Namespace, Name: shown[0].Name, Change: Changed,
		Pods: PodsInWords(&shown[0].Spec.PodSelector), PodSelector: shown[0].Spec.PodSelector,
		Isolation: []IsolationDifference{}, Gained: []AllowedRule{}, Lost: []AllowedRule{},
	}
	switch {
	case p.before == nil:
		d.Change = Came
	case p.after == nil:
		d.Change = Went
	case p.before[0].Name != p.after[0].Name:
		d.FormerName = p.before[0].Name
	case p.before.keys() != p.after.keys():
		d.FormerPods = PodsInWords(&p.before[0].Spec.PodSelector)
	}
	isSame := len(p.before) == 1 && len(p.after) == 1 && apiequality.Semantic.DeepEqual(p.before[0].Spec, p.after[0].Spec)
	if !isSame {
		d.compareRules(p.before, p.after)
	}
	return d, d.Change != Changed || d.FormerName != "" || d.FormerPods != "" || len(d.Isolation)+len(d.Gained)+len(d.Lost) > 0
}

// compareRules compares what the policies say. They add up with others, so a direction that
// they do not isolate is one to which they add nothing.
func (d *PolicyDifference) compareRules(before, after []*networkingv1.NetworkPolicy) {
	nothing := &networkingv1.NetworkPolicy{Spec: networkingv1.NetworkPolicySpec{PolicyTypes: merge.Directions()}}
	isolated, isolates := isolatedBy(before...), isolatedBy(after...)
	gained, lost := map[networkingv1.PolicyType][]AllowedRule{}, map[networkingv1.PolicyType][]AllowedRule{}
	for _, said := range merge.Differences(append(slices.Clone(before), nothing), append(slices.Clone(after), nothing)) {
		gained[said.Direction] = allowedRules(said.Gained, said.Direction)
		lost[said.Direction] = allowedRules(said.Lost, said.Direction)
	}
	for _, direction := range merge.Directions() {
		was, is := slices.Contains(isolated, direction), slices.Contains(isolates, direction)
		if was != is {
			rules := append(append([]AllowedRule{}, gained[direction]...), lost[direction]...)
			d.Isolation = append(d.Isolation, IsolationDifference{direction, was, is, rules})
			continue
		}
		d.Gained, d.Lost = append(d.Gained, gained[direction]...), append(d.Lost, lost[direction]...)
	}
}

func allowedRules(rules []merge.Rule, direction networkingv1.PolicyType) (said []AllowedRule) {
	for _, rule := range rules {
		said = append(said, AllowedRule{
			Direction: direction,
			Words:     RuleInWords(rule, direction),
			Peers:     append([]networkingv1.NetworkPolicyPeer{}, rule.Peers...),
			Ports:     append([]networkingv1.NetworkPolicyPort{}, rule.Ports...),
		})
	}
	return said
}
