// Command helm3 installs a chart with the Helm 3 SDK and merges in-process.
package main

import (
	"log"
	"os"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/cli"

	"github.com/networknt/netpol-merge/render"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: helm3 RELEASE CHART")
	}
	if err := install(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func install(name, path string) error {
	settings := cli.New()
	config := &action.Configuration{}
	if err := config.Init(settings.RESTClientGetter(), settings.Namespace(), "secret", log.Printf); err != nil {
		return err
	}
	chart, err := loader.Load(path)
	if err != nil {
		return err
	}
	install := action.NewInstall(config)
	install.ReleaseName, install.Namespace = name, settings.Namespace()
	install.PostRenderer = &render.Renderer{Namespace: settings.Namespace(), Warnings: os.Stderr}
	release, err := install.Run(chart, nil)
	if err != nil {
		return err
	}
	log.Printf("%s %d is %s in %s", release.Name, release.Version, release.Info.Status, release.Namespace)
	return nil
}
