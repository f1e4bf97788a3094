package strict_test

import (
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/yaml"

	"github.com/networknt/netpol-merge/merge/mergetest"
	"github.com/networknt/netpol-merge/render/internal/manifest"
	"github.com/networknt/netpol-merge/render/internal/strict"
)

// TestDecode compares our strict decoder with that of the API server, for policies in
// which every field of the type has been filled.
func TestDecode(t *testing.T) {
	filler := fuzzer.FuzzerFor(metafuzzer.Funcs, rand.NewSource(1), serializer.NewCodecFactory(runtime.NewScheme())).NilChance(.2).NumElements(1, 3)
	for range mergetest.Cases(200) {
		var filled, want, policy networkingv1.NetworkPolicy
		filler.Fill(&filled)
		text, err := yaml.Marshal(filled)
		require.NoError(t, err)
		d, err := manifest.ReadAgain(text)
		require.NoError(t, err, "%s", text)
		require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructured(d.Objects[0].Value, &want))

		findings := strict.Decode(d.Objects[0].Value, &policy, strict.Options{})

		require.Empty(t, findings, "%s", text)
		require.True(t, apiequality.Semantic.DeepEqual(want, policy), "%s\n%v\n%v", text, want, policy)
	}
}

// TestDecodeFinds: what is no field, or of a wrong type, is found, and left out.
func TestDecodeFinds(t *testing.T) {
	for text, want := range map[string]string{
		`{metadata: {ownerReferences: [{controller: 1}]}}`: "metadata.ownerReferences[0].controller: Invalid value: 1: must be true or false",
		`{metadata: {"": 1}}`:                              "metadata[]: Forbidden: unknown field",
		`{"": {name: x}}`:                                  ": Forbidden: unknown field",
		`{metadata: {creationTimestamp: now}}`:             `metadata.creationTimestamp: Invalid value: "now": must be a time`,
		`{spec: []}`:                                       "spec: Invalid value: must be a mapping, but is a list",
		`{spec: {egress: {}}}`:                             "spec.egress: Invalid value: must be a list, but is a mapping",
		`{spec: {podSelector: {matchLabels: [a]}}}`:        "spec.podSelector.matchLabels: Invalid value: must be a mapping, but is a list",
	} {
		var policy networkingv1.NetworkPolicy
		values := map[string]any{}
		require.NoError(t, yaml.Unmarshal([]byte(text), &values), text)
		findings := strict.Decode(values, &policy, strict.Options{})
		require.Len(t, findings, 1, text)
		require.Contains(t, findings[0].Error.Error(), want, text)
		require.True(t, apiequality.Semantic.DeepEqual(policy.Spec, networkingv1.NetworkPolicySpec{Egress: policy.Spec.Egress}), text)
	}
}
