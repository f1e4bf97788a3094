package merge_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/merge/mergetest"
)

var (
	cases = flag.Int("cases", mergetest.Cases(5_000), "how many generated cases the laws are checked on")
	seed  = flag.Uint64("seed", 1, "the seed of the first generated case")
)

var directions = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}

// situation is a target and its overlays.
type situation struct {
	target   *networkingv1.NetworkPolicy
	overlays []*networkingv1.NetworkPolicy
}

// laws are what must hold of every situation. Each returns what is wrong.
var laws = map[string]func(*mergetest.World, situation) string{
	"union":           lawUnion,
	"nothing is lost": lawNothingLost,
	"isolation":       lawIsolation,
	"idempotent":      lawIdempotent,
	"order-free":      lawOrderFree,
	"associative":     lawAssociative,
	"covered":         lawCovered,
	"needed":          lawNeeded,
	"pure":            lawPure,
	"ceiling":         lawCeiling,
	"difference":      lawDifference,
	"same meaning":    lawSameMeaning,
	"open":            lawOpen,
}

func TestLaws(t *testing.T) {
	w := mergetest.NewWorld()
	for i := range uint64(*cases) {
		g := mergetest.New(*seed + i)
		s := situation{g.Target(), mergetest.Some(g, 4, g.Overlay)}
		for name, law := range laws {
			if law(w, s) != "" {
				small := shrink(s, func(s situation) bool { return law(w, s) != "" })
				t.Fatalf("law %q broken; go test ./merge -run TestLaws -seed %d -cases 1\n%s\n%s", name, *seed+i, law(w, small), small)
			}
		}
	}
	t.Logf("%d laws hold in %d generated cases from seed %d on", len(laws), *cases, *seed)
}

// lawUnion: the folded policy allows exactly what the target and the overlays'
// rules allow together.
func lawUnion(w *mergetest.World, s situation) string {
	folded, _ := merge.Fold(s.target, s.overlays)
	for _, direction := range directions {
		want := w.Policy(s.target, direction)
		for _, overlay := range s.overlays {
			want.Add(w.Rules(overlay, direction))
		}
		got := w.Policy(folded, direction)
		if !slices.Equal(got, want) {
			return fmt.Sprintf("%s: %d flows instead of %d", direction, got.Count(), want.Count())
		}
	}
	return ""
}

// lawNothingLost: what stood before stands, unchanged and in its place.
func lawNothingLost(_ *mergetest.World, s situation) string {
	folded, _ := merge.Fold(s.target, s.overlays)
	for _, direction := range directions {
		before, after := merge.Rules(s.target, direction), merge.Rules(folded, direction)
		if len(after) < len(before) {
			return "a rule is gone"
		}
		for i := range before {
			if !apiequality.Semantic.DeepEqual(before[i].Peers, after[i].Peers) {
				return fmt.Sprintf("%s[%d]: the peers changed", direction, i)
			}
			if len(after[i].Ports) < len(before[i].Ports) || !apiequality.Semantic.DeepEqual(before[i].Ports, after[i].Ports[:len(before[i].Ports)]) {
				return fmt.Sprintf("%s[%d]: the ports changed", direction, i)
			}
			if len(before[i].Ports) == 0 && len(after[i].Ports) > 0 {
				return fmt.Sprintf("%s[%d]: all ports became some", direction, i)
			}
		}
	}
	return ""
}

// lawIsolation: a fold never changes which directions are isolated, and adds
// nothing where a direction is not.
func lawIsolation(_ *mergetest.World, s situation) string {
	folded, _ := merge.Fold(s.target, s.overlays)
	for _, direction := range directions {
		if mergetest.Isolated(folded, direction) != mergetest.Isolated(s.target, direction) {
			return fmt.Sprintf("%s: isolation changed", direction)
		}
		if !mergetest.Isolated(s.target, direction) && !slices.EqualFunc(merge.Rules(folded, direction), merge.Rules(s.target, direction), func(a, b merge.Rule) bool { return apiequality.Semantic.DeepEqual(a, b) }) {
			return fmt.Sprintf("%s: rules were added although it is not isolated", direction)
		}
	}
	return ""
}

