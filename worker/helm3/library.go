package main

import (
	"log"
	"slices"
	"strings"

	"gift.dev/worker/session"
	"gift.dev/worker/session/rendering"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/strvals"
	"sigs.k8s.io/yaml"
)

func library() rendering.Library[*chart.Chart, chartutil.Values] {
	return rendering.Library[*chart.Chart, chartutil.Values]{
		Version:     strings.TrimPrefix(chartutil.DefaultCapabilities.HelmVersion.Version, "v"),
		Install:     install,
		MergeValues: mergeValues,

		ReadValues: readValues,
		SetJSON:    strvals.ParseJSON,
		Set:        strvals.ParseInto,
		SetString:  strvals.ParseIntoString,

		Load:   loader.Load,
		Copy:   copyChart,
		Check:  check,
		Schema: func(own *chart.Chart) []byte { return own.Schema },
		CRDs:   crds,

		ValidateReleaseName: chartutil.ValidateReleaseName,
		ProcessDependencies: chartutil.ProcessDependenciesWithMerge,
		Compose:             compose,
		KubeVersion:         kubeVersion,
		Suits:               suits,

		Templates: allTemplates,
		Bind:      bind,
		Functions: funcMap,
		Failed:    failed,

		HookAnnotation: release.HookAnnotation,
		Split:          rendering.SplitAtSpace,
		Kind:           kind,
		Sort:           sortFile,
		Before:         before,
	}
}

func readValues(text []byte) (map[string]any, error) {
	values := map[string]any{}
	err := yaml.Unmarshal(text, &values)
	return values, err
}

func copyChart(source *chart.Chart) *chart.Chart {
	own := *source
	own.Values = session.Copy(source.Values)
	if source.Metadata != nil {
		metadata := *source.Metadata
		metadata.Dependencies = rendering.CopyEach(metadata.Dependencies)
		own.Metadata = &metadata
	}
	return &own
}

func crds(own *chart.Chart) []rendering.Object {
	return rendering.Each(own.CRDObjects(), func(crd chart.CRD) rendering.Object {
		return rendering.Object{Source: crd.Filename, Text: string(crd.File.Data)}
	})
}

func compose(own *chart.Chart, given map[string]any, request *session.Request) (chartutil.Values, error) {
	capabilities := chartutil.DefaultCapabilities.Copy()
	if request.KubeVersion != "" {
		version, err := chartutil.ParseKubeVersion(request.KubeVersion)
		if err != nil {
			return nil, err
		}
		capabilities.KubeVersion = *version
	}
	if !suits(own, capabilities.KubeVersion.String()) {
		return nil, rendering.ErrUnusual
	}
	capabilities.APIVersions = append(slices.Clone(capabilities.APIVersions), request.APIVersions...)
	options := chartutil.ReleaseOptions{Name: request.Release, Namespace: request.Namespace, Revision: 1, IsInstall: true}
	// Helm copies what it is given, by reflection, before it lays it over the chart's values; nobody else has this.
	composed, err := chartutil.ToRenderValuesWithSchemaValidation(&chart.Chart{Metadata: own.Metadata}, nil, options, capabilities, true)
	if err != nil {
		return nil, err
	}
	values, err := coalesce(log.Printf, own, given, "", false)
	composed["Values"] = chartutil.Values(values)
	return composed, err
}

func kubeVersion(text string) (string, error) {
	version, err := chartutil.ParseKubeVersion(text)
	if err != nil {
		return "", err
	}
	return version.Version, nil
}

func suits(own *chart.Chart, version string) bool {
	needed := own.Metadata.KubeVersion
	return needed == "" || chartutil.IsCompatibleRange(needed, version)
}
