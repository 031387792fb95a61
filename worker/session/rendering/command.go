package rendering

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"gift.dev/worker/session"
)

// command does what the command does, step by step, with the same parts of Helm's library: the measure
// for what is faster, and what tells every error.
func (renderer *Renderer[C, V]) command(ctx context.Context, request *session.Request, log io.Writer) ([]byte, error) {
	install, err := renderer.library.Install(request)
	if err != nil {
		return nil, err
	}
	directory, err := filepath.Abs(request.Chart)
	if err != nil {
		return nil, err
	}
	given, err := renderer.mergedValues(request)
	if err != nil {
		return nil, err
	}
	release, err := install(ctx, directory, given, log)
	if err != nil {
		if release != nil {
			return nil, unreadable(err)
		}
		return nil, err
	}
	return stream(release.Manifest, release.Hooks, request.SkipTests), nil
}

// unreadable is what the command makes of an error once it has begun to render.
func unreadable(err error) error {
	return fmt.Errorf("%w\n\nUse --debug flag to render out invalid YAML", err)
}

// mergedValues are the values of the request, put together by Helm.
func (renderer *Renderer[C, V]) mergedValues(request *session.Request) (map[string]any, error) {
	if !request.Values {
		return renderer.library.MergeValues(request)
	}
	name, free, err := pipe(request.InPlace)
	if err != nil {
		return nil, session.Declined{Reason: err.Error()}
	}
	defer free()
	named := *request
	named.ValuesFiles = append(slices.Clone(request.ValuesFiles), name)
	return renderer.library.MergeValues(&named)
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
