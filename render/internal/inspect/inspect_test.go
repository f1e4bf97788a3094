package inspect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/strict"
	"github.com/networknt/netpol-merge/render/report"
)

func objectOf(t *testing.T, text string) *manifest.Object {
	d := manifest.Split(manifest.Source{Text: []byte(text)}, 0)[0]
	require.Nil(t, d.Read())
	return d.Objects[0]
}

// policy is a policy with something under metadata, from line 5, and spec.
func policy(metadata, spec string) string {
	return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: a\n  " + metadata + "\nspec:\n  " + spec + "\n"
}

// TestRoles: what is wrong with a policy depends on what it is for. Problems are
// "line field code"; "-" is the same as the column before.
func TestRoles(t *testing.T) {
	const fine = ""
	for text, want := range map[string]struct{ overlay, target, bystander string }{
		policy("labels: {a: b}", "podSelector: {}"):                   {fine, fine, fine},
		policy("labels: {a: b}", "podSelector: {}\nstatus: {x: y}"):   {fine, fine, fine},
		policy("labels: {a: b}", "egress: [null]"):                    {"7 spec.egress[0] E05", fine, fine},
		policy("labels: {a: b, a: b}", "podSelector: {}"):             {"5 metadata.labels.a E05", fine, fine},
		policy("labels: {a: b, a: c}", "podSelector: {}"):             {"5 metadata.labels.a E05", "-", "-"},
		policy("labels: {a: '1', a: \"1\"}", "podSelector: {}"):       {"5 metadata.labels.a E05", fine, fine},
		policy("annotations: {a.b/c: d, a.b/c: e}", "ingress: []"):    {"5 metadata.annotations[a.b/c] E05", "-", "-"},
		policy("labels: {a: b}\n  labels: {a: b}", "podSelector: {}"): {"6 metadata.labels E05", fine, fine},
		policy("name: a", "egress: []\n  egress: []"):                 {"5 metadata.name E05; 8 spec.egress E05", "8 spec.egress E05", "-"},
		policy("labels: {a: b}", "podSelector: {matchLabels: {metadata: x, metadata: x}}"): {
			"7 spec.podSelector.matchLabels.metadata E05", "-", "-"},
		policy("labels: {a: b}", "podSelector: &x {}\n  egress: [{to: [{podSelector: *x}]}]"): {fine, fine, fine},
		policy("labels: &x {a: b, a: c}\n  annotations: *x", "egress: []"):                    {"5 metadata.labels.a E05", "-", "-"},
		policy("annotations: {a/c: d, a/c: e}", "ingress: []"):                                {"5 metadata.annotations[a/c] E05", "-", "-"},
		policy("labels: {a: b}", "egres: []"):                                                 {"7 spec.egres E05", "-", fine},
		policy("labels: {a: b}", "egress: {}"):                                                {"7 spec.egress E05", "-", "-"},
		policy("labels: {a: b}", "egress: [{ports: [{port: }]}]"):                             {"7 spec.egress[0].ports[0].port E10", fine, fine},
		policy("labels: {a: b}", "ingress: [{from: [{ipBlock: {cidr: }}]}]"):                  {"7 spec.ingress[0].from[0].ipBlock.cidr E10", "7 spec.ingress[0].from[0].ipBlock.cidr E06", "-"},
		policy("labels: {a: b}", "podSelector: {matchLabels: {a: }}"):                         {"7 spec.podSelector.matchLabels[a] E10", fine, fine},
		policy("labels: {a: b}", "podSelector: {matchLabels: }"):                              {"7 spec.podSelector.matchLabels E10", fine, fine},
		policy("labels: {a: b}", "egress: [{to: [{podSelector: , namespaceSelector: {}}]}]"):  {"7 spec.egress[0].to[0].podSelector E10", fine, fine},
		policy("labels: {a: b}", "podSelector: "):                                             {fine, fine, fine},
		policy("labels: {a: b}", "egress: [{ports: [{port: 1, protocol: }], to: }]"):          {fine, fine, fine},
		policy("labels: {a: b}", "egress: [{ports: [{port: 0}]}]"):                            {"7 spec.egress[0].ports[0].port E06", "-", "-"},
		policy("labels: {a: b}", "egress: [{ports: [{port: 0, endPort: 5}]}]"):                {"7 spec.egress[0].ports[0].port E06", "-", "-"},
		strings.Replace(policy("labels: {a: b}", "podSelector: {}"), "  name:", "  generateName:", 1): {
			"3 metadata.name E06", "-", fine},
		strings.Replace(policy("generateName: b", "podSelector: {}"), "name: a", "name: A", 1): {
			"4 metadata.name E06", "-", "-"},
		strings.Replace(policy("labels: {a: b}", "podSelector: {}"), "networking.k8s.io/v1", "extensions/v1beta1", 1): {
			"1 apiVersion E07", "-", "-"},
	} {
		o := objectOf(t, text)
		before := manifest.JSON(o.Value)
		found := func(role Role) string {
			_, in := Policy(o, role)
			var said []string
			for _, p := range in.Problems {
				said = append(said, fmt.Sprintf("%d %s %s", p.Line, p.Field, p.Code))
			}
			return strings.Join(said, "; ")
		}
		if want.target == "-" {
			want.target = want.overlay
		}
		if want.bystander == "-" {
			want.bystander = want.target
		}
		require.Equal(t, want.overlay, found(StrictRole), text)
		require.Equal(t, want.target, found(TargetRole), text)
		require.Equal(t, want.bystander, found(BystanderRole), text)
		require.Equal(t, before, manifest.JSON(o.Value), "the object is as it was")
	}
}

