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

// TestReports checks over generated cases that the effective policy of a report
// is the policy that was written, that its forms agree, and that JSON is as the
// schema says.
func TestReports(t *testing.T) {
	schema := compileSchema(t)
	targets, outcomes := 0, map[report.Outcome]int{}
	for seed := range uint64(mergetest.Cases(300)) {
		result, err := (&render.Renderer{AllowIngress: true}).Merge(render.Source{Name: "stdin", Text: generatedStream(t, seed)})
		if err != nil {
			requireSchema(t, schema, render.ReportError(err)) // an open rule
			continue
		}
		said := requireSchema(t, schema, result.Report())
		var merged bytes.Buffer
		_, err = result.WriteTo(&merged)
		require.NoError(t, err)
		for _, target := range said.Targets {
			targets++
			var policy networkingv1.NetworkPolicy
			require.NoError(t, yaml.Unmarshal(merged.Bytes(), &policy))
			requireSamePolicy(t, &policy, target)
			want := rowsOfJSON(target)
			require.Equal(t, want, rowsOfText(said.Text(render.TextStyle{})), "seed %d", seed)
			require.Equal(t, want, rowsOfMarkdown(said.Markdown()), "seed %d", seed)
			requirePicture(t, said.Markdown(), target)
			require.NotEmpty(t, said.Text(render.TextStyle{Width: int(seed%60) - 10, Colour: true}), "any width will do")
			for _, request := range target.Requests {
				outcomes[request.Outcome]++
				require.Equal(t, request.Outcome == report.Added, isIn(target, request), "seed %d: %+v", seed, request)
			}
		}
	}
	require.Greater(t, targets, 50)
	require.Len(t, outcomes, 3)
}

func generatedStream(t *testing.T, seed uint64) []byte {
	g := mergetest.New(seed)
	target, overlays := g.Target(), mergetest.Some(g, 4, g.Overlay)
	target.Name = "proxy-allow"
	var stream bytes.Buffer
	for i, policy := range append([]*networkingv1.NetworkPolicy{target}, overlays...) {
		policy.Kind, policy.APIVersion = "NetworkPolicy", "networking.k8s.io/v1"
		if i > 0 {
			policy.Name = fmt.Sprint("overlay-", i)
			if seed%3 == 0 && i == 1 {
				policy.Name = target.Name
			}
			policy.Annotations = map[string]string{merge.IntoAnnotation: ""}
		}
		text, err := yaml.Marshal(policy)
		require.NoError(t, err)
		// An overlay that names its target's pods has to name the same.
		text = bytes.ReplaceAll(text, []byte("  podSelector: {}\n"), nil)
		fmt.Fprintf(&stream, "---\n# Source: api/templates/%d.yaml\n%s", i/2, text)
	}
	return bytes.Replace(stream.Bytes(), []byte("spec:"), []byte("spec:\n  podSelector: {}"), 1)
}

