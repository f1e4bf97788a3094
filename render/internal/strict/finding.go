package strict

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
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

// ChildOrKey is the path of an entry: a field of the API is one word, a key of labels or
// annotations may be more.
func ChildOrKey(path *field.Path, key string) *field.Path {
	if strings.ContainsAny(key, "./") {
		return path.Key(key)
	}
	return path.Child(key)
}

// mostCompared is the longest word that is compared with others, in bytes: comparing
// takes as many steps as one word has letters for each letter of the other.
const mostCompared = 256

// Nearest returns the option that a misspelt word most likely means, or an empty string.
func Nearest(word string, options []string) string {
	best, bestDistance := "", 1+min(len(word)/2, max(2, len(word)/3))
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
