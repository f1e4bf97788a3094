package render

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/util/validation/field"
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

	stream int // where in the input, to report problems in its order
}

// String formats the problem for standard error: where and why on the first
// line, what to do on a second.
func (p Problem) String() string { return p.format("") }

func (p Problem) format(severity string) string {
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
	lines = append(lines, fmt.Sprintf("netpol-merge: refused for %s, nothing was written", plural(len(r.Problems), "problem")))
	return strings.Join(lines, "\n")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// InternalError is a defect of this program, never of its input.
type InternalError struct{ reason error }

// Error says which check failed and where to report it.
func (e *InternalError) Error() string {
	return fmt.Sprintf("netpol-merge: internal error, nothing was written: %v\n  hint: please report this with the input at https://github.com/networknt/netpol-merge/issues", e.reason)
}

// Unwrap returns the check that failed.
func (e *InternalError) Unwrap() error { return e.reason }

func internalError(format string, args ...any) error {
	return &InternalError{reason: fmt.Errorf(format, args...)}
}

func sortProblems(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.stream, b.stream), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Field, b.Field), cmp.Compare(a.Reason, b.Reason))
	})
}

const (
	labelHint    = "see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ for the syntax of labels"
	selectorHint = "In and NotIn need values, Exists and DoesNotExist have none"
)

// hintFor says what to do about a value that merge rejects.
func hintFor(err *field.Error) string {
	name := err.Field[strings.LastIndexByte(err.Field, '.')+1:]
	name, _, isItem := strings.Cut(name, "[")
	number, isText := err.BadValue.(string)
	switch name {
	case "ingress", "egress":
		if isItem {
			return "name the peers, the ports or both"
		}
		return "remove the rules; where the platform wants it, --allow-ingress lets them in"
	case "ports":
		return "name the port, or the peers"
	case "port":
		if isText && strings.Trim(number, "0123456789") == "" && number != "" {
			return fmt.Sprintf("a port number is written without quotes: port: %s", number)
		}
		return "use a number from 1 to 65535, or the name of a container port"
	case "endPort":
		return "endPort closes a range that starts at a numeric port: it is a number from port to 65535"
	case "protocol":
		return "use TCP, UDP or SCTP, in capitals"
	case "cidr":
		return "use a network address and its prefix length, such as 10.1.0.0/16 or 2001:db8::/32"
	case "except":
		return "each exception is a smaller network inside of cidr, such as 10.1.0.0/16 in 10.0.0.0/8"
	case "to", "from":
		return "a peer is either an ipBlock, or a podSelector, a namespaceSelector or both; for any peer leave the list out"
	case "policyTypes":
		return "use Ingress, Egress or both"
	case "values":
		if isItem {
			return labelHint
		}
		return selectorHint
	case "operator":
		return selectorHint
	case "matchLabels", "labels", "key":
		return labelHint
	case "namespace":
		return "use lower-case letters, digits and '-', starting and ending with a letter or digit"
	case "name":
		if err.Type == field.ErrorTypeRequired {
			return "set metadata.name; generateName will not do for something that is merged"
		}
		return "use lower-case letters, digits, '-' and '.', starting and ending with a letter or digit"
	}
	return "the API server would reject this; see https://kubernetes.io/docs/reference/kubernetes-api/"
}

// nearest is the option that a misspelt word most likely means, or empty.
func nearest(word string, options []string) string {
	best, bestDistance := "", min(len(word), 1+max(2, len(word)/3))
	for _, option := range options {
		if d := editDistance(word, option); d < bestDistance {
			best, bestDistance = option, d
		}
	}
	return best
}

// editDistance counts the bytes to insert, delete or replace to turn a into b,
// letter case aside.
func editDistance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
