//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// shape is what a stream consists of. The same shape always gives the same
// bytes.
type shape struct {
	name     string
	size     int // workloads are added up to this many bytes
	targets  int
	overlays int // of each target
}

const targetName = "proxy-allow"

// write writes the stream to a file in the folder and returns its path.
func (s shape) write(folder string) (path string, err error) {
	path = filepath.Join(folder, s.name+".yaml")
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	w := bufio.NewWriter(file)
	written := 0
	for t := range s.targets {
		written += writeTarget(w, t)
		for o := range s.overlays {
			written += writeOverlay(w, t, o)
		}
	}
	for i := 0; written < s.size; i++ {
		written += writeWorkload(w, i)
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	return path, file.Close()
}

func (s shape) describe() string {
	if s.targets == 1 {
		return fmt.Sprintf("1 target with %d overlays", s.overlays)
	}
	return fmt.Sprintf("%d targets with %d overlays each", s.targets, s.overlays)
}

// nameOf is the name of a target; the first has the default name.
func nameOf(target int) string {
	if target == 0 {
		return targetName
	}
	return fmt.Sprintf("%s-%d", targetName, target)
}

func writeTarget(w io.Writer, target int) int {
	n, _ := fmt.Fprintf(w, `---
# Source: api/charts/http-sidecar/templates/networkpolicy.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: %s
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/instance: api-%d
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
`, nameOf(target), target)
	return n // the writer keeps its error
}

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
func writeWorkload(w io.Writer, i int) int {
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
    app.kubernetes.io/instance: "api-%[1]d"
    app.kubernetes.io/managed-by: Helm
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/instance: "api-%[1]d"
  template:
    metadata:
      labels:
        app.kubernetes.io/instance: "api-%[1]d"
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
`, i)
	return n
}
