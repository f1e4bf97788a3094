package render_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/merge/mergetest"
	"github.com/networknt/netpol-merge/render"
	"github.com/networknt/netpol-merge/render/report"
)

// TestDiffLaws compares generated inputs: what one side alone allows is told of that side,
// what both allow is not told, and the other way round gives the same with sides changed.
// Of some, texts are compared, and the forms have to agree.
func TestDiffLaws(t *testing.T) {
	world := mergetest.NewWorld()
	schema := compileSchema(t, "../docs/diff.schema.json")
	told, told2, equal := map[report.Change]int{}, map[string]int{}, 0
	for seed := range uint64(mergetest.Cases(5_000)) {
		before, after := generatedSides(seed)
		d := report.Compare(before.side(), after.side())
		require.Equal(t, swapped(report.Compare(after.side(), before.side())), d.Policies, "seed %d", seed)
		if seed%10 == 0 {
			require.Equal(t, d.Policies, diff(t, schema, seed/10, before, after).Policies, "seed %d", seed)
		}
		if d.IsEmpty() {
			equal++
		}
		for _, p := range d.Policies {
			told[p.Change]++
			told2[fmt.Sprintf("%s, former name %t, isolation %d", p.Change, p.FormerName != "", len(p.Isolation))]++
		}
		judge{t, world, d}.difference(before, after)
	}
	for _, change := range []report.Change{report.Came, report.Went, report.Changed} {
		require.Greater(t, told[change], 100)
	}
	require.Greater(t, equal, 50)
	require.Greater(t, len(told2), 6, "%v", told2)
}

type policiesByName map[string]*networkingv1.NetworkPolicy

// generatedSides are policies, and what became of them: some stay, are written in other
// words, change, get another name or other pods, come or go.
func generatedSides(seed uint64) (before, after policiesByName) {
	g := mergetest.New(seed)
	before, after = policiesByName{}, policiesByName{}
	place := func(side policiesByName, p *networkingv1.NetworkPolicy, name, pods string) {
		p = p.DeepCopy()
		p.Name, p.APIVersion, p.Kind = name, "networking.k8s.io/v1", "NetworkPolicy"
		p.Spec.PodSelector.MatchLabels = map[string]string{"app": pods}
		side[name] = p
	}
	for i := range 1 + g.IntN(3) {
		p := g.Target()
		name, pods := fmt.Sprint("p", i), fmt.Sprint("a", g.IntN(3))
		place(before, p, name, pods)
		switch g.IntN(8) {
		case 0:
			place(after, p, name, pods)
		case 1, 2:
			place(after, mergetest.Rewrite(p), name, pods)
		case 3, 4:
			changed := g.Target()
			changed.Spec.Egress = append(changed.Spec.Egress, p.Spec.Egress...)
			place(after, changed, name, pods)
		case 5:
			place(after, mergetest.Rewrite(p), "renamed-"+name, pods)
		case 6:
			place(after, p, name, "other")
		}
	}
	if g.IntN(4) == 0 {
		place(after, g.Target(), "new", "a1")
	}
	return before, after
}

func (p policiesByName) side() report.Side {
	return report.Side{Policies: slices.Collect(maps.Values(p))}
}

func (p policiesByName) stream(t *testing.T, seed uint64) []byte {
	var documents []string
	for _, policy := range p {
		text, err := yaml.Marshal(policy)
		require.NoError(t, err)
		documents = append(documents, fmt.Sprintf("---\n# Source: api/templates/%d.yaml\n%s", seed, text))
	}
	slices.Sort(documents)
	if seed%2 == 0 {
		slices.Reverse(documents)
	}
	return []byte(strings.Join(documents, ""))
}

// diff compares two sides and returns what a program reads of it.
func diff(t *testing.T, schema *jsonschema.Schema, seed uint64, before, after policiesByName) *render.Difference {
	d, err := (&render.Renderer{}).Diff(
		render.Source{Name: "old", Text: before.stream(t, seed)},
		render.Source{Name: "new", Text: after.stream(t, seed/2)})
	require.NoError(t, err)
	text, err := d.JSON()
	require.NoError(t, err)
	var read render.Difference
	requireSchema(t, schema, text, &read)
	want := rowsOfDifference(&read)
	require.Equal(t, want, rowsOfText(d.Text()))
	require.Equal(t, want, rowsOfText(d.Markdown()))
	return &read
}

