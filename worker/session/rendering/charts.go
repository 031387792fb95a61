package rendering

import (
	"path/filepath"

	"gift.dev/worker/session"
)

// loaded is a chart nobody may change, and what Helm said when it read it.
type loaded[C any] struct {
	chart C
	said  []byte
}

// load gives a chart of its own to a rendering: dependencies are switched off and values merged in it.
func (renderer *Renderer[C, V]) load(directory string, log *session.Log) (own C, err error) {
	directory, err = filepath.Abs(directory)
	if err != nil {
		return own, err
	}
	content, err := renderer.stamps.Content(directory)
	if err != nil {
		return own, err
	}
	kept, err := renderer.charts.Get(content, func() (*loaded[C], error) {
		before := log.Taken()
		chart, err := renderer.library.Load(directory)
		said := log.Taken()
		_, _ = log.Write(before)
		return &loaded[C]{chart: chart, said: said}, err
	})
	if err != nil {
		return own, err
	}
	_, _ = log.Write(kept.said)
	return renderer.copyChart(kept.chart), nil
}

func (renderer *Renderer[C, V]) copyChart(source C) C {
	own := renderer.library.Copy(source)
	dependencies := make([]C, len(source.Dependencies()))
	for index, dependency := range source.Dependencies() {
		dependencies[index] = renderer.copyChart(dependency)
	}
	own.SetDependencies(dependencies...)
	return own
}

// CopyEach copies what pointers lead to.
func CopyEach[Of any](pointers []*Of) []*Of {
	if pointers == nil {
		return nil
	}
	copies := make([]*Of, len(pointers))
	for index, pointer := range pointers {
		if pointer != nil {
			copied := *pointer
			copies[index] = &copied
		}
	}
	return copies
}
