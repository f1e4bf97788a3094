package report

import (
	"cmp"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"

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
	// Warnings are those of merging the new input, and policies whose difference is not
	// exact.
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
	// FormerName is the name in the old input, if the policy was renamed.
	FormerName string `json:"formerName,omitempty"`
	// Pods says in words what PodSelector selects.
	Pods        string               `json:"pods"`
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
	for _, pair := range pairs(before.Policies, after.Policies) {
		policy, exact := pair.compare()
		if !policy.isEmpty() {
			d.Policies = append(d.Policies, policy)
		}
		if !exact {
			d.Warnings = append(d.Warnings, Problem{
				Kind: "NetworkPolicy", Name: policy.Name,
				Reason: "there is too much to be compared: what is told may be more than what differs",
				Hint:   "compare policies with fewer rules",
			})
		}
	}
	slices.SortFunc(d.Policies, func(a, b PolicyDifference) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Pods, b.Pods))
	})
	for o := range sets.KeySet(before.Others).Union(sets.KeySet(after.Others)) {
		was, isOld := before.Others[o]
		is, isNew := after.Others[o]
		if was != is || isOld != isNew {
			d.Others = append(d.Others, ObjectDifference{o, changeOf(isOld, isNew)})
		}
	}
	slices.SortFunc(d.Others, func(a, b ObjectDifference) int { return cmp.Compare(a.String(), b.String()) })
	return d
}

func changeOf(isOld, isNew bool) Change {
	switch {
	case !isOld:
		return Came
	case !isNew:
		return Went
	}
	return Changed
}

// IsEmpty reports whether nothing differs.
func (d *Difference) IsEmpty() bool { return len(d.Policies)+len(d.Others) == 0 }

func (d *PolicyDifference) isEmpty() bool {
	return d.Change == Changed && d.FormerName == "" && len(d.Isolation)+len(d.Gained)+len(d.Lost) == 0
}

// JSON is the difference for programs.
func (d *Difference) JSON() ([]byte, error) { return encode(d) }

// pair is what is compared, before and after: nothing or one policy, and more only of an
// input with several of one name.
type pair [2][]*networkingv1.NetworkPolicy

// pairs finds what belongs together: policies of one name for the same pods. If for some
// pods just one policy went and one came, it was renamed.
func pairs(before, after []*networkingv1.NetworkPolicy) (pairs []pair) {
	type key [3]string // namespace, pods, name
	known := map[key]*pair{}
	for i, side := range (pair{before, after}) {
		for _, p := range side {
			of := key{p.Namespace, merge.PodsKey(&p.Spec.PodSelector), p.Name}
			if known[of] == nil {
				known[of] = &pair{}
			}
			known[of][i] = append(known[of][i], p)
		}
	}
	alone := map[key][]pair{} // by namespace and pods
	for of, p := range known {
		pods := key{of[0], of[1]}
		if p[0] != nil && p[1] != nil {
			pairs = append(pairs, *p)
		} else {
			alone[pods] = append(alone[pods], *p)
		}
	}
	for _, some := range alone {
		if len(some) == 2 && (some[0][0] == nil) != (some[1][0] == nil) {
			some = []pair{{slices.Concat(some[0][0], some[1][0]), slices.Concat(some[0][1], some[1][1])}}
		}
		pairs = append(pairs, some...)
	}
	return pairs
}

// compare also reports whether the difference is exact.
func (p pair) compare() (d PolicyDifference, exact bool) {
	before, after := p[0], p[1]
	shown := slices.Concat(after, before)[0]
	d, exact = PolicyDifference{
		Namespace: shown.Namespace, Name: shown.Name, Change: changeOf(before != nil, after != nil),
		Pods: PodsInWords(&shown.Spec.PodSelector), PodSelector: shown.Spec.PodSelector,
		Isolation: []IsolationDifference{}, Gained: []AllowedRule{}, Lost: []AllowedRule{},
	}, true
	if d.Change == Changed && before[0].Name != shown.Name {
		d.FormerName = before[0].Name
	}
	// Policies add up with others, so a direction that they do not isolate is one to which
	// they add nothing.
	nothing := &networkingv1.NetworkPolicy{Spec: networkingv1.NetworkPolicySpec{PolicyTypes: merge.Directions()}}
	old, now := append(slices.Clone(before), nothing), append(slices.Clone(after), nothing)
	isolated, isolates := isolatedBy(before...), isolatedBy(after...)
	for _, direction := range merge.Directions() {
		more, isExact := merge.Gained(old, now, direction)
		less, isExactToo := merge.Gained(now, old, direction)
		exact = exact && isExact && isExactToo
		gained, lost := allowedRules(more, direction), allowedRules(less, direction)
		was, is := slices.Contains(isolated, direction), slices.Contains(isolates, direction)
		if was != is {
			d.Isolation = append(d.Isolation, IsolationDifference{direction, was, is, append(gained, lost...)})
			continue
		}
		d.Gained, d.Lost = append(d.Gained, gained...), append(d.Lost, lost...)
	}
	return d, exact
}

func allowedRules(rules []merge.Rule, direction networkingv1.PolicyType) []AllowedRule {
	said := []AllowedRule{}
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
