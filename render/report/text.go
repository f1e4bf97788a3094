package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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
			all = notIsolatedWords
		case len(rows) == before:
			all = "nothing"
		}
		if all != "" {
			rows = append(rows, row{direction: merge.RulesKey(direction), peer: all, first: true})
		}
	}
	return rows
}

func (o Origin) writtenIn() string { return fmt.Sprintf("%s, line %d", o.Name, o.Line) }

// samePolicy tells whether two things are written in the same policy.
func (o Origin) samePolicy(other Origin) bool {
	o.Line, o.Field = other.Line, other.Field
	return o == other
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

// notIsolatedWords is what is allowed in a direction that a policy does not isolate.
const notIsolatedWords = "everything: not isolated"

// policy is the target by name.
func (t *TargetReport) policy() string {
	if t.Namespace == "" {
		return "NetworkPolicy " + t.Name
	}
	return "NetworkPolicy " + t.Name + " in namespace " + t.Namespace
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
		return "Everything else is blocked, unless another policy in the cluster allows it."
	case len(t.Isolates) == 1:
		return fmt.Sprintf("Other %s is blocked, unless another policy in the cluster allows it.", merge.RulesKey(t.Isolates[0]))
	}
	return "This policy blocks nothing."
}

// unneeded says what an overlay asked for in vain, and why.
func unneeded(q Request) string {
	asked := fmt.Sprintf("%s asks for %s", q.writtenIn(), q.Words)
	if q.Outcome == NotIsolated {
		return fmt.Sprintf("%s, but %s is not isolated", asked, merge.RulesKey(q.Direction))
	}
	var by []string
	for _, origin := range q.AllowedBy {
		by = append(by, origin.writtenIn())
	}
	text := fmt.Sprintf("%s, which is allowed by %s", asked, strings.Join(by, " and "))
	if q.Outcome == Added {
		text += "; it is written all the same, as a part of its rule"
	}
	return text
}

// unneeded are the requests for what is allowed without them.
func (t *TargetReport) unneeded() []Request {
	return slices.DeleteFunc(slices.Clone(t.Requests), func(q Request) bool { return q.Outcome == Added && len(q.AllowedBy) == 0 })
}

const noTargets = "No overlay in the input: it passes unchanged."

// TextStyle is how a report looks on a terminal.
type TextStyle struct {
	// Width is the number of columns; 0 means 80, and less than 40 counts as 40.
	Width int
	// Colour paints what was added, headings and warnings.
	Colour bool
}

// Text is the report for a terminal.
func (r *Report) Text(style TextStyle) string {
	style.Width = max(cmp.Or(style.Width, 80), 40)
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
	text = strings.TrimRight(Printable(text), " ")
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
	w.line(bold, t.policy()+", for "+t.Pods)
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
	if requests := t.unneeded(); len(requests) > 0 {
		w.line("", "")
		w.line(bold, "Asked for, but allowed already")
		for _, request := range requests {
			w.paragraph("", "  "+unneeded(request))
		}
	}
}

// table writes the rows in columns. Peers and names are broken where they have to
// be, as the rest is short.
func (w *textWriter) table(rows []row) {
	rows = append([]row{{direction: "DIRECTION", peer: "FROM / TO", ports: "PORTS", allowedBy: "ALLOWED BY", line: "LINE", first: true}}, rows...)
	width := func(column func(row) string) (widest int) {
		for _, r := range rows {
			widest = max(widest, utf8.RuneCountInString(column(r)))
		}
		return widest
	}
	const gaps, narrowest, longName = 2 + 4*2, 20, 24
	direction, ports, line := width(func(r row) string { return r.direction }), width(func(r row) string { return r.ports }), width(func(r row) string { return r.line })
	allowedBy := min(width(func(r row) string { return r.allowedBy }), longName)
	peer := min(width(func(r row) string { return r.peer }), max(narrowest, w.Width-direction-ports-allowedBy-line-gaps))
	for i, r := range rows {
		colour := map[bool]string{true: green}[r.added]
		if i == 0 {
			colour = dim
		}
		if !r.first {
			r.direction, r.peer = "", ""
		}
		sign, peers, names := mark(r.added), wrap(r.peer, peer), wrap(r.allowedBy, allowedBy)
		for i := range max(len(peers), len(names)) {
			if i > 0 {
				r = row{}
			}
			w.line(colour, fmt.Sprintf("%s %-*s  %-*s  %-*s  %-*s  %*s", sign, direction, r.direction, peer, at(peers, i), ports, r.ports, allowedBy, at(names, i), line, r.line))
		}
	}
}

// at is a line of a cell, which may have fewer than its row.
func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
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

// wrap breaks text into lines of at most width: between words, or, in a word that is
// longer, behind a comma or anywhere. What the text begins with stays. There is
// always one line.
func wrap(text string, width int) []string {
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))]
	lines := []string{indent}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		room := width - utf8.RuneCountInString(*last)
		switch long := utf8.RuneCountInString(word) > width; {
		case *last == indent && !long:
			*last += word
		case 1+utf8.RuneCountInString(word) <= room:
			*last += " " + word
		case long:
			pieces := broken(word, width)
			if *last == indent {
				*last += pieces[0]
				pieces = pieces[1:]
			}
			lines = append(lines, pieces...)
		default:
			lines = append(lines, word)
		}
	}
	return lines
}

// broken is a word in pieces of at most width.
func broken(word string, width int) (pieces []string) {
	for utf8.RuneCountInString(word) > width {
		end := len(string([]rune(word)[:width]))
		if comma := strings.LastIndexByte(word[:end], ','); comma > 0 {
			end = comma + 1
		}
		pieces = append(pieces, word[:end])
		word = word[end:]
	}
	return append(pieces, word)
}
