package strict

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/render/internal/node"
)

// Finding is something wrong in an object, by field path, before it is known in which
// line that is.
type Finding struct {
	*field.Error
	// Hint says what to do; empty if that depends on what the field is for.
	Hint string
	// Line is the line of the document; 0 if the field path says it.
	Line int
}

// Explains reports whether an error is there only because of the finding, as decoding
// left out what is wrong:
//   - it is about the same field, or about the mapping or, if it judges a value, the
//     list that holds it;
//   - it is about the same item of a list, and misses what was left out there, or what
//     that would have to stand beside.
func (f Finding) Explains(err *field.Error) bool {
	here, there := node.Steps(f.Field), node.Steps(err.Field)
	if len(here) >= len(there) && slices.Equal(here[:len(there)], there) {
		rest := here[len(there):]
		return len(rest) == 0 || !rest[0].Brackets || err.Type == field.ErrorTypeInvalid
	}
	item := 0 // how many steps lead to the innermost item of a list
	for i, step := range here {
		if step.Brackets {
			item = i + 1
		}
	}
	if item == 0 || len(there) < item || !slices.Equal(here[:item], there[:item]) {
		return false
	}
	inner := there[item:]
	if slices.ContainsFunc(inner, func(s node.Step) bool { return s.Brackets }) {
		return false
	}
	afterPort := len(inner) > 0 && inner[len(inner)-1].Name == "endPort" && here[len(here)-1].Name == "port"
	return err.Type == field.ErrorTypeRequired || err.Type == field.ErrorTypeForbidden || afterPort
}

// mostCompared is the longest word that is compared with others, in bytes: comparing
// takes as many steps as one word has letters for each letter of the other.
const mostCompared = 256

// Nearest returns the option that a misspelt word most likely means, or an empty string.
func Nearest(word string, options []string) string {
	if len(word) > mostCompared {
		return ""
	}
	best, bestDistance := "", min(len(word), 1+max(2, len(word)/3))
	for _, option := range options {
		if len(option) > mostCompared {
			continue
		}
		if d := editDistance(word, option); d < bestDistance {
			best, bestDistance = option, d
		}
	}
	return best
}

// editDistance counts the bytes to insert, delete or replace to turn a into b, letter
// case aside.
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
