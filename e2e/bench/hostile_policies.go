//go:build unix

package main

import (
	"fmt"
	"maps"
	"strings"
)

// policyShapes are hard by what the policies say.
func policyShapes() map[string]func(int) string {
	shapes := map[string]func(int) string{
		"overlays": func(n int) string { return target("") + times(n, smallOverlay) },
		"networks": func(n int) string {
			return target("") + times(n, func(i int) string { return overlay(fmt.Sprint("o", i), toNetwork(i)) })
		},
		"same": func(n int) string { return target("") + strings.Repeat(overlay("o", one), n) },
		"names": func(n int) string {
			return policy(strings.Repeat("a", n), dns) + overlayInto("o", strings.Repeat("b", n), one)
		},
		"targets":    func(n int) string { return both(n, policies("p%d", dns), overlays("o%d", "p%d")) },
		"no-targets": func(n int) string { return both(n, policies("p%d", dns), overlays("o%d", "q%d")) },
		"groups":     func(n int) string { return target("") + times(n, groupOf(dns)) + overlay("o", one) },
		"namespaces": func(n int) string { return target("") + times(n, inNamespaceOf) + overlay("o", one) },
		"services":   services,
		"same-targets": func(n int) string {
			return times(n, func(i int) string { return target("") + overlay(fmt.Sprint("o", i), one) })
		},
		"ports-peers": func(n int) string {
			return policy("p", "  - to: ["+times(n, func(i int) string { return "{ipBlock: {cidr: " + network(2*i) + "}}, " })+"{podSelector: {}}]\n    ports: ["+times(n, func(i int) string { return fmt.Sprintf("{port: %d}, ", 1+i%65_000) })+"{port: 1}]\n")
		},
		"combined":  func(n int) string { return times(n, combined) },
		"bad-ports": func(n int) string { return target("") + times(n/100, badOverlay) },
		"managed": func(n int) string {
			return strings.Replace(merged(), "{name: ", "{managedFields: ["+strings.Repeat("a: bcde,", n)+"], name: ", 1)
		},
		"no-selector": func(n int) string {
			return merged() + policyFor("p", "{matchExpressions: ["+strings.Repeat("a: bcde,", n)+"]}", one)
		},
		"dense": func(n int) string { return merged() + kind + "a: [" + strings.Repeat("{a},", n) + "]\n" },
		"small-items": func(n int) string {
			return merged() + "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicyList\nitems:\n" + lines(n, "- {metadata: {name: p%d}}\n")
		},
	}
	maps.Copy(shapes, peerShapes())
	maps.Copy(shapes, openShapes())
	maps.Copy(shapes, portShapes())
	return shapes
}

// labels is how many ceilings there are for pods that have a label.
const labels = 16

func label(i int) string { return fmt.Sprintf("l%d: x", i) }

// combined is a policy for pods that have some of the labels.
func combined(i int) string {
	var some []string
	for bit := range labels {
		if (i+1)>>bit&1 == 1 {
			some = append(some, label(bit))
		}
	}
	return policyFor(fmt.Sprint("p", i), "{matchLabels: {"+strings.Join(some, ", ")+"}}", one)
}

func badOverlay(i int) string {
	return overlay(fmt.Sprint("o", i), "  - ports: ["+strings.Repeat("{port: 0}, ", 99)+"{port: 0}]\n")
}

func smallOverlay(i int) string {
	return overlay(fmt.Sprint("o", i), fmt.Sprintf("  - ports: [{port: %d}]\n", 1_000+i%60_000))
}

func policies(name, rules string) func(int) string {
	return func(i int) string { return policy(fmt.Sprintf(name, i), rules) }
}

func overlays(name, into string) func(int) string {
	return func(i int) string { return overlayInto(fmt.Sprintf(name, i), fmt.Sprintf(into, i), one) }
}

func both(n int, first, second func(int) string) string { return times(n, first) + times(n, second) }

