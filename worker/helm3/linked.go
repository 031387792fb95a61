package main

import (
	"text/template"
	_ "unsafe" // for go:linkname

	"gift.dev/worker/session/rendering"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/releaseutil"
)

// Helm's engine parses every template again for each rendering, and its sorter reads every object again;
// neither offers a way around it. Five functions, which Helm does not export, are all it takes to do without:
// the one that gives each template its values, those that give them their functions, the one that words their
// errors, and the order of kinds. They are linked here by name. That stands on the one version of Helm this
// module requires, and on the tests that hold each stream against the command's.

//go:linkname allTemplates helm.sh/helm/v3/pkg/engine.allTemplates
func allTemplates(own *chart.Chart, values chartutil.Values) map[string]rendering.Renderable

//go:linkname initFunMap helm.sh/helm/v3/pkg/engine.Engine.initFunMap
func initFunMap(engine engine.Engine, to *template.Template)

func bind(to *template.Template) { initFunMap(engine.Engine{}, to) }

//go:linkname funcMap helm.sh/helm/v3/pkg/engine.funcMap
func funcMap() template.FuncMap

//go:linkname coalesce helm.sh/helm/v3/pkg/chartutil.coalesce
func coalesce(printf func(string, ...any), own *chart.Chart, given map[string]any, prefix string, merge bool) (map[string]any, error)

//go:linkname failed helm.sh/helm/v3/pkg/engine.cleanupExecError
func failed(name string, err error) error

//go:linkname lessByKind helm.sh/helm/v3/pkg/releaseutil.lessByKind
func lessByKind(_, _ any, kind, other string, order releaseutil.KindSortOrder) bool

func before(kind, other string) bool {
	return lessByKind(nil, nil, kind, other, releaseutil.InstallOrder)
}
