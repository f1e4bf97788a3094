package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// page is what a report says, whether as text or as Markdown.
type page []block

// block is a paragraph: a title, lines, a table, a list and problems, each of which may be
// missing.
type block struct {
	title     string
	isSection bool // whether the title is one of policies, and not of a list
	lines     []string
	rows      []row
	heads     []string // of the table's columns
	picture   string   // of the table, in Mermaid; only Markdown has it
	items     []item
	problems  []Problem
}

// item is an entry of a list.
type item struct{ mark, text string }

// TextStyle is how text looks on a terminal.
type TextStyle struct {
	// Colour paints what was added or lost, headings and warnings.
	Colour bool
}

// The colours, as ANSI escape sequences.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

func colourOf(mark string) string {
	return map[string]string{added: green, lost: red, isolation: yellow}[mark]
}

type textWriter struct {
	strings.Builder
	TextStyle
}

// text is the page for a terminal.
func (p page) text(style TextStyle) string {
	w := &textWriter{TextStyle: style}
	for i, block := range p {
		if i > 0 {
			w.line("", "")
		}
		if block.title != "" {
			w.line(bold, block.title)
		}
		for _, line := range block.lines {
			w.line("", line)
		}
		if len(block.rows) > 0 {
			w.table(block.rows, block.heads)
		}
		for _, item := range block.items {
			w.line("", item.mark+" "+item.text)
		}
		for _, problem := range block.problems {
			for line := range strings.Lines(problem.String()) {
				w.printed(yellow, "  "+strings.TrimSuffix(line, "\n"))
			}
		}
	}
	return w.String()
}

// line writes a line, of which everything invisible is shown.
func (w *textWriter) line(colour, text string) { w.printed(colour, Printable(text)) }

// printed writes a line that is printable.
func (w *textWriter) printed(colour, text string) {
	text = strings.TrimRight(text, " ")
	if w.Colour && colour != "" {
		text = "\x1b[" + colour + "m" + text + "\x1b[0m"
	}
	w.WriteString(text + "\n")
}

// widest is up to where columns are aligned. A longer cell stands out of its column.
const widest = 60

// table writes the rows in columns, as wide as what is in them.
func (w *textWriter) table(rows []row, heads []string) {
	lines := [][]string{strings.Split(strings.ToUpper(strings.Join(heads, "\n")), "\n")}
	for _, r := range rows {
		lines = append(lines, r.cells(len(heads)))
	}
	widths := make([]int, len(heads))
	for _, cells := range lines {
		for i := range cells {
			cells[i] = Printable(cells[i])
			if width := utf8.RuneCountInString(cells[i]); width <= widest {
				widths[i] = max(widths[i], width)
			}
		}
	}
	for i, cells := range lines {
		r, colour := row{mark: unmarked}, dim
		if i > 0 {
			r = rows[i-1]
			colour = colourOf(r.mark)
		}
		if r.continues {
			cells[0], cells[1] = "", ""
		}
		for i := range cells {
			width := -widths[i]
			if heads[i] == lineHead {
				width = widths[i] // aligned to the right
			}
			cells[i] = fmt.Sprintf("%*s", width, cells[i])
		}
		w.printed(colour, r.mark+" "+strings.Join(cells, "  "))
	}
}

// markdown is the page for a comment on a pull request.
func (p page) markdown() string {
	var b strings.Builder
	for _, block := range p {
		switch {
		case block.isSection:
			fmt.Fprintf(&b, "### %s\n\n", markdown(block.title))
		case block.title != "":
			fmt.Fprintf(&b, "**%s**\n\n", markdown(block.title))
		}
		for _, line := range block.lines {
			b.WriteString(markdown(line) + "\n\n")
		}
		if len(block.rows) > 0 {
			writeTable(&b, block.rows, block.heads)
		}
		if block.picture != "" {
			b.WriteString(block.picture + "\n")
		}
		for _, item := range block.items {
			fmt.Fprintf(&b, "- %s\n", markdown(strings.TrimLeft(item.mark+" "+item.text, " ")))
		}
		if len(block.items) > 0 {
			b.WriteString("\n")
		}
		writeProblems(&b, block.problems)
	}
	return b.String()
}

func writeTable(b *strings.Builder, rows []row, heads []string) {
	fmt.Fprintf(b, "| | %s |\n|---%s|\n", strings.Join(heads, " | "), strings.Repeat("|---", len(heads)))
	for _, r := range rows {
		b.WriteString("| " + r.mark)
		for _, cell := range r.cells(len(heads)) {
			b.WriteString(" | " + markdown(cell))
		}
		b.WriteString(" |\n")
	}
	b.WriteString("\n")
}

func writeProblems(b *strings.Builder, problems []Problem) {
	if len(problems) == 0 {
		return
	}
	b.WriteString("```text\n")
	for _, problem := range problems {
		// In a block of code nothing means anything but its end.
		b.WriteString(strings.ReplaceAll(problem.String(), "`", "'") + "\n")
	}
	b.WriteString("```\n\n")
}

// markdown is a text from the input that means nothing to Markdown.
func markdown(text string) string {
	text = escape(text, "\\`*_[]<>|&", func(c rune) string { return `\` + string(c) })
	if strings.HasPrefix(text, "+ ") || strings.HasPrefix(text, "- ") {
		return `\` + text // else it is an item of a list
	}
	return text
}

// mermaidLabel is a label that means nothing to Mermaid.
func mermaidLabel(text string) string {
	return `"` + escape(text, "\"#&<>`", func(c rune) string { return fmt.Sprintf("#%d;", c) }) + `"`
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
