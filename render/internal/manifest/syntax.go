package manifest

import (
	"bytes"
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	sigsyaml "sigs.k8s.io/yaml"

	"github.com/networknt/netpol-merge/render/internal/stream"
)

// SyntaxError says why a document cannot be read, and in which of its lines.
type SyntaxError struct {
	Line   int // in the document, from 1
	Reason string
}

// notYAML says why a parser does not take a text. sigs.k8s.io/yaml names the
// line of the problem, or the one before; yaml.v3 that of the collection that it is in, and
// of a key that its colon is missing from.
func notYAML(text []byte, err error) *SyntaxError {
	_, other := sigsyaml.YAMLToJSON(text)
	if strings.HasSuffix(err.Error(), "could not find expected ':'") {
		other = nil
	}
	err = cmp.Or(other, err)
	reason := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "error converting YAML to JSON: "), "yaml: ")
	if json, ok := strings.CutPrefix(reason, "json: "); ok {
		return &SyntaxError{1, "it cannot be converted to JSON, which the API server needs: " + json}
	}
	line := 1 + bytes.Count(text[:max(0, unnamed(text, reason))], []byte("\n"))
	if rest, ok := strings.CutPrefix(reason, "line "); ok {
		number, after, _ := strings.Cut(rest, ": ")
		if n, err := strconv.Atoi(number); err == nil {
			line, reason = n, after
		}
		if other != nil && !failsWith(other, text, line) {
			line++
		}
	}
	last := 1 + bytes.Count(bytes.TrimRight(text, "\r\n"), []byte("\n"))
	return &SyntaxError{min(line, last), "not valid YAML: " + reason}
}

// unnamed is the offset of what parsers refuse without a line: an unknown anchor, or a
// control character; -1 if there is none.
func unnamed(text []byte, reason string) int {
	_, name, isAnchor := strings.Cut(reason, "anchor '")
	if !isAnchor {
		return bytes.IndexFunc(text, isControl)
	}
	name, _, _ = strings.Cut(name, "'")
	if at := regexp.MustCompile(`\*` + regexp.QuoteMeta(name) + `([\s,\]}]|$)`).FindIndex(text); at != nil {
		return at[0]
	}
	return -1
}

// failsWith reports whether so many lines of a text give the error by themselves.
func failsWith(err error, text []byte, lines int) bool {
	starts := append(stream.LineStarts(text), len(text))
	_, again := sigsyaml.YAMLToJSON(text[:starts[min(lines, len(starts)-1)]])
	return again != nil && again.Error() == err.Error()
}

// isControl reports whether YAML allows a character nowhere.
func isControl(c rune) bool {
	return unicode.IsControl(c) && !strings.ContainsRune("\t\n\r\u0085", c)
}
