// Command helm4 installs a chart with the Helm 4 SDK and merges in-process.
package main

import (
	"flag"
	"log"
	"os"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/cli"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/release"

	"github.com/networknt/netpol-merge/render"
)

func main() {
	log.SetFlags(0)
	strategy := flag.String("strategy", string(action.PostRenderStrategyCombined), "which hooks are merged, and how: combined, separate or nohooks")
	flag.Parse()
	if flag.NArg() != 2 {
		log.Fatal("usage: helm4 [-strategy NAME] RELEASE CHART")
	}
	if err := install(flag.Arg(0), flag.Arg(1), action.PostRenderStrategy(*strategy)); err != nil {
		log.Fatal(err)
	}
}

func install(name, path string, strategy action.PostRenderStrategy) error {
	settings := cli.New()
	config := action.NewConfiguration()
	if err := config.Init(settings.RESTClientGetter(), settings.Namespace(), "secret"); err != nil {
		return err
	}
	chart, err := loader.Load(path)
	if err != nil {
		return err
	}
	install := action.NewInstall(config)
	install.ReleaseName, install.Namespace = name, settings.Namespace()
	install.PostRenderer = &render.Renderer{Namespace: settings.Namespace(), Warnings: os.Stderr}
	install.PostRenderStrategy = strategy
	install.WaitStrategy = kube.HookOnlyStrategy // as the helm command without --wait
	installed, err := install.Run(chart, nil)
	if err != nil {
		return err
	}
	made, err := release.NewAccessor(installed)
	if err != nil {
		return err
	}
	log.Printf("%s %d is %s in %s", made.Name(), made.Version(), made.Status(), made.Namespace())
	return nil
}
