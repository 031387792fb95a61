package rendering

import (
	"context"
	"errors"
	"maps"
	"text/template"

	"gift.dev/worker/session"
	"gift.dev/worker/session/compiled"
)

// Renderer renders with what it kept of earlier renderings where that gives the same bytes, and as the
// command does where anything is out of the ordinary.
type Renderer[C Chart[C], V ~map[string]any] struct {
	library   Library[C, V]
	stamps    *session.Stamps
	charts    *session.Kept[*loaded[C]]
	values    *session.Kept[map[string]any]
	schemas   *session.Kept[*schema]
	kinds     *session.Kept[readable]
	templates *session.Templates
	compare   session.Comparison
}

// New gives a renderer that has kept nothing yet.
func New[C Chart[C], V ~map[string]any](library Library[C, V]) *Renderer[C, V] {
	plain := library.Functions()
	faster := session.Faster(plain, session.NewMade(32<<20))
	maps.Copy(plain, faster)
	compare, _ := plain["semverCompare"].(func(string, string) (bool, error))
	return &Renderer[C, V]{
		compare: compare,
		library: library,
		stamps:  session.NewStamps(),
		charts:  session.NewKept[*loaded[C]](64),
		values:  session.NewKept[map[string]any](512),
		schemas: session.NewKept[*schema](64),
		kinds:   session.NewKept[readable](1 << 16),
		templates: session.NewTemplates(func(to *template.Template) {
			library.Bind(to)
			to.Funcs(faster)
		}, plain, func(value any) (map[string]any, bool) {
			table, ok := value.(V)
			return table, ok
		}),
	}
}

// Version is that of Helm.
func (renderer *Renderer[C, V]) Version() string { return renderer.library.Version }

// Render gives what the command prints, and its error.
func (renderer *Renderer[C, V]) Render(ctx context.Context, request *session.Request, log *session.Log) (session.Rendered, error) {
	rendered, err := renderer.render(ctx, request, log, false)
	if errors.Is(err, compiled.ErrUnable) && ctx.Err() == nil {
		log.Taken()
		rendered, err = renderer.render(ctx, request, log, true)
	}
	if err == nil || ctx.Err() != nil {
		return rendered, err
	}
	var failure *session.Failure
	if errors.As(err, &failure) && failure.IsHelms() {
		return session.Rendered{}, unreadable(renderer.library.Failed(failure.Template, failure.Err))
	}
	log.Taken()
	out, err := renderer.command(ctx, request, log)
	return session.Rendered{Output: out}, err
}

func (renderer *Renderer[C, V]) render(ctx context.Context, request *session.Request, log *session.Log, byText bool) (rendered session.Rendered, err error) {
	defer func() {
		if recover() != nil {
			err = ErrUnusual
		}
	}()
	library := renderer.library
	given, err := renderer.given(request)
	if err != nil {
		return rendered, err
	}
	own, err := renderer.load(request.Chart, log)
	if err != nil {
		return rendered, err
	}
	if err := library.Check(own, log); err != nil {
		return rendered, err
	}
	if err := library.ValidateReleaseName(request.Release); err != nil {
		return rendered, err
	}
	if err := library.ProcessDependencies(own, given); err != nil {
		return rendered, err
	}
	composed, err := library.Compose(own, given, request)
	if err != nil {
		return rendered, err
	}
	if err := renderer.validate(own, composed["Values"]); err != nil {
		return rendered, err
	}
	capabilities := session.NewCapabilities(composed["Capabilities"], renderer.compare)
	composed["Capabilities"] = capabilities
	files, isNoticed, err := renderer.templates.Execute(ctx, renderer.templatesOf(own, composed), byText)
	if err != nil {
		return rendered, err
	}
	objects, err := renderer.sort(files)
	if err != nil {
		return rendered, err
	}
	if request.IncludeCRDs {
		objects.Others = append(library.CRDs(own), objects.Others...)
	}
	rendered.Output = stream(text(objects.Others), objects.Hooks, request.SkipTests)
	if isNoticed {
		rendered.AlsoFor = renderer.alsoFor(request, own, capabilities)
	}
	return rendered, nil
}

func (renderer *Renderer[C, V]) alsoFor(request *session.Request, own C, capabilities *session.Capabilities) []string {
	var same []string
	for _, text := range request.OtherKubeVersions {
		version, err := renderer.library.KubeVersion(text)
		if err == nil && renderer.library.Suits(own, version) && capabilities.Suit(version) {
			same = append(same, text)
		}
	}
	return same
}

// templatesOf are the chart's templates with the values of each, as Helm gives them.
func (renderer *Renderer[C, V]) templatesOf(own C, composed V) map[string]session.Template {
	all := renderer.library.Templates(own, composed)
	templates := make(map[string]session.Template, len(all))
	for name, one := range all {
		templates[name] = session.Template{
			Text:   one.Text,
			Values: one.Values,
			Own:    V{"Name": name, "BasePath": one.BasePath},
		}
	}
	return templates
}
