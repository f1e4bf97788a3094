package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/report"
)

// policy is a document; an empty namespace or selector is left out.
func policy(name, namespace, pods, rules string) string {
	text := "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: " + name + "\n"
	if namespace != "" {
		text += "  namespace: " + namespace + "\n"
	}
	text += "spec:\n  policyTypes: [Egress]\n"
	if pods != "" {
		text += "  podSelector: {matchLabels: {app: " + pods + "}}\n"
	}
	return text + "  egress: " + rules + "\n"
}

// overlay asks to be merged into t.
func overlay(name, namespace, rules string) string {
	text := policy(name, namespace, "", rules)
	return strings.Replace(text, "metadata:\n", "metadata:\n  annotations: {"+merge.IntoAnnotation+": t}\n", 1)
}

func planOf(stream string, options Options) *Plan {
	set := manifest.NewSet("", []manifest.Source{{Name: "stdin", Text: []byte(stream)}})
	return Make(set, 1, options)
}

// codes are the problems: code, name and field.
func codes(problems []report.Problem) []string {
	list := []string{}
	for _, p := range problems {
		list = append(list, strings.Join(strings.Fields(fmt.Sprint(p.Code, " ", p.Name, " ", p.Field)), " "))
	}
	slices.Sort(list)
	return list
}

const (
	port80 = "[{ports: [{port: 80}]}]"
	port81 = "[{ports: [{port: 81}]}]"
	other  = "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: c}\nspec: {}\n"
	calico = "---\napiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: c}\nspec: {}\n"
)

// TestCeilings: no policy leaves that allows more than the ceilings that count for it.
func TestCeilings(t *testing.T) {
	both, ingress := strings.NewReplacer("[Egress]", "[Ingress, Egress]"), strings.NewReplacer("  policyTypes: [Egress]\n", "", "egress:", "ingress:")
	beyond := "spec.egress[0].ports[0]"
	for _, test := range []struct {
		name, stream string
		ceilings     []string
		want         []string
	}{
		{"within", policy("a", "", "x", port80), []string{policy("top", "", "", port80)}, nil},
		{"beyond", policy("a", "", "x", port81), []string{policy("top", "", "", port80)}, []string{"E11 a " + beyond}},
		{"of one namespace", policy("a", "north", "x", port80) + policy("b", "south", "x", port80), []string{policy("top", "north", "", port80)}, []string{"E16 b spec.podSelector"}},
		{"of two namespaces", policy("a", "north", "x", port81) + policy("b", "south", "x", port81), []string{policy("top", "north", "", port81), policy("low", "south", "", port80)}, []string{"E11 b " + beyond}},
		{"of an unknown namespace", policy("a", "", "x", port80), []string{policy("top", "north", "", port80)}, []string{"E16 a spec.podSelector"}},
		{"of other pods", policy("a", "", "x", port80) + policy("b", "", "z", port80), []string{policy("top", "", "x", port80)}, []string{"E16 b spec.podSelector"}},
		{"of all pods", policy("a", "", "", port80), []string{policy("top", "", "x", port80)}, []string{"E16 a spec.podSelector"}},
		{"for some pods more", policy("a", "", "x", port81) + policy("b", "", "z", port81), []string{policy("low", "", "", port80), policy("top", "", "x", port81)}, []string{"E11 b " + beyond}},
		{"another vendor's kind", other, []string{policy("top", "", "", port80)}, []string{"E16 c kind"}},
		{"another vendor's policy", calico, []string{policy("top", "", "", port80)}, []string{"E16 c kind"}},
		{"a definition of such a kind", strings.Replace(other, "cilium.io/v2", "apiextensions.k8s.io/v1", 1), []string{policy("top", "", "", port80)}, nil},
		{"no ceiling", other + calico + policy("a", "", "x", port81), nil, nil},
		{"an invalid policy", policy("a", "", "x", "[{ports: [{port: 0}]}]"), []string{policy("top", "", "", port80)}, []string{"E06 a spec.egress[0].ports[0].port"}},
		{"a document in doubt", policy("a", "", "x", port80) + "---x\n", []string{policy("top", "", "", port80)}, []string{"E01"}},
		{"a document in doubt without ceiling", policy("a", "", "x", port80) + "---x\n", nil, nil},
		{"a target", policy("t", "", "x", port81) + overlay("o", "", port80), []string{policy("top", "", "", port80)}, []string{"E11 t " + beyond}},
		{"an overlay", policy("t", "", "x", port80) + overlay("o", "", port81), []string{policy("top", "", "", port80)}, []string{"E11 o " + beyond}},
		{"an overlay of what the target allows", policy("t", "", "x", port81) + overlay("o", "", port81), []string{policy("top", "", "", port80)}, []string{"E11 t " + beyond}},
		{"an overlay of the other direction", both.Replace(policy("t", "", "x", "[]")) + ingress.Replace(overlay("o", "", port80)), []string{both.Replace(policy("top", "", "", "[]")) + "  ingress: " + port80 + "\n"}, nil},
		{"beyond it in the other direction", both.Replace(policy("t", "", "x", "[]")) + ingress.Replace(overlay("o", "", port81)), []string{both.Replace(policy("top", "", "", "[]")) + "  ingress: " + port80 + "\n"}, []string{"E11 o spec.ingress[0].ports[0]"}},
		{"an overlay of a direction that is not isolated", strings.Replace(policy("t", "", "x", "[]"), "[Egress]", "[Ingress]", 1) + overlay("o", "", port81), []string{policy("top", "", "", port80)}, nil},
		{"of every namespace", policy("a", "north", "x", port80), []string{policy("top", "", "", port80)}, nil},
		{"nothing that counts", "a: b\n", []string{"# note\n"}, []string{"E12"}},
		{"what is no policy", "a: b\n", []string{"kind: ConfigMap\n"}, []string{"E12 kind"}},
		{"what is unreadable", "a: b\n", []string{"kind: [\n"}, []string{"E01"}},
		{"what is no object", "a: b\n", []string{policy("top", "", "", port80) + "---\n~\n"}, []string{"E12"}},
		{"too many", "a: b\n", []string{strings.Repeat(policy("top", "", "", port80), mostCeilings+1)}, []string{"E12"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := Options{AllowIngress: true}
			for i, text := range test.ceilings {
				options.CeilingFiles = append(options.CeilingFiles, manifest.Source{Name: fmt.Sprint(i, ".yaml"), Text: []byte(text), IsFile: true})
			}
			require.ElementsMatch(t, test.want, codes(planOf(test.stream, options).Problems))
		})
	}
}

