// Package readers holds netpol-merge against the programs that read a stream after it:
// whatever one of them takes for a NetworkPolicy or for an overlay, netpol-merge saw, or
// refused. Start at TestReadersSeeNothingThatWeDidNot.
//
// The readers are the programs' own code where it is exported. No API server is asked:
// an object that only it would refuse counts too.
package readers

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	helm3 "helm.sh/helm/v3/pkg/releaseutil"
	helm4 "helm.sh/helm/v4/pkg/release/v1/util"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kubeyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/provider"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/yaml"
)

// reader is a program, or the part of one, that reads a stream after us.
type reader struct {
	name string
	// read returns what the program acts on. With an error these are the objects that
	// it had acted on before: none for a program that reads everything first.
	read func(stream []byte) ([]object, error)
}

// objects is what the program acts on. One that crashes, as kyaml does on some
// documents without metadata, acts on nothing.
func (r reader) objects(stream []byte) (objects []object, err error) {
	defer func() {
		if crash := recover(); crash != nil {
			objects, err = nil, fmt.Errorf("crash: %v", crash)
		}
	}()
	return r.read(stream)
}

func (h *hosts) readers() []reader {
	return []reader{
		{"helm3", h.helmBuild},
		{"helm3-split", func(stream []byte) ([]object, error) { return h.show(helm3.SplitManifests(string(stream))) }},
		{"helm4", h.helm4Apply},
		{"helm4-split", func(stream []byte) ([]object, error) { return h.show(helm4.SplitManifests(string(stream))) }},
		{"kubectl", h.kubectl},
		{"argocd", argoCD},
		{"flux", flux},
		{"kustomize", h.kustomize},
		{"kyaml", h.kyamlFunction},
		{"document-decoder", documentDecoder},
		{"client-go", clientGo},
		{"sigs-yaml", sigsYAML},
		{"typed-json", typedJSON},
		{"yaml.v3", yamlV3},
		{"encoding/json", jsonStream},
	}
}

// argoCD reads as Argo CD does: SplitYAML (gitops-engine/pkg/utils/kube/kube.go), which
// fails as a whole, then the items of what is a list, one level deep
// (reposerver/repository/repository.go, GenerateManifests).
func argoCD(stream []byte) ([]object, error) {
	decoder := kubeyaml.NewYAMLOrJSONDecoder(bytes.NewReader(stream), 4096)
	var objects []object
	for {
		var raw runtime.RawExtension
		if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, err
		}
		if text := bytes.TrimSpace(raw.Raw); len(text) == 0 || bytes.Equal(text, []byte("null")) {
			continue
		}
		var u unstructured.Unstructured
		if err := yaml.Unmarshal(raw.Raw, &u); err != nil {
			return nil, err
		}
		items, err := itemsOf(&u)
		if err != nil {
			return nil, err
		}
		objects = append(objects, items...)
	}
}

// flux reads as Flux does (fluxcd/pkg/ssa/utils/io.go, ReadObjects): a document at a
// time into an unstructured object, with the items of what is a list.
func flux(stream []byte) ([]object, error) {
	decoder := kubeyaml.NewYAMLOrJSONDecoder(bytes.NewReader(stream), 2048)
	var objects []object
	for {
		var u unstructured.Unstructured
		if err := decoder.Decode(&u); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, err
		}
		items, err := itemsOf(&u)
		if err != nil {
			return nil, err
		}
		objects = append(objects, items...)
	}
}

// itemsOf are the items of what is a list, one level deep, or the object itself.
func itemsOf(u *unstructured.Unstructured) (objects []object, err error) {
	if !u.IsList() {
		return []object{fromValue(u.Object)}, nil
	}
	err = u.EachListItem(func(item runtime.Object) error {
		objects = append(objects, fromValue(item.(*unstructured.Unstructured).Object))
		return nil
	})
	return objects, err
}

// kustomize reads as "kustomize build" reads a resource (api/resource/factory.go): kyaml's
// ByteReader, then the items of every kind that ends with List. Kubectl applies what it
// writes.
func (h *hosts) kustomize(stream []byte) ([]object, error) {
	resources, err := provider.NewDefaultDepProvider().GetResourceFactory().SliceFromBytes(stream)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, r := range resources {
		text, err := r.AsYAML()
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "---\n%s", text)
	}
	return h.kubectl(b.Bytes())
}

// kyamlFunction reads as a KRM function does (kyaml/kio/byteio_reader.go): split at
// "\n---.*\n", one YAML value of each part, and a List unwrapped if it is alone. Kubectl
// applies what it writes.
func (h *hosts) kyamlFunction(stream []byte) ([]object, error) {
	nodes, err := kio.FromBytes(stream)
	if err != nil {
		return nil, err
	}
	text, err := kio.StringAll(nodes)
	if err != nil {
		return nil, err
	}
	return h.kubectl([]byte(text))
}
