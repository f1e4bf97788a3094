package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/networknt/netpol-merge/merge"
)

const (
	notIsolated = "everything: not isolated"
	othersTitle = "Policies of other vendors, which are not read and may allow more"
)

// Text is the report for a terminal.
func (r *Report) Text() string { return r.page().text() }

// Markdown is the report for a comment on a pull request: for each group of policies a
// table and a picture, which is in Mermaid.
func (r *Report) Markdown() string { return r.page().markdown() }

func (r *Report) page() (p page) {
	if len(r.Groups) > 0 {
		p = append(p, block{lines: []string{
			"+ is added by overlays: policies that are merged into their targets.",
			"What is not listed is blocked, unless another policy for some of the same pods allows it.",
			"Lines are those of the rendered input. To change it, edit the templates.",
		}})
	}
	for _, group := range r.Groups {
		p = append(p, tableOf(group).blocks()...)
	}
	others := block{title: othersTitle}
	for _, o := range r.Others {
		others.lines = append(others.lines, unmarked+" "+o.String())
	}
	nothing := block{}
	if len(r.Groups)+len(r.Unread)+len(r.Others) == 0 && !r.Refused {
		nothing.lines = []string{"No overlay in the input: it passes unchanged."}
	}
	p = append(p,
		block{title: "Not shown, as they cannot be read for certain", problems: r.Unread},
		others, nothing,
		block{title: "Warnings", problems: r.Warnings},
		block{title: "Refused, nothing was merged", problems: r.Problems})
	return slices.DeleteFunc(p, block.isEmpty)
}

// table is a group as people read it.
type table struct {
	Group
	named map[string]int // how many sources have a name
}

func tableOf(group Group) table {
	t := table{group, map[string]int{}}
	for _, p := range group.Policies {
		for _, source := range p.Sources {
			t.named[source.Name]++
		}
	}
	return t
}

// name is that of a policy's source, with the template if others have the name, too.
func (t table) name(p Policy, source int) string {
	s := p.Sources[source]
	if t.named[s.Name] > 1 {
		return fmt.Sprintf("%s (%s)", s.Name, s.Template)
	}
	return s.Name
}

// blocks say what the policies allow, where they are written, and what overlays asked for
// in vain.
func (t table) blocks() page {
	var names []string
	for _, p := range t.Policies {
		names = append(names, p.Name)
	}
	title := "NetworkPolicy " + strings.Join(names, " and ") + InNamespace(t.Namespace)
	allowed := block{title: title + ", for " + t.Pods, rows: t.rows(), heads: []string{"  DIRECTION", "FROM / TO", "PORTS", "ALLOWED BY", "LINE"}}
	allowed.picture = picture(title, t.Pods, allowed.rows)
	return page{
		allowed,
		{lines: t.sources()},
		{title: "Asked for, but allowed already", lines: t.unneeded()},
	}
}

// rows are what the policies allow, direction by direction.
func (t table) rows() (rows []row) {
	for _, direction := range merge.Directions() {
		before := len(rows)
		for _, p := range t.Policies {
			for _, rule := range p.Rules {
				if rule.Direction == direction && slices.Contains(p.Isolates, direction) {
					rows = append(rows, t.rowsOf(p, rule)...)
				}
			}
		}
		switch {
		case !slices.Contains(t.Isolates, direction):
			rows = append(rows, row{mark: unmarked, direction: direction, peer: notIsolated})
		case len(rows) == before:
			rows = append(rows, row{mark: unmarked, direction: direction, peer: "nothing"})
		}
	}
	return rows
}

// rowsOf are a rule's ports, in a row for each source.
func (t table) rowsOf(p Policy, rule Rule) (rows []row) {
	for i, port := range rule.Ports {
		if i == 0 || port.Source != rule.Ports[i-1].Source {
			r := row{mark: unmarked, direction: rule.Direction, peer: rule.Peer, by: t.name(p, port.Source)}
			if port.Source > 0 {
				r.mark = added
			}
			rows = append(rows, r)
		}
		last := &rows[len(rows)-1]
		last.ports = append(last.ports, port.Words)
		last.lines = append(last.lines, port.Line)
	}
	return rows
}

// sources are where the policies are written, which are hooks, and what has no effect.
func (t table) sources() (lines []string) {
	for _, p := range t.Policies {
		mark := unmarked
		for _, s := range p.Sources {
			lines = append(lines, mark+" "+s.Name+": "+s.Template)
			mark = added
		}
		if p.Hook {
			lines = append(lines, isolation+" "+p.Name+" is a Helm hook.")
		}
		for _, direction := range merge.Directions() {
			isInert := func(rule Rule) bool { return rule.Direction == direction && !slices.Contains(p.Isolates, direction) }
			if slices.ContainsFunc(p.Rules, isInert) {
				lines = append(lines, fmt.Sprintf("%s The %s rules of %s have no effect: its policyTypes leave %s out.", isolation, merge.RulesKey(direction), p.Name, direction))
			}
		}
	}
	return lines
}

// unneeded says what overlays asked for in vain, and why.
func (t table) unneeded() (lines []string) {
	for _, p := range t.Policies {
		at := func(o Origin) string { return fmt.Sprintf("%s, line %d", t.name(p, o.Source), o.Line) }
		for _, q := range p.Requests {
			var by []string
			for _, origin := range q.AllowedBy {
				by = append(by, at(origin))
			}
			if q.More > 0 {
				by = append(by, fmt.Sprintf("%d more", q.More))
			}
			why := "which is allowed by " + strings.Join(by, " and ")
			switch {
			case q.Outcome == NotIsolated:
				why = fmt.Sprintf("but %s is not isolated", merge.RulesKey(q.Direction))
			case len(by) == 0:
				continue
			case q.Outcome == Added:
				why += "; it is written all the same, as a part of its rule"
			}
			lines = append(lines, fmt.Sprintf("%s %s asks for %s, %s", unmarked, at(q.Origin), q.Words, why))
		}
	}
	return lines
}
