//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// shape is what a stream consists of. The same shape always gives the same
// bytes.
type shape struct {
	name      string
	size      int // workloads are added up to this many bytes
	targets   int
	overlays  int    // of each target
	labels    string // of all workloads, which the targets select; empty for labels of each
	nowhere   bool   // whether the targets select pods that no workload has
	mixed     bool   // whether there are lists, hooks, Secrets and CRDs among the workloads
	bystander int    // policies that are not involved
}

const targetName = "proxy-allow"

// write writes the stream to a file in the folder and returns its path.
func (s shape) write(folder string) (path string, err error) {
	path = filepath.Join(folder, s.name+".yaml")
	return path, writeFile(path, func(w io.Writer) int {
		written := 0
		for t := range s.targets {
			written += writeTarget(w, nameOf(t), s.selected(t))
			for o := range s.overlays {
				written += writeOverlay(w, t, o)
			}
		}
		for i := range s.bystander {
			written += writeTarget(w, fmt.Sprintf("policy-%d", i), fmt.Sprintf("app: policy-%d", i))
		}
		for i := 0; written < s.size; i++ {
			written += s.writeDocument(w, i)
		}
		return written
	})
}

// writeFile writes a file; content need not look at errors, which the writer keeps.
func writeFile(path string, content func(io.Writer) int) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(file)
	content(w)
	if err := w.Flush(); err != nil {
		return err
	}
	return file.Close()
}

// selected is the label that a target selects.
func (s shape) selected(target int) string {
	if s.nowhere {
		return fmt.Sprintf("app: nowhere-%d", target)
	}
	return s.labelsOf(target)
}

func (s shape) labelsOf(workload int) string {
	if s.labels != "" {
		return s.labels
	}
	return fmt.Sprintf("app.kubernetes.io/instance: api-%d", workload)
}

// writeDocument writes a document that is not involved.
func (s shape) writeDocument(w io.Writer, i int) int {
	switch {
	case s.mixed && i%20 == 3:
		return writeList(w, i)
	case s.mixed && i%20 == 8:
		return writeHook(w, i)
	case s.mixed && i%20 == 13:
		return writeSecret(w, i)
	case s.mixed && i%20 == 18:
		return writeDefinition(w, i)
	}
	return writeWorkload(w, i, s.labelsOf(i))
}

// nameOf is the name of a target; the first has the default name.
func nameOf(target int) string {
	if target == 0 {
		return targetName
	}
	return fmt.Sprintf("%s-%d", targetName, target)
}

func writeTarget(w io.Writer, name, selected string) int {
	n, _ := fmt.Fprintf(w, `---
# Source: api/charts/http-sidecar/templates/networkpolicy.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: %s
spec:
  podSelector:
    matchLabels:
      %s
  ingress:
  - from:
    - namespaceSelector: {}
      podSelector: {}
    ports:
    - protocol: TCP
      port: 8080
  egress:
  - ports:
    - protocol: TCP
      port: 8438
    - protocol: UDP
      port: 53
  policyTypes:
  - Ingress
  - Egress
`, name, selected)
	return n // the writer keeps its error
}

// ceiling allows what the targets and their overlays do.
const ceiling = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: ceiling
spec:
  ingress:
  - from:
    - namespaceSelector: {}
    ports:
    - port: 8080
  egress:
  - ports:
    - port: 8438
    - port: 53
      protocol: UDP
    - port: 10000
      endPort: 20000
  - to:
    - ipBlock: {cidr: 10.0.0.0/8}
    - namespaceSelector: {}
    ports:
    - port: 5432
  policyTypes: [Ingress, Egress]
`

// writeOverlay writes an overlay that asks for a port of any peer, or for a port
// of a network or namespace, which no other overlay of its target asks for.
func writeOverlay(w io.Writer, target, overlay int) int {
	rule := fmt.Sprintf("ports: [{port: %d}]", 10_000+overlay)
	switch overlay % 3 {
	case 1:
		rule = fmt.Sprintf("to: [{ipBlock: {cidr: 10.%d.%d.0/24}}]\n    ports: [{port: 5432}]", overlay/250, overlay%250)
	case 2:
		rule = fmt.Sprintf("to: [{namespaceSelector: {matchLabels: {team: t%d}}}]\n    ports: [{port: 5432}]", overlay)
	}
	n, _ := fmt.Fprintf(w, `---
