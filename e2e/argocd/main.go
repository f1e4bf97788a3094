// Command argocd is the two ends of an Argo CD config management plugin, in
// Argo CD's own code: the server that runs as a sidecar, and the repo-server's
// client.
//
//	argocd server --config-dir-path FOLDER-OF-plugin.yaml
//	argocd generate APPLICATION.yaml REPOSITORY
//
// Both find the socket in the folder ARGOCD_PLUGINSOCKFILEPATH.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/argoproj/argo-cd/v3/cmd/argocd-cmp-server/commands"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/reposerver/apiclient"
	"github.com/argoproj/argo-cd/v3/reposerver/repository"
	"github.com/argoproj/argo-cd/v3/util/git"
	utilio "github.com/argoproj/argo-cd/v3/util/io"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "argocd:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) > 0 && args[0] == "server":
		server := commands.NewCommand()
		server.SetArgs(args[1:])
		return server.Execute()
	case len(args) == 3 && args[0] == "generate":
		return generate(args[1], args[2])
	}
	return errors.New("usage: argocd server [FLAG...] | argocd generate APPLICATION.yaml REPOSITORY")
}

// generate prints the manifests of an Application as the repo-server would get
// them from a working copy of the repository.
func generate(path, root string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var application v1alpha1.Application
	if err := yaml.UnmarshalStrict(text, &application); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if root, err = filepath.Abs(root); err != nil {
		return err
	}
	source := application.Spec.Source
	response, err := repository.GenerateManifests(context.Background(), filepath.Join(root, source.Path), root, "main",
		&apiclient.ManifestRequest{
			AppName:           application.Name,
			Namespace:         application.Spec.Destination.Namespace,
			ApplicationSource: source,
			Repo:              &v1alpha1.Repository{Repo: source.RepoURL},
			KubeVersion:       "1.37.2",
			ApiVersions:       []string{"v1", "apps/v1", "networking.k8s.io/v1", "networking.k8s.io/v1/NetworkPolicy"},
			ProjectName:       application.Spec.Project,
		}, true, git.NoopCredsStore{}, resource.MustParse("0"), utilio.NewRandomizedTempPaths(os.TempDir()))
	if err != nil {
		return err
	}
	for _, manifest := range response.Manifests {
		document, err := yaml.JSONToYAML([]byte(manifest))
		if err != nil {
			return err
		}
		fmt.Printf("---\n%s", document)
	}
	return nil
}
