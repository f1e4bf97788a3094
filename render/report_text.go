package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/networknt/netpol-merge/merge"
)

// row is a line of the table of an effective policy: one port of a rule.
type row struct {
	direction, peer, ports, allowedBy, line string
	added                                   bool
	first                                   bool // of its rule, or of what a policy wrote in it
}

// rows are the lines of a target's table. A direction that is not isolated, or in
// which nothing is allowed, has a line that says so.
func (t *TargetReport) rows() []row {
	var rows []row
	for _, direction := range merge.Directions() {
		before := len(rows)
		for _, rule := range t.Rules {
			if rule.Direction != direction {
				continue
			}
			for i, port := range rule.Ports {
				rows = append(rows, row{
					direction: merge.RulesKey(direction), peer: rule.Peer, ports: port.Words,
					allowedBy: port.Name, line: strconv.Itoa(port.Line), added: port.Overlay,
					first: i == 0 || !port.samePolicy(rule.Ports[i-1].Origin),
				})
			}
		}
		all := ""
		switch {
		case !slices.Contains(t.Isolates, direction):
			all = "everything: not isolated"
		case len(rows) == before:
			all = "nothing"
		}
		if all != "" {
			rows = append(rows, row{direction: merge.RulesKey(direction), peer: all, allowedBy: t.Name, line: strconv.Itoa(t.Line), first: true})
		}
	}
	return rows
}

func (o Origin) writtenIn() string { return fmt.Sprintf("%s, line %d", o.Name, o.Line) }

func (o Origin) samePolicy(other Origin) bool {
	return o.Name == other.Name && o.Source == other.Source
}

const (
	legendOfPlus  = "+ is added by overlays: policies that are merged into this one."
	legendOfLines = "Lines are those of the rendered input. To change it, edit the templates:"
)

// mark is what a line about an overlay begins with.
func mark(overlay bool) string {
	if overlay {
		return "+"
	}
	return " "
}

func (t *TargetReport) title() string {
	title := "NetworkPolicy " + t.Name
	if t.Namespace != "" {
		title += " in namespace " + t.Namespace
	}
	return title + ", for " + t.Pods
}

// sources lists the policies of a table and where they are: the target, then the
// overlays that added something.
func (t *TargetReport) sources() []Origin {
	sources := []Origin{t.Origin}
	for _, rule := range t.Rules {
		for _, port := range rule.Ports {
			if !slices.ContainsFunc(sources, port.samePolicy) {
				sources = append(sources, port.Origin)
			}
		}
	}
	return sources
}

// remainder says what the table leaves open.
func (t *TargetReport) remainder() string {
	switch {
	case len(t.Isolates) == len(merge.Directions()):
		return "Everything else is blocked, unless another policy for these pods allows it."
	case len(t.Isolates) == 1:
		return fmt.Sprintf("Other %s is blocked, unless another policy for these pods allows it.", merge.RulesKey(t.Isolates[0]))
	}
	return "This policy blocks nothing."
}

// unneeded says what an overlay asked for in vain, and why.
func (t *TargetReport) unneeded(q Request) string {
	if q.Outcome == NotIsolated {
		return fmt.Sprintf("%s asks for %s, but %s is not isolated", q.writtenIn(), q.Words, merge.RulesKey(q.Direction))
	}
	var by []string
	for _, i := range q.Rules {
		rule := t.ruleAt(q.Direction, i)
		by = append(by, fmt.Sprintf("%s[%d] (%s)", merge.RulesKey(q.Direction), i, rule.writtenIn()))
	}
	return fmt.Sprintf("%s asks for %s, which %s allows", q.writtenIn(), q.Words, strings.Join(by, " with "))
}

// ruleAt is the rule with an index among those of a direction.
func (t *TargetReport) ruleAt(direction networkingv1.PolicyType, index int) RuleReport {
	rules := slices.DeleteFunc(slices.Clone(t.Rules), func(r RuleReport) bool { return r.Direction != direction })
	return rules[index]
}

// inVain are the requests to which nothing was added.
func (t *TargetReport) inVain() []Request {
	return slices.DeleteFunc(slices.Clone(t.Requests), func(q Request) bool { return q.Outcome == Added })
}

const noTargets = "No overlay in the input: it passes unchanged."

// TextStyle is how a report looks on a terminal.
type TextStyle struct {
	// Width is the number of columns; 0 means 80. What cannot be broken may be
	// longer.
	Width int
	// Colour paints what was added, headings and warnings.
	Colour bool
}

