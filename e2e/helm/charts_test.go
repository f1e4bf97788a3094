// Package helm tests the charts, and the post-renderer inside of Helm, with Helm's
// own code. It is a module of its own: Helm's engine brings about 90 modules that
// the program does not need.
package helm

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/postrender"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render"
)

// helmTemplate renders a chart in-process, as helm template does.
func helmTemplate(t *testing.T, path string, renderer postrender.PostRenderer) string {
	chart, err := loader.Load(path)
	require.NoError(t, err)
	install := action.NewInstall(&action.Configuration{Capabilities: chartutil.DefaultCapabilities})
	install.DryRun, install.ClientOnly, install.ReleaseName = true, true, "petstore"
	install.PostRenderer = renderer
	release, err := install.Run(chart, nil)
	require.NoError(t, err)
	return release.Manifest
}

func TestPetstoreInHelm(t *testing.T) {
	before := strings.Split(helmTemplate(t, "../../charts/petstore", nil), "---\n")
	after := strings.Split(helmTemplate(t, "../../charts/petstore", &render.Renderer{}), "---\n")
	var merged string
	for _, document := range before {
		switch {
		case strings.Contains(document, merge.IntoAnnotation):
			continue
		case strings.Contains(document, "name: proxy-allow\n"):
			merged = after[0]
		default:
			require.Equal(t, document, after[0], "every other document is the same, byte for byte")
		}
		after = after[1:]
	}
	require.Empty(t, after, "the overlay is gone")
	require.NotContains(t, merged, merge.IntoAnnotation)
	policy := decode(t, merged)
	ports, err := yaml.Marshal(policy.Spec.Egress[0].Ports[5:])
	require.NoError(t, err)
	require.Len(t, policy.Spec.Egress, 1)
	require.YAMLEq(t, "[{protocol: TCP, port: 5432}, {protocol: TCP, port: 9092, endPort: 9094}]", string(ports))
}

// TestDefaultPolicyIsTheMission: all but the labels that Helm's guide asks for.
func TestDefaultPolicyIsTheMission(t *testing.T) {
	mission := typed[networkingv1.NetworkPolicy](t, read(t, "../../testdata/proxy-allow.yaml"))
	policy := install(t, load(t, sidecarPath), "petstore", nil).policies["proxy-allow"]
	require.Subset(t, policy.Labels, mission.Labels)
	policy.Labels = mission.Labels
	require.Equal(t, mission, policy)
}

func TestChartsPassLint(t *testing.T) {
	for _, file := range []string{"/values.yaml", contract} {
		for _, chart := range []string{sidecarPath, petstorePath} {
			lint := action.NewLint()
			lint.Strict = true
			result := lint.Run([]string{chart}, valuesIn(t, chart+file))
			require.Empty(t, result.Errors)
			require.Equal(t, 1, result.TotalChartsLinted)
			require.False(t, action.HasWarningsOrErrors(result), "%v", result.Messages)
		}
	}
}

// The chart that petstore depends on is packaged into it, so that it renders
// from a fresh clone. The package must not lag behind.
func TestPackagedChartIsCurrent(t *testing.T) {
	packages, err := filepath.Glob("../../charts/petstore/charts/http-sidecar-*.tgz")
	require.NoError(t, err)
	require.Len(t, packages, 1)
	packed, err := os.ReadFile(packages[0])
	require.NoError(t, err)
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	archive := tar.NewReader(unzipped)
	files := 0
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		packaged, err := io.ReadAll(archive)
		require.NoError(t, err)
		current, err := os.ReadFile(filepath.Join("../../charts", header.Name))
		require.NoError(t, err)
		if filepath.Base(header.Name) == "Chart.yaml" {
			require.YAMLEq(t, string(current), string(packaged), "run make charts")
		} else {
			require.Equal(t, string(current), string(packaged), "run make charts")
		}
		files++
	}
	require.Equal(t, countFiles(t, "../../charts/http-sidecar"), files, "run make charts")
}

func countFiles(t *testing.T, folder string) (files int) {
	require.NoError(t, filepath.WalkDir(folder, func(_ string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files++
		}
		return err
	}))
	return files
}

func decode(t *testing.T, text string) *networkingv1.NetworkPolicy {
	policy := &networkingv1.NetworkPolicy{}
	require.NoError(t, yaml.UnmarshalStrict([]byte(text), policy))
	return policy
}
