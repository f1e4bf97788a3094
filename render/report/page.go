package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/networknt/netpol-merge/merge"
)

// page is what a report says to a person, whether as text or as Markdown.
type page []block

// block is a title, a table, lines and problems, each of which may be missing.
type block struct {
	title    string
	heads    []string // of the table's columns
	rows     []row
	picture  string // of the rows, in Mermaid; only Markdown has it
	lines    []string
	problems []Problem
}

// The marks with which a row or a line begins.
const (
	unmarked  = " "
	added     = "+"
	lost      = "-"
	isolation = "!"
)

// row is what is allowed with some peers, or a remark on a direction.
type row struct {
	mark      string
	direction networkingv1.PolicyType
	peer      string   // or the remark
	ports     []string // in words; a remark has none
	by        string   // who allows it
	lines     []int    // at which the ports are written; empty if that is not told
}

func (b block) isEmpty() bool { return len(b.rows)+len(b.lines)+len(b.problems) == 0 }

// text is the page for a terminal.
func (p page) text() string {
	var blocks []string
	for _, b := range p {
		text := b.text()
		if b.title != "" {
			text = printable(b.title) + "\n" + text
		}
		blocks = append(blocks, text)
	}
	return strings.Join(blocks, "\n")
}

// markdown is the page for a comment on a pull request. All but titles and pictures is
// code, in which nothing means anything but its end, and hosts paint what is marked.
func (p page) markdown() string {
	var b strings.Builder
	for _, block := range p {
		if block.title != "" {
			title := escapeAny(printable(block.title), "\\`*_[]<>|&", func(c rune) string { return `\` + string(c) })
			fmt.Fprintf(&b, "### %s\n\n", title)
		}
		if text := block.text(); text != "" {
			fmt.Fprintf(&b, "```diff\n%s```\n\n", strings.ReplaceAll(text, "`", "'"))
		}
		if block.picture != "" {
			fmt.Fprintf(&b, "```mermaid\n%s```\n\n", block.picture)
		}
	}
	return b.String()
}

// text is the block without its title.
func (b block) text() string {
	var text strings.Builder
	if len(b.rows) > 0 {
		b.writeTable(&text)
	}
	for _, line := range b.lines {
		text.WriteString(Printable(line) + "\n")
	}
	for _, problem := range b.problems {
		text.WriteString("  " + strings.ReplaceAll(problem.String(), "\n", "\n  ") + "\n")
	}
	return text.String()
}

// widest is up to where columns are aligned, in characters. A wider peer has a line to
// itself, above its ports; a wider cell else stands out of its column.
const widest = 60

// writeTable writes the rows in columns, as wide as what is in them.
func (b block) writeTable(text *strings.Builder) {
	table := [][]string{b.heads}
	for i, r := range b.rows {
		start := []string{r.mark + " " + merge.RulesKey(r.direction), b.peer(i)}
		above := []string{r.mark, ""} // what stands above is not said again
		if len(r.ports) == 0 || utf8.RuneCountInString(start[1]) > widest {
			table = append(table, start)
			start = above
		}
		for i, port := range r.ports {
			line := []string{start[0], start[1], printable(port)}
			if len(r.lines) > 0 {
				line = append(line, Printable(r.by), fmt.Sprintf("%4d", r.lines[i])) // below LINE
			}
			table = append(table, line)
			start = above
		}
	}
	widths := make([]int, len(b.heads))
	for _, line := range table {
		for i, cell := range line {
			if width := utf8.RuneCountInString(cell); width <= widest {
				widths[i] = max(widths[i], width)
			}
		}
	}
	for _, line := range table {
		for i, cell := range line {
			line[i] = fmt.Sprintf("%-*s", widths[i], cell)
		}
		text.WriteString(strings.TrimRight(strings.Join(line, "  "), " ") + "\n")
	}
}

// peer is the peer of a row, which is not said twice if it is long.
func (b block) peer(row int) string {
	peer := b.rows[row].peer
	if row > 0 && peer == b.rows[row-1].peer && len(peer) > mostPrinted {
		return "as above"
	}
	return printable(peer)
}

// escapeAny is a text in which some characters are escaped.
func escapeAny(text, special string, escaped func(c rune) string) string {
	return escape(text, func(c rune) string {
		if strings.ContainsRune(special, c) {
			return escaped(c)
		}
		return ""
	})
}
