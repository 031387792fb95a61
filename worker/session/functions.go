package session

import (
	"encoding/json"
	"sync"
	"text/template"
)

// Faster gives those functions of templates that take most of the time as others that give the same: what
// Helm's own function gave for a value is given again for the same value.
func Faster(functions template.FuncMap, texts *Texts) template.FuncMap {
	faster := template.FuncMap{}
	for _, name := range []string{"toYaml", "mustToYaml"} {
		switch slow := functions[name].(type) {
		case func(any) string:
			faster[name] = func(value any) string {
				text, _ := texts.of(name, value, func() (string, error) { return slow(value), nil })
				return text
			}
		case func(any) (string, error):
			faster[name] = func(value any) (string, error) {
				return texts.of(name, value, func() (string, error) { return slow(value) })
			}
		}
	}
	if slow, ok := functions["deepCopy"].(func(any) any); ok {
		faster["deepCopy"] = func(value any) any {
			if copied, ok := plainCopy(value); ok {
				return copied
			}
			return slow(value)
		}
	}
	if slow, ok := functions["mustDeepCopy"].(func(any) (any, error)); ok {
		faster["mustDeepCopy"] = func(value any) (any, error) {
			if copied, ok := plainCopy(value); ok {
				return copied, nil
			}
			return slow(value)
		}
	}
	return faster
}

// Texts keeps the YAML of values. Helm makes YAML of the JSON of a value, so values of the same JSON have
// the same YAML, and the JSON is the cheaper half of it.
type Texts struct {
	most  int
	mutex sync.RWMutex
	size  int
	texts map[string]string
}

// NewTexts gives an empty store for at most so many bytes; it forgets everything when it is full.
func NewTexts(most int) *Texts { return &Texts{most: most, texts: map[string]string{}} }

func (texts *Texts) of(name string, value any, make func() (string, error)) (string, error) {
	document, err := json.Marshal(value)
	if err != nil {
		return make()
	}
	key := name + string(document)
	texts.mutex.RLock()
	text, ok := texts.texts[key]
	texts.mutex.RUnlock()
	if ok {
		return text, nil
	}
	if text, err = make(); err != nil {
		return text, err
	}
	texts.mutex.Lock()
	defer texts.mutex.Unlock()
	if texts.size > texts.most {
		clear(texts.texts)
		texts.size = 0
	}
	texts.size += len(key) + len(text)
	texts.texts[key] = text
	return text, nil
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
