// Package kubernetes compares netpol-merge's validation with the API server's
// own code, which is no library that a program could depend on.
package kubernetes

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/apis/networking"
	apiv1 "k8s.io/kubernetes/pkg/apis/networking/v1"
	"k8s.io/kubernetes/pkg/apis/networking/validation"

	"github.com/networknt/netpol-merge/merge"
)

var (
	cases = flag.Int("cases", 120_000, "how many policies are compared")
	seed  = flag.Uint64("seed", 1, "the seed of the first policy")
)

// TestValidation compares verdicts and field paths on generated policies:
// valid, nearly valid and absurd ones. No difference is meant: what netpol-merge
// forbids beyond the API server is not in merge.Validate but in merge.Guard.
func TestValidation(t *testing.T) {
	valid := 0
	for i := range uint64(*cases) {
		m := mutator{rand.New(rand.NewPCG(*seed+i, 0))}
		text, err := json.Marshal(m.policy())
		require.NoError(t, err)
		var policy networkingv1.NetworkPolicy
		require.NoError(t, utiljson.Unmarshal(text, &policy), string(text))
		want := apiServer(t, &policy)
		got := problems(merge.Validate(&policy))
		require.Equal(t, want, got, "go test -run TestValidation -cases 1 -seed %d\n%s", *seed+i, text)
		if len(want) == 0 {
			valid++
		}
	}
	require.Greater(t, valid, *cases/20)
	require.Less(t, valid, *cases*19/20)
	t.Logf("%d policies, %d of them valid, from seed %d on: the same verdict and the same fields", *cases, valid, *seed)
}

// apiServer decides as the API server does on create: default, convert, fill in
// the namespace of the request, validate.
func apiServer(t *testing.T, policy *networkingv1.NetworkPolicy) []string {
	defaulted := policy.DeepCopy()
	apiv1.SetObjectDefaults_NetworkPolicy(defaulted)
	var internal networking.NetworkPolicy
	require.NoError(t, apiv1.Convert_v1_NetworkPolicy_To_networking_NetworkPolicy(defaulted, &internal, nil))
	if internal.Namespace == "" {
		internal.Namespace = "default"
	}
	return problems(validation.ValidateNetworkPolicy(&internal, validation.ValidationOptionsForNetworking(&internal, nil)))
}

func problems(errs field.ErrorList) []string {
	list := []string{}
	for _, err := range errs {
		list = append(list, fmt.Sprintf("%s %s: %s", err.Type, err.Field, err.Detail))
	}
	slices.Sort(list)
	return list
}

// mutator makes policies of which some are valid, and some nearly.
type mutator struct{ *rand.Rand }

func (m mutator) one(values ...any) any { return values[m.IntN(len(values))] }

// rarely is true once in a while: most of a policy is meant to be valid.
func (m mutator) rarely() bool { return m.IntN(30) == 0 }

func (m mutator) list(most int, item func() any) []any {
	var items []any
	for range m.IntN(most + 1) {
		items = append(items, item())
	}
	return items
}

