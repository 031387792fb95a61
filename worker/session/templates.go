package session

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"text/template"

	"gift.dev/worker/session/compiled"
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
	// functions are those that do not.
	functions compiled.Functions
	table     compiled.Table
}

// NewTemplates gives an empty store of sets, to whose members bind gives their functions. Of these the plain ones
// may be called without a set; table tells what else is a map to templates.
func NewTemplates(bind func(*template.Template), plain template.FuncMap, table compiled.Table) *Templates {
	functions := compiled.Functions{Plain: template.FuncMap{compareFunction: semverCompareKubernetes}, Bound: map[string]bool{}}
	for name, function := range plain {
		if _, isBound := bound[name]; isBound {
			functions.Bound[name] = true
		} else {
			functions.Plain[name] = function
		}
	}
	return &Templates{kept: NewKept[*set](64), bind: bind, functions: functions, table: table}
}

// set is a parsed set and its copies nobody uses at the moment.
type set struct {
	parsed *template.Template
	// compiled is the set as functions of Go, as long as it can be executed that way.
	compiled atomic.Pointer[compiled.Set]
	// isNoticed tells whether whatever is asked of Capabilities would be noticed.
	isNoticed bool
	mutex     sync.Mutex
	idle      []*copied
}

// copied is a copy of a set, with functions of its own.
type copied struct {
	template *template.Template
	// handed is what a function gave that was called for a compiled template.
	handed any
}

// Failure is the error text/template gave for a template.
type Failure struct {
	Template string
	Err      error
}

func (failure *Failure) Error() string { return failure.Err.Error() }

// IsHelms tells whether Helm's own engine would give the same error: none that tells of what stands here in the
// place of something of Helm's.
func (failure *Failure) IsHelms() bool {
	text := failure.Err.Error()
	ours := []string{compareFunction, handFunction, comparedField, "session."}
	return !slices.ContainsFunc(ours, func(ours string) bool { return strings.Contains(text, ours) })
}

// Execute gives what each template that is no partial gives, or the first error: a Failure, by text. It further tells whether
// Capabilities among the values would have noticed everything that was asked of them.
//
// Compiled templates may be unable to do it, and leave the values as they happen to be then: the same is to be
// asked again with values of its own and byText.
func (templates *Templates) Execute(ctx context.Context, all map[string]Template, byText bool) (map[string]string, bool, error) {
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
	functions := kept.compiled.Load()
	rendered := make(map[string]string, len(names))
	out := &output{ctx: ctx}
	var text []byte
	for _, name := range names {
		if strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		one := all[name]
		one.Values["Template"] = one.Own
		if functions != nil && !byText {
			text, err = functions.Execute(ctx, text[:0], name, one.Values, ready.call)
		} else {
			out.buffer.Reset()
			err = ready.template.ExecuteTemplate(out, name, one.Values)
			text = out.buffer.Bytes()
		}
		if err != nil {
			// The copy may be in the middle of something, and is left to the collector.
			if byText {
				err = &Failure{Template: name, Err: err}
			}
			return nil, false, err
		}
		rendered[name] = strings.ReplaceAll(string(text), "<no value>", "")
	}
	if byText {
		// There is no mistake in them, so the next time would be no better.
		kept.compiled.Store(nil)
	}
	kept.mutex.Lock()
	kept.idle = append(kept.idle, ready)
	kept.mutex.Unlock()
	return rendered, kept.isNoticed, nil
}

func (templates *Templates) parse(names []string, all map[string]Template) (*set, error) {
	parsed := templates.copied(template.New("gotpl")).template
	for _, name := range names {
		if _, err := parsed.New(name).Parse(all[name].Text); err != nil {
			return nil, err
		}
	}
	set := &set{parsed: parsed, isNoticed: markComparisons(parsed)}
	if functions, err := compiled.Compile(parsed, templates.functions, templates.table); err == nil {
		set.compiled.Store(functions)
	}
	for name := range templates.functions.Bound {
		if _, err := parsed.New(callName(name)).Parse(callText(name)); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// copied gives a set functions of its own.
func (templates *Templates) copied(set *template.Template) *copied {
	ready := &copied{template: set.Option("missingkey=zero")}
	templates.bind(set)
	bindComparison(set)
	set.Funcs(template.FuncMap{handFunction: func(value any) string {
		ready.handed = value
		return ""
	}})
	return ready
}

// take gives a copy of a set that nobody else uses. Parsed text is shared; the functions are its own.
func (templates *Templates) take(kept *set) (*copied, error) {
	kept.mutex.Lock()
	if last := len(kept.idle) - 1; last >= 0 {
		ready := kept.idle[last]
		kept.idle = kept.idle[:last]
		kept.mutex.Unlock()
		return ready, nil
	}
	kept.mutex.Unlock()
	clone, err := kept.parsed.Clone()
	if err != nil {
		return nil, err
	}
	return templates.copied(clone), nil
}

// handFunction takes what a bound function gave, for call.
const handFunction = "handToCompiled"

// bound are the functions Helm gives to each set anew, and how many arguments they take.
var bound = map[string]int{"tpl": 2, "required": 2, "fail": 1, "lookup": 4, "getHostByName": 1}

// callName is no name a chart's file can have.
func callName(function string) string { return "\x00" + function }

// callText calls a function with its arguments in a list.
func callText(function string) string {
	text := "{{" + handFunction + " (" + function
	for index := range bound[function] {
		text += fmt.Sprintf(" (index . %d)", index)
	}
	return text + ")}}"
}

// call gives what a function of this copy gives: it cannot be had but by a template.
func (ready *copied) call(name string, arguments []any) (any, error) {
	if len(arguments) != bound[name] {
		return nil, compiled.ErrUnable
	}
	ready.handed = nil
	err := ready.template.ExecuteTemplate(io.Discard, callName(name), arguments)
	return ready.handed, err
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
	digesting := newDigesting()
	for _, name := range names {
		digesting.text(name)
		digesting.text(all[name].Text)
	}
	return digesting.digest()
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
