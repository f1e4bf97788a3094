package merge

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestFieldsAreUnderstood fails when an update of k8s.io/api brings a field that the
// fold does not know. The checks of package render would let it in, as they go by
// the same Go types, and the fold would drop it: a peer that is narrowed by it would
// become a wider one.
func TestFieldsAreUnderstood(t *testing.T) {
	for _, known := range []struct {
		value  any
		fields string
	}{
		{networkingv1.NetworkPolicySpec{}, "egress ingress podSelector policyTypes"},
		{networkingv1.NetworkPolicyIngressRule{}, "from ports"},
		{networkingv1.NetworkPolicyEgressRule{}, "ports to"},
		{networkingv1.NetworkPolicyPort{}, "endPort port protocol"},
		{networkingv1.NetworkPolicyPeer{}, "ipBlock namespaceSelector podSelector"},
		{networkingv1.IPBlock{}, "cidr except"},
		{metav1.LabelSelector{}, "matchExpressions matchLabels"},
		{metav1.LabelSelectorRequirement{}, "key operator values"},
	} {
		var fields []string
		for f := range reflect.TypeOf(known.value).Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			fields = append(fields, name)
		}
		slices.Sort(fields)
		require.Equal(t, known.fields, strings.Join(fields, " "), "%T: teach the fold, the judge of mergetest and this list; see docs/architecture.md", known.value)
	}
}
