package render

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
)

// TestDecode compares our strict decoder with that of the API server, for
// policies in which every field of the type has been filled.
func TestDecode(t *testing.T) {
	filler := fuzzer.FuzzerFor(metafuzzer.Funcs, rand.NewSource(1), serializer.NewCodecFactory(runtime.NewScheme())).NilChance(.2).NumElements(1, 3)
	for range mergetest.Cases(200) {
		var filled, want networkingv1.NetworkPolicy
		filler.Fill(&filled)
		text, err := yaml.Marshal(filled)
		require.NoError(t, err)
		m, err := parse(split(newStream(Source{Text: text}, 0))[0])
		require.NoError(t, err, "%s", text)
		require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructured(m.objects[0].value, &want))

		policy, findings := decode(m.objects[0], false)

		require.Empty(t, findings, "%s", text)
		require.True(t, apiequality.Semantic.DeepEqual(&want, policy), "%s\n%v\n%v", text, &want, policy)
	}
}
