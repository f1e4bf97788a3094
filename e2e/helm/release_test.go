package helm

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// values are those of a chart.
type values = map[string]any

// release is what Helm would send to the cluster, by kind and name.
type release struct {
	name        string
	configs     map[string]corev1.ConfigMap
	services    map[string]corev1.Service
	deployments map[string]appsv1.Deployment
	policies    map[string]networkingv1.NetworkPolicy
	tests       map[string]corev1.Pod
	labels      map[string]map[string]string // of all objects, by kind and name
	stream      string                       // without hooks
	notes       string
}

// install renders a chart, hooks and notes included.
func install(t *testing.T, chart *chart.Chart, name string, with values) release {
	r, err := tryInstall(t, chart, name, with)
	require.NoError(t, err)
	return r
}

func tryInstall(t *testing.T, chart *chart.Chart, name string, with values) (release, error) {
	run := action.NewInstall(&action.Configuration{Capabilities: chartutil.DefaultCapabilities})
	run.DryRun, run.ClientOnly, run.ReleaseName, run.Namespace = true, true, name, "default"
	installed, err := run.Run(chart, maps.Clone(with))
	if err != nil {
		return release{}, err
	}
	r := release{
		name:        name,
		configs:     map[string]corev1.ConfigMap{},
		services:    map[string]corev1.Service{},
		deployments: map[string]appsv1.Deployment{},
		policies:    map[string]networkingv1.NetworkPolicy{},
		tests:       map[string]corev1.Pod{},
		labels:      map[string]map[string]string{},
		stream:      installed.Manifest,
		notes:       installed.Info.Notes,
	}
	documents := regexp.MustCompile(`(?m)^---$`).Split(installed.Manifest, -1)
	for _, hook := range installed.Hooks {
		documents = append(documents, hook.Manifest)
	}
	for _, document := range documents {
		r.add(t, document)
	}
	return r, nil
}

func (r release) add(t *testing.T, document string) {
	var object metav1.PartialObjectMetadata
	require.NoError(t, yaml.Unmarshal([]byte(document), &object))
	switch object.Kind {
	case "":
		require.Regexp(t, `^\s*$`, document)
		return
	case "ConfigMap":
		r.configs[object.Name] = typed[corev1.ConfigMap](t, document)
	case "Service":
		r.services[object.Name] = typed[corev1.Service](t, document)
	case "Deployment":
		r.deployments[object.Name] = typed[appsv1.Deployment](t, document)
	case "NetworkPolicy":
		r.policies[object.Name] = typed[networkingv1.NetworkPolicy](t, document)
	case "Pod":
		r.tests[object.Name] = typed[corev1.Pod](t, document)
	default:
		require.Fail(t, "a kind that no test looks at", object.Kind)
	}
	r.labels[object.Kind+" "+object.Name] = object.Labels
}

func typed[T any](t *testing.T, document string) (object T) {
	require.NoError(t, yaml.UnmarshalStrict([]byte(document), &object), document)
	return object
}

func load(t *testing.T, path string) *chart.Chart {
	loaded, err := loader.Load(path)
	require.NoError(t, err)
	return loaded
}

func valuesIn(t *testing.T, path string) values {
	return typed[values](t, read(t, path))
}

// ordersChart makes the chart of an API from what the README of http-sidecar says,
// with http-sidecar as it stands here. With an alias it does what the README says
// of that.
func ordersChart(t *testing.T, alias string) *chart.Chart {
	folder := t.TempDir()
	files := regexp.MustCompile("(?ms)^```yaml\n# ([\\w./-]+\\.yaml)\n(.*?)^```$").
		FindAllStringSubmatch(read(t, "../../charts/http-sidecar/README.md"), -1)
	require.Len(t, files, 5)
	for _, file := range files {
		path, text := filepath.Join(folder, file[1]), file[2]
		if alias != "" {
			text = strings.ReplaceAll(text, "\n  version: 0.1.0\n  repo", "\n  alias: "+alias+"\n  version: 0.1.0\n  repo")
			text = strings.ReplaceAll(text, `index .Subcharts "http-sidecar"`, `index .Subcharts "`+alias+`"`)
			text = strings.ReplaceAll(text, "http-sidecar:\n", alias+":\n")
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	orders := load(t, folder)
	orders.AddDependency(load(t, "../../charts/http-sidecar"))
	return orders
}
