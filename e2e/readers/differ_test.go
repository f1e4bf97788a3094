package readers

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

var firstSeed = flag.Uint64("seed", 0, "the seed of the first generated stream")

// cases is how many streams are generated: 5,000 times NETPOL_MERGE_CASES.
func cases(t *testing.T) int {
	text, ok := os.LookupEnv("NETPOL_MERGE_CASES")
	if !ok {
		return 5000
	}
	factor, err := strconv.Atoi(text)
	require.NoError(t, err)
	return 5000 * factor
}

// example is the shortest stream with a disagreement of its kind.
type example struct {
	setting setting
	kind    string
	stream  string
	seed    uint64
	times   int
}

// What any reader takes for a NetworkPolicy, or for an overlay, we saw, or refused.
func TestReadersSeeNothingThatWeDidNot(t *testing.T) {
	requireNone(t, search(cases(t), func(seed uint64) string { return newGenerator(seed).stream() }))
}

// So it is with a document that is hidden in one way, and then in another. All pairs of ways
// take NETPOL_MERGE_CASES=25.
func TestPairsOfWaysHideNothing(t *testing.T) {
	ways := slices.Collect(maps.Values(ways()))
	slices.Sort(ways)
	documents := relevantDocuments()
	pairs := uint64(len(ways) * len(ways))
	requireNone(t, search(cases(t), func(seed uint64) string {
		document := documents[[]string{"overlay", "policy"}[seed%2]]
		pair := seed / 2 * 7919 % pairs // a prime, so that some are from all over
		return hide(ways[pair/uint64(len(ways))], hide(ways[pair%uint64(len(ways))], document))
	}))
}

func requireNone(t *testing.T, examples []*example) {
	var b strings.Builder
	for _, e := range examples {
		fmt.Fprintf(&b, "%s\n\tseed %d, %d times, setting %q:\n\t%q\n", e.kind, e.seed, e.times, e.setting.name, e.shrink())
	}
	require.Empty(t, examples, "%d kinds of disagreement, the most frequent first:\n%s", len(examples), b.String())
}

// search judges streams, one for each seed, and returns an example of each kind of
// disagreement.
func search(streams int, streamOf func(seed uint64) string) []*example {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // little of what is read lives long
	var mutex sync.Mutex
	found := map[string]*example{}
	var workers sync.WaitGroup
	for worker := range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for seed := *firstSeed + uint64(worker); seed < *firstSeed+uint64(streams); seed += uint64(runtime.GOMAXPROCS(0)) {
				stream := streamOf(seed)
				h := newHosts()
				for _, in := range settings() {
					for _, d := range h.judge(in, stream) {
						mutex.Lock()
						add(found, example{setting: in, kind: d.kind(), stream: stream, seed: seed})
						mutex.Unlock()
					}
				}
			}
		})
	}
	workers.Wait()
	return slices.SortedFunc(maps.Values(found), func(a, b *example) int {
		return cmp.Or(-cmp.Compare(a.times, b.times), cmp.Compare(a.kind, b.kind))
	})
}

// add counts an example, and keeps it if it is the shortest so far. Of two as long as
// each other the one with the smaller seed stays, whoever came first.
func add(found map[string]*example, e example) {
	known := found[e.kind]
	if known == nil {
		known = &example{}
		*known = e
		found[e.kind] = known
	}
	e.times = known.times + 1
	if cmp.Or(cmp.Compare(len(e.stream), len(known.stream)), cmp.Compare(e.seed, known.seed)) < 0 {
		*known = e
	}
	known.times = e.times
}

// shrink takes pieces out of the stream as long as it shows the same disagreement, up to
// a number of attempts.
func (e *example) shrink() string {
	fails := func(text string) bool {
		return slices.ContainsFunc(newHosts().judge(e.setting, text), func(d disagreement) bool { return d.kind() == e.kind })
	}
	text, attempts := e.stream, 400
	for size := len(text) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(text) && attempts > 0; attempts-- {
			if shorter := text[:at] + text[at+size:]; fails(shorter) {
				text = shorter
			} else {
				at += size
			}
		}
	}
	return text
}

// What nobody can misread is not refused.
func TestHarmlessStreamsPass(t *testing.T) {
	for seed := range cases(t) / 5 {
		stream := newGenerator(uint64(seed)).harmless()
		for _, in := range settings() {
			_, _, err := merged(in, stream)
			require.NoError(t, err, "seed %d, setting %q: %q", seed, in.name, stream)
		}
	}
}

// Odd, but nobody takes it for a policy.
func TestHarmlessOdditiesPass(t *testing.T) {
	for name, stream := range map[string]string{
		"byte order mark":              "\ufeffapiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
		"YAML directive":               "%YAML 1.2\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
		"end before a marker":          "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n... # end\n---\na: b\n",
		"marker with a comment":        "--- # note\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
		"marker with a flow mapping":   "--- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}\n",
		"marker in a literal":          "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  x: |\n    ---\n    ---# c\n",
		"emoji in JSON":                `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"x":"\ud83d\ude00"}}` + "\n",
		"certificate":                  "apiVersion: v1\nkind: Secret\nmetadata: {name: c}\nstringData:\n  x: |\n    -----BEGIN CERTIFICATE-----\n    MIIB\n    -----END CERTIFICATE-----\n",
		"broken, cannot be a policy":   "x: [\n",
		"two markers":                  "---\n---\na: b\n",
		"carriage returns in comments": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {x: \"a\\rb\"}\n",
		"long line":                    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {x: " + strings.Repeat("k", 70_000) + "}\n",
		"very long line":               "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {x: " + strings.Repeat("k", 6_000_000) + "}\n",
	} {
		for _, in := range settings() {
			if in.before != "" {
				continue // a mark or a directive in the middle is another matter
			}
			_, _, err := merged(in, stream)
			require.NoError(t, err, "%s, setting %q", name, in.name)
		}
	}
}
