package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostPrinted is the longest text of the input that a person reads in one place, in bytes.
const mostPrinted = 1000

// Printable is the start of a text of the input, as far as a person reads it, as it may be
// written to a terminal: on one line, with everything invisible shown as \u00a0, and with
// nothing that a CI system takes for a command.
func Printable(text string) string { return printable(start(text)) }

// start is a text or, of a long one, its first words.
func start(text string) string {
	if len(text) <= mostPrinted {
		return text
	}
	text = text[:mostPrinted]
	if end := strings.LastIndexByte(text, ' '); end > 0 {
		text = text[:end+1]
	}
	return strings.ToValidUTF8(text, "") + "..."
}

// printable is Printable of the whole text.
func printable(text string) string {
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
