package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"gift.dev/worker/session"
	"gift.dev/worker/session/rendering"
	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/loader"
	"helm.sh/helm/v4/pkg/cli"
	"helm.sh/helm/v4/pkg/cli/values"
	"helm.sh/helm/v4/pkg/getter"
	release "helm.sh/helm/v4/pkg/release/v1"
)

func install(request *session.Request) (rendering.Install, error) {
	client := action.NewInstall(action.NewConfiguration())
	if request.KubeVersion != "" {
		version, err := common.ParseKubeVersion(request.KubeVersion)
		if err != nil {
			return nil, fmt.Errorf("invalid kube version '%s': %w", request.KubeVersion, err)
		}
		client.KubeVersion = version
	}
	client.DryRunStrategy = action.DryRunClient
	client.ReleaseName = request.Release
	client.Namespace = request.Namespace
	client.Replace = true
	client.APIVersions = common.VersionSet(request.APIVersions)
	client.IncludeCRDs = request.IncludeCRDs
	return func(ctx context.Context, directory string, given map[string]any, _ io.Writer) (*rendering.Release, error) {
		loaded, err := loader.Load(directory)
		if err != nil {
			return nil, err
		}
		if err := check(loaded); err != nil {
			return nil, err
		}
		result, err := client.RunWithContext(ctx, loaded, given)
		rendered, _ := result.(*release.Release)
		if rendered == nil {
			return nil, err
		}
		return &rendering.Release{Manifest: rendered.Manifest, Hooks: hooks(rendered.Hooks)}, err
	}, nil
}

func check(loaded chart.Charter) error {
	accessor, err := chart.NewAccessor(loaded)
	if err != nil {
		return err
	}
	if kind := accessor.MetadataAsMap()["Type"]; kind != "" && kind != "application" {
		return fmt.Errorf("%s charts are not installable", kind)
	}
	if accessor.Deprecated() {
		slog.Warn("this chart is deprecated")
	}
	if needed := accessor.MetaDependencies(); len(needed) > 0 {
		if err := action.CheckDependencies(loaded, needed); err != nil {
			return fmt.Errorf("an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to fetch missing dependencies: %w", err)
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
