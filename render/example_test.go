package render_test

import (
	"bytes"
	"fmt"

	"github.com/networknt/netpol-merge/render"
)

// A Renderer is a PostRenderer of the Helm SDK: set it in action.Install or
// action.Upgrade, or call it as here.
func ExampleRenderer_Run() {
	manifests := bytes.NewBufferString(`---
# Source: petstore/templates/networkpolicy.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: proxy-allow
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - ports:
    - protocol: TCP
      port: 443
---
# Source: petstore/templates/overlay.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: petstore-db
  annotations:
    netpol-merge.networknt.com/into: proxy-allow
spec:
  egress:
  - ports:
    - port: 5432
`)
	renderer := &render.Renderer{Namespace: "petstore"}
	merged, err := renderer.Run(manifests)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(merged)
	// Output:
	// ---
	// # Source: petstore/templates/networkpolicy.yaml
	// apiVersion: networking.k8s.io/v1
	// kind: NetworkPolicy
	// metadata:
	//   annotations:
	//     netpol-merge.networknt.com/merged-from: petstore-db
	//   name: proxy-allow
	// spec:
	//   podSelector: {}
	//   policyTypes: [Egress]
	//   egress:
	//   - ports:
	//     - protocol: TCP
	//       port: 443
	//     - protocol: TCP # from petstore-db
	//       port: 5432
}
