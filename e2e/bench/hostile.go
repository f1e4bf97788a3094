//go:build unix

package main

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// hostile is a stream that is hard in one respect, and can be made as hard as one likes.
type hostile struct {
	name   string
	stream func(n int) string
}

// write writes the stream to a file in the folder and returns its path.
func (h hostile) write(folder string, n int) (string, error) {
	path := filepath.Join(folder, fmt.Sprintf("%s-%d.yaml", h.name, n))
	return path, writeFile(path, func(w io.Writer) int {
		written, _ := io.WriteString(w, h.stream(n))
		return written
	})
}

// count is how many of what is hard give a stream of a size.
func (h hostile) count(size int) int {
	least, most := 1, 2
	for len(h.stream(most)) < size {
		least, most = most, 2*most
	}
	for most-least > max(1, most/50) {
		if middle := (least + most) / 2; len(h.stream(middle)) < size {
			least = middle
		} else {
			most = middle
		}
	}
	return least
}

// hostileShapes are the shapes of both files.
func hostileShapes() []hostile {
	var all []hostile
	for _, shapes := range []map[string]func(int) string{policyShapes(), streamShapes()} {
		for _, name := range slices.Sorted(maps.Keys(shapes)) {
			all = append(all, hostile{name: name, stream: shapes[name]})
		}
	}
	return all
}

// times is what a format gives for 0, 1 and so on, in one text.
func times(n int, format func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(format(i))
	}
	return b.String()
}

// lines is a line, with the number in it, n times.
func lines(n int, format string) string {
	return times(n, func(i int) string { return fmt.Sprintf(format, i) })
}

const (
	dns  = "  - ports: [{port: 53}]\n"
	one  = "  - ports: [{port: 1}]\n"
	kind = "---\nkind: A\nx: NetworkPolicy\n" // a document that has to be looked into
)

// policy is a NetworkPolicy for all pods.
func policy(name, rules string) string { return policyFor(name, "{}", rules) }

func policyFor(name, pods, rules string) string {
	return fmt.Sprintf("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: %s}\nspec:\n  podSelector: %s\n  policyTypes: [Egress]\n  egress:\n%s", name, pods, rules)
}

// target is the policy that overlays are folded into.
func target(rules string) string { return policy(targetName, dns+rules) }

func overlay(name, rules string) string { return overlayInto(name, targetName, rules) }

func overlayInto(name, into, rules string) string {
	return fmt.Sprintf("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: %s, annotations: {netpol-merge.networknt.com/into: %s}}\nspec:\n  policyTypes: [Egress]\n  egress:\n%s", name, into, rules)
}

// network is the i-th of 65,536 networks.
func network(i int) string { return fmt.Sprintf("10.%d.%d.0/24", i/256%256, i%256) }

func toNetwork(i int) string {
	return fmt.Sprintf("  - to: [{ipBlock: {cidr: %s}}]\n    ports: [{port: 5432}]\n", network(i))
}

// toPods is a rule for pods that a selector selects.
func toPods(selector string) string {
	return "  - to: [{podSelector: " + selector + "}]\n    ports: [{port: 1}]\n"
}

// list is its items, in one line each, with separators.
func list(n int, format string) string {
	return strings.TrimSuffix(lines(n, format+", "), ", ")
}
