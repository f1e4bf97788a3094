package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Problem is one reason to refuse the input, or one warning about it.
type Problem struct {
	// Code is the kind of problem, as in docs/messages.md.
	Code Code `json:"code,omitempty"`
	// Source is the template the document came from, or else the name of its
	// stream. Line is the line in the stream, counted from 1.
	Source string `json:"source"`
	Line   int    `json:"line"`
	// APIVersion, Kind and Name are those of the object; empty if it could not
	// be read.
	APIVersion string `json:"-"`
	Kind       string `json:"kind,omitempty"`
	Name       string `json:"name,omitempty"`
	// Field is the path in the object, as the API server writes it; empty if
	// the problem is with the document.
	Field string `json:"field,omitempty"`
	// Reason tells what was found and why it cannot be, Hint what to do.
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

// String formats the problem for standard error: where and why on the first
// line, what to do on a second.
func (p Problem) String() string { return p.Format("") }

// Format is String with a word in front of the reason, such as "warning: ".
func (p Problem) Format(severity string) string {
	var b strings.Builder
	if p.Source != "" {
		fmt.Fprintf(&b, "%s:%d: ", Printable(p.Source), p.Line)
	}
	b.WriteString(severity)
	if p.Kind != "" {
		fmt.Fprintf(&b, "%s %s: ", Printable(p.Kind), Printable(strconv.Quote(p.Name)))
	}
	if p.Field != "" {
		b.WriteString(Printable(p.Field) + ": ")
	}
	b.WriteString(Printable(p.Reason))
	if p.Hint != "" {
		fmt.Fprintf(&b, "\n  hint: %s (%s)", Printable(p.Hint), p.Code)
	}
	return b.String()
}

// Printable is a text from the input as it may be written to a terminal: not
// longer than a person reads, and without control characters.
func Printable(text string) string {
	const most = 1000
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return ' '
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) { // which may turn the text around or hide it
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// Refusal is the error for input that cannot be merged. It holds every problem
// found, in the order of the input.
type Refusal struct{ Problems []Problem }

// Error returns all problems, each on lines of its own.
func (r *Refusal) Error() string {
	var lines []string
	for _, p := range r.Problems {
		lines = append(lines, p.String())
	}
	lines = append(lines, fmt.Sprintf("netpol-merge: refused for %s, nothing was written", Plural(len(r.Problems), "problem")))
	return strings.Join(lines, "\n")
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

// NewRefusal returns the refusal for the problems, in the order of the input.
func NewRefusal(problems []Problem) *Refusal {
	Sort(problems)
	return &Refusal{Problems: problems}
}