func (m mutator) policy() map[string]any {
	spec := map[string]any{"podSelector": m.selector()}
	if m.IntN(2) == 0 {
		spec["policyTypes"] = m.list(2, func() any { return m.one("Ingress", "Egress", "Egress") })
	}
	if m.rarely() {
		spec["policyTypes"] = m.list(4, func() any { return m.one("Ingress", "Egress", "egress", "") })
	}
	spec["egress"] = m.list(2, func() any { return m.rule("to") })
	spec["ingress"] = m.list(1, func() any { return m.rule("from") })
	return map[string]any{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": m.metadata(), "spec": spec}
}

func (m mutator) metadata() map[string]any {
	metadata := map[string]any{"name": "proxy-allow"}
	if m.rarely() {
		metadata["name"] = m.one("", "A", "a_b", "a.b", "a..b", strings.Repeat("x", 254), "-a", "1")
	}
	if m.rarely() {
		metadata["namespace"] = m.one("", "a.b", "A", "team-a", strings.Repeat("x", 64))
	}
	if m.rarely() {
		metadata["generateName"] = m.one("a-", "A-", "", "a_")
	}
	if m.rarely() {
		metadata["labels"] = m.labels()
	}
	if m.rarely() {
		metadata["annotations"] = map[string]any{m.one("a", "A/b", "a/B", "a b", "", "/a", strings.Repeat("x", 64)).(string): m.one("", "any thing", strings.Repeat("x", 257<<10))}
	}
	if m.rarely() {
		metadata["finalizers"] = m.list(3, func() any {
			return m.one("mine", "a/b", "kubernetes", "orphan", "foregroundDeletion", "a b/c", "")
		})
	}
	if m.rarely() {
		metadata["ownerReferences"] = m.list(2, func() any {
			return map[string]any{"apiVersion": m.one("v1", "", "a/b/c"), "kind": m.one("Pod", "", "Event"), "name": m.one("a", ""), "uid": m.one("1", ""), "controller": m.one(true, false)}
		})
	}
	if m.rarely() {
		metadata["generation"] = m.one(-1, 1)
	}
	if m.rarely() {
		metadata["managedFields"] = []any{map[string]any{"operation": m.one("Apply", "Update", "x"), "fieldsType": m.one("FieldsV1", "x"), "manager": m.one("m", strings.Repeat("x", 129))}}
	}
	return metadata
}

func (m mutator) rule(peers string) any {
	rule := map[string]any{}
	if m.IntN(3) > 0 {
		rule[peers] = m.list(2, m.peer)
	}
	if m.IntN(4) > 0 {
		rule["ports"] = m.list(3, m.port)
	}
	return rule
}

func (m mutator) port() any {
	port := map[string]any{}
	if m.IntN(8) > 0 {
		port["port"] = m.one(1, 80, 443, 5432, 65535, "http", "a-b")
	}
	if m.rarely() {
		port["port"] = m.one(0, -1, 65536, 1<<31-1, "", "5432", "HTTP", "a--b", "-a", "a-", "abcdefghijklmnop", "a_b", "0x1f")
	}
	if _, numbered := port["port"].(int); numbered && m.IntN(4) == 0 || m.rarely() {
		port["endPort"] = m.one(65535, 65535, 65535, 6000)
	}
	if m.rarely() {
		port["endPort"] = m.one(0, -1, 80, 65536, 1<<31-1)
	}
	if m.IntN(2) == 0 {
		port["protocol"] = m.one("TCP", "UDP", "SCTP")
	}
	if m.rarely() {
		port["protocol"] = m.one("", "tcp", "ICMP", "TCP ")
	}
	return port
}

func (m mutator) peer() any {
	peer := map[string]any{}
	if m.IntN(3) == 0 {
		peer["ipBlock"] = m.block()
	} else {
		peer[m.one("podSelector", "namespaceSelector").(string)] = m.selector()
		if m.IntN(3) == 0 {
			peer["podSelector"] = m.selector()
		}
	}
	if m.rarely() {
		peer[m.one("podSelector", "ipBlock").(string)] = map[string]any{}
	}
	if m.rarely() {
		clear(peer)
	}
	return peer
}

func (m mutator) block() any {
	block := map[string]any{"cidr": m.one("10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/32")}
	if m.IntN(3) == 0 {
		block["except"] = map[any][]any{
			"10.0.0.0/8":    {"10.1.0.0/16", "10.0.0.0/9"},
			"0.0.0.0/0":     {"169.254.169.254/32"},
			"::/0":          {"fd00:ec2::254/128"},
			"2001:db8::/32": {"2001:db8:1::/48", "2001:DB8:1::/48"},
		}[block["cidr"]]
	}
	if m.rarely() {
		block["cidr"] = m.cidr()
	}
	if m.rarely() {
		block["except"] = m.list(3, m.cidr)
	}
	return block
}

func (m mutator) cidr() any {
	return m.one("", "10.0.0.0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/8", "010.0.0.0/8", "10.0.0.0/08", "10.0.0.0/33", "10.0.0/8",
		"::ffff:10.0.0.0/104", "::ffff:10.0.0.0/8", "2001:DB8::/32", "2001:db8::/129", "2001:db8::1/64", "0.0.0.0/0", "::/0", " 10.0.0.0/8", "x", "/8", "fe80::1%eth0/64")
}

func (m mutator) selector() any {
	selector := map[string]any{}
	if m.IntN(2) == 0 {
		selector["matchLabels"] = map[string]any{"app": "db"}
	}
	if m.rarely() {
		selector["matchLabels"] = m.labels()
	}
	if m.IntN(4) == 0 {
		selector["matchExpressions"] = m.list(2, func() any {
			r := map[string]any{"key": "app", "operator": m.one("Exists", "DoesNotExist")}
			if m.IntN(2) == 0 {
				r["operator"], r["values"] = m.one("In", "NotIn"), []any{"a", m.one("b", "")}
			}
			if m.rarely() {
				r[m.one("key", "operator", "values").(string)] = nil
			}
			if m.rarely() {
				r["operator"] = m.one("", "in", "Gt", "In", "Exists")
			}
			if m.rarely() {
				r["values"] = []any{m.one("a b", strings.Repeat("x", 64), "-")}
			}
			return r
		})
	}
	return selector
}

func (m mutator) labels() any {
	all := map[string]any{}
	keys := []string{"app", "a/b", "", "a b", "A.b/c", strings.Repeat("x", 64), "-a", "/a", "a/", "a/b/c", strings.Repeat("x", 254) + "/a"}
	for range m.IntN(3) {
		all[keys[m.IntN(len(keys))]] = m.one("", "ok", "not ok", strings.Repeat("x", 64), "-", "a.b_c-D")
	}
	return maps.Clone(all)
}
