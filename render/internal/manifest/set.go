// Package manifest reads the documents of streams: which may be about policies, what
// objects they hold, and where in the stream each field of an object stands.
//
// Start reading at NewSet and Document.Read. Only documents that may matter are parsed.
// The package knows lists, Helm's hooks and what marks an overlay. It does not know the
// rules of policies, and changes nothing.
package manifest

import (
	"bytes"
	"cmp"
	"iter"
	"slices"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/stream"
)

// APIVersion is that of the policies that are merged.
const APIVersion = "networking.k8s.io/v1"

// Source is a stream of YAML documents and the name by which people know it.
type Source struct {
	Name   string
	Text   []byte
	IsFile bool // whether Name is a file that an editor can open
}

// Set is the documents of one or more streams, which become one.
type Set struct {
	Documents []*Document // in the order of the input
	Namespace string      // the release's: that of objects that name none; empty if unknown
}

// NewSet splits the sources.
func NewSet(namespace string, sources []Source) *Set {
	set := &Set{Namespace: namespace}
	for i, source := range sources {
		if len(set.Documents) > 0 { // it would stand in the middle
			source.Text = bytes.TrimPrefix(source.Text, []byte(stream.ByteOrderMark))
		}
		set.Documents = append(set.Documents, Split(source, i)...)
	}
	return set
}

// IsEmpty reports whether there is no content in any document.
func (s *Set) IsEmpty() bool {
	return !slices.ContainsFunc(s.Documents, func(d *Document) bool { return !d.IsBlank() })
}

// OnlyHooks reports whether everything is a Helm hook. A caller of the library may
// post-render those alone, and Helm 3 sends nothing for a chart that has nothing else.
func (s *Set) OnlyHooks() bool {
	for _, d := range s.Documents {
		if d.IsBlank() {
			continue
		}
		if !d.mayContain(HookAnnotation) || d.Read() != nil || len(d.Objects) == 0 {
			return false
		}
		if slices.ContainsFunc(d.Objects, func(o *Object) bool { return !o.IsHook() }) {
			return false
		}
	}
	return true
}

// MayBePolicy reports whether the document may hold a NetworkPolicy: it says so, and has a
// kind, in whatever case, as some decoders do not mind, or can hide one.
func (d *Document) MayBePolicy() bool {
	return d.mayContain("NetworkPolicy") && (d.mayHide() || bytes.Contains(bytes.ToLower(d.Text), []byte("kind")))
}

// SaysInto reports whether the document may say merge.IntoAnnotation.
func (d *Document) SaysInto() bool { return d.mayContain(merge.IntoAnnotation) }

// NamespaceOf is the namespace that an object will be in; empty if unknown.
func (s *Set) NamespaceOf(o *Object) string {
	return cmp.Or(o.Namespace(), s.Namespace)
}

// SameNamespace reports whether two objects may be in the same namespace.
func (s *Set) SameNamespace(a, b *Object) bool {
	inA, inB := s.NamespaceOf(a), s.NamespaceOf(b)
	return inA == inB || inA == "" || inB == ""
}

// Split returns the documents as they were split off.
func (s *Set) Split() iter.Seq[*stream.Document] {
	return func(yield func(*stream.Document) bool) {
		for _, d := range s.Documents {
			if !yield(&d.Document) {
				return
			}
		}
	}
}