// lawIdempotent: folding once more changes nothing.
func lawIdempotent(_ *mergetest.World, s situation) string {
	folded, _ := merge.Fold(s.target, s.overlays)
	again, changes := merge.Fold(folded, s.overlays)
	for _, change := range changes {
		if change.Action != merge.Covered && change.Action != merge.NotIsolated {
			return fmt.Sprintf("the second fold has a change: %s", change.Action)
		}
	}
	if !apiequality.Semantic.DeepEqual(folded, again) {
		return "the second fold differs"
	}
	return ""
}

// lawOrderFree: in whatever order overlays come, the result allows the same.
func lawOrderFree(w *mergetest.World, s situation) string {
	folded, _ := merge.Fold(s.target, s.overlays)
	reversed := slices.Clone(s.overlays)
	slices.Reverse(reversed)
	other, _ := merge.Fold(s.target, reversed)
	for _, direction := range directions {
		if !slices.Equal(w.Policy(folded, direction), w.Policy(other, direction)) {
			return fmt.Sprintf("%s: another order allows something else", direction)
		}
	}
	return ""
}

// lawAssociative: all overlays at once, or one after the other, is the same.
func lawAssociative(_ *mergetest.World, s situation) string {
	atOnce, _ := merge.Fold(s.target, s.overlays)
	stepwise := s.target
	for _, overlay := range s.overlays {
		stepwise, _ = merge.Fold(stepwise, []*networkingv1.NetworkPolicy{overlay})
	}
	if !apiequality.Semantic.DeepEqual(atOnce, stepwise) {
		return "folding one by one differs"
	}
	return ""
}

// lawCovered: what is reported as allowed already is allowed by the rules that
// are named, and those stood before.
func lawCovered(w *mergetest.World, s situation) string {
	folded, changes := merge.Fold(s.target, s.overlays)
	for _, change := range changes {
		asked := merge.Rules(s.overlays[change.Overlay], change.Direction)[change.Index]
		standing := merge.Rules(folded, change.Direction)
		for _, allowed := range change.Allowed {
			var ports []networkingv1.NetworkPolicyPort
			if allowed.Port >= 0 {
				ports = asked.Ports[allowed.Port : allowed.Port+1]
			}
			by := w.None()
			for _, one := range allowed.By {
				rule := standing[one.Rule]
				var some []networkingv1.NetworkPolicyPort
				for _, i := range one.Ports {
					some = append(some, rule.Ports[i])
				}
				if len(some) == 0 && len(rule.Ports) > 0 {
					return "a rule is named, but none of its ports"
				}
				by.Add(w.Rule(rule.Peers, some))
			}
			if len(allowed.By) == 0 || !w.Rule(asked.Peers, ports).Within(by) {
				return fmt.Sprintf("overlay %d, %s[%d]: rules %v do not allow port %d", change.Overlay, change.Direction, change.Index, allowed.By, allowed.Port)
			}
		}
		if change.Action == merge.Covered && max(1, len(asked.Ports)) != len(change.Allowed) {
			return "covered, but not every port says by what"
		}
	}
	return ""
}

// lawNeeded: every rule that is appended, and every port that is added, adds a flow.
// (Peers that are nobody, such as a block that excepts all of itself, add nothing
// anywhere.)
func lawNeeded(w *mergetest.World, s situation) string {
	standing := s.target.DeepCopy()
	for i, overlay := range s.overlays {
		next, changes := merge.Fold(standing, []*networkingv1.NetworkPolicy{overlay})
		for _, change := range changes {
			asked := merge.Rules(overlay, change.Direction)[change.Index]
			flows := w.Rule(asked.Peers, asked.Ports)
			if change.Action == merge.RuleAppended && flows.Count() > 0 && flows.Within(w.Rules(standing, change.Direction)) {
				return fmt.Sprintf("overlay %d, %s[%d] was appended, but adds nothing", i, change.Direction, change.Index)
			}
			for _, port := range change.Added.Ports {
				flows := w.Rule(asked.Peers, []networkingv1.NetworkPolicyPort{port})
				if change.Action == merge.PortsAdded && flows.Count() > 0 && flows.Within(w.Rules(standing, change.Direction)) {
					return fmt.Sprintf("overlay %d, %s[%d]: port %v was added, but adds nothing", i, change.Direction, change.Index, port)
				}
			}
		}
		standing = next
	}
	return ""
}

