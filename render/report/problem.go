package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Problem is one reason to refuse the input, or one warning about it.
type Problem struct {
	// Code is the kind of problem, as in docs/messages.md; empty for an error that is
	// about no input.
	Code Code `json:"code,omitempty"`
	// Source is the template the document came from, or else the name of its stream.
	Source string `json:"source"`
	// Line is the line of the stream, counted from 1; 0 if the problem is in no line.
	// Text is that line. IsFile reports whether it is a line of the file Source, and
	// not of what was rendered of a template.
	Line   int    `json:"line"`
	Text   string `json:"text,omitempty"`
	IsFile bool   `json:"-"`
	// APIVersion, Kind and Name are those of the object; empty if it could not be read.
	APIVersion string `json:"-"`
	Kind       string `json:"kind,omitempty"`
	Name       string `json:"name,omitempty"`
	// Field is the path in the object, as the API server writes it; empty if the
	// problem is with the document.
	Field string `json:"field,omitempty"`
	// Reason says what was found and why it cannot be, Hint what to do.
	Reason string `json:"reason"`
	Hint   string `json:"hint,omitempty"`

	// Stream is the position of the stream among those of the run: problems are in
	// the order of the input.
	Stream int `json:"-"`
}

// Words in hints for what a caller can set. A command puts its flags beside them.
const (
	ReleaseNamespace = "the release's namespace"
	AllowIngress     = "allow ingress rules"
	AcceptEmptyInput = "accept an empty input"
)

// String formats the problem for standard error, as compilers do: where and why, the line
// that it is about, and what to do.
func (p Problem) String() string { return p.Format("") }

// Format is String with a word in front of the reason, such as "warning: ".
func (p Problem) Format(severity string) string {
	var b strings.Builder
	if p.Source != "" {
		b.WriteString(p.place() + ": ")
	}
	b.WriteString(severity)
	if p.Kind != "" {
		fmt.Fprintf(&b, "%s %s: ", Printable(p.Kind), Printable(strconv.Quote(p.Name)))
	}
	if p.Field != "" {
		b.WriteString(Printable(p.Field) + ": ")
	}
	b.WriteString(Printable(p.Reason))
	if p.Code != "" {
		fmt.Fprintf(&b, " (%s)", p.Code)
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, "\n  %d | %s", p.Line, Printable(p.Text))
	}
	if p.Hint != "" {
		fmt.Fprintf(&b, "\n  hint: %s", Printable(p.Hint))
	}
	return b.String()
}

// mostShown is how many problems, and how many warnings, of a run are shown. More are no
// help to a person, and 1 MiB can hold a quarter of a million.
const mostShown = 10_000

// IsFull reports whether there are more problems than are shown. To look for others is in
// vain.
func IsFull(problems []Problem) bool { return len(problems) > mostShown }

// FormatWarnings returns warnings as they are shown to a person.
func FormatWarnings(warnings []Problem) string {
	var b strings.Builder
	for _, warning := range warnings[:min(len(warnings), mostShown)] {
		fmt.Fprintln(&b, warning.Format("warning: "))
	}
	if IsFull(warnings) {
		fmt.Fprintf(&b, "netpol-merge: there are more than %d warnings, and the others are not shown\n", mostShown)
	}
	return b.String()
}

// place is where the problem is, in front of the message: file:line, as editors open it,
// but never so with a line that is none of the template's. GitHub takes a line that
// starts with "::" for a command.
func (p Problem) place() string {
	place := Printable(p.Source)
	if strings.HasPrefix(strings.TrimLeft(place, " "), "::") {
		place = "./" + place
	}
	if p.IsFile && p.Line > 0 {
		place += ":" + strconv.Itoa(p.Line)
	}
	return place
}

// Refusal is the error for input that cannot be merged. It holds every problem found, in
// the order of the input.
type Refusal struct{ Problems []Problem }

// NewRefusal returns the refusal for the problems, in the order of the input.
func NewRefusal(problems []Problem) *Refusal {
	Sort(problems)
	return &Refusal{Problems: problems}
}

// Error returns the problems, each on lines of its own, at most 10,000.
func (r *Refusal) Error() string {
	var lines []string
	for _, p := range r.Problems[:min(len(r.Problems), mostShown)] {
		lines = append(lines, p.String())
	}
	number := Plural(len(r.Problems), "problem")
	if IsFull(r.Problems) {
		number = fmt.Sprintf("more than %d problems (the others are not shown)", mostShown)
	}
	last := fmt.Sprintf("netpol-merge: refused for %s, nothing was written", number)
	if slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Line > 0 && !p.IsFile }) {
		last += " (lines are those of the rendered input)"
	}
	return strings.Join(append(lines, last), "\n")
}

// Plural is a number with its noun: "1 line", "2 lines".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Sort puts problems into the order of the input.
func Sort(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Field, b.Field), cmp.Compare(a.Reason, b.Reason))
	})
}