// Text is the report for a terminal.
func (r *Report) Text(style TextStyle) string {
	if style.Width == 0 {
		style.Width = 80
	}
	w := &textWriter{TextStyle: style}
	if len(r.Targets) == 0 && !r.Refused {
		w.paragraph("", noTargets)
	}
	for i := range r.Targets {
		if i > 0 {
			w.line("", "")
		}
		w.target(&r.Targets[i])
	}
	w.problems("Warnings", r.Warnings)
	w.problems("Refused, nothing was merged", r.Problems)
	return w.String()
}

type textWriter struct {
	strings.Builder
	TextStyle
}

// The colours, as ANSI escape sequences.
const (
	bold   = "1"
	dim    = "2"
	green  = "32"
	yellow = "33"
)

func (w *textWriter) line(colour, text string) {
	text = strings.TrimRight(printable(text), " ")
	if w.Colour && colour != "" {
		text = "\x1b[" + colour + "m" + text + "\x1b[0m"
	}
	w.WriteString(text + "\n")
}

// paragraph writes text in lines that fit, all but the first indented.
func (w *textWriter) paragraph(colour, text string) {
	for i, line := range wrap(text, w.Width-4) {
		if i > 0 {
			line = "    " + line
		}
		w.line(colour, line)
	}
}

func (w *textWriter) target(t *TargetReport) {
	w.line(bold, t.title())
	if len(t.sources()) > 1 {
		w.line("", legendOfPlus)
	}
	w.line("", "")
	w.table(t.rows())
	w.line("", "")
	w.line("", t.remainder())
	w.line("", "")
	w.line("", legendOfLines)
	for _, source := range t.sources() {
		w.line("", fmt.Sprintf("%s %s: %s", mark(source.Overlay), source.Name, source.Source))
	}
	if inVain := t.inVain(); len(inVain) > 0 {
		w.line("", "")
		w.line(bold, "Asked for, but allowed already")
		for _, request := range inVain {
			w.paragraph("", "  "+t.unneeded(request))
		}
	}
}

// table writes the rows in columns. Only peers are broken, as the rest is short.
func (w *textWriter) table(rows []row) {
	rows = append([]row{{direction: "DIRECTION", peer: "FROM / TO", ports: "PORTS", allowedBy: "ALLOWED BY", line: "LINE", first: true}}, rows...)
	var direction, peer, ports, allowedBy, line int
	for _, r := range rows {
		direction = max(direction, utf8.RuneCountInString(r.direction))
		peer = max(peer, utf8.RuneCountInString(r.peer))
		ports = max(ports, utf8.RuneCountInString(r.ports))
		allowedBy = max(allowedBy, utf8.RuneCountInString(r.allowedBy))
		line = max(line, utf8.RuneCountInString(r.line))
	}
	const gaps, narrowest = 2 + 4*2, 20
	peer = min(peer, max(narrowest, w.Width-direction-ports-allowedBy-line-gaps))
	for i, r := range rows {
		colour := map[bool]string{true: green}[r.added]
		if i == 0 {
			colour = dim
		}
		if !r.first {
			r.direction, r.peer = "", ""
		}
		sign := mark(r.added)
		for i, part := range wrap(r.peer, peer) {
			if i > 0 {
				r = row{}
			}
			w.line(colour, fmt.Sprintf("%s %-*s  %-*s  %-*s  %-*s  %*s", sign, direction, r.direction, peer, part, ports, r.ports, allowedBy, r.allowedBy, line, r.line))
		}
	}
}

func (w *textWriter) problems(title string, problems []Problem) {
	if len(problems) == 0 {
		return
	}
	if w.Len() > 0 {
		w.line("", "")
	}
	w.line(bold, title)
	for _, problem := range problems {
		for line := range strings.Lines(problem.String()) {
			w.paragraph(yellow, "  "+strings.TrimSuffix(line, "\n"))
		}
	}
}

// wrap breaks text between words into lines of at most width; a longer word has
// a line of its own. What the text begins with stays. There is always one line.
func wrap(text string, width int) []string {
	words := strings.Fields(text)
	if len(words) == 0 {
		return []string{""}
	}
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	lines := []string{indent + words[0]}
	for _, word := range words[1:] {
		last := &lines[len(lines)-1]
		if utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= width {
			*last += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}
