package rendering

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"sort"
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

// sort gives all objects in the order of installation. Helm reads each file's YAML for that; it does so once
// here for each text of a file. Its order keeps what is of one kind in the order it came in, so files that
// are each in order are put in order together as they would be at once.
func (renderer *Renderer[C, V]) sort(files map[string]string) (Objects, error) {
	var all Objects
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, "NOTES.txt") {
			continue
		}
		text := files[name]
		one := func() (Objects, error) { return renderer.library.Sort(map[string]string{name: text}) }
		var own Objects
		var err error
		if strings.Contains(text, renderer.library.HookAnnotation) {
			// Helm may have something to say about it, each time.
			own, err = one()
		} else {
			own, err = renderer.objects.Get(session.DigestOf([]byte(name+"\n"+text)), one)
		}
		if err != nil {
			return all, err
		}
		all.Hooks = append(all.Hooks, own.Hooks...)
		all.Others = append(all.Others, own.Others...)
	}
	for _, objects := range [][]Object{all.Hooks, all.Others} {
		sort.SliceStable(objects, func(one, other int) bool {
			return renderer.library.Before(objects[one].Kind, objects[other].Kind)
		})
	}
	return all, nil
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
