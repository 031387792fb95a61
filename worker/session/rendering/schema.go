package rendering

import (
	"bytes"
	"regexp"
	"sync"

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
	compiler.UseRegexpEngine(func(text string) (jsonschema.Regexp, error) {
		compiled, err := regexp.Compile(text)
		return &pattern{Regexp: compiled, known: map[string]bool{}}, err
	})
	if err := compiler.AddResource(schemaAddress, document); err != nil {
		return nil, err
	}
	return compiler.Compile(schemaAddress)
}

// pattern is an expression that keeps what it found in short texts: the names in values are the same over and over.
type pattern struct {
	*regexp.Regexp
	mutex sync.Mutex
	known map[string]bool
}

// What a pattern keeps: so many texts, each of at most so many bytes.
const (
	mostKnown    = 1 << 12
	longestKnown = 1 << 8
)

// MatchString tells what the expression tells.
func (pattern *pattern) MatchString(text string) bool {
	if len(text) > longestKnown {
		return pattern.Regexp.MatchString(text)
	}
	pattern.mutex.Lock()
	defer pattern.mutex.Unlock()
	matches, ok := pattern.known[text]
	if !ok {
		if len(pattern.known) >= mostKnown {
			clear(pattern.known)
		}
		matches = pattern.Regexp.MatchString(text)
		pattern.known[text] = matches
	}
	return matches
}