// requireSchema checks the JSON form and returns what a program reads from it.
func requireSchema(t *testing.T, schema *jsonschema.Schema, report *render.Report) *render.Report {
	text, err := report.JSON()
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(value), string(text))
	var read render.Report
	require.NoError(t, json.Unmarshal(text, &read))
	return &read
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	text, err := os.ReadFile("../docs/report.schema.json")
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
func requireSamePolicy(t *testing.T, policy *networkingv1.NetworkPolicy, target render.TargetReport) {
	var rules []merge.Rule
	for _, rule := range target.Rules {
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
	for _, direction := range merge.Directions() {
		require.Equal(t, merge.Isolates(policy, direction), contains(target.Isolates, direction))
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

func contains(types []networkingv1.PolicyType, direction networkingv1.PolicyType) bool {
	return slices.Contains(types, direction)
}

// isIn tells whether what an overlay asked for stands in the merged policy.
func isIn(target render.TargetReport, request report.Request) bool {
	for _, rule := range target.Rules {
		for _, port := range rule.Ports {
			if port.Overlay && port.Name == request.Name && port.Field == request.Field {
				return true
			}
		}
	}
	return false
}

// rowsOfJSON are the rows that a table should have.
func rowsOfJSON(target render.TargetReport) (rows []string) {
	for _, direction := range merge.Directions() {
		before := len(rows)
		for _, rule := range target.Rules {
			for _, port := range rule.Ports {
				if rule.Direction == direction {
					rows = append(rows, fmt.Sprintf("%t/%s/%s/%s/%s/%d", port.Overlay, strings.ToLower(string(direction)), rule.Peer, port.Words, port.Name, port.Line))
				}
			}
		}
		all := ""
		if !contains(target.Isolates, direction) {
			all = "everything: not isolated"
		} else if len(rows) == before {
			all = "nothing"
		}
		if all != "" {
			rows = append(rows, fmt.Sprintf("false/%s/%s///", strings.ToLower(string(direction)), all))
		}
	}
	return rows
}

// rowsOfText reads the table of a report that has one target.
func rowsOfText(text string) (rows []string) {
	lines := strings.Split(text, "\n")
	for lines[0] != "" {
		lines = lines[1:]
	}
	head := lines[1]
	peerAt, portsAt, byAt, lineAt := strings.Index(head, "FROM / TO"), strings.Index(head, "PORTS"), strings.Index(head, "ALLOWED BY"), len(head)-5
	var direction, peer string
	var parts []string
	for _, line := range lines[2:] {
		if line == "" {
			break
		}
		line += strings.Repeat(" ", len(head))
		column := func(from, to int) string { return strings.TrimSpace(line[from:to]) }
		if column(2, peerAt) != "" {
			direction, parts = column(2, peerAt), nil
		}
		if column(peerAt, portsAt) != "" {
			parts = append(parts, column(peerAt, portsAt))
		}
		if column(byAt, lineAt) == "" && column(2, peerAt) == "" { // more of the peer above
			old := "/" + peer + "/"
			peer = strings.Join(parts, " ")
			rows[len(rows)-1] = strings.Replace(rows[len(rows)-1], old, "/"+peer+"/", 1)
			continue
		}
		peer = strings.Join(parts, " ")
		rows = append(rows, fmt.Sprintf("%t/%s/%s/%s/%s/%s", line[0] == '+', direction, peer, column(portsAt, byAt), column(byAt, lineAt), strings.TrimSpace(line[lineAt:])))
	}
	return rows
}

// rowsOfMarkdown reads the table of a report that has one target.
func rowsOfMarkdown(text string) (rows []string) {
	_, table, _ := strings.Cut(text, "|---:|\n")
	for line := range strings.Lines(table) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), " | ")
		cells[5] = strings.TrimSuffix(cells[5], " |")
		row := fmt.Sprintf("%t/%s", strings.Contains(cells[0], "+"), strings.Join(cells[1:], "/"))
		rows = append(rows, regexp.MustCompile(`\\(.)`).ReplaceAllString(row, "$1"))
	}
	return rows
}

// requirePicture checks that every port stands on an arrow of its own kind.
func requirePicture(t *testing.T, markdown string, target render.TargetReport) {
	for _, rule := range target.Rules {
		for _, port := range rule.Ports {
			_, number, _ := strings.Cut(port.Words, " ")
			arrow := `-->\|"[^"]*\b` + regexp.QuoteMeta(number) + `\b[^"]*"\| `
			if port.Overlay {
				arrow = `==>\|"[^"]*\b` + regexp.QuoteMeta(number) + `\b[^"]* \(from ` + port.Name + `\)"\| `
			}
			if rule.Direction == "Ingress" {
				arrow = `peer\d+ ` + arrow + "pods"
			} else {
				arrow = "pods " + arrow + `peer\d+`
			}
			require.Regexp(t, arrow, markdown)
		}
	}
}
