package mergetest

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Target is a document with a policy that isolates egress and allows none of it,
// for overlays to be folded into.
const Target = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: proxy-allow\nspec:\n  policyTypes: [Egress]\n"

// LinesGone returns the lines of a text that are not in another text in their
// order: none if lines were only inserted. If every line of the other ends in CRLF,
// line breaks do not count, as the text's last line may have had none.
func LinesGone(text, other string) (gone []string) {
	if strings.Contains(text, "\r\n") && strings.Count(other, "\n") == strings.Count(other, "\r\n") {
		text, other = strings.ReplaceAll(text, "\r", ""), strings.ReplaceAll(other, "\r", "")
	}
	rest := strings.Split(other, "\n")
	for line := range strings.SplitSeq(text, "\n") {
		at := slices.Index(rest, line)
		if at < 0 {
			gone = append(gone, line)
			continue
		}
		rest = rest[at+1:]
	}
	return gone
}

// Cases returns on how many generated cases a test tries what it promises: n, or
// n times the variable NETPOL_MERGE_CASES. A developer waits for the tests;
// .ci/run sets it to 10.
func Cases(n int) int {
	factor := os.Getenv("NETPOL_MERGE_CASES")
	if factor == "" {
		return n
	}
	times, err := strconv.Atoi(factor)
	if err != nil || times < 1 {
		panic(fmt.Sprintf("NETPOL_MERGE_CASES is %q: it has to be a number from 1", factor))
	}
	return n * times
}
