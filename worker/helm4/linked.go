package main

import (
	"context"
	"text/template"
	_ "unsafe" // for go:linkname

	"gift.dev/worker/session/rendering"
	"helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/engine"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
)

// Helm's engine parses every template again for each rendering, and its sorter reads every object again;
// neither offers a way around it. Five functions, which Helm does not export, are all it takes to do without:
// the one that gives each template its values, those that give them their functions, the one that words their
// errors, and the order of kinds. They are linked here by name. That stands on the one version of Helm this
// module requires, and on the tests that hold each stream against the command's.

//go:linkname allTemplates helm.sh/helm/v4/pkg/engine.allTemplates
func allTemplates(own chart.Charter, values common.Values) map[string]rendering.Renderable

//go:linkname initFunMap helm.sh/helm/v4/pkg/engine.Engine.initFunMap
func initFunMap(engine engine.Engine, ctx context.Context, to *template.Template)

func bind(to *template.Template) { initFunMap(engine.Engine{}, context.Background(), to) }

//go:linkname funcMap helm.sh/helm/v4/pkg/engine.funcMap
func funcMap() template.FuncMap

//go:linkname failed helm.sh/helm/v4/pkg/engine.reformatExecErrorMsg
func failed(name string, err error) error

//go:linkname lessByKind helm.sh/helm/v4/pkg/release/v1/util.lessByKind
func lessByKind(_, _ any, kind, other string, order releaseutil.KindSortOrder) bool

func before(kind, other string) bool {
	return lessByKind(nil, nil, kind, other, releaseutil.InstallOrder)
}