// lawCeiling: a policy is within ceilings exactly if these together allow all of it, in
// the directions that it isolates. What is told to be beyond is beyond, as far as it
// can be cut, and all that is beyond is told.
func lawCeiling(w *mergetest.World, s situation) string {
	beyond := merge.NewAllowance(s.overlays...).Beyond(s.target)
	for _, direction := range directions {
		ceiling, told := w.Together(s.overlays, direction), w.None()
		asked := w.None()
		if mergetest.Isolated(s.target, direction) {
			asked = w.Rules(s.target, direction)
		}
		for _, excess := range beyond {
			if excess.Direction != direction {
				continue
			}
			if !mergetest.Isolated(s.target, direction) {
				return "what a policy does not isolate is told"
			}
			rule := merge.Rules(s.target, direction)[excess.Index]
			if excess.Port >= 0 {
				rule.Ports = rule.Ports[excess.Port : excess.Port+1]
			}
			part := w.Rule(excess.Part.Peers, excess.Part.Ports)
			if problem := exactPart(w, excess.Part, ceiling); problem != "" {
				return fmt.Sprintf("%s[%d]: %s", direction, excess.Index, problem)
			}
			if !part.Within(w.Rule(rule.Peers, rule.Ports)) {
				return fmt.Sprintf("%s[%d]: what is told was not asked for", direction, excess.Index)
			}
			told.Add(part)
		}
		told.Add(ceiling)
		if !asked.Within(told) {
			return fmt.Sprintf("%s: goes beyond the ceiling", direction)
		}
	}
	return ""
}

// lawDifference: what is gained and lost is exactly what only one side allows, as far
// as it can be cut.
func lawDifference(w *mergetest.World, s situation) string {
	before, after := s.overlays, []*networkingv1.NetworkPolicy{s.target}
	for _, direction := range directions {
		was, is := w.Together(before, direction), w.Together(after, direction)
		gained, _ := merge.Gained(before, after, direction)
		if problem := exactParts(w, gained, is, was); problem != "" {
			return fmt.Sprintf("%s: gained: %s", direction, problem)
		}
		lost, _ := merge.Gained(after, before, direction)
		if problem := exactParts(w, lost, was, is); problem != "" {
			return fmt.Sprintf("%s: lost: %s", direction, problem)
		}
	}
	return ""
}

// exactParts says what is wrong with what is told that has allows and lacks does not.
func exactParts(w *mergetest.World, parts []merge.Rule, has, lacks mergetest.Verdict) string {
	told := w.None()
	for _, part := range parts {
		if problem := exactPart(w, part, lacks); problem != "" {
			return problem
		}
		told.Add(w.Rule(part.Peers, part.Ports))
	}
	if !told.Within(has) {
		return "more is told than there is"
	}
	if !has.Without(lacks).Within(told) {
		return "not all is told"
	}
	return ""
}

// lawSameMeaning: policies that mean the same do not differ, and of others the
// difference is the same in whatever form they are.
func lawSameMeaning(_ *mergetest.World, s situation) string {
	rewritten := make([]*networkingv1.NetworkPolicy, len(s.overlays))
	for i, p := range s.overlays {
		rewritten[i] = mergetest.Rewrite(p)
	}
	target := []*networkingv1.NetworkPolicy{s.target}
	for _, direction := range directions {
		if found, exact := merge.Gained(s.overlays, rewritten, direction); len(found) > 0 || !exact {
			return fmt.Sprintf("policies that mean the same differ: %v", found)
		}
		got, _ := merge.Gained(target, rewritten, direction)
		want, _ := merge.Gained(target, s.overlays, direction)
		if !apiequality.Semantic.DeepEqual(got, want) {
			return fmt.Sprintf("the difference depends on the form: %v instead of %v", got, want)
		}
	}
	return ""
}