// TestTargets: one target for each overlay, in its namespace as far as that is known.
func TestTargets(t *testing.T) {
	hook := strings.NewReplacer("annotations: {", "annotations: {helm.sh/hook: pre-install, ")
	for _, test := range []struct {
		name, stream string
		want         []string
	}{
		{"one", policy("t", "", "x", "[]") + overlay("o", "", port80), nil},
		{"none", policy("u", "", "x", "[]") + overlay("o", "", port80), []string{"E02 o metadata.annotations[" + merge.IntoAnnotation + "]"}},
		{"two", policy("t", "north", "x", "[]") + policy("t", "south", "x", "[]") + overlay("o", "", port80), []string{"E03 o metadata.annotations[" + merge.IntoAnnotation + "]"}},
		{"two, and one in the namespace", policy("t", "north", "x", "[]") + policy("t", "south", "x", "[]") + overlay("o", "north", port80), nil},
		{"one that names no namespace, and a stranger", policy("t", "", "x", "[]") + policy("t", "south", "x", "[]") + overlay("o", "north", port80), []string{"E03 o metadata.annotations[" + merge.IntoAnnotation + "]"}},
		{"overlays of two namespaces", policy("t", "", "x", "[]") + overlay("o", "north", port80) + overlay("p", "south", port80), []string{"E03 p metadata.namespace"}},
		{"overlays of one namespace and none", policy("t", "north", "x", "[]") + overlay("o", "north", port80) + overlay("p", "", port80), nil},
		{"a hook as overlay, without target", hook.Replace(overlay("o", "", port80)), []string{"E08 o metadata.annotations[helm.sh/hook]"}},
		{"an overlay, and a target that may be in doubt", policy("t", "", "x", "[]") + "---x\n" + overlay("o", "", port80), []string{"E01"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.ElementsMatch(t, test.want, codes(planOf(test.stream, Options{}).Problems))
		})
	}
}

// TestOrder: overlays are folded in the order of their namespaces, names and sources.
func TestOrder(t *testing.T) {
	source := func(path, text string) string { return "---\n# Source: " + path + text[len("---"):] }
	p := planOf(policy("t", "north", "x", "[]")+
		source("b.yaml", overlay("a", "north", port80))+overlay("d", "north", port80)+
		overlay("c", "", port80)+source("a.yaml", overlay("a", "north", port80)), Options{})
	require.Empty(t, p.Problems)
	var order []string
	for _, o := range p.Targets[0].Overlays {
		order = append(order, o.Name()+" "+o.Source())
	}
	require.Equal(t, []string{"c stdin", "a a.yaml", "a b.yaml", "d stdin"}, order)
	require.Equal(t, []string{"c"}, p.Targets[0].MergedFrom(), "the others add nothing")
}

