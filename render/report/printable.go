package report

import (
	"fmt"
	"strings"
	"unicode"
)

// mostPrinted is the longest text of the input that is shown in one place, in bytes.
const mostPrinted = 1000

// Printable is a text of the input as it may be written to a terminal: not longer than a
// person reads, on one line, with everything invisible shown as \u00a0, and with nothing
// that a CI system takes for a command.
func Printable(text string) string {
	if len(text) > mostPrinted {
		text = strings.ToValidUTF8(text[:mostPrinted], "") + "..."
	}
	var b strings.Builder
	for _, c := range text {
		switch {
		case c == '\n':
			b.WriteByte(' ')
		case isInvisible(c) && c > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, c)
		case isInvisible(c):
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	return withoutCommands(b.String())
}

// withoutCommands breaks up what Azure Pipelines, GitHub and TeamCity look for anywhere in
// a line: ##[, ##vso[ and ##teamcity[.
func withoutCommands(text string) string {
	for _, command := range []string{"[", "vso[", "teamcity["} {
		text = strings.ReplaceAll(text, "##"+command, `#\u0023`+command)
	}
	return text
}

// isInvisible reports whether a person would not see a character, or would see others in
// another order for it.
func isInvisible(c rune) bool {
	return c == '\t' || c != ' ' && (unicode.IsSpace(c) || unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || unicode.Is(unicode.Zs, c))
}