// rowsOfDifference are the rows that the tables should have.
func rowsOfDifference(d *render.Difference) (rows []string) {
	for _, p := range d.Policies {
		add := func(mark string, rules []report.AllowedRule) {
			for _, rule := range rules {
				rows = append(rows, fmt.Sprintf("%s|%s|%s|%s||", mark, strings.ToLower(string(rule.Direction)),
					report.PeersInWords(rule.Peers, rule.Direction), report.PortsInWords(rule.Ports)))
			}
		}
		mark := map[report.Change]string{report.Came: "+", report.Went: "-", report.Changed: " "}[p.Change]
		for _, change := range p.Isolation {
			remark := map[bool]string{true: "isolated now: what no line allows is blocked", false: "not isolated any more: this policy blocks nothing"}[change.After]
			rows = append(rows, fmt.Sprintf("!|%s|%s|||", strings.ToLower(string(change.Direction)), remark))
			add(mark, change.Rules)
		}
		add("+", p.Gained)
		add("-", p.Lost)
	}
	return rows
}

// swapped is what a difference is the other way round.
func swapped(d *render.Difference) []report.PolicyDifference {
	for i := range d.Policies {
		p := &d.Policies[i]
		p.Change = map[report.Change]report.Change{report.Came: report.Went, report.Went: report.Came, report.Changed: report.Changed}[p.Change]
		p.Gained, p.Lost = p.Lost, p.Gained
		for j := range p.Isolation {
			p.Isolation[j].Before, p.Isolation[j].After = p.Isolation[j].After, p.Isolation[j].Before
		}
		if p.FormerName != "" {
			p.Name, p.FormerName = p.FormerName, p.Name
		}
	}
	slices.SortFunc(d.Policies, func(a, b report.PolicyDifference) int { return strings.Compare(a.Name+a.Pods, b.Name+b.Pods) })
	return d.Policies
}

// judge tries every flow on what is told.
type judge struct {
	*testing.T
	world *mergetest.World
	told  *render.Difference
}

func (j judge) difference(before, after policiesByName) {
	t, world, toldOf := j.T, j.world, map[string]bool{}
	for _, p := range j.told.Policies {
		was, is := before.find(p.Name, &p.PodSelector), after.find(p.Name, &p.PodSelector)
		toldOf[p.Name+p.Pods] = true
		if p.FormerName != "" {
			require.Nil(t, was)
			was = before.find(p.FormerName, &p.PodSelector)
			toldOf[p.FormerName+p.Pods] = true
		}
		require.Equal(t, p.Change == report.Came, was == nil)
		require.Equal(t, p.Change == report.Went, is == nil)
		for _, direction := range merge.Directions() {
			j.direction(p, was, is, direction)
		}
	}
	for name, was := range before {
		pods := &was.Spec.PodSelector
		if toldOf[name+report.PodsInWords(pods)] {
			continue
		}
		is := after.find(name, pods)
		require.NotNil(t, is, "%s went, and is not told", name)
		for _, direction := range merge.Directions() {
			require.Equal(t, world.Policy(was, direction), world.Policy(is, direction), "%s differs, and is not told", name)
			require.Equal(t, mergetest.Isolated(was, direction), mergetest.Isolated(is, direction))
		}
	}
	for name, is := range after {
		pods := &is.Spec.PodSelector
		require.True(t, toldOf[name+report.PodsInWords(pods)] || before.find(name, pods) != nil, "%s came, and is not told", name)
	}
}

// find returns the policy of a name, if it is for the pods.
func (p policiesByName) find(name string, pods *metav1.LabelSelector) *networkingv1.NetworkPolicy {
	if policy := p[name]; policy != nil && merge.PodsKey(&policy.Spec.PodSelector) == merge.PodsKey(pods) {
		return policy
	}
	return nil
}

