package readers

import (
	"strings"
)

// Documents that matter. Their rules differ, so that one is not taken for another.
const (
	anotherTarget = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: proxy-allow
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: [{to: [{podSelector: {}}]}]
`
	otherPolicy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: other
spec:
  podSelector:
    matchLabels:
      app: other
  policyTypes:
  - Ingress
  ingress:
  - ports:
    - port: 8080
`
	hiddenOverlay = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: hidden
  annotations:
    netpol-merge.networknt.com/into: ""
spec:
  podSelector:
    matchLabels:
      app: api
  policyTypes: [Egress]
  egress:
  - to:
    - ipBlock:
        cidr: 10.9.0.0/16
    ports:
    - port: 9092
`
	otherGroup = `apiVersion: crd.projectcalico.org/v1
kind: NetworkPolicy
metadata:
  name: calico
spec:
  selector: all()
`
)

// relevantDocuments are overlays and policies, some with the word behind a tag or an
// escape that says so.
func relevantDocuments() map[string]string {
	const into = "netpol-merge.networknt.com/into"
	return map[string]string{
		"overlay":          hiddenOverlay,
		"overlay, binary":  strings.Replace(hiddenOverlay, into, "!!binary bmV0cG9sLW1lcmdlLm5ldHdvcmtudC5jb20vaW50bw==", 1),
		"overlay, escaped": strings.Replace(hiddenOverlay, into, `"\x6eetpol-merge.networknt.com/into"`, 1),
		"policy":           otherPolicy,
		"policy, binary":   strings.Replace(otherPolicy, "NetworkPolicy", "!!binary TmV0d29ya1BvbGljeQ==", 1),
		"policy, escaped":  strings.Replace(otherPolicy, "NetworkPolicy", `"Network\u0050olicy"`, 1),
		"another target":   anotherTarget,
		"of another group": otherGroup,
	}
}

// harmlessDocuments are such as no reader takes for a policy.
func harmlessDocuments() []string {
	return []string{
		"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  key: value\n",
		"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: rule\ndata:\n  text: |\n    a\n    ---\n    b: \"c\"\n",
		"apiVersion: v1\nkind: Service\nmetadata:\n  name: api\nspec:\n  selector:\n    app: api\n  ports:\n  - port: 80\n",
		"# only a comment\n",
		"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: in-list\n",
		"apiVersion: v1\nkind: Secret\nmetadata:\n  name: certificate\nstringData:\n  tls.crt: |\n    -----BEGIN CERTIFICATE-----\n    MIIB\n    -----END CERTIFICATE-----\n",
		`{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "json"}, "data": {"smile": "\ud83d\ude00"}}` + "\n",
		"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: tagged\ndata:\n  number: !!str 12\n",
	}
}
