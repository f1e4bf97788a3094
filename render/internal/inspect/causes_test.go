package inspect

import (
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/render/internal/strict"
)

// TestExplain: an error follows from a finding that is about the same field, or left out
// what the error misses.
func TestExplain(t *testing.T) {
	path := func(text string) *field.Path { return field.NewPath(text) }
	var none causes
	require.False(t, none.explain(field.Invalid(path("spec"), 1, "")))
	for _, test := range []struct {
		cause string
		err   *field.Error
		want  bool
	}{
		{"spec.egress[0].to[0].podSelector", field.Required(path("spec.egress[0].to[0]"), ""), true},
		{"spec.egress[0].to[0].podSelector", field.Forbidden(path("spec.egress[0].to[0]"), ""), true},
		{"spec.egress[0].to[0].podSelector", field.Forbidden(path("spec.egress[0].to[1]"), ""), false},
		{"spec.egress[0].to[0].podSelector", field.Forbidden(path("spec.egress[0]"), ""), true},
		{"spec.egress[0].to[0].podSelector", field.Forbidden(path("spec.egress[1]"), ""), false},
		{"spec.egress[0].to[0].podSelector", field.Forbidden(path("spec.egress[0].to[0].ipBlock"), ""), true},
		{"spec.egress[0].ports[0].port", field.Required(path("spec.egress[0].ports[0].protocol"), ""), true},
		{"spec.egress[0].ports[0].port", field.Invalid(path("spec.egress[0].ports[0].endPort"), 1, ""), true},
		{"spec.egress[0].ports[0].port", field.Invalid(path("spec.egress[0].ports[0].protocol"), 1, ""), false},
		{"spec.egress[0].ports[0].protocol", field.Invalid(path("spec.egress[0].ports[0].endPort"), 1, ""), false},
		{"spec.egress[0].ports[0].port", field.Invalid(path("spec.egress[0].ports"), 1, ""), true},
		{"spec.egress[0].ports[0].port", field.Forbidden(path("spec.egress[0].ports"), ""), false},
		{"metadata.labels[a]", field.Invalid(path("metadata.labels"), 1, ""), true},
		{"metadata.name", field.Required(path("metadata"), ""), true},
		{"metadata.name", field.Required(path("spec"), ""), false},
	} {
		var c causes
		c.add(strict.Finding{Error: field.Invalid(path(test.cause), 1, "")})
		require.Equal(t, test.want, c.explain(test.err), "%s: %v", test.cause, test.err)
	}
	var c causes
	c.add(strict.Finding{Error: field.Invalid(path("ports[0].port"), 1, "")})
	c.add(strict.Finding{Error: field.Invalid(path("ports[0].protocol"), 1, "")})
	require.True(t, c.explain(field.Invalid(path("ports[0].endPort"), 1, "")), "the port is still missing")
}
