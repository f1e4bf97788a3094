package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
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
	return withoutCommands(escape(text, func(c rune) string {
		switch {
		case c == '\n':
			return " "
		case !isInvisible(c):
			return ""
		case c > 0xffff:
			return fmt.Sprintf(`\U%08x`, c)
		}
		return fmt.Sprintf(`\u%04x`, c)
	}))
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
	if c < unicode.MaxASCII { // most are, and the tables are slow
		return c < ' '
	}
	return unicode.IsSpace(c) || unicode.IsControl(c) || unicode.In(c, unicode.Cf, unicode.Zs, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// escape writes each character of a text as escaped says; "" leaves it as it is. What is
// not UTF-8 becomes U+FFFD.
func escape(text string, escaped func(c rune) string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	var b strings.Builder
	from := 0 // what is not written yet: most texts need no copy
	for i, c := range text {
		if other := escaped(c); other != "" {
			b.WriteString(text[from:i] + other)
			from = i + utf8.RuneLen(c)
		}
	}
	if from == 0 {
		return text
	}
	return b.String() + text[from:]
}
