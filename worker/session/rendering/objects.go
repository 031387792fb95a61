package rendering

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"gift.dev/worker/session"
)

// Object is one object of a stream.
type Object struct {
	Source, Kind, Text string
	// Test tells whether it is a hook of `helm test`.
	Test bool
}

// Objects are those that are hooks and the others.
type Objects struct{ Hooks, Others []Object }

// Each makes objects of what a library calls them.
func Each[Of any](all []Of, object func(Of) Object) []Object {
	objects := make([]Object, len(all))
	for index, one := range all {
		objects[index] = object(one)
	}
	return objects
}

// sort gives all objects in the order of installation. Helm reads each object's YAML for that; it does so once
// here for each text. Its order keeps what is of one kind in the order it came in, so objects put in order
// together are as they would be file by file.
func (renderer *Renderer[C, V]) sort(files map[string]string) (Objects, error) {
	var all Objects
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, "NOTES.txt") {
			continue
		}
		own, err := renderer.objectsOf(name, files[name])
		if err != nil {
			return all, err
		}
		all.Hooks = append(all.Hooks, own.Hooks...)
		all.Others = append(all.Others, own.Others...)
	}
	all.Hooks, all.Others = renderer.inOrder(all.Hooks), renderer.inOrder(all.Others)
	return all, nil
}

// inOrder puts objects in the order of their kinds.
func (renderer *Renderer[C, V]) inOrder(objects []Object) []Object {
	of := map[string][]Object{}
	for _, object := range objects {
		of[object.Kind] = append(of[object.Kind], object)
	}
	kinds := slices.SortedFunc(maps.Keys(of), func(one, other string) int {
		switch {
		case renderer.library.Before(one, other):
			return -1
		case renderer.library.Before(other, one):
			return 1
		}
		return 0
	})
	ordered := make([]Object, 0, len(objects))
	for _, kind := range kinds {
		ordered = append(ordered, of[kind]...)
	}
	return ordered
}

// readable is what Helm reads of a document: its kind, and whether that is all there is to it.
type readable struct {
	kind string
	ok   bool
}

// objectsOf gives the objects of a file, in the order they stand there or in that of installation.
func (renderer *Renderer[C, V]) objectsOf(name, text string) (all Objects, err error) {
	// Helm may have something to say about a hook, each time.
	if !strings.Contains(text, renderer.library.HookAnnotation) {
		if documents, ok := renderer.library.Split(text); ok {
			for _, document := range documents {
				kind, ok := renderer.kindOf(document)
				if !ok {
					return renderer.library.Sort(map[string]string{name: text})
				}
				all.Others = append(all.Others, Object{Source: name, Kind: kind, Text: document})
			}
			return all, nil
		}
	}
	return renderer.library.Sort(map[string]string{name: text})
}

// kindOf is the kind of a document, if that is all Helm reads of it.
func (renderer *Renderer[C, V]) kindOf(document string) (string, bool) {
	if kind, ok := kindInBlockStyle(document); ok {
		return kind, true
	}
	kept, err := renderer.kinds.Get(session.DigestOf(document), func() (readable, error) {
		kind, ok := renderer.library.Kind(document)
		return readable{strings.Clone(kind), ok}, nil
	})
	return kept.kind, kept.ok && err == nil
}

// stream is what is printed of a release.
func stream(manifest string, hooks []Object, skipTests bool) []byte {
	var out bytes.Buffer
	out.WriteString(strings.TrimSpace(manifest))
	out.WriteByte('\n')
	for _, hook := range hooks {
		if !skipTests || !hook.Test {
			write(&out, hook)
		}
	}
	return out.Bytes()
}

func text(objects []Object) string {
	var out strings.Builder
	for _, object := range objects {
		write(&out, object)
	}
	return out.String()
}

func write(to io.Writer, object Object) {
	fmt.Fprintf(to, "---\n# Source: %s\n%s\n", object.Source, object.Text)
}