func groupOf(rules string) func(int) string {
	return func(i int) string {
		return policyFor(fmt.Sprint("p", i), fmt.Sprintf("{matchLabels: {app: a%d}}", i), rules)
	}
}

func inNamespaceOf(i int) string {
	return strings.Replace(policy(targetName, dns), "metadata: {", fmt.Sprintf("metadata: {namespace: n%d, ", i), 1)
}

// services have an overlay each that names their pods, and map the port that it asks for.
func services(n int) string {
	return target("") + times(n, func(i int) string {
		return fmt.Sprintf("---\napiVersion: v1\nkind: Service\nmetadata: {name: s%[1]d}\nspec: {selector: {app: a%[1]d}, ports: [{port: 80, targetPort: web}]}\n", i) +
			overlay(fmt.Sprint("o", i), fmt.Sprintf("  - to: [{podSelector: {matchLabels: {app: a%d}}}]\n    ports: [{port: 80}]\n", i))
	})
}

func peerShapes() map[string]func(int) string {
	block := func(format string) func(int) string {
		return func(n int) string { return "  - to:\n" + lines(n, "    - "+format+"\n") + "    ports: [{port: 1}]\n" }
	}
	rules := func(format string) func(int) string {
		return func(n int) string { return target("") + overlay("o", lines(n, toPods(format))) }
	}
	return map[string]func(int) string{
		"not-in": rules("{matchExpressions: [{key: k%d, operator: NotIn, values: [a]}]}"),
		"exists": rules("{matchExpressions: [{key: k%d, operator: Exists}]}"),
		"labels": func(n int) string {
			return target("") + overlay("o", toPods("{matchLabels: {"+list(n, "k%d: v")+"}}")) + overlay("p", toPods("{matchLabels: {"+list(n-1, "k%d: v")+"}}"))
		},
		"values": func(n int) string {
			return target("") + overlay("o", lines(n, toPods("{matchExpressions: [{key: k, operator: In, values: [v%[1]d, v%[1]d0, v%[1]d1, w1, w2, w3, w4, w5]}]}")))
		},
		"long-in": func(n int) string {
			return target("") + overlay("o", toPods("{matchExpressions: [{key: k, operator: In, values: ["+list(n, "v%d")+"]}]}")) +
				overlay("p", toPods("{matchExpressions: [{key: k, operator: NotIn, values: ["+list(n, "v%d")+"]}]}"))
		},
		"pods": func(n int) string {
			return target("") + overlay("o", block("{podSelector: {matchLabels: {app: a%d}}}")(n))
		},
		"other": func(n int) string {
			return policy(targetName, lines(n, toPods("{matchLabels: {x: v%d}}"))) + overlay("o", lines(n, toPods("{matchLabels: {y: v%d}}")))
		},
		"cover": func(n int) string {
			return policy(targetName, times(n, toNetwork)) + overlay("o", "  - to: [{ipBlock: {cidr: 10.0.0.0/8}}]\n"+numbers(n, 1))
		},
		"open-nets": reopened,
		"excepts": func(n int) string {
			return target("  - to: [{ipBlock: {cidr: 10.0.0.0/8, except: ["+strings.TrimSuffix(times(n, func(i int) string { return network(i) + ", " }), ", ")+"]}}]\n") + overlay("o", times(n, toNetwork))
		},
		"both": func(n int) string { return target(nets(n)+numbers(n, 2)) + overlay("o", nets(n)+numbers(n, 3)) },
		"ipv6": func(n int) string {
			return target(times(n, ipv6)) + overlay("o", "  - to: [{ipBlock: {cidr: '2001:db8::/32'}}]\n    ports: [{port: 5432}]\n")
		},
	}
}

