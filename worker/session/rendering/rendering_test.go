package rendering

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"

	"gift.dev/worker/session"
)

// leaf is a chart of one template, of the values' own text.
type leaf struct {
	values       map[string]any
	schema       []byte
	dependencies []*leaf
}

func (*leaf) Name() string                              { return "leaf" }
func (own *leaf) Dependencies() []*leaf                 { return own.dependencies }
func (own *leaf) SetDependencies(dependencies ...*leaf) { own.dependencies = dependencies }

type table map[string]any

// bench is a renderer over a library that counts what it is asked for.
type bench struct {
	*Renderer[*leaf, table]
	t         *testing.T
	chart     *leaf
	directory string
	loads     int
	installs  int
}

func newBench(t *testing.T) *bench {
	bench := &bench{t: t, chart: &leaf{}, directory: t.TempDir()}
	bench.Renderer = New(Library[*leaf, table]{
		Install: func(request *session.Request) (Install, error) {
			bench.installs++
			return func(_ context.Context, _ string, given map[string]any, log io.Writer) (*Release, error) {
				fmt.Fprintln(log, "by the command")
				if request.Release == "unreadable" {
					return &Release{}, errors.New("no YAML")
				}
				return &Release{Manifest: fmt.Sprint(given, "\n\n")}, nil
			}, nil
		},
		MergeValues: func(request *session.Request) (map[string]any, error) {
			values := map[string]any{}
			for _, file := range request.ValuesFiles {
				text, err := os.ReadFile(file)
				if err != nil {
					return nil, err
				}
				values[string(text)] = true
			}
			return values, nil
		},
		ReadValues: func(text []byte) (map[string]any, error) { return map[string]any{"a": string(text)}, nil },
		SetJSON:    func(setting string, values map[string]any) error { values["a"] = "json " + setting; return nil },
		Set:        func(setting string, values map[string]any) error { values["a"] = setting; return nil },
		SetString:  func(string, map[string]any) error { return errors.New("refused") },
		Load: func(string) (*leaf, error) {
			bench.loads++
			return bench.chart, nil
		},
		Copy: func(source *leaf) *leaf {
			own := *source
			own.values = session.Copy(source.values)
			return &own
		},
		Check:               func(_ *leaf, log io.Writer) error { fmt.Fprintln(log, "checked"); return nil },
		Schema:              func(own *leaf) []byte { return own.schema },
		CRDs:                func(*leaf) []Object { return []Object{{Source: "crd", Text: "first"}} },
		ValidateReleaseName: func(string) error { return nil },
		ProcessDependencies: func(own *leaf, _ table) error { own.SetDependencies(); return nil },
		Compose: func(_ *leaf, given map[string]any, _ *session.Request) (table, error) {
			return table{"Values": table(given), "Capabilities": &struct{ KubeVersion struct{ Version string } }{}}, nil
		},
		Templates: func(_ *leaf, composed table) map[string]Renderable {
			all := map[string]Renderable{"NOTES.txt": {Text: "not shown"}}
			for name, text := range map[string]string{"x": `Pod {{.Values.a}}`, "y": `Zoo {{printf "%T" .Template}}`, "z": `hook Job`} {
				all[name] = Renderable{Text: text}
			}
			for name, one := range all {
				one.Values = maps.Clone(composed)
				all[name] = one
			}
			return all
		},
		Bind:           func(*template.Template) {},
		Functions:      func() template.FuncMap { return nil },
		HookAnnotation: "hook",
		Kind:           func(string) (string, bool) { return "", false },
		Split:          SplitAtLines,
		Sort: func(file map[string]string) (Objects, error) {
			var objects Objects
			for name, text := range file {
				if rest, ok := strings.CutPrefix(text, "hook "); ok {
					objects.Hooks = append(objects.Hooks, Object{Source: name, Kind: rest, Text: text, Test: true})
				} else {
					objects.Others = append(objects.Others, Object{Source: name, Kind: text[:3], Text: text})
				}
			}
			return objects, nil
		},
		Before: func(kind, other string) bool { return kind > other },
	})
	return bench
}

