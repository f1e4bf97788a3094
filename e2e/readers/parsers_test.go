package readers

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	yamlnode "go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	kubeyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"github.com/networknt/netpol-merge/merge"
)

// documentDecoder reads with apimachinery's NewDocumentDecoder (pkg/util/yaml), which
// splits at "\n---" up to the line's end, whatever stands there, and takes parts up to
// 5 MiB.
func documentDecoder(stream []byte) ([]object, error) {
	decoder := kubeyaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(stream)))
	buffer := make([]byte, len(stream)+1)
	var objects []object
	for {
		n, err := decoder.Read(buffer)
		if errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return objects, err
		}
		var value any
		text, err := kubeyaml.ToJSON(buffer[:n])
		if err == nil {
			err = utiljson.Unmarshal(text, &value)
		}
		if err != nil {
			return objects, err
		}
		objects = append(objects, flatten(value)...)
	}
}

// clientGo reads with client-go's universal deserializer, the API server's own form of
// decoding, each document of a YAMLReader. It finds the kind with encoding/json, to
// which the case of keys does not matter.
func clientGo(stream []byte) (objects []object, err error) {
	return objects, eachDocument(stream, func(text []byte) error {
		value, gvk, err := scheme.Codecs.UniversalDeserializer().Decode(text, nil, nil)
		if err != nil {
			return nil //nolint:nilerr // an object of a kind that client-go does not know
		}
		switch value := value.(type) {
		case *networkingv1.NetworkPolicy:
			objects = append(objects, fromPolicy(value, gvk.GroupVersion().String()))
		case *networkingv1.NetworkPolicyList:
			for i := range value.Items {
				objects = append(objects, fromPolicy(&value.Items[i], gvk.GroupVersion().String()))
			}
		case *corev1.List:
			for _, item := range value.Items {
				found, err := clientGo(item.Raw)
				if err != nil {
					return err
				}
				objects = append(objects, found...)
			}
		}
		return nil
	})
}

// sigsYAML reads each document of a YAMLReader with sigs.k8s.io/yaml.
func sigsYAML(stream []byte) (objects []object, err error) {
	return objects, eachDocument(stream, func(text []byte) error {
		var value any
		if err := yaml.Unmarshal(text, &value); err != nil {
			return err
		}
		objects = append(objects, flatten(value)...)
		return nil
	})
}

// typedJSON reads each document of a YAMLReader into Go types by way of encoding/json,
// to which the case of keys does not matter.
func typedJSON(stream []byte) (objects []object, err error) {
	type typed struct {
		metav1.TypeMeta
		Metadata struct {
			Name        string         `json:"name"`
			Annotations map[string]any `json:"annotations"`
		} `json:"metadata"`
	}
	return objects, eachDocument(stream, func(text []byte) error {
		var value typed
		if err := yaml.Unmarshal(text, &value); err != nil {
			return nil //nolint:nilerr // an object of another type
		}
		_, marked := value.Metadata.Annotations[merge.IntoAnnotation]
		objects = append(objects, object{value.APIVersion, value.Kind, value.Metadata.Name, marked, anySpec})
		return nil
	})
}

// eachDocument calls found with each document of apimachinery's YAMLReader: split at
// lines that start with "---", an error if more than a comment follows.
func eachDocument(stream []byte, found func(text []byte) error) error {
	documents := kubeyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(stream)))
	for {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := found(text); err != nil {
			return err
		}
	}
}

// yamlV3 reads with go.yaml.in/yaml/v3, which knows where documents end. Its decoder keeps
// the anchors of a document for the next one, against YAML's rule. No host decodes a whole
// stream with it, so here an alias of another document's anchor is an error, as it is to
// everybody else.
func yamlV3(stream []byte) ([]object, error) {
	decoder := yamlnode.NewDecoder(bytes.NewReader(stream))
	var objects []object
	for {
		var root yamlnode.Node
		if err := decoder.Decode(&root); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return objects, err
		}
		var value any
		err := requireOwnAnchors(&root, map[*yamlnode.Node]bool{})
		if err == nil {
			err = root.Decode(&value)
		}
		if err != nil {
			return objects, err
		}
		objects = append(objects, flatten(textKeys(value))...)
	}
}

// requireOwnAnchors returns an error if an alias stands for a node that is not before it.
func requireOwnAnchors(n *yamlnode.Node, before map[*yamlnode.Node]bool) error {
	before[n] = true
	if n.Kind == yamlnode.AliasNode && !before[n.Alias] {
		return fmt.Errorf("unknown anchor %q", n.Value)
	}
	for _, inner := range n.Content {
		if err := requireOwnAnchors(inner, before); err != nil {
			return err
		}
	}
	return nil
}

// jsonStream reads one JSON value after the other.
func jsonStream(stream []byte) ([]object, error) {
	decoder := json.NewDecoder(bytes.NewReader(stream))
	var objects []object
	for {
		var value any
		if err := decoder.Decode(&value); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return objects, err
		}
		objects = append(objects, flatten(value)...)
	}
}
