//go:build unix

package main

import (
	"fmt"
	"maps"
	"strings"
)

// streamShapes are hard by how they are written.
func streamShapes() map[string]func(int) string {
	shapes := map[string]func(int) string{
		"nested-flow": func(n int) string {
			return merged() + kind + "a: " + strings.Repeat("[", n) + strings.Repeat("]", n) + "\n"
		},
		"nested-maps": func(n int) string {
			return merged() + kind + "a: " + strings.Repeat("{a: ", n) + "1" + strings.Repeat("}", n) + "\n"
		},
		"wide-flow":    func(n int) string { return merged() + kind + "a: [" + list(n, "{k%d: [v]}") + "]\n" },
		"nested-lists": nestedLists,
		"nested-block": func(n int) string {
			const deep = 40
			return merged() + kind + times(n, func(i int) string {
				return fmt.Sprint("k", i, ":\n") + times(deep, func(i int) string { return strings.Repeat(" ", 1+i) + "a:\n" })
			})
		},
		"aliases": func(n int) string { return merged() + kind + "a: &a [x]\nb: [" + strings.Repeat("*a, ", n) + "*a]\n" },
		"long-alias": func(n int) string {
			return merged() + kind + "a: &a \"" + strings.Repeat("x", n) + "\"\nb: [" + strings.Repeat("*a,", n/4) + "*a]\n"
		},
		"merge-keys":  func(n int) string { return merged() + kind + "m0: &m0 {k: v}\n" + times(n, mergeKey) },
		"many-merges": func(n int) string { return merged() + kind + "m: &m {k: v}\n" + lines(n, "m%d: {<<: *m}\n") },
		"comments": func(n int) string {
			return strings.Replace(target(""), "egress:\n", "egress:\n"+strings.Repeat("  # c\n", n), 1) + overlay("o", one)
		},
		"escapes":     func(n int) string { return merged() + kind + "a: \"" + strings.Repeat("\\u00e9", n) + "\"\n" },
		"backslashes": func(n int) string { return merged() + "---\nkind: A\na: '" + strings.Repeat("\\x4e", n) + "'\n" },
		"tags":        func(n int) string { return merged() + "---\nkind: A\na: [" + list(n, "!%%62inary v%d") + "]\n" },
		"percents":    func(n int) string { return merged() + "---\nkind: A\na: '!" + strings.Repeat("%zz", n) + "'\n" },
		"long-line":   func(n int) string { return merged() + kind + "a: " + strings.Repeat("x ", n) + "\n" },
		"long-key":    func(n int) string { return merged() + kind + "? " + strings.Repeat("x", n) + "\n: 1\n" },
		"keys":        func(n int) string { return merged() + kind + lines(n, "k%d: v\n") },
		"same-keys":   func(n int) string { return merged() + kind + strings.Repeat("k: v\n", n) },
		"folded":      func(n int) string { return merged() + kind + "a: >\n" + strings.Repeat("  x\n\n", n) },
		"plain-lines": func(n int) string { return merged() + kind + "a: x\n" + strings.Repeat("  x\n", n) },
		"utf-16":      func(n int) string { return merged() + "---\nkind: A\na: \"" + strings.Repeat("N\x00", n) + "\"\n" },
	}
	maps.Copy(shapes, documentShapes())
	return shapes
}

// merged is a target and an overlay, beside which the rest stands.
func merged() string { return target("") + overlay("o", one) }

func mergeKey(i int) string { return fmt.Sprintf("m%[1]d: &m%[1]d {<<: *m%[2]d, k%[1]d: v}\n", i+1, i) }

func nestedLists(n int) string {
	return merged() + "---\n" + strings.Repeat(`{"apiVersion":"v1","kind":"List","items":[`, n) + `{"kind":"NetworkPolicy"}` + strings.Repeat("]}", n) + "\n"
}

// documentShapes are hard by how many documents or items there are, or how large a target
// is that is written anew.
func documentShapes() map[string]func(int) string {
	const item = "- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: t%[1]d}, spec: {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: 53}]}]}}\n"
	const marked = "- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: o%[1]d, annotations: {netpol-merge.networknt.com/into: ''}}, spec: {egress: [{ports: [{port: %[1]d}]}]}}\n"
	const list = "---\napiVersion: v1\nkind: List\nitems:\n"
	return map[string]func(int) string{
		"items": func(n int) string {
			return target("") + list + lines(n, strings.Replace(marked, "port: %[1]d", "port: 1%[1]d", 1))
		},
		"flow-targets": func(n int) string { return list + lines(n, item) + times(n, overlays("o%d", "t%d")) },
		"empty":        func(n int) string { return strings.Repeat("---\n", n) + merged() },
		"documents":    func(n int) string { return merged() + strings.Repeat("---\nkind: NetworkPolicy\n", n) },
		"ends":         func(n int) string { return merged() + "---\nkind: NetworkPolicy\n" + strings.Repeat("...\n", n) },
		"ends-in-text": func(n int) string {
			return merged() + "---\nkind: NetworkPolicy\na: |\n" + strings.Repeat("\n... x", n)
		},
		"directives": func(n int) string {
			return merged() + "...\n" + strings.Repeat("%A b\n", n) + "---\nkind: NetworkPolicy\n"
		},
		"near-markers": func(n int) string { return merged() + strings.Repeat("---\nkind: NetworkPolicy\n---x\n", n) },
		"broken":       func(n int) string { return merged() + strings.Repeat("---\nkind: NetworkPolicy\na: [\n", n) },
		"hooks":        func(n int) string { return merged() + times(n, hookOf) },
		"forgotten": func(n int) string {
			return merged() + lines(n, "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p%d}\nspec: {}\n")
		},
		"vendors": func(n int) string {
			return merged() + lines(n, "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p%d}\nspec: {}\n")
		},
		"json": func(n int) string {
			return `{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"proxy-allow","annotations":{"e":"\\ud83d\\ude00"}},"spec":{"podSelector":{},"policyTypes":["Egress"],"egress":[` +
				strings.TrimSuffix(lines(n, `{"ports":[{"port":1%d}]},`), ",") + "]}}\n" + overlay("o", one)
		},
		"flow-target": func(n int) string {
			return "---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: proxy-allow}, spec: {podSelector: {}, policyTypes: [Egress], egress: [" +
				strings.TrimSuffix(times(n, func(i int) string { return "{to: [{ipBlock: {cidr: " + network(i) + "}}]}, " }), ", ") + "]}}\n" + overlay("o", one)
		},
		"annotations": func(n int) string {
			return strings.Replace(target(""), "{name: proxy-allow", "{name: proxy-allow, annotations: {a: '"+strings.Repeat("x", n)+"'}", 1) + overlay("o", one)
		},
	}
}

func hookOf(i int) string {
	return strings.Replace(policy(fmt.Sprint("p", i), dns), "}\nspec", ", annotations: {helm.sh/hook: pre-install}}\nspec", 1)
}
