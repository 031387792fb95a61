package main

import (
	"context"
	"text/template"
	_ "unsafe" // for go:linkname

	"gift.dev/worker/session"
	"helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/engine"
)

// Helm's engine parses every template again for each rendering, and offers no way around it. Three of its
// functions, which it does not export, are all it takes to do without: the one that gives each template its
// values, and those that give them their functions. They are linked here by name. That stands on the one
// version of Helm this module requires, and on the tests that hold each stream against the command's.

// renderable has the fields of the engine's type of that name, in its order.
type renderable struct {
	text     string
	values   common.Values
	basePath string
}

//go:linkname allTemplates helm.sh/helm/v4/pkg/engine.allTemplates
func allTemplates(chrt chart.Charter, values common.Values) map[string]renderable

//go:linkname initFunMap helm.sh/helm/v4/pkg/engine.Engine.initFunMap
func initFunMap(engine engine.Engine, ctx context.Context, to *template.Template)

//go:linkname funcMap helm.sh/helm/v4/pkg/engine.funcMap
func funcMap() template.FuncMap

// texts are the YAML that templates made of values.
var texts = session.NewTexts(32 << 20)

func bindFunctions(to *template.Template) {
	initFunMap(engine.Engine{}, context.Background(), to)
	own := funcMap()
	faster := template.FuncMap{}
	for _, name := range []string{"toYaml", "mustToYaml", "deepCopy", "mustDeepCopy"} {
		if function, ok := own[name]; ok {
			faster[name] = function
		}
	}
	session.Faster(faster, texts)
	to.Funcs(faster)
}
