package render_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/merge/mergetest"
	"github.com/networknt/netpol-merge/render"
	"github.com/networknt/netpol-merge/render/report"
)

// TestLargeReport: JSON that no person reads is not indented.
func TestLargeReport(t *testing.T) {
	for n, lines := range map[int]int{10: 50, 100_000: 1} {
		said := report.New(nil)
		said.Others = slices.Repeat([]report.Object{{Kind: "CiliumNetworkPolicy", Name: "a\x7fb"}}, n)
		text, err := said.JSON()
		require.NoError(t, err)
		require.GreaterOrEqual(t, strings.Count(string(text), "\n"), lines)
		require.Less(t, strings.Count(string(text), "\n"), lines+50)
		require.Equal(t, n, strings.Count(string(text), `a\u007fb`))
		var again report.Report
		require.NoError(t, json.Unmarshal(text, &again))
		require.Equal(t, said.Others, again.Others)
	}
}

// TestReports checks over generated cases that a report has every policy that was
// written, with its rules, that its forms agree, and that JSON is as the schema says.
func TestReports(t *testing.T) {
	schema := compileSchema(t, "../docs/report.schema.json")
	policies, groups, outcomes := 0, map[int]int{}, map[report.Outcome]int{}
	for seed := range uint64(mergetest.Cases(300)) {
		result, err := (&render.Renderer{AllowIngress: true}).Merge(render.Source{Name: "stdin", Text: generatedStream(t, seed)})
		if err != nil {
			requireReportSchema(t, schema, render.ReportError(err)) // an open rule
			continue
		}
		said := requireReportSchema(t, schema, result.Report())
		alone, err := (&render.Renderer{AllowIngress: true}).Explain(render.Source{Name: "stdin", Text: generatedStream(t, seed)})
		require.NoError(t, err)
		require.Equal(t, said, requireReportSchema(t, schema, alone))
		written := policiesIn(t, result)
		for _, group := range said.Groups {
			groups[len(group.Policies)]++
			for _, policy := range group.Policies {
				policies++
				require.Contains(t, written, policy.Name)
				requireSamePolicy(t, written[policy.Name], group, policy)
				delete(written, policy.Name)
				for _, request := range policy.Requests {
					outcomes[request.Outcome]++
					require.Equal(t, request.Outcome == report.Added, isIn(policy, request), "seed %d: %+v", seed, request)
					require.LessOrEqual(t, len(request.AllowedBy), 10)
				}
			}
			requirePicture(t, said.Markdown(), group)
		}
		require.Empty(t, written, "every policy is explained")
		want := rowsOfJSON(said)
		require.Equal(t, want, rowsOfText(said.Text()), "seed %d", seed)
		require.Equal(t, want, rowsOfText(said.Markdown()), "seed %d", seed)
	}
	require.Greater(t, policies, 100)
	require.Greater(t, groups[2], 10)
	require.Len(t, outcomes, 3)
}

// policiesIn are the policies that were written, by name.
func policiesIn(t *testing.T, result *render.Result) map[string]*networkingv1.NetworkPolicy {
	var merged bytes.Buffer
	_, err := result.WriteTo(&merged)
	require.NoError(t, err)
	written := map[string]*networkingv1.NetworkPolicy{}
	for text := range strings.SplitSeq(merged.String(), "---\n") {
		policy := &networkingv1.NetworkPolicy{}
		require.NoError(t, yaml.Unmarshal([]byte(text), policy))
		if policy.Name != "" {
			written[policy.Name] = policy
		}
	}
	return written
}

// generatedStream is a target, overlays of it and more policies, some of them for the same
// pods.
func generatedStream(t *testing.T, seed uint64) []byte {
	g := mergetest.New(seed)
	policies := append([]*networkingv1.NetworkPolicy{g.Target()}, mergetest.Some(g, 4, g.Overlay)...)
	others := len(policies)
	policies = append(policies, mergetest.Some(g, 3, g.Target)...)
	var stream bytes.Buffer
	for i, policy := range policies {
		policy.Kind, policy.APIVersion = "NetworkPolicy", "networking.k8s.io/v1"
		switch {
		case i == 0:
			policy.Name = "proxy-allow"
		case i >= others:
			policy.Name = fmt.Sprint("other-", i)
			if i%2 == 0 {
				policy.Spec.PodSelector.MatchLabels = map[string]string{"app": "web"}
			}
		default:
			policy.Name = fmt.Sprint("overlay-", i)
			if seed%3 == 0 && i < 3 {
				policy.Name = "proxy-allow"
			}
			policy.Annotations = map[string]string{merge.IntoAnnotation: ""}
		}
		text, err := yaml.Marshal(policy)
		require.NoError(t, err)
		if 0 < i && i < others {
			// An overlay that names its target's pods has to name the same.
			text = bytes.ReplaceAll(text, []byte("  podSelector: {}\n"), nil)
		}
		fmt.Fprintf(&stream, "---\n# Source: api/templates/%d.yaml\n%s", i/2, text)
	}
	return stream.Bytes()
}

// requireReportSchema checks the JSON form and returns what a program reads from it.
func requireReportSchema(t *testing.T, schema *jsonschema.Schema, report *render.Report) *render.Report {
	text, err := report.JSON()
	require.NoError(t, err)
	var read render.Report
	requireSchema(t, schema, text, &read)
	return &read
}

