package main

import (
	"text/template"
	_ "unsafe" // for go:linkname

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

// Helm's engine parses every template again for each rendering, and offers no way around it. Two of its
// functions, which it does not export, are all it takes to do without: the one that gives each template its
// values, and the one that gives them their functions. They are linked here by name. That stands on the one
// version of Helm this module requires, and on the tests that hold each stream against the command's.

// renderable has the fields of the engine's type of that name, in its order.
type renderable struct {
	text     string
	values   chartutil.Values
	basePath string
}

//go:linkname allTemplates helm.sh/helm/v3/pkg/engine.allTemplates
func allTemplates(chrt *chart.Chart, values chartutil.Values) map[string]renderable

//go:linkname initFunMap helm.sh/helm/v3/pkg/engine.Engine.initFunMap
func initFunMap(engine engine.Engine, to *template.Template)

func bindFunctions(to *template.Template) {
	initFunMap(engine.Engine{}, to)
}
