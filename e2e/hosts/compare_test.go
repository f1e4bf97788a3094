package hosts

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// rendered is what the other ways of adding a rule start from.
const rendered = `---
# Source: petstore/templates/policy.yaml
# Reviewed by the platform team.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: proxy-allow
spec:
    podSelector:
        matchLabels: {app: petstore}
    policyTypes: [Egress]
    egress:
    -   ports: # DNS
        -   port: 53
            protocol: UDP
---
# Source: petstore/templates/configmap.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: petstore}
data: {key:   "value"} # as written
`

// way is a way of letting an API out at one more port: it adds a rule, given in
// one line as JSON, to the policy of a name.
type way func(t *testing.T, target, rule string) (stdout, stderr string, err error)

var ways = map[string]way{
	"JSON patch": func(t *testing.T, target, rule string) (string, string, error) {
		folder := t.TempDir()
		write(t, folder+"/rendered.yaml", rendered)
		write(t, folder+"/kustomization.yaml", `resources: [rendered.yaml]
patches:
- target: {kind: NetworkPolicy, name: `+target+`}
  patch: '[{"op": "add", "path": "/spec/egress/-", "value": `+rule+`}]'
`)
		return run("", environment(helms[0]), "kustomize", "build", folder)
	},
	"yq script": func(t *testing.T, target, rule string) (string, string, error) {
		path := t.TempDir() + "/rendered.yaml"
		write(t, path, rendered)
		script := `select(.kind == "NetworkPolicy" and .metadata.name == "` + target + `").spec.egress += [` + rule + `]`
		return run("", environment(helms[0]), "yq", script, path)
	},
	"extraEgress": func(t *testing.T, _, rule string) (string, string, error) {
		chart := t.TempDir()
		write(t, chart+"/Chart.yaml", "apiVersion: v2\nname: petstore\nversion: 0.1.0\n")
		write(t, chart+"/templates/policy.yaml", strings.Replace(rendered, "            protocol: UDP\n",
			"            protocol: UDP\n    {{- with .Values.extraEgress }}\n    {{- toYaml . | nindent 4 }}\n    {{- end }}\n", 1))
		return run("", environment(helms[0]), "helm", "template", "petstore", chart, "--set-json", "extraEgress=["+rule+"]")
	},
	"second policy": func(t *testing.T, _, rule string) (string, string, error) {
		return rendered + strings.ReplaceAll(overlay("petstore-db", "", rule), "  annotations:\n    netpol-merge.networknt.com/into: ''\n", ""), "", nil
	},
	"netpol-merge": func(t *testing.T, target, rule string) (string, string, error) {
		path := t.TempDir() + "/rendered.yaml"
		write(t, path, rendered+overlay("petstore-db", target, rule))
		return run("", environment(helms[0]), "netpol-merge", path)
	},
}

func overlay(name, target, rule string) string {
	return "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: " + name +
		"\n  annotations:\n    netpol-merge.networknt.com/into: '" + target + "'\nspec:\n  podSelector: {matchLabels: {app: petstore}}\n  policyTypes: [Egress]\n  egress: [" + rule + "]\n"
}

// TestComparison holds the table "How it compares" of the README.
func TestComparison(t *testing.T) {
	record(t, "kustomize, yq", "5.8.2, 4.54.3", "README: the table that compares")
	const postgres = `{"ports": [{"port": 5432}]}`
	for name, add := range ways {
		t.Run(name, func(t *testing.T) {
			ours := name == "netpol-merge"
			added, stderr, err := add(t, "proxy-allow", postgres)
			require.NoError(t, err, stderr)
			require.Contains(t, added, "5432")
			objects := 1
			if name == "second policy" {
				objects = 2
			}
			require.Equal(t, objects, strings.Count(added, "kind: NetworkPolicy"), "objects in the cluster")
			require.Equal(t, ours, strings.Contains(added, "# from petstore-db") && strings.Contains(added, "merged-from: petstore-db"), "who added it")

			dns, _, err := add(t, "proxy-allow", `{"ports": [{"port": 53, "protocol": "UDP"}]}`)
			require.NoError(t, err)
			require.Equal(t, ours, strings.Count(dns, "53") == 1, "the port is there already:\n%s", dns)

			for what, rule := range map[string]string{
				"opens everything": `{}`,
				"ports misspelt":   `{"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}], "port": [{"port": 5432}]}`,
			} {
				_, _, err = add(t, "proxy-allow", rule)
				require.Equal(t, ours, err != nil, what)
			}

			misspelt, _, err := add(t, "proxy-alow", postgres)
			require.Equal(t, ours, err != nil, "the target's name is misspelt")
			if name == "JSON patch" || name == "yq script" {
				require.NotContains(t, misspelt, "5432")
			}
			requireKept(t, name, added)
		})
	}
}

// requireKept checks what becomes of comments, order and spacing of the rest.
func requireKept(t *testing.T, name, added string) {
	const comment, spacing = "# Reviewed by the platform team.", `data: {key:   "value"} # as written`
	switch name {
	case "JSON patch":
		require.NotContains(t, added, comment)
		require.Less(t, strings.Index(added, "ConfigMap"), strings.Index(added, "NetworkPolicy"), "the order is another")
	case "yq script":
		require.Contains(t, added, comment)
		require.NotContains(t, added, spacing)
	default:
		require.Contains(t, added, comment)
		require.Contains(t, added, spacing)
		require.Less(t, strings.Index(added, "NetworkPolicy"), strings.Index(added, "ConfigMap"))
	}
}
