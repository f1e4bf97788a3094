package merge

import (
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What is wrong is not looked for without end, neither in selectors nor in rules.
func TestValidateEnds(t *testing.T) {
	p := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: "a"}}
	p.Spec.PodSelector.MatchExpressions = make([]metav1.LabelSelectorRequirement, 2*mostInvalid)
	require.InDelta(t, mostInvalid, len(Validate(p)), 5)

	p.Spec.PodSelector.MatchExpressions = nil
	for range 2 * mostInvalid {
		p.Spec.Egress = append(p.Spec.Egress, networkingv1.NetworkPolicyEgressRule{Ports: portsOfNumbers(0)})
	}
	require.InDelta(t, mostInvalid, len(Validate(p)), 5)
}
