package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/networknt/netpol-merge/merge"
)

const (
	legendOfPlus  = "+ is added by overlays: policies that are merged into this one."
	legendOfLines = "Lines are those of the rendered input. To change it, edit the templates:"
	notIsolated   = "everything: not isolated"
	noPolicies    = "No overlay in the input: it passes unchanged."
	othersTitle   = "Of other vendors, and not read"
)

// table is a group as rows, with the names by which its sources are told apart.
type table struct {
	*Group
	rows  []row
	names [][]string // of each source of each policy
}

func newTable(g *Group) *table {
	t := &table{Group: g, names: g.names()}
	for _, direction := range merge.Directions() {
		before := len(t.rows)
		for i, p := range g.Policies {
			for _, rule := range p.Rules {
				if rule.Direction == direction && slices.Contains(p.Isolates, direction) {
					t.addRule(i, rule)
				}
			}
		}
		remark := ""
		switch {
		case !slices.Contains(g.Isolates, direction):
			remark = notIsolated
		case len(t.rows) == before:
			remark = "nothing"
		default:
			continue
		}
		t.rows = append(t.rows, row{mark: unmarked, direction: direction, peer: remark, isRemark: true})
	}
	return t
}

// addRule adds a row for each port of a rule.
func (t *table) addRule(policy int, rule Rule) {
	for i, port := range rule.Ports {
		r := row{
			mark: unmarked, direction: rule.Direction, peer: rule.Peer,
			by: t.names[policy][port.Source], line: strconv.Itoa(port.Line),
			continues: i > 0 && port.Source == rule.Ports[i-1].Source,
		}
		if port.Port != nil {
			r.ports = append(r.ports, *port.Port)
		}
		if port.Source > 0 {
			r.mark = added
		}
		t.rows = append(t.rows, r)
	}
}

// names tells the sources of a group apart: by name; those that have it in common, by
// template, too; and those of one template, by line.
func (g *Group) names() (names [][]string) {
	shared := map[Source]int{}
	for _, p := range g.Policies {
		for _, s := range p.Sources {
			shared[Source{Name: s.Name}]++
			shared[Source{Name: s.Name, Template: s.Template}]++
		}
	}
	for _, p := range g.Policies {
		var some []string
		for _, s := range p.Sources {
			name := s.Name
			switch {
			case shared[Source{Name: s.Name, Template: s.Template}] > 1:
				name += fmt.Sprintf(" (%s, line %d)", s.Template, s.Line)
			case shared[Source{Name: s.Name}] > 1:
				name += fmt.Sprintf(" (%s)", s.Template)
			}
			some = append(some, name)
		}
		names = append(names, some)
	}
	return names
}

// title names the policies, and pods whom they are for.
func (g *Group) title() string {
	var names []string
	for _, p := range g.Policies[:min(mostWords, len(g.Policies))] {
		names = append(names, p.Name)
	}
	kind := "NetworkPolicy "
	if len(names) > 1 {
		kind = "NetworkPolicies "
	}
	return kind + listed(names, len(g.Policies)-len(names)) + inNamespace(g.Namespace)
}

// listed is a list in words, of which there are more.
func listed(items []string, more int) string {
	if more > 0 {
		items = append(slices.Clone(items), fmt.Sprintf("%d more", more))
	}
	last := len(items) - 1
	if last < 1 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:last], ", ") + " and " + items[last]
}

// remarks say what the table leaves open: what is blocked, and rules that allow nothing.
func (t *table) remarks(r *Report) (lines []string) {
	rest := "Everything else is blocked"
	if len(t.Isolates) == 1 {
		rest = fmt.Sprintf("Other %s is blocked", merge.RulesKey(t.Isolates[0]))
	}
	unless := "unless another policy in the cluster allows it."
	if len(r.Groups)+len(r.Unread)+len(r.Others) > 1 {
		unless = "unless another policy, here or in the cluster, is for some of these pods and allows it."
	}
	lines = append(lines, rest+", "+unless)
	for i, p := range t.Policies {
		for _, direction := range merge.Directions() {
			isInert := func(rule Rule) bool { return rule.Direction == direction && !slices.Contains(p.Isolates, direction) }
			if slices.ContainsFunc(p.Rules, isInert) {
				lines = append(lines, fmt.Sprintf("The %s rules of %s have no effect: its policyTypes leave %s out.", merge.RulesKey(direction), t.names[i][0], direction))
			}
		}
	}
	return lines
}

// sources lists what the table is made of.
func (t *table) sources() (items []item) {
	for _, p := range t.Policies {
		for i, s := range p.Sources {
			mark, where := unmarked, s.Name+": "+s.Template
			if i > 0 {
				mark = added
			} else if p.Hook {
				where += " (a Helm hook)"
			}
			items = append(items, item{mark, where})
		}
	}
	return items
}

// unneeded says what overlays asked for in vain, and why.
func (t *table) unneeded() (items []item) {
	for i, p := range t.Policies {
		at := func(o Origin) string { return fmt.Sprintf("%s, line %d", t.names[i][o.Source], o.Line) }
		for _, q := range p.Requests {
			asked := fmt.Sprintf("%s asks for %s, ", at(q.Origin), q.Words)
			if q.Outcome == NotIsolated {
				items = append(items, item{unmarked, asked + fmt.Sprintf("but %s is not isolated", merge.RulesKey(q.Direction))})
				continue
			}
			var by []string
			for _, origin := range q.AllowedBy {
				by = append(by, at(origin))
			}
			if len(by) == 0 {
				continue
			}
			line := asked + "which is allowed by " + listed(by, q.More)
			if q.Outcome == Added {
				line += "; it is written all the same, as a part of its rule"
			}
			items = append(items, item{unmarked, line})
		}
	}
	return items
}

// Text is the report for a terminal.
func (r *Report) Text(style TextStyle) string { return r.page().text(style) }

// Markdown is the report for a comment on a pull request: for each group of policies a
// table and a picture, which is in Mermaid.
func (r *Report) Markdown() string { return r.page().markdown() }

func (r *Report) page() (p page) {
	for i := range r.Groups {
		t := newTable(&r.Groups[i])
		heading := block{title: t.title() + ", for " + t.Pods, isSection: true}
		if slices.ContainsFunc(t.rows, func(r row) bool { return r.mark == added }) {
			heading.lines = []string{legendOfPlus}
		}
		p = append(p, heading,
			block{rows: t.rows, heads: heads()},
			block{lines: t.remarks(r), picture: mermaid(t.title(), t.Pods, t.rows, len(t.Policies) > 1)},
			block{lines: []string{legendOfLines}, items: t.sources()})
		if items := t.unneeded(); len(items) > 0 {
			p = append(p, block{title: "Asked for, but allowed already", items: items})
		}
	}
	if len(r.Unread) > 0 {
		p = append(p, block{title: "Not shown, as they cannot be read for certain", problems: r.Unread})
	}
	if len(r.Others) > 0 {
		others := block{title: othersTitle}
		for _, o := range r.Others {
			others.items = append(others.items, item{unmarked, o.String()})
		}
		p = append(p, others)
	}
	if len(p) == 0 && !r.Refused {
		p = append(p, block{lines: []string{noPolicies}})
	}
	if len(r.Warnings) > 0 {
		p = append(p, block{title: "Warnings", problems: r.Warnings})
	}
	if len(r.Problems) > 0 {
		p = append(p, block{title: "Refused, nothing was merged", problems: r.Problems})
	}
	return p
}
