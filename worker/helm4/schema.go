package main

import (
	"bytes"

	"gift.dev/worker/session"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// schema is a chart's schema, compiled.
type schema = jsonschema.Schema

// schemaAddress is the address Helm gives a chart's schema.
const schemaAddress = "file:///values.schema.json"

// validate holds values against the schemas of a chart and its dependencies. What is wrong with them, and
// anything about a schema that needs more than the schema itself, is left to Helm to tell.
func (helm *helm) validate(own *chart.Chart, values any) error {
	table, ok := asTable(values)
	if !ok {
		return errUnusual
	}
	if own.Schema != nil {
		compiled, err := helm.schemas.Get(session.DigestOf(own.Schema), func() (*schema, error) { return compile(own.Schema) })
		if err != nil {
			return err
		}
		if err := compiled.Validate(table); err != nil {
			return err
		}
	}
	for _, dependency := range own.Dependencies() {
		below, ok := table[dependency.Name()]
		if !ok || below == nil {
			continue
		}
		if err := helm.validate(dependency, below); err != nil {
			return err
		}
	}
	return nil
}

func asTable(values any) (map[string]any, bool) {
	switch values := values.(type) {
	case common.Values:
		return values, true
	case map[string]any:
		return values, true
	default:
		return nil, false
	}
}

func compile(text []byte) (*schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	// A schema that refers to another place is read by Helm, each time anew.
	compiler.UseLoader(jsonschema.SchemeURLLoader{})
	if err := compiler.AddResource(schemaAddress, document); err != nil {
		return nil, err
	}
	return compiler.Compile(schemaAddress)
}
