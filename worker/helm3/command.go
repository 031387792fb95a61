package main

import (
	"context"
	"fmt"
	"io"

	"gift.dev/worker/session"
	"gift.dev/worker/session/rendering"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/cli"
	"helm.sh/helm/v3/pkg/cli/values"
	"helm.sh/helm/v3/pkg/getter"
)

func install(request *session.Request) (rendering.Install, error) {
	client := action.NewInstall(&action.Configuration{Log: func(string, ...any) {}})
	if request.KubeVersion != "" {
		version, err := chartutil.ParseKubeVersion(request.KubeVersion)
		if err != nil {
			return nil, fmt.Errorf("invalid kube version '%s': %s", request.KubeVersion, err)
		}
		client.KubeVersion = version
	}
	client.DryRun = true
	client.DryRunOption = "true"
	client.ClientOnly = true
	client.ReleaseName = request.Release
	client.Namespace = request.Namespace
	client.Replace = true
	client.APIVersions = chartutil.VersionSet(request.APIVersions)
	client.IncludeCRDs = request.IncludeCRDs
	return func(ctx context.Context, directory string, given map[string]any, log io.Writer) (*rendering.Release, error) {
		loaded, err := loader.Load(directory)
		if err != nil {
			return nil, err
		}
		if err := check(loaded, log); err != nil {
			return nil, err
		}
		rendered, err := client.RunWithContext(ctx, loaded, given)
		if rendered == nil {
			return nil, err
		}
		return &rendering.Release{Manifest: rendered.Manifest, Hooks: hooks(rendered.Hooks)}, err
	}, nil
}

func check(loaded *chart.Chart, log io.Writer) error {
	if kind := loaded.Metadata.Type; kind != "" && kind != "application" {
		return fmt.Errorf("%s charts are not installable", kind)
	}
	if loaded.Metadata.Deprecated {
		fmt.Fprintln(log, "WARNING: This chart is deprecated")
	}
	if needed := loaded.Metadata.Dependencies; needed != nil {
		if err := action.CheckDependencies(loaded, needed); err != nil {
			return fmt.Errorf("An error occurred while checking for chart dependencies. You may need to run `helm dependency build` to fetch missing dependencies: %w", err) //nolint:staticcheck // Helm's words
		}
	}
	return nil
}

func mergeValues(request *session.Request) (map[string]any, error) {
	options := values.Options{
		ValueFiles:   request.ValuesFiles,
		Values:       request.Set,
		StringValues: request.SetString,
		JSONValues:   request.SetJSON,
	}
	return options.MergeValues(getter.All(cli.New()))
}