// openShapes have rules for all ports, which fall into as many pieces as a ceiling has ports.
func openShapes() map[string]func(int) string {
	return map[string]func(int) string{
		"all-ports": func(n int) string {
			return policy("p", "  - to:\n"+lines(n, "    - {podSelector: {matchLabels: {app: a%d}}}\n"))
		},
		"open-rules": func(n int) string {
			return policy("p", lines(n, "  - to: [{podSelector: {matchExpressions: [{key: a%d, operator: Exists}]}}]\n"))
		},
		"same-net": func(n int) string {
			return policy("p", "  - to:\n"+strings.Repeat("    - ipBlock: {cidr: 10.0.0.0/8}\n", n))
		},
	}
}

func ipv6(i int) string {
	return fmt.Sprintf("  - to: [{ipBlock: {cidr: '2001:db8:%x::/48'}}]\n    ports: [{port: 5432}]\n", i%65_536)
}

func nets(n int) string {
	return "  - to:\n" + times(n, func(i int) string { return "    - ipBlock: {cidr: " + network(i) + "}\n" })
}

func numbers(n, step int) string {
	return "    ports:\n" + times(n, func(i int) string { return fmt.Sprintf("    - port: %d\n", 1+step*i%65_000) })
}

// reopened has exceptions, each of a port of its own, and rules that reopen them.
func reopened(n int) string {
	return policy(targetName, times(n, func(i int) string {
		return fmt.Sprintf("  - to: [{ipBlock: {cidr: %s, except: [%s]}}]\n    ports: [{port: %d}]\n", network(i), strings.Replace(network(i), "/24", "/25", 1), 1+i%65_000)
	})) + overlay("o", times(n, func(i int) string {
		return fmt.Sprintf("  - to: [{ipBlock: {cidr: 10.%d.0.0/16}}]\n    ports: [{port: %d}]\n", i/256%256, 1+i%65_000)
	}))
}

func portShapes() map[string]func(int) string {
	rule := func(n int, format string) string { return "  - ports:\n" + lines(n, "    - "+format+"\n") }
	return map[string]func(int) string{
		"named-ports": func(n int) string { return target("") + overlay("o", rule(n, "port: p%d")) },
		"more-names": func(n int) string { // in overlays of a hundred, in no order
			return target("") + times(n/100, func(o int) string {
				return overlay(fmt.Sprint("o", o), "  - ports:\n"+times(100, func(i int) string {
					return fmt.Sprintf("    - port: n%x\n", (100*o+i)*40_503%1_000_003)
				}))
			})
		},
		"ranges": func(n int) string {
			wide := func(n, step, most int) string {
				return "  - ports:\n" + times(n, func(i int) string {
					return fmt.Sprintf("    - {port: %d, endPort: %d}\n", 1+step*i%60_000, most+step*i%60_000)
				})
			}
			return target(wide(n, 3, 2)) + overlay("o", wide(n, 5, 4))
		},
		"wrong-ports": func(n int) string { return target("") + overlay("o", rule(n, "port: 0 # %d")) },
		"bool-ports":  func(n int) string { return target("") + overlay("o", rule(n, "port: true # %d")) },
		"unknown":     func(n int) string { return target("") + overlay("o", one+lines(n, "    f%d: 1\n")) },
		"twice":       func(n int) string { return target("") + overlay("o", one+strings.Repeat("    to: []\n", n)) },
		"wrong-labels": func(n int) string {
			return target("") + overlay("o", toPods("{matchLabels: {"+list(n, "k%d: '+'")+"}}"))
		},
		"near-keys": func(n int) string {
			return target("") + strings.Replace(policy("x", dns), "{name: x", "{name: x, annotations: {"+list(n, "netpol-merge.networknt.con/int%d: x")+"}", 1)
		},
		"null-rules": func(n int) string { return target("") + overlay("o", strings.Repeat("  -\n", n)) },
		"prologue": func(n int) string {
			return target("") + "---\n" + strings.Repeat("#\n", 4*n) + strings.TrimPrefix(overlay("x", rule(n, "port: 0 # %d")), "---\n")
		},
	}
}
