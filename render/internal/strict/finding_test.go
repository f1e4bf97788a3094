package strict

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
)

func TestNearest(t *testing.T) {
	fields := []string{"egress", "ingress", "podSelector", "policyTypes", "to"}
	for word, want := range map[string]string{
		"egres": "egress", "EGRESS": "egress", "podselectors": "podSelector", "polcyTpes": "policyTypes", "ot": "", "foo": "", "tos": "to", "x": "", "ingess": "ingress",
		"podSlectr": "podSelector", "something": "", "": "", "egress" + strings.Repeat("x", 300): "",
	} {
		require.Equal(t, want, Nearest(word, fields), word)
	}
	long := strings.Repeat("x", 300)
	require.Empty(t, Nearest(long, []string{long}))
	require.Empty(t, Nearest("x", []string{long}))
}

// TestDecodeEnds: however much is wrong, and of whatever kind, a thousand findings do.
func TestDecodeEnds(t *testing.T) {
	labels, fields, items := map[string]any{}, map[string]any{}, make([]any, 2*MostFindings)
	for i := range 2 * MostFindings {
		labels[fmt.Sprint(i)], fields[fmt.Sprint(i)] = int64(1), "x"
	}
	for _, values := range []map[string]any{
		{"metadata": map[string]any{"labels": labels}}, {"spec": fields}, {"spec": map[string]any{"egress": items}},
	} {
		var policy networkingv1.NetworkPolicy
		require.Len(t, Decode(values, &policy, Options{}), MostFindings+1)
	}
}

// TestDecodeWrong: what is wrong leaves its field empty, and nothing else.
func TestDecodeWrong(t *testing.T) {
	var policy networkingv1.NetworkPolicy
	findings := Decode(map[string]any{
		"metadata": map[string]any{"name": 3.5e+08, "deletionGracePeriodSeconds": "x", "generation": int64(1) << 40},
		"spec": map[string]any{"egress": []any{map[string]any{
			"to":    []any{map[string]any{"podSelector": map[string]any{"x": "y", "matchLabels": map[string]any{"a": "b"}}, "ipBlock": "x"}},
			"ports": []any{map[string]any{"endPort": int64(1) << 40, "port": int64(1) << 40}},
		}}},
	}, &policy, Options{Written: func(path string) (string, bool) { return "3.5e+08", path == "metadata.name" }})
	hints := map[string]string{}
	for _, f := range findings {
		hints[f.Field] = f.Hint
	}
	require.Equal(t, map[string]string{
		"metadata.name":                       `put it in quotes, "350000000"; in a template, quote does so, and the value has to be in quotes in values.yaml, too`,
		"metadata.deletionGracePeriodSeconds": "",
		"spec.egress[0].to[0].podSelector.x":  "the fields here are matchExpressions, matchLabels; check the indentation",
		"spec.egress[0].to[0].ipBlock":        "check the indentation",
		"spec.egress[0].ports[0].endPort":     "",
		"spec.egress[0].ports[0].port":        "",
	}, hints)
	require.Nil(t, policy.DeletionGracePeriodSeconds, "none is not 0")
	peer := policy.Spec.Egress[0].To[0]
	require.Nil(t, peer.IPBlock, "none is not an empty one")
	require.Equal(t, map[string]string{"a": "b"}, peer.PodSelector.MatchLabels, "what is known of it")
	require.Nil(t, policy.Spec.Egress[0].Ports[0].EndPort)
}