func TestTooLarge(t *testing.T) {
	text := policy("labels: {a: b}", "podSelector: {}")
	fits := text + "#" + strings.Repeat("x", MaxObject-len(text)-1)
	for text, problems := range map[string]int{fits: 0, fits + "x": 1} {
		_, in := Policy(objectOf(t, text), TargetRole)
		require.Len(t, in.Problems, problems)
	}
}

// TestDoubts: a rule is in doubt if something beside its ports is wrong, all of its ports
// if one is, and that one.
func TestDoubts(t *testing.T) {
	_, in := Policy(objectOf(t, policy("labels: {a: b}", `egress:
  - ports: [{port: 1}, {port: 0}]
  - to: [{x: y}]
    ports: [{port: 1}]
  - ports: [{port: 1}]
  - ports: {}`)), StrictRole)
	isDoubtful := in.Doubts()
	for _, test := range []struct {
		rule, port int
		want       bool
	}{
		{0, 0, false}, {0, 1, true}, {0, -1, true},
		{1, 0, true}, {1, -1, true},
		{2, 0, false}, {2, -1, false},
		{3, -1, true},
	} {
		require.Equal(t, test.want, isDoubtful(merge.Position{Direction: networkingv1.PolicyTypeEgress, Index: test.rule}, test.port), test)
		require.False(t, isDoubtful(merge.Position{Direction: networkingv1.PolicyTypeIngress, Index: test.rule}, test.port), test)
	}
}

func TestHintFor(t *testing.T) {
	path := field.NewPath
	for want, err := range map[string]*field.Error{
		"use a number from 1 to 65535":                            field.Invalid(path("spec", "egress").Index(0).Child("ports").Index(0).Child("port"), 0, ""),
		"a port number is written without quotes: port: 80":       field.Invalid(path("port"), "80", ""),
		"use a number from 1":                                     field.Invalid(path("port"), "0", ""),
		"65535, or the name":                                      field.Invalid(path("port"), "70000", ""),
		"or the name of a container port":                         field.Invalid(path("port"), "", ""),
		"list the ports, or name a smaller network or fewer pods": field.Forbidden(path("spec", "ingress").Index(0), ""),
		"remove the rules, or":                                    field.Forbidden(path("spec", "ingress"), ""),
		"for the syntax of labels":                                field.Invalid(path("values").Index(0), "", ""),
		"the operators are In and NotIn, which need values":       field.Required(path("values"), ""),
		"generateName will not do":                                field.Required(path("metadata", "name"), ""),
		"starting and ending with a letter or digit":              field.Invalid(path("metadata", "name"), "", ""),
		"https://kubernetes.io/docs/reference/kubernetes-api/":    field.Invalid(path("metadata", "other"), "", ""),
		"see https://kubernetes.io/docs/concepts/overview/work":   field.Invalid(path("metadata", "labels").Key("name"), "", ""),
	} {
		require.Contains(t, hintFor(err), want)
	}
}

// TestLocate: a problem stands at the line of its entry, else at that of its field.
func TestLocate(t *testing.T) {
	o := objectOf(t, "---\n# Source: a.yaml\n"+policy("labels:\n    a: b\n    c: d", "podSelector: {}"))
	for _, test := range []struct {
		err  *field.Error
		line int
	}{
		{field.Invalid(field.NewPath("metadata", "labels"), "d", ""), 9},
		{field.Invalid(field.NewPath("metadata", "labels"), "x", ""), 7},
		{field.Invalid(field.NewPath("spec", "egress"), nil, ""), 10},
		{field.TooLong(nil, "", 1), 3},
	} {
		p := At(o, report.RejectedByServer, nil, "", "")
		require.Equal(t, 3, p.Line)
		p = Locate(o, report.RejectedByServer, strict.Finding{Error: test.err})
		require.Equal(t, test.line, p.Line, test.err)
		require.Equal(t, "a.yaml", p.Source)
		require.False(t, p.IsFile)
		require.NotEqual(t, "<nil>", p.Field)
	}
}

// TestMostProblems: what a person reads has an end, and says that it is one.
func TestMostProblems(t *testing.T) {
	rules := "egress: [" + strings.Repeat("null, ", mostProblems)
	_, in := Policy(objectOf(t, policy("labels: {a: b}", rules+"]")), StrictRole)
	require.Len(t, in.Problems, mostProblems)
	require.NotContains(t, in.Problems[mostProblems-1].Reason, "and more")
	require.False(t, in.TooMany())

	_, in = Policy(objectOf(t, policy("labels: {a: b}", rules+"null, null]")), StrictRole)
	require.Len(t, in.Problems, mostProblems+1)
	require.Contains(t, in.Problems[mostProblems].Reason, "and more")
	require.True(t, in.TooMany())
}

// TestDroppedFields: what an API server drops is no reason to end, however much it is.
func TestDroppedFields(t *testing.T) {
	fields := strings.Repeat("{x: 1}, ", 2*mostProblems)
	_, in := Policy(objectOf(t, policy("labels: {a: b}", "egress: ["+fields+"{ports: [{port: 0}]}]")), BystanderRole)
	require.Len(t, in.Problems, 1)
	require.Equal(t, fmt.Sprintf("spec.egress[%d].ports[0].port", 2*mostProblems), in.Problems[0].Field)

	_, in = Policy(objectOf(t, policy("labels: {a: b}", "egress: ["+fields+"]")), StrictRole)
	require.True(t, in.TooMany())
}
