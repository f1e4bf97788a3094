package report

import (
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/networknt/netpol-merge/merge"
)

// Markdown is the report for a comment on a pull request: for each target a table
// and a picture, which is in Mermaid.
func (r *Report) Markdown() string {
	var b strings.Builder
	if len(r.Targets) == 0 && !r.Refused {
		b.WriteString(noTargets + "\n")
	}
	for i := range r.Targets {
		r.Targets[i].writeMarkdown(&b)
	}
	writeProblems(&b, "Warnings", r.Warnings)
	writeProblems(&b, "Refused, nothing was merged", r.Problems)
	return b.String()
}

func (t *TargetReport) writeMarkdown(b *strings.Builder) {
	fmt.Fprintf(b, "### %s\n\n", markdown(t.policy()+", for "+t.Pods))
	if len(t.sources()) > 1 {
		b.WriteString(`\` + legendOfPlus + "\n\n") // else it is an item of a list
	}
	b.WriteString("| | Direction | From / to | Ports | Allowed by | Line |\n|---|---|---|---|---|---:|\n")
	for _, r := range t.rows() {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", mark(r.added), r.direction, markdown(r.peer), markdown(r.ports), markdown(r.allowedBy), r.line)
	}
	fmt.Fprintf(b, "\n%s\n\n```mermaid\n%s```\n\n%s\n\n", t.remainder(), t.mermaid(), legendOfLines)
	for _, source := range t.sources() {
		what := "target"
		if source.Overlay {
			what = "overlay"
		}
		fmt.Fprintf(b, "- %s, the %s: `%s`\n", markdown(source.Name), what, inCode(source.Source))
	}
	if requests := t.unneeded(); len(requests) > 0 {
		b.WriteString("\nAsked for, but allowed already:\n\n")
		for _, request := range requests {
			fmt.Fprintf(b, "- %s\n", markdown(unneeded(request)))
		}
	}
	b.WriteString("\n")
}

func writeProblems(b *strings.Builder, title string, problems []Problem) {
	if len(problems) == 0 {
		return
	}
	fmt.Fprintf(b, "**%s**\n\n```text\n", title)
	for _, problem := range problems {
		for line := range strings.Lines(problem.String()) {
			b.WriteString(inCode(strings.TrimSuffix(line, "\n")) + "\n")
		}
	}
	b.WriteString("```\n\n")
}

// inCode is a text from the input in a block or span of code, where nothing means
// anything but the end.
func inCode(text string) string { return strings.ReplaceAll(Printable(text), "`", "'") }

// markdown is a text from the input that means nothing to Markdown.
func markdown(text string) string {
	return escape(text, "\\`*_[]<>|&", func(c rune) string { return `\` + string(c) })
}

func escape(text, special string, escaped func(rune) string) string {
	var b strings.Builder
	for _, c := range Printable(text) {
		if strings.ContainsRune(special, c) {
			b.WriteString(escaped(c))
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// edge is an arrow of the picture: traffic with a peer that one policy allows.
type edge struct {
	direction networkingv1.PolicyType
	peer      string
	origin    Origin
	ports     []networkingv1.NetworkPolicyPort // none are all
}

// edges has one arrow for each rule and each policy that it was written in.
func (t *TargetReport) edges() []edge {
	var edges []edge
	for _, rule := range t.Rules {
		first := len(edges)
		for _, port := range rule.Ports {
			i := first + slices.IndexFunc(edges[first:], func(e edge) bool { return e.origin.samePolicy(port.Origin) })
			if i < first {
				i = len(edges)
				edges = append(edges, edge{direction: rule.Direction, peer: rule.Peer, origin: port.Origin})
			}
			if port.Port != nil {
				edges[i].ports = append(edges[i].ports, *port.Port)
			}
		}
	}
	return edges
}

// mermaid is the picture of a target: its pods in the policy, their peers around
// it, and what overlays added as thick green arrows.
func (t *TargetReport) mermaid() string {
	var b, styles strings.Builder
	fmt.Fprintf(&b, "flowchart LR\n  subgraph policy[%s]\n    pods(%s)\n  end\n", mermaidLabel(t.policy()), mermaidLabel(t.Pods))
	var nodes []string
	for i, e := range t.edges() {
		key := string(e.direction) + e.peer
		node := slices.Index(nodes, key)
		if node < 0 {
			node = len(nodes)
			nodes = append(nodes, key)
			fmt.Fprintf(&b, "  peer%d[%s]\n", node, mermaidLabel(e.peer))
		}
		arrow, label := "-->", PortsInWords(e.ports)
		if e.origin.Overlay {
			arrow, label = "==>", label+" (from "+e.origin.Name+")"
			fmt.Fprintf(&styles, "  linkStyle %d stroke:#1a7f37,color:#1a7f37\n", i)
		}
		from, to := "pods", fmt.Sprintf("peer%d", node)
		if e.direction == networkingv1.PolicyTypeIngress {
			from, to = to, from
		}
		fmt.Fprintf(&b, "  %s %s|%s| %s\n", from, arrow, mermaidLabel(label), to)
	}
	for _, direction := range merge.Directions() {
		if slices.Contains(t.Isolates, direction) {
			continue
		}
		ends := []string{"pods", string(direction)}
		if direction == networkingv1.PolicyTypeIngress {
			slices.Reverse(ends)
		}
		fmt.Fprintf(&b, "  %s[%s]\n  %s --> %s\n", direction, mermaidLabel(notIsolatedWords), ends[0], ends[1])
	}
	return b.String() + styles.String()
}

// mermaidLabel is a label that means nothing to Mermaid.
func mermaidLabel(text string) string {
	return `"` + escape(text, "\"#&<>`", func(c rune) string { return fmt.Sprintf("#%d;", c) }) + `"`
}