// TestCeilingsOfUnknownProblems: a rule that is beyond the ceilings is told, unless so much is
// wrong with the policy that it may be one of the problems that are not shown.
func TestCeilingsOfUnknownProblems(t *testing.T) {
	options := Options{CeilingFiles: []manifest.Source{{Name: "c", Text: []byte(policy("c", "", "", port80))}}}
	for wrong, told := range map[int]bool{10: true, 1_100: false} {
		rules := "[" + strings.Repeat("{ports: [{port: 0}]}, ", wrong) + "{ports: [{port: 81}]}]"
		problems := codes(planOf(policy("t", "", "a", port80)+overlay("o", "", rules), options).Problems)
		require.Equal(t, told, slices.Contains(problems, fmt.Sprintf("E11 o spec.egress[%d].ports[0]", wrong)), wrong)
		require.Contains(t, problems, "E06 o spec.egress[0].ports[0].port")
	}
}

// TestForgotten: a policy without podSelector may be an overlay that does not say so.
func TestForgotten(t *testing.T) {
	all := strings.Replace(policy("all", "", "", "[]"), "spec:\n", "spec:\n  podSelector: {}\n", 1)
	p := planOf(policy("t", "", "", "[]")+overlay("o", "", port80)+policy("f", "", "", port80)+policy("x", "", "x", "[]")+all+calico, Options{})
	require.Empty(t, p.Problems)
	require.Equal(t, []string{"W09 f spec"}, codes(p.Warnings))

	slip := strings.Replace(overlay("o", "", port80), "netpol-merge.networknt.com", "netpol-merge.networknt.org", 1)
	p = planOf(slip, Options{})
	require.Len(t, p.Problems, 1)
	require.Empty(t, p.Warnings, "what is wrong is said once")
}

func TestNearlyOurs(t *testing.T) {
	for _, key := range []string{
		merge.IntoAnnotation, "netpol-merge/into", "netpol-merge", "NetPol-Merge.networknt.com/Into", "netpolmerge.networknt.com/x",
		"netpol.networknt.com/into", "networknt.com/into", "netpol-mrge.networknt.com/into", "netpol-mrge.networknt.com/int",
		"netpol-merge.networknt.com/" + strings.Repeat("x", 80),
	} {
		require.True(t, isNearlyOurs(key), key)
	}
	for _, key := range []string{"", "into", "netpol-into", "app.kubernetes.io/name", "networknt.com/name", "example.com/into", "networkntinto", "netpol.com/into", "egress", "networkcom", strings.Repeat("netpol-merge/into", 8)} {
		require.False(t, isNearlyOurs(key), key)
	}
	for text, want := range map[string][]string{
		"labels: {" + merge.IntoAnnotation + ": ''}":           {"E15"},
		"annotations: {a: [{netpol-merge/into: ''}]}":          {"E15"},
		merge.IntoAnnotation + ": ''":                          {"E15"},
		"annotations: {" + merge.MergedFromAnnotation + ": a}": nil,
		"labels: {" + merge.MergedFromAnnotation + ": a}":      {"E15"},
	} {
		p := planOf(strings.Replace(policy("a", "", "x", "[]"), "metadata:\n", "metadata:\n  "+text+"\n", 1), Options{})
		require.Len(t, p.Problems, len(want), text)
	}
}

// TestOverlayFiles: all that is in such a file is an overlay, or an error.
func TestOverlayFiles(t *testing.T) {
	for text, want := range map[string][]string{
		"# note\n" + policy("o", "", "", port80):    nil,
		policy("o", "", "", port80) + "---\n# note": nil,
		policy("o", "", "", port80) + "---\n[]\n":   {"E12"},
		policy("o", "", "", port80) + "---\nnull\n": {"E12"},
		"kind: ConfigMap\n":                         {"E12 kind"},
		"a: [\n":                                    {"E01"},
	} {
		p := planOf(policy("proxy-allow", "", "x", "[]"), Options{Target: "proxy-allow", OverlayFiles: []manifest.Source{{Name: "o.yaml", Text: []byte(text)}}})
		require.ElementsMatch(t, want, codes(p.Problems), text)
	}
}
