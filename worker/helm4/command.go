package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gift.dev/worker/session"
	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/loader"
	"helm.sh/helm/v4/pkg/cli"
	"helm.sh/helm/v4/pkg/cli/values"
	"helm.sh/helm/v4/pkg/getter"
	release "helm.sh/helm/v4/pkg/release/v1"
)

// command does what the command does, step by step, with the same parts of Helm's library: the measure
// for what is faster, and what tells every error.
func command(ctx context.Context, request *session.Request) ([]byte, error) {
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

	directory, err := filepath.Abs(request.Chart)
	if err != nil {
		return nil, err
	}
	given, err := givenValues(request)
	if err != nil {
		return nil, err
	}
	loaded, err := loader.Load(directory)
	if err != nil {
		return nil, err
	}
	if err := checkChart(loaded); err != nil {
		return nil, err
	}
	result, err := client.RunWithContext(ctx, loaded, given)
	rendered, _ := result.(*release.Release)
	if err != nil {
		if rendered != nil {
			return nil, fmt.Errorf("%w\n\nUse --debug flag to render out invalid YAML", err)
		}
		return nil, err
	}
	return stream(rendered.Manifest, rendered.Hooks, request.SkipTests), nil
}

// checkChart refuses what cannot be installed, and warns of what should not be.
func checkChart(loaded chart.Charter) error {
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

// stream is what is printed of a release.
func stream(manifest string, hooks []*release.Hook, skipTests bool) []byte {
	var out bytes.Buffer
	out.WriteString(strings.TrimSpace(manifest))
	out.WriteByte('\n')
	for _, hook := range hooks {
		if skipTests && slices.Contains(hook.Events, release.HookTest) {
			continue
		}
		fmt.Fprintf(&out, "---\n# Source: %s\n%s\n", hook.Path, hook.Manifest)
	}
	return out.Bytes()
}

// givenValues are the values of the request, put together by Helm.
func givenValues(request *session.Request) (map[string]any, error) {
	options := values.Options{
		ValueFiles:   request.ValuesFiles,
		Values:       request.Set,
		StringValues: request.SetString,
		JSONValues:   request.SetJSON,
	}
	if request.Values {
		name, free, err := pipe(request.InPlace)
		if err != nil {
			return nil, session.Declined{Reason: err.Error()}
		}
		defer free()
		options.ValueFiles = append(slices.Clone(options.ValueFiles), name)
	}
	return options.MergeValues(getter.All(cli.New()))
}

// pipe makes a text readable under a name, without a file: values may hold secrets.
func pipe(text []byte) (string, func(), error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return "", nil, err
	}
	go func() {
		_, _ = io.Copy(writer, bytes.NewReader(text))
		writer.Close()
	}()
	return fmt.Sprintf("/dev/fd/%d", reader.Fd()), func() { reader.Close() }, nil
}