# Source: api/templates/overlay.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: overlay-%d-%d
  annotations:
    netpol-merge.networknt.com/into: %s
spec:
  egress:
  - %s
`, target, overlay, nameOf(target), rule)
	return n
}

// writeWorkload writes a Deployment as charts render it, about 1 KB. Every
// tenth is a ConfigMap with a file that has backslashes.
func writeWorkload(w io.Writer, i int, labels string) int {
	if i%10 == 9 {
		n, _ := fmt.Fprintf(w, `---
# Source: api/templates/configmap.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: api-%d
data:
  rewrite.conf: |
    rewrite ^/v1/pets/(\d+)$ /pets?id=$1 last;
    rewrite ^/v1/owners/(\w+)\.json$ /owners/$1 last;
  message: "first line\nsecond line"
`, i)
		return n
	}
	n, _ := fmt.Fprintf(w, `---
# Source: api/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api-%[1]d
  labels:
    app.kubernetes.io/name: api
    %[2]s
    app.kubernetes.io/managed-by: Helm
spec:
  replicas: 2
  selector:
    matchLabels:
      %[2]s
  template:
    metadata:
      labels:
        %[2]s
    spec:
      serviceAccountName: api
      containers:
      - name: api
        image: "registry.example.com/team/api:1.%[1]d.0"
        imagePullPolicy: IfNotPresent
        ports:
        - name: http
          containerPort: 8080
          protocol: TCP
        env:
        - name: SERVER_PORT
          value: "8080"
        - name: DATABASE_PASSWORD
          valueFrom:
            secretKeyRef:
              name: api-%[1]d
              key: password
        readinessProbe:
          httpGet:
            path: /health
            port: http
        resources:
          requests: {cpu: 100m, memory: 256Mi}
          limits: {memory: 512Mi}
`, i, labels)
	return n
}

// writeList writes a List of ten ConfigMaps, as kubectl get writes it.
func writeList(w io.Writer, i int) int {
	n, _ := fmt.Fprint(w, "---\n# Source: api/templates/list.yaml\napiVersion: v1\nkind: List\nitems:\n")
	for item := range 10 {
		written, _ := fmt.Fprintf(w, "- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: item-%d-%d\n    labels:\n      app: api\n  data:\n    LEVEL: info\n", i, item)
		n += written
	}
	return n
}

func writeHook(w io.Writer, i int) int {
	n, _ := fmt.Fprintf(w, `---
# Source: api/templates/migrate.yaml
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate-%d
  annotations:
    "helm.sh/hook": pre-install,pre-upgrade
    "helm.sh/hook-delete-policy": before-hook-creation
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: migrate
        image: "registry.example.com/team/migrate:1.0.0"
        command: [sh, -c, "migrate up && echo done!"]
`, i)
	return n
}

// writeSecret writes a Secret with a keystore of 4 KB.
func writeSecret(w io.Writer, i int) int {
	n, _ := fmt.Fprintf(w, "---\n# Source: api/templates/secret.yaml\napiVersion: v1\nkind: Secret\ntype: Opaque\nmetadata:\n  name: keys-%d\ndata:\n  keystore.p12: %s\n",
		i, strings.Repeat("MIIKbAIBAzCCCiYGCSqGSIb3", 170))
	return n
}

// writeDefinition writes a CRD of about 20 KB whose schema has descriptions with quotes.
func writeDefinition(w io.Writer, i int) int {
	n, _ := fmt.Fprintf(w, `---
# Source: operator/crds/pipelines.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: pipelines%[1]d.example.com
spec:
  group: example.com
  names: {kind: Pipeline%[1]d, plural: pipelines%[1]d}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
`, i)
	for property := range 100 {
		written, _ := fmt.Fprintf(w, "          field%d:\n            description: \"What the operator does with \\\"field%d\\\"; see https://example.com/docs!\\nEmpty means the default.\"\n            type: string\n            pattern: '^[a-z]\\d+$'\n", property, property)
		n += written
	}
	return n
}
