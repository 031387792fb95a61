package main

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"gift.dev/worker/session"
	"gift.dev/worker/session/rendering"
	"helm.sh/helm/v4/pkg/chart/common"
	commonutil "helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/loader"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	chartloader "helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	release "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/strvals"
)

func library() rendering.Library[*chart.Chart, common.Values] {
	return rendering.Library[*chart.Chart, common.Values]{
		Version:     strings.TrimPrefix(common.DefaultCapabilities.HelmVersion.Version, "v"),
		Install:     install,
		MergeValues: mergeValues,

		ReadValues: readValues,
		SetJSON:    setJSON,
		Set:        strvals.ParseInto,
		SetString:  strvals.ParseIntoString,

		Load:   load,
		Copy:   copyChart,
		Check:  func(own *chart.Chart, _ io.Writer) error { return check(own) },
		Schema: func(own *chart.Chart) []byte { return own.Schema },
		CRDs:   crds,

		ValidateReleaseName: chartutil.ValidateReleaseName,
		ProcessDependencies: chartutil.ProcessDependencies,
		Compose:             compose,
		KubeVersion:         kubeVersion,
		Suits:               suits,

		Templates: func(own *chart.Chart, composed common.Values) map[string]rendering.Renderable {
			return allTemplates(own, composed)
		},
		Bind:      bind,
		Functions: funcMap,
		Failed:    failed,

		HookAnnotation: release.HookAnnotation,
		Split:          rendering.SplitAtLines,
		Kind:           kind,
		Sort:           sortFile,
		Before:         before,
	}
}

func readValues(text []byte) (map[string]any, error) {
	return chartloader.LoadValues(bytes.NewReader(text))
}

// setJSON leaves whole objects to the command, which lays them over the other values in a way of its own.
func setJSON(setting string, values map[string]any) error {
	if strings.HasPrefix(strings.TrimSpace(setting), "{") {
		return rendering.ErrUnusual
	}
	return strvals.ParseJSON(setting, values)
}

// load leaves charts of a kind that is still to come to the command.
func load(directory string) (*chart.Chart, error) {
	loaded, err := loader.Load(directory)
	if own, ok := loaded.(*chart.Chart); ok {
		return own, err
	}
	return nil, rendering.ErrUnusual
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

func compose(own *chart.Chart, given map[string]any, request *session.Request) (common.Values, error) {
	capabilities := common.DefaultCapabilities.Copy()
	if request.KubeVersion != "" {
		version, err := common.ParseKubeVersion(request.KubeVersion)
		if err != nil {
			return nil, err
		}
		capabilities.KubeVersion = *version
	}
	if !suits(own, capabilities.KubeVersion.String()) {
		return nil, rendering.ErrUnusual
	}
	capabilities.APIVersions = append(slices.Clone(capabilities.APIVersions), request.APIVersions...)
	options := common.ReleaseOptions{Name: request.Release, Namespace: request.Namespace, Revision: 1, IsInstall: true}
	return commonutil.ToRenderValuesWithSchemaValidation(own, given, options, capabilities, true)
}

func kubeVersion(text string) (string, error) {
	version, err := common.ParseKubeVersion(text)
	if err != nil {
		return "", err
	}
	return version.Version, nil
}

func suits(own *chart.Chart, version string) bool {
	needed := own.Metadata.KubeVersion
	return needed == "" || chartutil.IsCompatibleRange(needed, version)
}
