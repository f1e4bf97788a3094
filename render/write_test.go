package render

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/yaml"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/merge/mergetest"
)

var (
	texts     = flag.Int("texts", mergetest.Cases(600), "how many generated texts the writer is tried on")
	firstSeed = flag.Uint64("seed", 1, "the seed of the first generated text")
)

// TestWriteGenerated writes overlays into policies in every style that YAML has
// for them: indentation, flow style, quotes, comments, blank lines, null in its
// forms, anchors and aliases, Windows line ends, no newline at the end.
func TestWriteGenerated(t *testing.T) {
	inserted := 0
	var again string
	defer func() {
		if t.Failed() {
			t.Log(again)
		}
	}()
	for i := range uint64(*texts) {
		s := styler{Rand: rand.New(rand.NewPCG(*firstSeed+i, 0))}
		target := s.document()
		overlays := s.overlays()
		again = fmt.Sprintf("go test ./render -run TestWriteGenerated -texts 1 -seed %d\n%s", *firstSeed+i, target)
		out, refusal := renderText(t, Renderer{}, overlays+target)
		require.Nil(t, refusal)
		require.Equal(t, strings.HasSuffix(target, "\n"), strings.HasSuffix(out, "\n"))
		requireFolded(t, overlays, target, out)
		rerun, refusal := renderText(t, Renderer{}, overlays+out)
		require.Nil(t, refusal)
		require.Equal(t, out, rerun, "the same overlays once more change nothing")
		require.NotRegexp(t, `(?m)^\s*,`, out, "not every parser takes a comma at the start of a line")
		if s.block {
			inserted++
			require.Empty(t, mergetest.LinesGone(target, out), out)
		} else {
			for _, comment := range s.comments {
				require.Contains(t, out, comment, out)
			}
		}
	}
	require.Greater(t, inserted, *texts/20)
}

// requireFolded decodes input and output on its own and folds once more.
func requireFolded(t *testing.T, overlays, target, out string) {
	var folding []*networkingv1.NetworkPolicy
	for _, text := range splitText(overlays) {
		folding = append(folding, policyOf(t, text))
	}
	want, _ := merge.Fold(policyOf(t, target), folding)
	got := policyOf(t, out)
	require.True(t, apiequality.Semantic.DeepEqual(want.Spec, got.Spec), out)
}

func policyOf(t *testing.T, text string) *networkingv1.NetworkPolicy {
	policy := &networkingv1.NetworkPolicy{}
	require.NoError(t, yaml.Unmarshal([]byte(text), policy), text)
	return policy
}

// styler writes values as YAML in random styles.
type styler struct {
	*rand.Rand
	plain    bool     // block style only
	block    bool     // nothing but block style was written
	comments []string // that were written
	anchors  int
}

func (s *styler) document() string {
	s.plain, s.block = s.IntN(2) == 0, true
	policy := map[string]any{
		"apiVersion": "networking.k8s.io/v1",
		"kind":       "NetworkPolicy",
		"metadata":   s.metadata(),
		"spec":       s.spec(),
	}
	var lines []string
	if s.IntN(3) > 0 {
		lines = append(lines, "---")
	}
	lines = append(lines, "# Source: petstore/templates/networkpolicy.yaml")
	if s.plain || s.IntN(4) > 0 {
		lines = append(lines, s.mapping(policy, s.IntN(2)*s.IntN(3))...)
	} else {
		s.block = false
		lines = append(lines, s.flow(policy))
	}
	if !strings.HasPrefix(lines[0], "---") {
		lines = append([]string{"---"}, lines...)
	}
	lineBreak := "\n"
	if s.IntN(6) == 0 {
		lineBreak = "\r\n"
	}
	text := strings.Join(lines, "\n")
	if s.IntN(4) > 0 {
		text += "\n"
	}
	return strings.ReplaceAll(text, "\n", lineBreak)
}