// exactPart says what is wrong with a part that is told not to be allowed: something of
// each of its peers is not, for each port; and nothing is, but for what cannot be cut.
func exactPart(w *mergetest.World, part merge.Rule, allowed mergetest.Verdict) string {
	peers, ports := [][]networkingv1.NetworkPolicyPeer{nil}, [][]networkingv1.NetworkPolicyPort{nil}
	for i := range part.Peers {
		peers = append(peers[:i], part.Peers[i:i+1])
	}
	for i := range part.Ports {
		ports = append(ports[:i], part.Ports[i:i+1])
	}
	for _, peer := range peers {
		for _, port := range ports {
			one := w.Rule(peer, port)
			if one.Count() > 0 && one.Within(allowed) { // the world has no party in some networks
				return fmt.Sprintf("%v of %v is told, but allowed", port, peer)
			}
			if canBeCut(peer, port) && one.Overlaps(allowed) {
				return fmt.Sprintf("%v of %v is told, but allowed in part", port, peer)
			}
		}
	}
	return ""
}

// canBeCut reports whether what is not allowed of a peer and a port can be said
// exactly. All but the own namespace cannot, nor can what is left of any peer, or of
// all ports.
func canBeCut(peer []networkingv1.NetworkPolicyPeer, port []networkingv1.NetworkPolicyPort) bool {
	return len(port) == 1 && port[0].Port != nil && len(peer) == 1 && peer[0].IPBlock != nil
}

// lawOpen: a policy is refused as open exactly if its rules let all ports of a protocol
// pass to anybody, to all addresses of a family, or to all pods. A name that is not
// listed passes only where all ports do, so that names are left out.
func lawOpen(w *mergetest.World, s situation) string {
	for _, overlay := range s.overlays {
		problems := merge.Guard(overlay, true)
		for _, direction := range directions {
			refused := slices.ContainsFunc(problems, func(e *field.Error) bool {
				return strings.HasPrefix(e.Field, "spec."+merge.RulesKey(direction)+"[")
			})
			if open := w.Open(w.Rules(overlay, direction)); open != refused {
				return fmt.Sprintf("%s: open: %t, refused: %t", direction, open, refused)
			}
		}
	}
	return ""
}

// lawPure: the arguments are as they were.
func lawPure(_ *mergetest.World, s situation) string {
	before := s.String()
	folded, _ := merge.Fold(s.target, s.overlays)
	for i := range folded.Spec.Egress {
		folded.Spec.Egress[i].Ports = append(folded.Spec.Egress[i].Ports, networkingv1.NetworkPolicyPort{})
	}
	if s.String() != before {
		return "an argument changed"
	}
	return ""
}

// shrink takes away from a situation what it can while it stays broken.
func shrink(s situation, broken func(situation) bool) situation {
	for {
		smaller := slices.DeleteFunc(s.smaller(), func(s situation) bool { return !broken(s) })
		if len(smaller) == 0 {
			return s
		}
		s = smaller[0]
	}
}

// smaller returns the situation less one overlay, rule, peer or port each.
func (s situation) smaller() []situation {
	var all []situation
	for i := range s.overlays {
		all = append(all, situation{s.target, slices.Delete(slices.Clone(s.overlays), i, i+1)})
	}
	for _, p := range smallerPolicies(s.target) {
		all = append(all, situation{p, s.overlays})
	}
	for i := range s.overlays {
		for _, p := range smallerPolicies(s.overlays[i]) {
			overlays := slices.Clone(s.overlays)
			overlays[i] = p
			all = append(all, situation{s.target, overlays})
		}
	}
	return all
}

