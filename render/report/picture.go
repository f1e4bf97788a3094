package report

import (
	"fmt"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
)

// picture is rows in Mermaid: the pods in their policies, the peers around them, and an
// arrow for each row, which is thick if an overlay added it.
func picture(title, pods string, rows []row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "flowchart LR\n  subgraph policy[%s]\n    pods(%s)\n  end\n", mermaidLabel(title), mermaidLabel(pods))
	nodes := map[string]string{}
	for _, r := range rows {
		if len(r.ports) == 0 && r.peer != notIsolated {
			continue
		}
		key := string(r.direction) + r.peer
		if nodes[key] == "" {
			nodes[key] = fmt.Sprintf("peer%d", len(nodes))
			fmt.Fprintf(&b, "  %s[%s]\n", nodes[key], mermaidLabel(r.peer))
		}
		from, arrow, to := "pods", "-->", nodes[key]
		if r.direction == networkingv1.PolicyTypeIngress {
			from, to = to, from
		}
		if r.mark == added {
			arrow = "==>"
		}
		if r.by != "" {
			arrow += "|" + mermaidLabel(strings.Join(r.ports, ", ")+" (from "+r.by+")") + "|"
		}
		fmt.Fprintf(&b, "  %s %s %s\n", from, arrow, to)
	}
	return b.String()
}

// mermaidLabel is a label that means nothing to Mermaid.
func mermaidLabel(text string) string {
	return `"` + escapeAny(Printable(text), "\"#&<>`", func(c rune) string { return fmt.Sprintf("#%d;", c) }) + `"`
}