func (s *styler) metadata() map[string]any {
	metadata := map[string]any{"name": "proxy-allow"}
	switch s.IntN(5) {
	case 0:
		metadata["annotations"] = map[string]any{"note": "yes", "a/b": "# no comment", "why": "because\n  - of this\nand that\n"}
	case 1:
		metadata["annotations"] = nil
	case 2:
		metadata["labels"] = map[string]any{"app": "api"}
	}
	return metadata
}

func (s *styler) spec() map[string]any {
	spec := map[string]any{"policyTypes": []any{"Egress"}}
	if s.IntN(3) > 0 {
		spec["podSelector"] = map[string]any{"matchLabels": map[string]any{"app": "api"}}
	}
	switch s.IntN(6) {
	case 0:
		spec["egress"] = nil
	case 1:
	default:
		var rules []any
		for range 1 + s.IntN(3) {
			rules = append(rules, s.rule())
		}
		spec["egress"] = rules
	}
	return spec
}

func (s *styler) rule() map[string]any {
	rule := map[string]any{}
	switch s.IntN(4) {
	case 0:
		rule["to"] = nil
	case 1:
		rule["to"] = []any{s.peer()}
	case 2:
		rule["to"] = []any{s.peer(), s.peer()}
	}
	if rule["to"] == nil || s.IntN(4) > 0 {
		var ports []any
		for range 1 + s.IntN(3) {
			port := map[string]any{"port": 1 + s.IntN(5)}
			if s.IntN(2) == 0 {
				port["protocol"] = "UDP"
			}
			ports = append(ports, port)
		}
		rule["ports"] = ports
	}
	return rule
}

func (s *styler) peer() map[string]any {
	if s.IntN(2) == 0 {
		return map[string]any{"ipBlock": map[string]any{"cidr": "10.0.0.0/8", "except": []any{"10.1.0.0/16"}}}
	}
	peer := map[string]any{"podSelector": map[string]any{"matchLabels": map[string]any{"app": "db"}}}
	if s.IntN(2) == 0 {
		peer["namespaceSelector"] = map[string]any{}
	}
	return peer
}

func (s *styler) overlays() string {
	var b strings.Builder
	for i := range 1 + s.IntN(3) {
		rules := []any{map[string]any{"ports": []any{map[string]any{"port": 5432 + s.IntN(2)}}}}
		for range s.IntN(3) {
			rule := s.rule()
			if rule["to"] == nil || rule["ports"] == nil {
				rule["to"] = []any{s.peer()}
			}
			rules = append(rules, rule)
		}
		text, _ := json.Marshal(map[string]any{
			"apiVersion": "networking.k8s.io/v1",
			"kind":       "NetworkPolicy",
			"metadata":   map[string]any{"name": fmt.Sprintf("overlay-%d", i), "annotations": map[string]any{merge.IntoAnnotation: ""}},
			"spec":       map[string]any{"egress": rules},
		})
		fmt.Fprintf(&b, "---\n%s\n", text)
	}
	return b.String()
}

// mapping writes a mapping in block style, with indent spaces before each key.
func (s *styler) mapping(value map[string]any, indent int) (lines []string) {
	pad := strings.Repeat(" ", indent)
	for _, key := range s.shuffled(value) {
		lines = append(lines, s.above(pad)...)
		switch value := value[key].(type) {
		case nil:
			lines = append(lines, pad+key+":"+s.null()+s.behind())
		case map[string]any:
			if len(value) == 0 || s.inFlow() {
				lines = append(lines, pad+key+": "+s.flow(value)+s.behind())
				continue
			}
			lines = append(lines, pad+key+":"+s.behind())
			lines = append(lines, s.mapping(value, indent+1+s.IntN(4))...)
		case []any:
			if s.inFlow() {
				lines = append(lines, pad+key+": "+s.flow(value)+s.behind())
				continue
			}
			lines = append(lines, pad+key+":"+s.anchor()+s.behind())
			lines = append(lines, s.sequence(value, indent+s.IntN(4))...)
		default:
			if text, ok := value.(string); ok && strings.Contains(text, "\n") {
				lines = append(lines, pad+key+": >"+s.behind())
				for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
					lines = append(lines, pad+"  "+line)
				}
				continue
			}
			lines = append(lines, pad+key+": "+s.scalar(value)+s.behind())
		}
	}
	return lines
}

