package hosts

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReasonsUnderHelm4: Helm 4 throws away what a plugin writes to standard error. The
// reason of each failure, of whatever exit code, stands in Helm's own output all the
// same, and nothing is applied.
func TestReasonsUnderHelm4(t *testing.T) {
	h := helms[1]
	record(t, "Helm", h.version, "plugin: the reason of each failure in Helm's output, nothing applied")
	namespace := api.namespace(t, "reasons")
	folder := t.TempDir()
	tight := policy(t, "tight", "", "labels: {}", "{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 443}]}]}")
	for name, test := range map[string]struct {
		args   []string // as --post-renderer-args=ARG
		more   []string // of Helm's own
		env    string
		reason string
	}{
		"wrong flag":               {args: []string{"--no-such-flag"}, reason: "\nnetpol-merge: unknown flag: --no-such-flag\n  hint: see netpol-merge --help\n"},
		"wrong flag of explain":    {args: []string{"explain", "--no-such-flag"}, reason: "\nnetpol-merge: unknown flag: --no-such-flag\n"},
		"wrong command":            {args: []string{"diff", "one"}, reason: "\nnetpol-merge: accepts 2 arg(s), received 1\n"},
		"left over":                {args: []string{"check"}, reason: "is still in the stream"},
		"missing ceiling":          {args: []string{"--ceiling=" + folder + "/none.yaml"}, reason: "\nnetpol-merge: stat " + folder + "/none.yaml: no such file or directory\n"},
		"empty folder of ceilings": {args: []string{"--ceiling=" + folder}, reason: "\nnetpol-merge: " + folder + ": no *.yaml, *.yml or *.json in this folder\n"},
		"unwritable report":        {args: []string{"--report=" + folder + "/none/report.json"}, reason: "\nnetpol-merge: write the report " + folder + "/none/report.json: no such file or directory\n"},
		"two flags in one":         {args: []string{"--strict --allow-ingress"}, reason: "\nnetpol-merge: one argument holds "},
		"two flags as two words":   {more: []string{"--post-renderer-args", "--strict --allow-ingress"}, reason: "\nnetpol-merge: one argument holds "},
		"a flag and its value":     {args: []string{"--namespace pets"}, reason: "\nnetpol-merge: one argument holds "},
		"bad truth":                {env: "NETPOL_MERGE_STRICT=maybe", reason: "\nnetpol-merge: invalid value \"maybe\" in NETPOL_MERGE_STRICT: it has to be true or false\n"},
		"no ceiling named":         {env: "NETPOL_MERGE_CEILING= ,", reason: "\nnetpol-merge: NETPOL_MERGE_CEILING is set, but names no file"},
		"refusal":                  {more: []string{"--set-json", badOverlay}, reason: "Invalid value: 70000: must be between 1 and 65535, inclusive (E06)\n"},
		"beyond the ceiling":       {args: []string{"--ceiling=" + tight}, reason: "spec.egress[0].ports[0]: Forbidden: TCP 8438 to any destination; the ceiling allows TCP 443 to any destination (E11)\n"},
	} {
		t.Run(name, func(t *testing.T) {
			arguments := append([]string{"install", "petstore", "charts/petstore", "--namespace", namespace, "--post-renderer", "netpol-merge"}, test.more...)
			for _, arg := range test.args {
				arguments = append(arguments, "--post-renderer-args="+arg)
			}
			env := environment(h)
			if test.env != "" {
				env = append(env, test.env)
			}
			stdout, stderr, err := run("", env, "helm", arguments...)
			require.Error(t, err, stdout)
			require.Contains(t, stderr, test.reason)
			require.Empty(t, api.policies(t, namespace))
			require.Zero(t, api.count(t, namespace, "secrets"), "no release, not even a failed one")
		})
	}
	require.NoFileExists(t, filepath.Join(folder, "none/report.json"))
}
