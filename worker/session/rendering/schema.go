package rendering

import (
	"bytes"

	"gift.dev/worker/session"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schema is a chart's schema, compiled.
type schema = jsonschema.Schema

// schemaAddress is the address Helm gives a chart's schema.
const schemaAddress = "file:///values.schema.json"

// validate holds values against the schemas of a chart and its dependencies. What is wrong with them, and
// anything about a schema that needs more than the schema itself, is left to Helm to tell.
func (renderer *Renderer[C, V]) validate(own C, values any) error {
	table, ok := tableOf[V](values)
	if !ok {
		return ErrUnusual
	}
	if text := renderer.library.Schema(own); text != nil {
		compiled, err := renderer.schemas.Get(session.DigestOf(string(text)), func() (*schema, error) { return compile(text) })
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
		if err := renderer.validate(dependency, below); err != nil {
			return err
		}
	}
	return nil
}

func tableOf[V ~map[string]any](values any) (map[string]any, bool) {
	switch values := values.(type) {
	case V:
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
