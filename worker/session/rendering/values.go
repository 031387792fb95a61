package rendering

import (
	"os"

	"gift.dev/worker/session"
)

// given are the values of a request; each text is read by Helm once.
func (renderer *Renderer[C, V]) given(request *session.Request) (map[string]any, error) {
	merged := map[string]any{}
	for _, file := range request.ValuesFiles {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if merged, err = renderer.over(merged, text); err != nil {
			return nil, err
		}
	}
	if request.Values {
		var err error
		if merged, err = renderer.over(merged, request.InPlace); err != nil {
			return nil, err
		}
	}
	// What is kept stays as it is: the settings change values where they are.
	merged = session.Copy(merged)
	var failed error
	apply := func(settings []string, set func(string, map[string]any) error) {
		for _, setting := range settings {
			if failed == nil {
				failed = set(setting, merged)
			}
		}
	}
	apply(request.SetJSON, renderer.library.SetJSON)
	apply(request.Set, renderer.library.Set)
	apply(request.SetString, renderer.library.SetString)
	return merged, failed
}

func (renderer *Renderer[C, V]) over(below map[string]any, text []byte) (map[string]any, error) {
	above, err := renderer.values.Get(session.DigestOf(string(text)), func() (map[string]any, error) {
		return renderer.library.ReadValues(text)
	})
	if err != nil {
		return nil, err
	}
	return session.Over(below, above), nil
}
