package readers

import (
	"bytes"
	"fmt"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
	helm4 "helm.sh/helm/v4/pkg/release/v1/util"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/resource"
	"sigs.k8s.io/kustomize/kyaml/kio"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// hosts are the programs that read one stream after us. Several of them hand the same
// text on to cli-runtime, which then reads it once.
type hosts struct {
	built map[string]built
	heard map[string][][]object
}

type built struct {
	objects []object
	err     error
}

func newHosts() *hosts {
	return &hosts{built: map[string]built{}, heard: map[string][][]object{}}
}

// objects is what each of the readers acts on in a stream.
func (h *hosts) objects(stream []byte) [][]object {
	objects, known := h.heard[string(stream)]
	if !known {
		for _, r := range h.readers() {
			found, _ := r.objects(stream)
			objects = append(objects, found)
		}
		h.heard[string(stream)] = objects
	}
	return objects
}

// build reads as cli-runtime does (pkg/resource/visitor.go, StreamVisitor and
// FlattenListVisitor): apimachinery's YAMLOrJSONDecoder, each document into JSON, and
// anything with items is a list of objects. Of objects that are broken, and of what is
// behind a broken document, it returns an error besides the other objects.
func (h *hosts) build(stream []byte) ([]object, error) {
	b, known := h.built[string(stream)]
	if !known {
		b.objects, b.err = build(stream)
		h.built[string(stream)] = b
	}
	return b.objects, b.err
}

func build(stream []byte) ([]object, error) {
	infos, err := resource.NewLocalBuilder().Unstructured().ContinueOnError().Flatten().Stream(bytes.NewReader(stream), "stream").Do().Infos()
	var objects []object
	for _, info := range infos {
		value, convertErr := runtime.DefaultUnstructuredConverter.ToUnstructured(info.Object)
		if convertErr != nil {
			return objects, convertErr
		}
		objects = append(objects, fromValue(value))
	}
	return objects, err
}

// helmBuild reads as Helm's kube client does (pkg/kube/client.go, Build), which stops
// at any error. Helm 3 reads the post-renderer's output in no other way to install it.
func (h *hosts) helmBuild(stream []byte) ([]object, error) {
	objects, err := h.build(stream)
	if err != nil {
		return nil, err
	}
	return objects, nil
}

// kubectl reads a file or standard input (cli-runtime, FileVisitor), and applies what it
// can read.
func (h *hosts) kubectl(stream []byte) ([]object, error) {
	text, _, err := transform.Bytes(unicode.BOMOverride(unicode.UTF8.NewDecoder()), stream)
	if err != nil {
		return nil, err
	}
	return h.build(text)
}

// show reads what "helm template --show-only" prints of a split release; "helm
// uninstall" reads the same (pkg/action/uninstall.go).
func (h *hosts) show(manifests map[string]string) ([]object, error) {
	var b bytes.Buffer
	for i := range len(manifests) {
		fmt.Fprintf(&b, "---\n%s\n", manifests[fmt.Sprintf("manifest-%d", i)])
	}
	return h.kubectl(b.Bytes())
}

// helm4Apply reads the post-renderer's output as Helm 4 does: splitAndDeannotate, then
// SortManifests, then Build (pkg/action/action.go). Hooks are built one by one.
func (h *hosts) helm4Apply(stream []byte) ([]object, error) {
	files, err := splitAndDeannotate(string(stream))
	if err != nil {
		return nil, err
	}
	hooks, manifests, err := helm4.SortManifests(files, nil, helm4.InstallOrder)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, manifest := range manifests {
		fmt.Fprintf(&b, "---\n# Source: %s\n%s\n", manifest.Name, manifest.Content)
	}
	objects, err := h.helmBuild(b.Bytes())
	for _, hook := range hooks {
		var fromHook []object
		if err == nil {
			fromHook, err = h.helmBuild([]byte(hook.Manifest))
			objects = append(objects, fromHook...)
		}
	}
	return objects, err
}

// splitAndDeannotate is Helm 4's function of that name, which it does not export.
func splitAndDeannotate(postrendered string) (map[string]string, error) {
	const filenameAnnotation = "postrenderer.helm.sh/postrender-filename"
	nodes, err := kio.ParseAll(postrendered)
	if err != nil {
		return nil, err
	}
	byName := map[string][]*kyaml.RNode{}
	for i, node := range nodes {
		meta, err := node.GetMeta()
		if err != nil {
			return nil, err
		}
		name := meta.Annotations[filenameAnnotation]
		if name == "" {
			name = fmt.Sprintf("generated-by-postrender-%d.yaml", i)
		}
		if err := node.PipeE(kyaml.ClearAnnotation(filenameAnnotation)); err != nil {
			return nil, err
		}
		byName[name] = append(byName[name], node)
	}
	files := map[string]string{}
	for name, nodes := range byName {
		if files[name], err = kio.StringAll(nodes); err != nil {
			return nil, err
		}
	}
	return files, nil
}