func requireSchema(t *testing.T, schema *jsonschema.Schema, text []byte, into any) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(value), string(text))
	require.NoError(t, json.Unmarshal(text, into))
}

func compileSchema(t *testing.T, path string) *jsonschema.Schema {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("schema.json", document))
	schema, err := compiler.Compile("schema.json")
	require.NoError(t, err)
	return schema
}

// requireSamePolicy checks that the report's rules are those of the policy.
func requireSamePolicy(t *testing.T, policy *networkingv1.NetworkPolicy, group report.Group, said report.Policy) {
	var rules []merge.Rule
	for _, rule := range said.Rules {
		var ports []networkingv1.NetworkPolicyPort
		for _, port := range rule.Ports {
			if port.Port != nil {
				ports = append(ports, *port.Port)
			}
		}
		rules = append(rules, merge.Rule{Peers: rule.Peers, Ports: ports})
	}
	written := append(merge.Rules(policy, "Ingress"), merge.Rules(policy, "Egress")...)
	require.Equal(t, asYAML(t, written), asYAML(t, rules))
	require.Equal(t, merge.PodsKey(&policy.Spec.PodSelector), merge.PodsKey(&group.PodSelector))
	for _, direction := range merge.Directions() {
		require.Equal(t, mergetest.Isolated(policy, direction), slices.Contains(said.Isolates, direction))
		if slices.Contains(said.Isolates, direction) {
			require.Contains(t, group.Isolates, direction)
		}
	}
}

func asYAML(t *testing.T, rules []merge.Rule) string {
	var b strings.Builder
	for _, rule := range rules {
		text, err := yaml.Marshal(networkingv1.NetworkPolicyEgressRule{To: rule.Peers, Ports: rule.Ports})
		require.NoError(t, err)
		b.Write(text)
	}
	return b.String()
}

// isIn reports whether what an overlay asked for stands in the merged policy.
func isIn(policy report.Policy, request report.Request) bool {
	for _, rule := range policy.Rules {
		for _, port := range rule.Ports {
			if port.Source == request.Source && port.Field == request.Field {
				return true
			}
		}
	}
	return false
}

// nameOf is how a source of a group is told from the others.
func nameOf(group report.Group, source report.Source) string {
	sameName := 0
	for _, policy := range group.Policies {
		for _, other := range policy.Sources {
			if other.Name == source.Name {
				sameName++
			}
		}
	}
	if sameName > 1 {
		return fmt.Sprintf("%s (%s)", source.Name, source.Template)
	}
	return source.Name
}

// rowsOfJSON are the rows that the tables should have.
func rowsOfJSON(said *render.Report) (rows []string) {
	for _, group := range said.Groups {
		for _, direction := range merge.Directions() {
			before := len(rows)
			for _, policy := range group.Policies {
				for _, rule := range policy.Rules {
					for _, port := range rule.Ports {
						if rule.Direction == direction && slices.Contains(policy.Isolates, direction) {
							name := nameOf(group, policy.Sources[port.Source])
							rows = append(rows, fmt.Sprintf("%s|%s|%s|%s|%s|%d", markOf(port), strings.ToLower(string(direction)), rule.Peer, port.Words, name, port.Line))
						}
					}
				}
			}
			all := ""
			if !slices.Contains(group.Isolates, direction) {
				all = "everything: not isolated"
			} else if len(rows) == before {
				all = "nothing"
			}
			if all != "" {
				rows = append(rows, fmt.Sprintf(" |%s|%s|||", strings.ToLower(string(direction)), all))
			}
		}
	}
	return rows
}

func markOf(port report.Port) string {
	if port.Source > 0 {
		return "+"
	}
	return " "
}

// rowsOfText reads the tables of a report.
func rowsOfText(text string) (rows []string) {
	gap := regexp.MustCompile(` {2,}`)
	direction, peer, isTable := "", "", false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "  DIRECTION ") || line == "" || line == "```" {
			isTable = strings.HasPrefix(line, "  DIRECTION ")
			continue
		}
		if !isTable {
			continue
		}
		cells := gap.Split(line[2:], -1)
		if cells[0] == "" { // of the rule above
			cells = append([]string{direction, peer}, cells[1:]...)
		}
		direction, peer = cells[0], cells[1]
		if len(cells) == 2 && len(peer) > 60 { // which has a line to itself
			continue
		}
		cells = append(cells, "", "", "")[:5]
		rows = append(rows, line[:1]+"|"+strings.Join(cells, "|"))
	}
	return rows
}

// requirePicture checks that every port stands on an arrow of its own kind.
func requirePicture(t *testing.T, markdown string, group report.Group) {
	for _, policy := range group.Policies {
		for _, rule := range policy.Rules {
			if !slices.Contains(policy.Isolates, rule.Direction) {
				continue
			}
			for _, port := range rule.Ports {
				_, number, _ := strings.Cut(port.Words, " ")
				label := `\|"[^"]*\b` + regexp.QuoteMeta(number) + `\b[^"]*`
				arrow := `-->` + label
				if port.Source > 0 {
					arrow = `==>` + label
				}
				arrow += regexp.QuoteMeta(" (from "+nameOf(group, policy.Sources[port.Source])) + `\)"\| `
				if rule.Direction == "Ingress" {
					arrow = `peer\d+ ` + arrow + "pods"
				} else {
					arrow = "pods " + arrow + `peer\d+`
				}
				require.Regexp(t, arrow, markdown)
			}
		}
	}
}