func smallerPolicies(p *networkingv1.NetworkPolicy) []*networkingv1.NetworkPolicy {
	var all []*networkingv1.NetworkPolicy
	try := func(change func(*networkingv1.NetworkPolicySpec)) {
		smaller := p.DeepCopy()
		change(&smaller.Spec)
		all = append(all, smaller)
	}
	for i, rule := range p.Spec.Egress {
		try(func(s *networkingv1.NetworkPolicySpec) { s.Egress = slices.Delete(s.Egress, i, i+1) })
		for j := range rule.To {
			try(func(s *networkingv1.NetworkPolicySpec) { s.Egress[i].To = slices.Delete(s.Egress[i].To, j, j+1) })
		}
		for j := range rule.Ports {
			try(func(s *networkingv1.NetworkPolicySpec) { s.Egress[i].Ports = slices.Delete(s.Egress[i].Ports, j, j+1) })
		}
	}
	for i, rule := range p.Spec.Ingress {
		try(func(s *networkingv1.NetworkPolicySpec) { s.Ingress = slices.Delete(s.Ingress, i, i+1) })
		for j := range rule.From {
			try(func(s *networkingv1.NetworkPolicySpec) { s.Ingress[i].From = slices.Delete(s.Ingress[i].From, j, j+1) })
		}
		for j := range rule.Ports {
			try(func(s *networkingv1.NetworkPolicySpec) {
				s.Ingress[i].Ports = slices.Delete(s.Ingress[i].Ports, j, j+1)
			})
		}
	}
	return all
}

func (s situation) String() string {
	var b strings.Builder
	for i, p := range append([]*networkingv1.NetworkPolicy{s.target}, s.overlays...) {
		text, err := yaml.Marshal(p.Spec)
		if err != nil {
			return err.Error()
		}
		fmt.Fprintf(&b, "--- # %s\n%s", map[bool]string{true: "target", false: "overlay"}[i == 0], text)
	}
	return b.String()
}

func TestMergedFrom(t *testing.T) {
	require.Equal(t, "a,b", merge.MergedFrom("", []string{"b", "a", "b"}))
	require.Equal(t, "a,b,c", merge.MergedFrom("c, a,", []string{"b"}))
}

// TestAllowedBy: what allows a port is named exactly, be it several rules that
// do so only together.
func TestAllowedBy(t *testing.T) {
	target, overlay := &networkingv1.NetworkPolicy{}, &networkingv1.NetworkPolicy{}
	require.NoError(t, yaml.UnmarshalStrict([]byte(`spec:
  egress:
  - to: [{podSelector: {}}]
    ports: [{port: 1, endPort: 9}]
  - ports: [{port: 1, endPort: 3}, {port: 9}]
  - ports: [{port: 4, endPort: 6}, {port: 7, protocol: UDP}]
  - to: [{ipBlock: {cidr: 10.0.0.0/9}}]
    ports: [{port: 7}]
  - to: [{ipBlock: {cidr: 10.128.0.0/9}}, {podSelector: {}}]
    ports: [{port: 7, endPort: 8}]
`), target))
	require.NoError(t, yaml.UnmarshalStrict([]byte(`spec:
  egress:
  - to: [{ipBlock: {cidr: 10.0.0.0/8}}]
    ports: [{port: 2}, {port: 2, endPort: 5}, {port: 5, endPort: 7}, {port: 7, endPort: 8}]
`), overlay))
	_, changes := merge.Fold(target, []*networkingv1.NetworkPolicy{overlay})
	require.Len(t, changes, 1)
	require.Equal(t, merge.RuleAppended, changes[0].Action, "10.0.0.0/9 does not get port 8")
	var by [][]merge.AllowedBy
	for _, allowed := range changes[0].Allowed {
		by = append(by, allowed.By)
	}
	require.Equal(t, [][]merge.AllowedBy{
		{{Rule: 1, Ports: []int{0}}},
		{{Rule: 1, Ports: []int{0}}, {Rule: 2, Ports: []int{0}}},
		{{Rule: 2, Ports: []int{0}}, {Rule: 3, Ports: []int{0}}, {Rule: 4, Ports: []int{0}}},
	}, by)
}
