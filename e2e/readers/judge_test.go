package readers

import (
	"bytes"
	"slices"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/networknt/netpol-merge/render"
)

// What every stream is judged with.
const (
	target = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: proxy-allow
spec:
  podSelector:
    matchLabels:
      app: api
  policyTypes:
  - Egress
  egress:
  - ports:
    - protocol: TCP
      port: 8438
`
	overlay = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: db
  annotations:
    netpol-merge.networknt.com/into: ""
spec:
  podSelector:
    matchLabels:
      app: api
  policyTypes: [Egress]
  egress:
  - to:
    - podSelector: {}
    ports:
    - port: 5432
`
	ceiling = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: ceiling
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress: [{}]
  egress: [{}]
`
)

// setting is what stands around a stream, and what has to be true of it.
type setting struct {
	name string
	// before and behind are other documents of the input.
	before, behind string
	ceiling        bool
}

func settings() []setting {
	return []setting{
		{name: "overlay behind", behind: "\n---\n" + target + "---\n" + overlay},
		{name: "overlay before", before: target + "---\n" + overlay + "---\n"},
		{name: "alone"},
		{name: "target before", before: target + "---\n"},
		{name: "ceiling", ceiling: true},
	}
}

// disagreement is an object that a reader sees and we did not.
type disagreement struct {
	setting, claim string
	// readers are those that see it.
	readers []string
	object  object
}

// kind names disagreements that are alike.
func (d disagreement) kind() string {
	return d.claim + ": " + strings.Join(d.readers, " ")
}

// merged is what the program makes of a stream in a setting; an error is a refusal.
func merged(s setting, stream string) (out string, sawOverlay bool, err error) {
	renderer := render.Renderer{}
	if s.ceiling {
		renderer.Ceilings = []render.Source{{Name: "ceiling", Text: []byte(ceiling)}}
	}
	in := s.before + stream + s.behind
	result, err := renderer.Merge(render.Source{Name: "stdin", Text: []byte(in)})
	if err != nil {
		return "", false, err
	}
	var b bytes.Buffer
	if _, err := result.WriteTo(&b); err != nil {
		return "", false, err
	}
	return b.String(), len(result.Report().Targets) > 0, nil
}

// judge returns what readers of the merged stream see that we did not. A refused
// stream is nobody's.
func judge(s setting, stream string) []disagreement {
	out, sawOverlay, err := merged(s, stream)
	if err != nil {
		return nil
	}
	var found []disagreement
	add := func(claim, reader string, o object) {
		for i := range found {
			if found[i].claim == claim {
				if !slices.Contains(found[i].readers, reader) {
					found[i].readers = append(found[i].readers, reader)
				}
				return
			}
		}
		found = append(found, disagreement{setting: s.name, claim: claim, readers: []string{reader}, object: o})
	}
	seen := seenByUs(out)
	for _, r := range readers() {
		objects, _ := r.objects(out)
		rest := slices.Clone(seen)
		for _, o := range objects {
			if o.isOverlay() {
				add("an overlay reaches a reader", r.name, o)
			}
			if !o.isPolicy() || o.isOverlay() || !s.ceiling && !sawOverlay {
				continue
			}
			i := slices.IndexFunc(rest, o.equal)
			if i < 0 {
				add("a policy that we did not see", r.name, o)
				continue
			}
			rest = slices.Delete(rest, i, i+1)
		}
	}
	return found
}

// equal reports whether two objects are the same, as far as both are known.
func (o object) equal(other object) bool {
	if o.spec == anySpec || other.spec == anySpec {
		o.spec, other.spec = "", ""
	}
	return o == other
}

// seenByUs are the policies in a stream, read by the rule of the contract: a document
// starts at a line that is "---" and a space, a tab or the line's end, and is one value,
// of YAML, or else of JSON.
func seenByUs(stream string) (policies []object) {
	for _, text := range split(stream) {
		json, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			json = []byte(strings.TrimPrefix(text, "---"))
		}
		var value any
		if err := utiljson.Unmarshal(json, &value); err != nil {
			continue
		}
		for _, o := range flatten(value) {
			if o.isPolicy() {
				policies = append(policies, o)
			}
		}
	}
	return policies
}

func split(stream string) (documents []string) {
	start := 0
	for offset := 0; offset < len(stream); {
		end := len(stream)
		if i := strings.IndexByte(stream[offset:], '\n'); i >= 0 {
			end = offset + i + 1
		}
		rest, ok := strings.CutPrefix(stream[offset:end], "---")
		if ok && (rest == "" || strings.ContainsAny(rest[:1], " \t\r\n")) {
			documents = append(documents, stream[start:offset])
			start = offset
		}
		offset = end
	}
	return append(documents, stream[start:])
}
