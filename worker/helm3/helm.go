package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gift.dev/worker/session"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/strvals"
	"sigs.k8s.io/yaml"
)

// helm renders with what it kept of earlier renderings where that gives the same bytes, and as the command
// does where anything is out of the ordinary.
type helm struct {
	version   string
	stamps    *session.Stamps
	charts    *session.Kept[*loadedChart]
	values    *session.Kept[map[string]any]
	schemas   *session.Kept[*schema]
	sorted    *session.Kept[sorted]
	templates *session.Templates
}

func newHelm(version string) *helm {
	return &helm{
		version:   version,
		stamps:    session.NewStamps(),
		charts:    session.NewKept[*loadedChart](64),
		values:    session.NewKept[map[string]any](512),
		schemas:   session.NewKept[*schema](64),
		sorted:    session.NewKept[sorted](4096),
		templates: session.NewTemplates(bindFunctions),
	}
}

func (helm *helm) Version() string { return helm.version }

func (helm *helm) Render(ctx context.Context, request *session.Request, log *session.Log) ([]byte, error) {
	out, err := helm.render(ctx, request, log)
	if err == nil || ctx.Err() != nil {
		return out, err
	}
	log.Taken()
	return command(ctx, request, log)
}

// errUnusual is the error of whatever the command is to look at.
var errUnusual = errors.New("nothing for the short way")

// loadedChart is a chart nobody may change, and what Helm said when it read it.
type loadedChart struct {
	chart *chart.Chart
	said  []byte
}

func (helm *helm) render(ctx context.Context, request *session.Request, log *session.Log) (_ []byte, err error) {
	defer func() {
		if recover() != nil {
			err = errUnusual
		}
	}()
	capabilities := chartutil.DefaultCapabilities.Copy()
	if request.KubeVersion != "" {
		version, err := chartutil.ParseKubeVersion(request.KubeVersion)
		if err != nil {
			return nil, err
		}
		capabilities.KubeVersion = *version
	}
	capabilities.APIVersions = append(slices.Clone(capabilities.APIVersions), request.APIVersions...)
	given, err := helm.given(request)
	if err != nil {
		return nil, err
	}
	source, err := helm.load(request.Chart, log)
	if err != nil {
		return nil, err
	}
	_, _ = log.Write(source.said)
	own := copyChart(source.chart)
	if err := checkChart(own, log); err != nil {
		return nil, err
	}
	if err := chartutil.ValidateReleaseName(request.Release); err != nil {
		return nil, err
	}
	if err := chartutil.ProcessDependenciesWithMerge(own, given); err != nil {
		return nil, err
	}
	options := chartutil.ReleaseOptions{Name: request.Release, Namespace: request.Namespace, Revision: 1, IsInstall: true}
	composed, err := chartutil.ToRenderValuesWithSchemaValidation(own, given, options, capabilities, true)
	if err != nil {
		return nil, err
	}
	if err := helm.validate(own, composed["Values"]); err != nil {
		return nil, err
	}
	if needed := own.Metadata.KubeVersion; needed != "" && !chartutil.IsCompatibleRange(needed, capabilities.KubeVersion.String()) {
		return nil, errUnusual
	}
	files, err := helm.templates.Execute(ctx, templatesOf(own, composed))
	if err != nil {
		return nil, err
	}
	return helm.assemble(own, files, request)
}

// assemble puts a stream together from what the templates gave.
func (helm *helm) assemble(own *chart.Chart, files map[string]string, request *session.Request) ([]byte, error) {
	for name := range files {
		if strings.HasSuffix(name, "NOTES.txt") {
			delete(files, name)
		}
	}
	objects, err := helm.sort(files)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if request.IncludeCRDs {
		for _, crd := range own.CRDObjects() {
			fmt.Fprintf(&out, "---\n# Source: %s\n%s\n", crd.Filename, crd.File.Data)
		}
	}
	for _, manifest := range objects.manifests {
		fmt.Fprintf(&out, "---\n# Source: %s\n%s\n", manifest.Name, manifest.Content)
	}
	return stream(out.String(), objects.hooks, request.SkipTests), nil
}

func (helm *helm) load(directory string, log *session.Log) (*loadedChart, error) {
	directory, err := filepath.Abs(directory)
	if err != nil {
		return nil, err
	}
	content, err := helm.stamps.Content(directory)
	if err != nil {
		return nil, err
	}
	return helm.charts.Get(content, func() (*loadedChart, error) {
		before := log.Taken()
		loaded, err := loader.Load(directory)
		said := log.Taken()
		_, _ = log.Write(before)
		if err != nil {
			return nil, errUnusual
		}
		return &loadedChart{chart: loaded, said: said}, nil
	})
}

// copyChart gives a chart of its own to a rendering: dependencies are switched off and values merged in it.
func copyChart(source *chart.Chart) *chart.Chart {
	own := *source
	own.Values = session.Copy(source.Values)
	if source.Metadata != nil {
		metadata := *source.Metadata
		if metadata.Dependencies != nil {
			metadata.Dependencies = make([]*chart.Dependency, len(source.Metadata.Dependencies))
			for index, dependency := range source.Metadata.Dependencies {
				if dependency != nil {
					copied := *dependency
					metadata.Dependencies[index] = &copied
				}
			}
		}
		own.Metadata = &metadata
	}
	dependencies := make([]*chart.Chart, len(source.Dependencies()))
	for index, dependency := range source.Dependencies() {
		dependencies[index] = copyChart(dependency)
	}
	own.SetDependencies(dependencies...)
	return &own
}

// given are the values of a request; each file is read by Helm once for each content.
func (helm *helm) given(request *session.Request) (map[string]any, error) {
	merged := map[string]any{}
	for _, file := range request.ValuesFiles {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if merged, err = helm.over(merged, text); err != nil {
			return nil, err
		}
	}
	if request.Values {
		var err error
		if merged, err = helm.over(merged, request.InPlace); err != nil {
			return nil, err
		}
	}
	// What is kept stays as it is: the settings change values where they are.
	merged = session.Copy(merged)
	for _, setting := range request.SetJSON {
		if err := strvals.ParseJSON(setting, merged); err != nil {
			return nil, err
		}
	}
	for _, setting := range request.Set {
		if err := strvals.ParseInto(setting, merged); err != nil {
			return nil, err
		}
	}
	for _, setting := range request.SetString {
		if err := strvals.ParseIntoString(setting, merged); err != nil {
			return nil, err
		}
	}
	return merged, nil
}

func (helm *helm) over(below map[string]any, text []byte) (map[string]any, error) {
	above, err := helm.values.Get(session.DigestOf(text), func() (map[string]any, error) {
		values := map[string]any{}
		err := yaml.Unmarshal(text, &values)
		return values, err
	})
	if err != nil {
		return nil, err
	}
	return session.Over(below, above), nil
}

// templatesOf are the chart's templates with the values of each, as Helm gives them.
func templatesOf(own *chart.Chart, composed chartutil.Values) map[string]session.Template {
	all := allTemplates(own, composed)
	templates := make(map[string]session.Template, len(all))
	for name, one := range all {
		templates[name] = session.Template{
			Text:   one.text,
			Values: one.values,
			Own:    chartutil.Values{"Name": name, "BasePath": one.basePath},
		}
	}
	return templates
}
