package session

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"text/template"
)

// Template is one file of a chart and what it is executed with.
type Template struct {
	Text   string
	Values map[string]any
	// Own is what is under "Template" in the values while this one is executed.
	Own any
}

// Templates parses each set of templates once and executes it as often as asked.
type Templates struct {
	kept *Kept[*set]
	// bind gives a set its functions. Some of them hold on to the set they belong to.
	bind func(*template.Template)
}

// NewTemplates gives an empty store of sets, to whose members bind gives their functions.
func NewTemplates(bind func(*template.Template)) *Templates {
	return &Templates{kept: NewKept[*set](64), bind: bind}
}

// set is a parsed set and its copies nobody uses at the moment.
type set struct {
	parsed *template.Template
	// isNoticed tells whether whatever is asked of Capabilities would be noticed.
	isNoticed bool
	mutex     sync.Mutex
	idle      []*template.Template
}

// Execute gives what each template that is no partial gives, or the first error. It further tells whether
// Capabilities among the values would have noticed everything that was asked of them.
func (templates *Templates) Execute(ctx context.Context, all map[string]Template) (map[string]string, bool, error) {
	names := order(all)
	kept, err := templates.kept.Get(digestOf(names, all), func() (*set, error) {
		return templates.parse(names, all)
	})
	if err != nil {
		return nil, false, err
	}
	ready, err := templates.take(kept)
	if err != nil {
		return nil, false, err
	}
	rendered := make(map[string]string, len(names))
	out := &output{ctx: ctx}
	for _, name := range names {
		if strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		one := all[name]
		one.Values["Template"] = one.Own
		out.buffer.Reset()
		if err := ready.ExecuteTemplate(out, name, one.Values); err != nil {
			// The copy may be in the middle of something, and is left to the collector.
			return nil, false, err
		}
		rendered[name] = strings.ReplaceAll(out.buffer.String(), "<no value>", "")
	}
	kept.mutex.Lock()
	kept.idle = append(kept.idle, ready)
	kept.mutex.Unlock()
	return rendered, kept.isNoticed, nil
}

func (templates *Templates) parse(names []string, all map[string]Template) (*set, error) {
	parsed := templates.fresh()
	for _, name := range names {
		if _, err := parsed.New(name).Parse(all[name].Text); err != nil {
			return nil, err
		}
	}
	return &set{parsed: parsed, isNoticed: markComparisons(parsed)}, nil
}

func (templates *Templates) fresh() *template.Template {
	fresh := template.New("gotpl").Option("missingkey=zero")
	templates.bind(fresh)
	bindComparison(fresh)
	return fresh
}

// take gives a copy of a set that nobody else uses. Parsed text is shared; the functions are its own.
func (templates *Templates) take(kept *set) (*template.Template, error) {
	kept.mutex.Lock()
	if last := len(kept.idle) - 1; last >= 0 {
		ready := kept.idle[last]
		kept.idle = kept.idle[:last]
		kept.mutex.Unlock()
		return ready, nil
	}
	kept.mutex.Unlock()
	ready, err := kept.parsed.Clone()
	if err != nil {
		return nil, err
	}
	ready.Option("missingkey=zero")
	templates.bind(ready)
	bindComparison(ready)
	return ready, nil
}

// order is the order in which Helm parses and executes: the deepest first, and from the end of the
// alphabet, so that of two definitions of one name that of the outer chart is the last and counts.
func order(all map[string]Template) []string {
	return slices.SortedFunc(maps.Keys(all), func(one, other string) int {
		deeper := strings.Count(other, "/") - strings.Count(one, "/")
		if deeper != 0 {
			return deeper
		}
		return strings.Compare(other, one)
	})
}

func digestOf(names []string, all map[string]Template) Digest {
	hash := sha256.New()
	for _, name := range names {
		for _, text := range []string{name, all[name].Text} {
			var length [8]byte
			binary.LittleEndian.PutUint64(length[:], uint64(len(text)))
			hash.Write(length[:])
			hash.Write([]byte(text))
		}
	}
	var digest Digest
	hash.Sum(digest[:0])
	return digest
}

// output ends the execution of a template nobody waits for.
type output struct {
	ctx    context.Context
	buffer bytes.Buffer
}

func (output *output) Write(text []byte) (int, error) {
	if err := output.ctx.Err(); err != nil {
		return 0, err
	}
	return output.buffer.Write(text)
}