func (s *styler) sequence(items []any, indent int) (lines []string) {
	for _, item := range items {
		lines = append(lines, s.above(strings.Repeat(" ", indent))...)
		value, isMapping := item.(map[string]any)
		if !isMapping || s.inFlow() {
			lines = append(lines, strings.Repeat(" ", indent)+"- "+s.flow(item)+s.behind())
			continue
		}
		gap := 1 + s.IntN(3)
		inner := s.mapping(value, indent+1+gap)
		first := slices.IndexFunc(inner, isContent)
		inner[first] = strings.Repeat(" ", indent) + "-" + strings.Repeat(" ", gap) + strings.TrimLeft(inner[first], " ")
		lines = append(lines, inner...)
	}
	return lines
}

func isContent(line string) bool {
	line = strings.TrimSpace(line)
	return line != "" && line[0] != '#'
}

func (s *styler) shuffled(value map[string]any) []string {
	keys := make([]string, 0, len(value))
	for key := range value {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	s.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return keys
}

func (s *styler) inFlow() bool {
	if s.plain || s.IntN(6) > 0 {
		return false
	}
	s.block = false
	return true
}

// flow writes a value, on one line if need be; that leaves block style as it is only
// for what is never appended to.
func (s *styler) flow(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case map[string]any:
		var entries []string
		for _, key := range s.shuffled(value) {
			entries = append(entries, key+": "+s.flow(value[key]))
		}
		return "{" + s.joined(entries) + "}"
	case []any:
		var items []string
		for _, item := range value {
			items = append(items, s.flow(item))
		}
		return "[" + s.joined(items) + "]"
	}
	return s.scalar(value)
}

// joined joins what is in flow style, now and then over lines, with comments between.
func (s *styler) joined(entries []string) string {
	var b strings.Builder
	for i, entry := range entries {
		if i > 0 {
			b.WriteString(",")
			if s.IntN(6) == 0 {
				b.WriteString(s.behind() + "\n" + strings.Repeat(" ", 40))
			} else {
				b.WriteString(" ")
			}
		}
		b.WriteString(entry)
	}
	return b.String()
}

func (s *styler) scalar(value any) string {
	text, ok := value.(string)
	if !ok {
		return fmt.Sprint(value)
	}
	if strings.Contains(text, "\n") {
		return strconv.Quote(text)
	}
	if strings.ContainsAny(text, "#/: ") || text == "yes" || s.IntN(3) == 0 {
		return []string{`"` + text + `"`, "'" + text + "'"}[s.IntN(2)]
	}
	return text
}

func (s *styler) null() string {
	if s.plain || s.IntN(2) == 0 {
		return ""
	}
	s.block = false
	return []string{" null", " ~", " []"}[s.IntN(2)]
}

func (s *styler) anchor() string {
	if s.plain || s.IntN(8) > 0 {
		return ""
	}
	s.anchors++
	return fmt.Sprintf(" &a%d", s.anchors)
}

func (s *styler) comment() string {
	comment := fmt.Sprintf("# comment %d.", len(s.comments))
	s.comments = append(s.comments, comment)
	return comment
}

// behind is a comment at the end of a line, now and then.
func (s *styler) behind() string {
	if s.IntN(8) > 0 {
		return strings.Repeat(" ", s.IntN(2)*s.IntN(3))
	}
	return " " + s.comment()
}

// above is a comment or a blank line before a line, now and then.
func (s *styler) above(pad string) []string {
	switch s.IntN(16) {
	case 0:
		return []string{""}
	case 1:
		return []string{pad + s.comment()}
	case 2:
		return []string{strings.Repeat(" ", s.IntN(12)) + s.comment()}
	}
	return nil
}
