package render_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/merge/mergetest"
	"github.com/networknt/netpol-merge/render"
	"github.com/networknt/netpol-merge/render/report"
)

// TestCeilingLaws gives streams with ceilings: a stream passes exactly if every policy
// that leaves it is within the ceilings that count for it, in every direction that it
// isolates, as mergetest judges; without a namespace, see beyond. It then leaves as without
// ceilings, byte for byte.
func TestCeilingLaws(t *testing.T) {
	world := mergetest.NewWorld()
	outcomes := map[string]int{}
	for seed := range uint64(mergetest.Cases(500)) {
		s := newBoundedStream(t, seed)
		free, err := s.merge(nil)
		require.NoError(t, err, "seed %d", seed)
		bound, err := s.merge(s.ceilings)
		beyond := s.beyond(t, world, free)
		if err == nil {
			require.Empty(t, beyond, "seed %d passes", seed)
			require.Equal(t, string(free), string(bound), "seed %d", seed)
			outcomes["passes"]++
			continue
		}
		refusal, isRefusal := errors.AsType[*render.Refusal](err)
		require.True(t, isRefusal, "%v", err)
		require.NotEmpty(t, beyond, "seed %d is refused:\n%v", seed, err)
		for _, p := range refusal.Problems {
			require.Contains(t, []report.Code{report.BeyondCeiling, report.Unbound}, p.Code, "seed %d:\n%v", seed, err)
			outcomes[string(p.Code)]++
		}
	}
	for _, outcome := range []string{"passes", string(report.BeyondCeiling), string(report.Unbound)} {
		require.Greater(t, outcomes[outcome], 50, "%v", outcomes)
	}
}

// boundedStream is a stream with policies of all sorts, and ceilings for it.
type boundedStream struct {
	mergetest.Generator
	t         *testing.T
	namespace string // the release's
	documents []string
	ceilings  []*networkingv1.NetworkPolicy
	// bounded are the policies that the ceilings are made for.
	bounded []*networkingv1.NetworkPolicy
}

func newBoundedStream(t *testing.T, seed uint64) *boundedStream {
	s := &boundedStream{Generator: mergetest.New(seed), t: t}
	s.namespace = s.oneOf("", "a", "b")
	for i := range 1 + s.IntN(3) {
		s.addTarget(fmt.Sprint("target-", i))
	}
	for i := range s.IntN(3) {
		p := s.policy(s.Target(), fmt.Sprint("other-", i), s.oneOf("", "a", "b"), s.IntN(len(selectors())))
		if s.IntN(3) == 0 {
			p.Annotations = map[string]string{"helm.sh/hook": "pre-install"}
		}
		s.bounded = append(s.bounded, p)
		s.add(p)
	}
	s.Shuffle(len(s.documents), func(i, j int) { s.documents[i], s.documents[j] = s.documents[j], s.documents[i] })
	s.addCeilings()
	return s
}

func (s *boundedStream) oneOf(words ...string) string { return words[s.IntN(len(words))] }

// selectors are what policies select; one before another may select more, never less.
func selectors() []metav1.LabelSelector {
	return []metav1.LabelSelector{
		{},
		{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpExists}}},
		{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpIn, Values: []string{"db", "web"}}}},
		{MatchLabels: map[string]string{"app": "web"}},
		{MatchLabels: map[string]string{"app": "web", "tier": "db"}},
		{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpNotIn, Values: []string{"web"}}}},
	}
}

func (s *boundedStream) policy(p *networkingv1.NetworkPolicy, name, namespace string, pods int) *networkingv1.NetworkPolicy {
	p.APIVersion, p.Kind, p.Name, p.Namespace = "networking.k8s.io/v1", "NetworkPolicy", name, namespace
	p.Spec.PodSelector = selectors()[pods]
	return p
}

// addTarget adds a target and overlays of it, of which none is open.
func (s *boundedStream) addTarget(name string) {
	namespace, pods := s.oneOf("", "a", "b"), s.IntN(len(selectors()))
	target := s.policy(s.Target(), name, namespace, pods)
	s.add(target)
	var overlays []*networkingv1.NetworkPolicy
	for i := range s.IntN(3) {
		overlay := s.policy(s.Overlay(), fmt.Sprint(name, "-overlay-", i), namespace, pods)
		if len(merge.Guard(overlay, true)) > 0 {
			continue
		}
		overlay.Annotations = map[string]string{merge.IntoAnnotation: name}
		overlays = append(overlays, overlay)
		s.add(overlay)
	}
	folded, _ := merge.Fold(target, overlays)
	s.bounded = append(s.bounded, folded)
}

// add adds a document, which now and then is JSON, or a list with the policy as an item.
func (s *boundedStream) add(p *networkingv1.NetworkPolicy) {
	var object any = p
	if s.IntN(4) == 0 {
		object = map[string]any{"apiVersion": "v1", "kind": "List", "items": []any{p}}
	}
	text, err := yaml.Marshal(object)
	require.NoError(s.t, err)
	if s.IntN(6) == 0 {
		text, err = yaml.YAMLToJSON(text)
		require.NoError(s.t, err)
		text = append(text, '\n')
	}
	s.documents = append(s.documents, "---\n# Source: api/templates/policy.yaml\n"+string(text))
}

