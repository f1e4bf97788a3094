package readers

import (
	"bytes"
	"slices"
	"strings"

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

// merged is what the program makes of a stream in a setting, and what it reports of that;
// an error is a refusal.
func merged(s setting, stream string) (out []byte, said *render.Report, err error) {
	renderer := render.Renderer{}
	if s.ceiling {
		renderer.Ceilings = []render.Source{{Name: "ceiling", Text: []byte(ceiling)}}
	}
	in := s.before + stream + s.behind
	result, err := renderer.Merge(render.Source{Name: "stdin", Text: []byte(in)})
	if err != nil {
		return nil, nil, err
	}
	var b bytes.Buffer
	if _, err := result.WriteTo(&b); err != nil {
		return nil, nil, err
	}
	return b.Bytes(), result.Report(), nil
}

// judge returns what readers of the merged stream see that we did not. A refused
// stream is nobody's.
func (h *hosts) judge(s setting, stream string) (found []disagreement) {
	out, said, err := merged(s, stream)
	if err != nil {
		return nil
	}
	add := func(claim, reader string, o object) {
		i := slices.IndexFunc(found, func(d disagreement) bool { return d.claim == claim })
		if i < 0 {
			found = append(found, disagreement{setting: s.name, claim: claim, object: o})
			i = len(found) - 1
		}
		if !slices.Contains(found[i].readers, reader) {
			found[i].readers = append(found[i].readers, reader)
		}
	}
	heard := h.objects(out)
	for i, r := range h.readers() {
		seen := seenByUs(said)
		for _, o := range heard[i] {
			if o.isOverlay() {
				add("an overlay reaches a reader", r.name, o)
			} else if o.isPolicy() && !seen.take(o) {
				add("a policy that we did not see", r.name, o)
			}
		}
	}
	return found
}

// sight is what we saw of a stream, as the report has it.
type sight struct {
	// policies are those that were read, each once.
	policies []object
	// unread are those of which only the identity is known, once for all of that name.
	unread []object
	// doubtful reports whether there may be more, and the report says so.
	doubtful bool
}

func seenByUs(said *render.Report) *sight {
	var s sight
	for _, group := range said.Groups {
		for _, p := range group.Policies {
			s.policies = append(s.policies, fromReport(group.PodSelector, p))
		}
	}
	for _, o := range said.Others {
		s.policies = append(s.policies, object{apiVersion: o.APIVersion, kind: o.Kind, name: o.Name, spec: anySpec})
	}
	for _, problem := range said.Unread {
		s.unread = append(s.unread, object{apiVersion: problem.APIVersion, kind: problem.Kind, name: problem.Name, spec: anySpec})
		s.doubtful = s.doubtful || problem.Kind == ""
	}
	return &s
}

// take reports whether we saw a policy, each as often as it is there.
func (s *sight) take(o object) bool {
	if i := slices.IndexFunc(s.policies, o.equal); i >= 0 {
		s.policies = slices.Delete(s.policies, i, i+1)
		return true
	}
	return s.doubtful || slices.ContainsFunc(s.unread, o.equal)
}