func (bench *bench) render(request session.Request) (stdout, stderr string) {
	bench.t.Helper()
	request.Chart = bench.directory
	log := session.NewLog(io.Discard)
	log.Begin()
	defer log.End()
	rendered, err := bench.Render(context.Background(), &request, log)
	if err != nil {
		return "", err.Error()
	}
	return string(rendered.Output), string(log.Taken())
}

const zoo = "---\n# Source: y\nZoo rendering.table\n"

func TestTheShortWay(t *testing.T) {
	bench := newBench(t)
	for want, request := range map[string]session.Request{
		zoo + "---\n# Source: x\nPod b\n":                                    {Set: []string{"b"}, SetJSON: []string{"j"}, SkipTests: true},
		zoo + "---\n# Source: x\nPod in place\n---\n# Source: z\nhook Job\n": {Values: true, InPlace: []byte("in place")},
		"---\n# Source: crd\nfirst\n" + zoo + "---\n# Source: x\nPod\n":      {IncludeCRDs: true, SkipTests: true},
	} {
		if out, log := bench.render(request); out != want || log != "checked\n" {
			t.Errorf("%q, not %q; %q", out, want, log)
		}
	}
	if bench.installs != 0 || bench.loads != 1 {
		t.Error(bench.installs, bench.loads)
	}
}

func TestTheCommandTellsWhatIsUnusual(t *testing.T) {
	bench := newBench(t)
	bench.chart.schema = []byte(`{"properties": {"a": {"const": "right"}}}`)
	if out, log := bench.render(session.Request{Set: []string{"right"}}); !strings.Contains(out, "Pod right") || bench.installs != 0 {
		t.Error(out, log)
	}
	file := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(file, []byte("file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, request := range map[string]session.Request{
		"map[file:true]\n":               {ValuesFiles: []string{file}},
		"map[file:true in place:true]\n": {ValuesFiles: []string{file}, Values: true, InPlace: []byte("in place")},
		"map[]\n":                        {SetString: []string{"x"}},
	} {
		// What the short way logged before it gave up is not said twice.
		if out, log := bench.render(request); out != want || log != "by the command\n" {
			t.Errorf("%q, not %q; %q", out, want, log)
		}
	}
	if _, err := bench.render(session.Request{Release: "unreadable", SetString: []string{"x"}}); err != "no YAML\n\nUse --debug flag to render out invalid YAML" {
		t.Error(err)
	}
}

func TestSchemasOfDependenciesCount(t *testing.T) {
	bench := newBench(t)
	dependency := &leaf{schema: []byte(`{"required": ["b"]}`)}
	parent := &leaf{dependencies: []*leaf{dependency}}
	for _, one := range []struct {
		values any
		fits   bool
	}{
		{table{"leaf": map[string]any{"b": 1}}, true},
		{table{"leaf": table{}}, false},
		{table{"leaf": nil}, true},
		{table{"leaf": 1}, false},
		{1, false},
	} {
		if err := bench.validate(parent, one.values); (err == nil) != one.fits {
			t.Error(one, err)
		}
	}
}

func TestARenderingHasAChartOfItsOwn(t *testing.T) {
	bench := newBench(t)
	bench.chart.dependencies = []*leaf{{values: map[string]any{"a": 1}}}
	own := bench.copyChart(bench.chart)
	own.dependencies[0].values["a"] = 2
	own.SetDependencies()
	if len(bench.chart.dependencies) != 1 || bench.chart.dependencies[0].values["a"] != 1 {
		t.Error(bench.chart.dependencies)
	}
	number := 1
	copies := CopyEach([]*int{&number, nil})
	*copies[0] = 2
	if number != 1 || len(copies) != 2 || CopyEach[int](nil) != nil {
		t.Error(number, copies)
	}
}
