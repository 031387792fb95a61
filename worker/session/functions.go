package session

import (
	"encoding/json"
	"sync"
	"text/template"
)

// Faster gives those functions of templates that take most of the time as others that give the same: what
// Helm's own function gave for a value is given again for the same value.
func Faster(functions template.FuncMap, made *Made) template.FuncMap {
	faster := template.FuncMap{}
	for name, function := range functions {
		switch name {
		case "toYaml", "mustToYaml":
			faster[name] = made.ofValue(name, function)
		case "fromYaml", "fromYamlArray":
			faster[name] = made.ofText(name, function)
		case "toJson", "mustToJson":
			faster[name] = writing(function)
		case "deepCopy", "mustDeepCopy":
			faster[name] = copying(function)
		}
		if faster[name] == nil {
			delete(faster, name)
		}
	}
	return faster
}

// ofValue keeps the YAML of values. Helm makes YAML of the JSON of a value, so values of the same JSON have the
// same YAML, and the JSON is the cheaper half of it.
func (made *Made) ofValue(name string, function any) any {
	keys := sync.Pool{New: func() any { return new([]byte) }}
	of := func(value any, make func() (string, error)) (string, error) {
		buffer, _ := keys.Get().(*[]byte)
		defer keys.Put(buffer)
		key, err := appendJSON(append((*buffer)[:0], name...), value, 0)
		if err != nil {
			return make()
		}
		*buffer = key
		text, err := made.of(key, func() (any, int, error) {
			text, err := make()
			return text, len(text), err
		})
		given, _ := text.(string)
		return given, err
	}
	switch slow := function.(type) {
	case func(any) string:
		return func(value any) string {
			text, _ := of(value, func() (string, error) { return slow(value), nil })
			return text
		}
	case func(any) (string, error):
		return func(value any) (string, error) {
			return of(value, func() (string, error) { return slow(value) })
		}
	}
	return nil
}

// ofText keeps the values of texts, and gives each who asks a copy to change.
func (made *Made) ofText(name string, function any) any {
	switch slow := function.(type) {
	case func(string) map[string]any:
		return func(text string) map[string]any {
			if value, ok := copyOfMade(made, name, text, slow); ok {
				return value
			}
			return slow(text)
		}
	case func(string) []any:
		return func(text string) []any {
			if value, ok := copyOfMade(made, name, text, slow); ok {
				return value
			}
			return slow(text)
		}
	}
	return nil
}

func copyOfMade[Value any](made *Made, name, text string, make func(string) Value) (Value, bool) {
	// Nothing in it fails: a mistake is part of the value.
	value, _ := made.of([]byte(name+text), func() (any, int, error) { return make(text), valueSize * len(text), nil })
	copied, _ := plainCopy(value)
	own, ok := copied.(Value)
	return own, ok
}

// writing writes JSON without reflection.
func writing(function any) any {
	switch slow := function.(type) {
	case func(any) string:
		return func(value any) string {
			if text, err := appendJSON(nil, value, 0); err == nil {
				return string(text)
			}
			return slow(value)
		}
	case func(any) (string, error):
		return func(value any) (string, error) {
			if text, err := appendJSON(nil, value, 0); err == nil {
				return string(text), nil
			}
			return slow(value)
		}
	}
	return nil
}

// copying copies what values are made of without reflection.
func copying(function any) any {
	switch slow := function.(type) {
	case func(any) any:
		return func(value any) any {
			if copied, ok := plainCopy(value); ok {
				return copied
			}
			return slow(value)
		}
	case func(any) (any, error):
		return func(value any) (any, error) {
			if copied, ok := plainCopy(value); ok {
				return copied, nil
			}
			return slow(value)
		}
	}
	return nil
}

// valueSize is how much more memory a value takes than its text, at most by guess.
const valueSize = 10

// Made keeps what functions made of texts.
type Made struct {
	most   int
	mutex  sync.RWMutex
	size   int
	values map[string]any
}

// NewMade gives an empty store for at most about so many bytes; it forgets everything when it is full.
func NewMade(most int) *Made { return &Made{most: most, values: map[string]any{}} }

func (made *Made) of(key []byte, make func() (value any, size int, err error)) (any, error) {
	made.mutex.RLock()
	value, ok := made.values[string(key)]
	made.mutex.RUnlock()
	if ok {
		return value, nil
	}
	value, size, err := make()
	if err != nil {
		return value, err
	}
	made.mutex.Lock()
	defer made.mutex.Unlock()
	if made.size > made.most {
		clear(made.values)
		made.size = 0
	}
	made.size += len(key) + size
	made.values[string(key)] = value
	return value, nil
}

// plainCopy copies what YAML and JSON are made of; anything else is left to whoever knows it.
func plainCopy(value any) (any, bool) {
	switch value := value.(type) {
	case map[string]any:
		if value == nil {
			return nil, false
		}
		copied := make(map[string]any, len(value))
		for key, item := range value {
			item, ok := plainCopy(item)
			if !ok {
				return nil, false
			}
			copied[key] = item
		}
		return copied, true
	case []any:
		if value == nil {
			return nil, false
		}
		copied := make([]any, len(value))
		for index, item := range value {
			item, ok := plainCopy(item)
			if !ok {
				return nil, false
			}
			copied[index] = item
		}
		return copied, true
	case nil:
		return nil, true
	case string, bool, int, int64, float64, json.Number:
		return value, true
	default:
		return nil, false
	}
}