// direction checks what is told of a policy in one direction. A policy that is not there
// isolates nothing.
func (j judge) direction(p report.PolicyDifference, was, is *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) {
	isolated, old := j.policy(was, direction)
	isolates, now := j.policy(is, direction)
	gained, lost := j.rules(p.Gained, direction), j.rules(p.Lost, direction)
	i := slices.IndexFunc(p.Isolation, func(c report.IsolationDifference) bool { return c.Direction == direction })
	require.Equal(j, isolated != isolates, i >= 0)
	if i >= 0 {
		change := p.Isolation[i]
		require.Equal(j, isolated, change.Before)
		require.Equal(j, isolates, change.After)
		require.Zero(j, gained.Count()+lost.Count())
		allowed := j.rules(change.Rules, direction)
		if isolated {
			require.Equal(j, old, allowed)
			gained = j.world.Everything().Without(allowed)
		} else {
			require.Equal(j, now, allowed)
			lost = j.world.Everything().Without(allowed)
		}
	}
	onlyNow, onlyOld := now.Without(old), old.Without(now)
	require.True(j, onlyNow.Within(gained) && onlyOld.Within(lost), "something is not told")
	require.True(j, gained.Within(now) && lost.Within(old), "something is told of the wrong side")
	for rules, only := range map[*[]report.AllowedRule]mergetest.Verdict{&p.Gained: onlyNow, &p.Lost: onlyOld} {
		for _, rule := range *rules {
			require.True(j, rule.Direction != direction || j.world.Rule(rule.Peers, rule.Ports).Overlaps(only), "no difference in %s", rule.Words)
		}
	}
}

func (j judge) policy(policy *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) (isolated bool, allows mergetest.Verdict) {
	if policy == nil {
		return false, j.world.Everything()
	}
	return mergetest.Isolated(policy, direction), j.world.Policy(policy, direction)
}

func (j judge) rules(rules []report.AllowedRule, direction networkingv1.PolicyType) mergetest.Verdict {
	allowed := j.world.None()
	for _, rule := range rules {
		if rule.Direction == direction {
			allowed.Add(j.world.Rule(rule.Peers, rule.Ports))
		}
	}
	return allowed
}

// TestDiffOfMerged: it makes no difference whether an input was merged before.
func TestDiffOfMerged(t *testing.T) {
	merged := 0
	for seed := range uint64(mergetest.Cases(300)) {
		stream := generatedStream(t, seed)
		r := &render.Renderer{AllowIngress: true}
		out, err := r.Run(bytes.NewBuffer(stream))
		if err != nil {
			continue // an open rule
		}
		d, err := r.Diff(render.Source{Name: "old", Text: stream}, render.Source{Name: "new", Text: out.Bytes()})
		require.NoError(t, err)
		require.True(t, d.IsEmpty(), d.Text())
		merged++
	}
	require.Greater(t, merged, 50)
}

// TestDiffRefused: a refusal says of each problem in which input it is.
func TestDiffRefused(t *testing.T) {
	overlay := "---\n# Source: a/b.yaml\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: db\n  annotations:\n    netpol-merge.networknt.com/into: ''\nspec: {egress: [{ports: [{port: 1}]}]}\n"
	invalid := strings.ReplaceAll(mergetest.Target, "[Egress]", "[Outgoing]")
	_, err := (&render.Renderer{}).Diff(render.Source{Name: "old.yaml", Text: []byte(overlay)}, render.Source{Name: "new.yaml", Text: []byte(invalid), IsFile: true})
	refusal, ok := errors.AsType[*render.Refusal](err)
	require.True(t, ok, "%v", err)
	require.Len(t, refusal.Problems, 2)
	require.Regexp(t, `(?m)^old.yaml: a/b.yaml: NetworkPolicy "db": .*no NetworkPolicy of this name`, err.Error())
	require.Regexp(t, `(?m)^new.yaml:7: NetworkPolicy "proxy-allow": spec.policyTypes\[0\]: `, err.Error())
}
