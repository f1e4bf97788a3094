package strict

import (
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

// Causes are findings of which other errors may be mere consequences: decoding left out
// what is wrong. The zero value has none.
type Causes struct {
	at    map[string]bool // paths of what is wrong, and of the mappings that hold it
	lists map[string]bool // paths of lists, and of labels, that hold it
	items map[string]bool // paths of items of a list that miss what was left out there
	ports map[string]bool // those of the items that miss a port
}

// Add adds a finding.
func (c *Causes) Add(f Finding) {
	if c.at == nil {
		c.at, c.lists, c.items, c.ports = map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	}
	steps := node.Steps(f.Field)
	path, item := "", ""
	for _, step := range steps {
		if step.Brackets {
			c.lists[path] = true
			path += "[" + step.Name + "]"
			item = path
		} else {
			c.at[path] = true
			path = strings.TrimPrefix(path+"."+step.Name, ".")
		}
	}
	c.at[path] = true
	if item != "" {
		c.items[item] = true
		c.ports[item] = c.ports[item] || steps[len(steps)-1].Name == "port"
	}
}

// Explain reports whether an error is there only because of one of the causes:
//   - it is about the same field, or about the mapping or, if it judges a value, the list
//     that holds it;
//   - it is about the same item of a list, and misses what was left out there, or what
//     that would have to stand beside.
func (c *Causes) Explain(err *field.Error) bool {
	if c.at[err.Field] || c.lists[err.Field] && err.Type == field.ErrorTypeInvalid {
		return true
	}
	item := err.Field[:strings.LastIndexByte(err.Field, ']')+1]
	if err.Type == field.ErrorTypeRequired || err.Type == field.ErrorTypeForbidden {
		return c.items[item]
	}
	return c.ports[item] && strings.HasSuffix(err.Field, ".endPort")
}

// mostCompared is the longest word that is compared with others, in bytes: comparing
// takes as many steps as one word has letters for each letter of the other.
const mostCompared = 256

// Nearest returns the option that a misspelt word most likely means, or an empty string.
func Nearest(word string, options []string) string {
	best, bestDistance := "", min(len(word), 1+max(2, len(word)/3))
	for _, option := range options {
		if max(len(word), len(option)) > mostCompared {
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
