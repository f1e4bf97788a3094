package merge_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"

	"github.com/networknt/netpol-merge/merge"
)

// TestGuardOtherWords: what says "everything" in other words is refused, and told where
// it is and what it is; what is nearly as wide is not.
func TestGuardOtherWords(t *testing.T) {
	for _, test := range []struct{ name, rules, want string }{
		{"whole range", "[{ports: [{port: 443}, {port: 1, endPort: 65535}]}]", "spec.egress[0].ports[1]: Forbidden: opens all of TCP to any peer"},
		{"ranges add up", "[{ports: [{port: 1, endPort: 99}, {port: 100, endPort: 65535}]}]", "spec.egress[0]: Forbidden: opens all of TCP to any peer"},
		{"two rules add up", "[{ports: [{port: 1, endPort: 99}]}, {ports: [{port: 9}]}, {ports: [{port: 90, endPort: 65535}]}]", "spec.egress[0]: Forbidden: opens all of TCP to any peer, together with spec.egress[2]"},
		{"all IPv4", "[{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]", "spec.egress[0]: Forbidden: opens all ports to every IPv4 address"},
		{"all IPv6", "[{to: [{ipBlock: {cidr: '::/0'}}], ports: [{protocol: UDP}, {port: 1}]}]", "spec.egress[0].ports[0]: Forbidden: opens all of UDP to every IPv6 address"},
		{"halves", "[{to: [{ipBlock: {cidr: 0.0.0.0/1}}, {ipBlock: {cidr: 128.0.0.0/1}}], ports: [{protocol: UDP}, {}]}]", "spec.egress[0]: Forbidden: opens all of TCP and UDP to every IPv4 address"},
		{"halves in two rules", "[{to: [{ipBlock: {cidr: 0.0.0.0/1}}]}, {to: [{ipBlock: {cidr: 128.0.0.0/1}}], ports: [{}]}]", "spec.egress[0]: Forbidden: opens all of TCP to every IPv4 address, together with spec.egress[1]"},
		{"an exception let in again", "[{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}, {ipBlock: {cidr: 10.0.0.0/7}}]}]", "spec.egress[0]: Forbidden: opens all ports to every IPv4 address"},
		{"any peer and a family", "[{ports: [{port: 1, endPort: 99}]}, {to: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 100, endPort: 65535}]}]", "spec.egress[0]: Forbidden: opens all of TCP to every IPv4 address, together with spec.egress[1]"},
		{"all namespaces", "[{to: [{namespaceSelector: {}}]}]", "spec.egress[0]: Forbidden: opens all ports to every pod of every namespace"},
		{"all pods of them", "[{to: [{namespaceSelector: {}, podSelector: {}}], ports: [{port: 1, endPort: 65535}]}]", "spec.egress[0].ports[0]: Forbidden: opens all of TCP to every pod of every namespace"},
		{"selectors add up", "[{to: [{namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}, {namespaceSelector: {}, podSelector: {matchExpressions: [{key: a, operator: NotIn, values: [b]}]}}]}]", "spec.egress[0]: Forbidden: opens all ports to every pod of every namespace"},
		{"namespaces with a name", "[{to: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: Exists}]}}]}]", "spec.egress[0]: Forbidden: opens all ports to every pod of every namespace"},
		{"two that are open", "[{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}, {ports: [{port: 1, endPort: 65535, protocol: SCTP}]}]", "spec.egress[0]: Forbidden: opens all ports to every IPv4 address; spec.egress[1].ports[0]: Forbidden: opens all of SCTP to any peer"},
		{"plainly open", "[{}, {ports: [{port: 1, endPort: 65535}, {protocol: UDP}]}]", "spec.egress[0]: Forbidden: the rule names neither peers nor ports, which opens everything; spec.egress[1].ports[1]: Forbidden: names no port, and the rule no peers, which opens all of UDP"},

		{"an exception", "[{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}]}]", ""},
		{"one port", "[{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 443}]}, {ports: [{port: 443}]}, {to: [{namespaceSelector: {}}], ports: [{port: 443}]}]", ""},
		{"nearly all ports", "[{ports: [{port: 2, endPort: 65535}, {port: 1, protocol: UDP}]}]", ""},
		{"own namespace", "[{to: [{podSelector: {}}]}]", ""},
		{"some namespaces", "[{to: [{namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}}]}]", ""},
		{"different ports", "[{to: [{ipBlock: {cidr: 0.0.0.0/1}}], ports: [{}]}, {to: [{ipBlock: {cidr: 128.0.0.0/1}}], ports: [{protocol: UDP}]}]", ""},
		{"a name and numbers", "[{ports: [{port: http}, {port: 2, endPort: 65535}]}]", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			overlay := &networkingv1.NetworkPolicy{}
			require.NoError(t, yaml.UnmarshalStrict([]byte("spec: {egress: "+test.rules+"}"), overlay))
			var got []string
			for _, err := range merge.Guard(overlay, false) {
				got = append(got, err.Error())
			}
			require.Equal(t, test.want, strings.Join(got, "; "))
		})
	}
}
