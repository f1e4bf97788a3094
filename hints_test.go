package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// hintCase is a golden case, and what its hint says to do about it: text that another
// one takes the place of in a file, or other arguments.
type hintCase struct {
	code, dir string
	hint      string // what the hint says, in part
	file      string // that is edited; empty for input.yaml
	replace   []string
	args      string // that come first; a "-" takes one away
}

// hintCases has one case for each code, E14 apart, whose hint is to run the program.
var hintCases = []hintCase{
	{code: "E01", dir: "1-stream/broken-overlay", hint: "fix the document", replace: []string{"   bad: [indent\n", ""}},
	{code: "E02", dir: "2-target/near-miss", hint: `did you mean "proxy-allow"?`, replace: []string{"proxy-alow", "proxy-allow"}},
	{code: "E03", dir: "2-target/namespace-unknown-two-targets", hint: "give the release's namespace (--namespace)", args: "--namespace=team-a"},
	{code: "E04", dir: "2-target/pods-other-refused", hint: `write the target's podSelector: {"matchLabels":{"app":"api"}}`, replace: []string{"app: other", "app: api"}},
	{code: "E05", dir: "3-fold/unknown-field-egress", hint: `did you mean "egress"?`, replace: []string{"egres:", "egress:"}},
	{code: "E06", dir: "5-failing/helm4-stream", hint: "use a number from 1 to 65535", replace: []string{"70000", "7000"}},
	{code: "E07", dir: "3-fold/annotation-on-a-misspelt-kind", hint: "did you mean kind: NetworkPolicy?", replace: []string{"NetworkPolicies", "NetworkPolicy"}},
	{code: "E08", dir: "2-target/hook-overlay-refused", hint: "remove the hook's annotations", replace: []string{"    helm.sh/hook: pre-install\n", ""}},
	{code: "E09", dir: "1-stream/list-in-a-list", hint: "move its items to the outer list", replace: []string{
		"- apiVersion: v1\n  kind: List\n  items:\n", "",
		"  - apiVersion: networking.k8s.io/v1\n    kind: NetworkPolicy\n    metadata", "- apiVersion: networking.k8s.io/v1\n  kind: NetworkPolicy\n  metadata",
		"    spec: {egress", "  spec: {egress"}},
	{code: "E10", dir: "3-fold/guard-open-rule", hint: "list the ports, or name a smaller network or fewer pods", replace: []string{"- {}", "- {ports: [{port: 5432}]}", "- to: []\n    ports:", "- ports: [{port: 9092}]"}},
	{code: "E11", dir: "3-fold/ceiling-without-ingress", hint: "have the platform team raise the ceiling", file: "ceiling.yaml", replace: []string{
		"spec:\n", "spec:\n  ingress:\n  - from: [{ipBlock: {cidr: 10.0.0.0/8}}]\n    ports: [{port: 9090}]\n"}},
	{code: "E12", dir: "2-target/overlay-file-not-a-policy", hint: "keep only NetworkPolicies in this file", file: "overlay.yaml", replace: []string{
		"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n", "", "---\njust text\n", ""}},
	{code: "E13", dir: "1-stream/comments-only-required", hint: "accept an empty input (without --require-input)", args: "- "},
	{code: "E15", dir: "3-fold/guard-misspelt-annotation", hint: "did you mean the annotation netpol-merge.networknt.com/into?", replace: []string{"/int:", "/into:"}},
	{code: "E16", dir: "3-fold/ceiling-none-counts", hint: "add a ceiling that selects all of these pods", args: "--ceiling=../../proxy-allow.yaml"},
	{code: "E16", dir: "3-fold/ceiling-other-vendor", hint: "take it out of this stream", replace: []string{vendorPolicy, ""}},
	{code: "W01", dir: "5-failing/warning-no-rules", hint: "add what it was meant to open", replace: []string{"egress: []", "egress: [{ports: [{port: 5432}]}]"}},
	{code: "W02", dir: "3-fold/isolation-not-isolated", hint: "write policyTypes: [Ingress, Egress] in it", replace: []string{"policyTypes: [Ingress]", "policyTypes: [Ingress, Egress]"}},
	{code: "W03", dir: "5-failing/warning-reopened-by-a-wider-network", hint: "except the same networks", replace: []string{
		"        cidr: 10.0.0.0/8\n    ports:\n    - port: 5432\n", "        cidr: 10.0.0.0/8\n        except: [10.1.0.0/16]\n    ports:\n    - port: 5432\n"}},
	{code: "W04", dir: "5-failing/warning-stray-dash", hint: "remove the '-' before ports", replace: []string{"  - ports:\n    - port: 5432", "    ports:\n    - port: 5432"}},
	{code: "W06", dir: "5-failing/warning-service-port", hint: "write port: 15432", replace: []string{"    - port: 5432\n", "    - port: 15432\n"}},
	{code: "W09", dir: "5-failing/warning-forgotten-annotation", hint: "an overlay has the annotation netpol-merge.networknt.com/into", replace: []string{
		"  name: petstore-db\n", "  name: petstore-db\n  annotations:\n    netpol-merge.networknt.com/into: proxy-allow\n"}},
}

const vendorPolicy = `---
# Source: petstore/templates/cilium.yaml
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata:
  name: open
spec:
  endpointSelector: {}
  egress:
  - toEntities: [all]
`

// TestHints: who does what a hint says is rid of the problem, and gets no other one.
func TestHints(t *testing.T) {
	codes := []string{"E14"} // TestHintOfCheck
	for _, c := range hintCases {
		codes = append(codes, c.code)
		t.Run(c.code+" "+c.dir, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "testdata", c.dir)
			require.NoError(t, os.CopyFS(folder, os.DirFS(filepath.Join("testdata", c.dir))))
			write(t, filepath.Join(folder, "..", "..", "proxy-allow.yaml"), read(t, "testdata/proxy-allow.yaml"))
			t.Chdir(folder)
			args := strings.Fields(read(t, "args"))
			_, stderr, _ := call(read(t, "input.yaml"), args...)
			require.Contains(t, stderr, "("+c.code+")")
			require.Contains(t, stderr, "hint: ")
			require.Contains(t, stderr, c.hint)

			c.edit(t)
			if c.args == "- " {
				args = args[1:]
			} else if c.args != "" {
				args = append(args, c.args)
			}
			_, stderr, code := call(read(t, "input.yaml"), args...)
			require.Equal(t, exitDone, code, stderr)
			require.Empty(t, stderr)
		})
	}
	slices.Sort(codes)
	require.Equal(t, codesIn(t, `"([EW]\d\d)"`, "render/report/code.go"), slices.Compact(codes))
}

func (c hintCase) edit(t *testing.T) {
	file := c.file
	if file == "" {
		file = "input.yaml"
	}
	before := read(t, file)
	after := strings.NewReplacer(c.replace...).Replace(before)
	require.Equal(t, len(c.replace) > 0, before != after, "the edit changes nothing")
	write(t, file, after)
}

// TestHintOfCheck: what check finds is gone once netpol-merge has run.
func TestHintOfCheck(t *testing.T) {
	input := read(t, "testdata/2-target/by-name/input.yaml")
	_, stderr, code := call(input, "check")
	require.Equal(t, exitRefused, code)
	require.Contains(t, stderr, "(E14)")
	require.Contains(t, stderr, "hint: a step of the pipeline forgot to run netpol-merge")
	merged, _, _ := call(input)
	_, stderr, code = call(merged, "check")
	require.Equal(t, exitDone, code, stderr)
}