// addCeilings adds, for nearly every policy, a ceiling that allows nearly all that the
// policy does, in other words, and others besides.
func (s *boundedStream) addCeilings() {
	for i, p := range s.bounded {
		if s.IntN(12) == 0 {
			continue
		}
		c := mergetest.Rewrite(p)
		c.Annotations = nil
		if s.IntN(4) == 0 {
			c.Spec.Egress = c.Spec.Egress[min(len(c.Spec.Egress), 1):]
		}
		pods := slices.IndexFunc(selectors(), func(l metav1.LabelSelector) bool { return merge.PodsKey(&l) == merge.PodsKey(&p.Spec.PodSelector) })
		s.addCeiling(s.policy(c, fmt.Sprint("ceiling-", i), s.oneOf("", "", p.Namespace, s.namespace), s.IntN(pods+1)))
	}
	for i := range max(s.IntN(3), 1-len(s.ceilings)) { // without any nothing is bounded
		s.addCeiling(s.policy(s.Target(), fmt.Sprint("more-", i), s.oneOf("", "a", "b"), s.IntN(len(selectors()))))
	}
}

// addCeiling adds a ceiling, without rules that its policyTypes leave out.
func (s *boundedStream) addCeiling(c *networkingv1.NetworkPolicy) {
	if !mergetest.Isolated(c, networkingv1.PolicyTypeIngress) {
		c.Spec.Ingress = nil
	}
	if !mergetest.Isolated(c, networkingv1.PolicyTypeEgress) {
		c.Spec.Egress = nil
	}
	s.ceilings = append(s.ceilings, c)
}

func (s *boundedStream) merge(ceilings []*networkingv1.NetworkPolicy) ([]byte, error) {
	r := &render.Renderer{Namespace: s.namespace, AllowIngress: true}
	for _, c := range ceilings {
		text, err := yaml.Marshal(c)
		require.NoError(s.t, err)
		r.Ceilings = append(r.Ceilings, render.Source{Name: c.Name, Text: text, IsFile: true})
	}
	out, err := r.Run(bytes.NewBufferString(strings.Join(s.documents, "")))
	if err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// beyond says which policies of a stream allow more than the ceilings that count for
// them allow together, or, if their namespace is not known, would in some namespace be
// bounded in a direction in which they are not.
func (s *boundedStream) beyond(t *testing.T, world *mergetest.World, stream []byte) (beyond []string) {
	leaving := policiesOf(t, stream)
	require.Len(t, leaving, len(s.bounded))
	for _, p := range leaving {
		namespace := cmp.Or(p.Namespace, s.namespace)
		counting := s.counting(world, p, namespace)
		elsewhere := slices.Concat(s.counting(world, p, "a"), s.counting(world, p, "b"))
		if len(counting) == 0 {
			beyond = append(beyond, p.Name+": no ceiling counts")
		}
		for _, direction := range merge.Directions() {
			bounds := func(c *networkingv1.NetworkPolicy) bool { return mergetest.Isolated(c, direction) }
			isUnsettled := namespace == "" && len(merge.Rules(p, direction)) > 0 &&
				!slices.ContainsFunc(counting, bounds) && slices.ContainsFunc(elsewhere, bounds)
			if mergetest.Isolated(p, direction) && (isUnsettled || !world.Rules(p, direction).Within(world.Together(counting, direction))) {
				beyond = append(beyond, fmt.Sprintf("%s: %s", p.Name, direction))
			}
		}
	}
	return beyond
}

// counting are the ceilings that are for the namespace, or for all, and select all of the
// policy's pods.
func (s *boundedStream) counting(world *mergetest.World, p *networkingv1.NetworkPolicy, namespace string) (counting []*networkingv1.NetworkPolicy) {
	policies := s.selector(p)
	for _, c := range s.ceilings {
		ceilings := s.selector(c)
		misses := func(party mergetest.Party) bool {
			return party.IsPod && policies.Matches(party.Pod) && !ceilings.Matches(party.Pod)
		}
		if (c.Namespace == "" || c.Namespace == namespace) && !slices.ContainsFunc(world.Parties, misses) {
			counting = append(counting, c)
		}
	}
	return counting
}

func (s *boundedStream) selector(p *networkingv1.NetworkPolicy) labels.Selector {
	selector, err := metav1.LabelSelectorAsSelector(&p.Spec.PodSelector)
	require.NoError(s.t, err)
	return selector
}

// policiesOf are the policies of a stream, those in lists, too.
func policiesOf(t *testing.T, stream []byte) (policies []*networkingv1.NetworkPolicy) {
	for text := range strings.SplitSeq(strings.TrimPrefix(string(stream), "---\n"), "\n---\n") {
		var document struct {
			networkingv1.NetworkPolicy
			Items []*networkingv1.NetworkPolicy `json:"items"`
		}
		require.NoError(t, yaml.Unmarshal([]byte(text), &document), text)
		if document.Kind == "NetworkPolicy" {
			policies = append(policies, &document.NetworkPolicy)
		}
		policies = append(policies, document.Items...)
	}
	return policies
}
