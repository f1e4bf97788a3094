package report

import (
	"fmt"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/networknt/netpol-merge/merge"
)

// row is a line of a table: what is allowed with some peers, or a remark on a direction.
type row struct {
	mark      string // added and the like
	direction networkingv1.PolicyType
	peer      string                           // or the remark
	ports     []networkingv1.NetworkPolicyPort // none are all
	by, line  string                           // who allows it, and where that is written
	isRemark  bool
	continues bool // whether direction and peer are those of the row above
}

// The marks with which a row or an item begins.
const (
	unmarked  = " "
	added     = "+"
	lost      = "-"
	isolation = "!"
)

func (r row) cells(columns int) []string {
	ports := ""
	if !r.isRemark {
		ports = PortsInWords(r.ports)
	}
	return []string{merge.RulesKey(r.direction), r.peer, ports, r.by, r.line}[:columns]
}

const lineHead = "Line"

// heads are those of a table's columns. The table of a difference has the first three.
func heads() []string { return []string{"Direction", "From / to", "Ports", "Allowed by", lineHead} }

// mermaid is a picture of rows: the pods in their policies, the peers around them, and as
// thick green arrows what was added. There is one arrow for a peer, and whoever allows it;
// who that is stands at what was added or, if asked for, at all.
func mermaid(title, pods string, rows []row, isNamed bool) string {
	var b, styles strings.Builder
	fmt.Fprintf(&b, "```mermaid\nflowchart LR\n  subgraph policy[%s]\n    pods(%s)\n  end\n", mermaidLabel(title), mermaidLabel(pods))
	nodes := map[string]string{}
	for i, arrow := range arrowsOf(rows) {
		key := string(arrow.direction) + arrow.peer
		node, known := nodes[key]
		if !known {
			node = fmt.Sprintf("peer%d", len(nodes))
			nodes[key] = node
			fmt.Fprintf(&b, "  %s[%s]\n", node, mermaidLabel(arrow.peer))
		}
		from, to, line, label := "pods", node, "-->", PortsInWords(arrow.ports)
		if arrow.by != "" && (arrow.mark == added || isNamed) {
			label += " (from " + arrow.by + ")"
		}
		if label = "|" + mermaidLabel(label) + "|"; arrow.isRemark {
			label = ""
		}
		if arrow.mark == added {
			line = "==>"
			fmt.Fprintf(&styles, "  linkStyle %d stroke:#1a7f37,color:#1a7f37\n", i)
		}
		if arrow.direction == networkingv1.PolicyTypeIngress {
			from, to = to, from
		}
		fmt.Fprintf(&b, "  %s %s%s %s\n", from, line, label, to)
	}
	return b.String() + styles.String() + "```\n"
}

// arrowsOf makes one row of all that the same policy allows with the same peers.
func arrowsOf(rows []row) (arrows []row) {
	type key struct {
		direction      networkingv1.PolicyType
		peer, by, mark string
		isAll          bool
	}
	known := map[key]int{}
	for _, r := range rows {
		if r.isRemark && r.peer != notIsolated {
			continue
		}
		of := key{r.direction, r.peer, r.by, r.mark, len(r.ports) == 0}
		i, found := known[of]
		if !found {
			i = len(arrows)
			known[of] = i
			arrows = append(arrows, r)
			arrows[i].ports = nil
		}
		arrows[i].ports = append(arrows[i].ports, r.ports...)
	}
	return arrows
}
