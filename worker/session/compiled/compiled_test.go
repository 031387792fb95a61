package compiled

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"sort"
	"strings"
	"testing"
	"text/template"
)

// named is a map by another name, with a method.
type named map[string]any

func (named) Method() string { return "of the type" }

// addressee has its printed form from its address.
type addressee struct{ Name string }

func (held *addressee) String() string { return "<" + held.Name + ">" }

// structure has what fields and methods there can be.
type structure struct {
	Name     string
	Held     addressee
	Pointer  *addressee
	Texts    map[string]string
	Any      any
	internal string
}

func (structure) Joined(between string, all ...string) string { return strings.Join(all, between) }
func (structure) Failing() (string, error)                    { return "", errors.New("not today") }

var plainFunctions = template.FuncMap{
	"dict": func(pairs ...any) map[string]any {
		made := map[string]any{}
		for index := 0; index+1 < len(pairs); index += 2 {
			made[pairs[index].(string)] = pairs[index+1]
		}
		return made
	},
	"list":   func(all ...any) []any { return all },
	"typeOf": func(value any) string { return fmt.Sprintf("%T", value) },
	"upper":  strings.ToUpper,
	"repeat": func(count int, text string) string { return strings.Repeat(text, count) },
	"has":    func(one any, all any) bool { return strings.Contains(fmt.Sprint(all), fmt.Sprint(one)) },
	"set":    func(table map[string]any, key string, value any) map[string]any { table[key] = value; return table },
	"get":    func(table map[string]any, key string) any { return table[key] },
	"hasKey": func(table map[string]any, key string) bool { _, ok := table[key]; return ok },
	"default": func(otherwise any, given ...any) any {
		if len(given) == 0 || given[0] == nil || given[0] == "" {
			return otherwise
		}
		return given[0]
	},
	"ternary": func(yes, no any, choice bool) any {
		if choice {
			return yes
		}
		return no
	},
	"keys": func(tables ...map[string]any) []string {
		keys := []string{}
		for _, table := range tables {
			for key := range table {
				keys = append(keys, key)
			}
		}
		sort.Strings(keys)
		return keys
	},
	"pick": func(table map[string]any, keys ...string) map[string]any {
		picked := map[string]any{}
		for _, key := range keys {
			if value, ok := table[key]; ok {
				picked[key] = value
			}
		}
		return picked
	},
	"last": func(values ...any) (any, error) {
		if len(values) == 0 {
			return nil, errors.New("nothing is last")
		}
		return values[len(values)-1], nil
	},
	"all": func(into map[string]any, tables ...map[string]any) any {
		for _, table := range tables {
			maps.Copy(into, table)
		}
		return into
	},
	"sure": func(into map[string]any, tables ...map[string]any) (any, error) {
		if into == nil {
			return nil, errors.New("into nothing")
		}
		for _, table := range tables {
			maps.Copy(into, table)
		}
		return into, nil
	},
	"wide":    func(number int64) string { return fmt.Sprintf("%T", number) },
	"half":    func(number float64) float64 { return number / 2 },
	"until":   func(count int) []int { return make([]int, count) },
	"nothing": func() any { return nil },
	"failing": func() (string, error) { return "", errors.New("not today") },
	"panics":  func() string { panic("at once") },
	"include": func(string, any) string { return "only to be parsed" },
	"texts":   func() []string { return []string{"a", "b"} },
	"pairs":   func() map[string]string { return map[string]string{"b": "2", "a": "1"} },
	"pointer": func() *addressee { return &addressee{"p"} },
	"none":    func() *addressee { return nil },
}

const definitions = `{{define "shown"}}[{{.}}]{{end}}{{define "deep"}}{{if .n}}({{template "deep" (dict "n" .m)}}){{end}}{{end}}` +
	`{{define "dollar"}}{{$.a}}{{end}}{{define "endless"}}{{template "endless" .}}{{end}}`

func values() map[string]any {
	return map[string]any{
		"text": "t", "empty": "", "number": 3, "wide": int64(4), "float": 1.5, "yes": true, "no": false, "nil": nil,
		"list":  []any{"a", nil, 2, map[string]any{"k": "v"}},
		"none":  []any{},
		"table": map[string]any{"b": 1, "a": map[string]any{"c": "d"}, "nil": nil},
		"named": named{"a": "n", "Method": "a key", "inner": map[string]any{"x": "y"}},
		"held":  &structure{Name: "s", Held: addressee{"h"}, Pointer: &addressee{"p"}, Texts: map[string]string{"k": "v"}},
		"flat":  structure{Name: "f", Held: addressee{"h"}},
		"error": errors.New("an error"),
		"bytes": []byte("ab"),
	}
}

// byText is what text/template gives, with Helm's include.
func byText(text string) (string, error) {
	to := template.New("x").Option("missingkey=zero").Funcs(plainFunctions)
	to.Funcs(template.FuncMap{"include": func(name string, dot any) (string, error) {
		var out bytes.Buffer
		err := to.ExecuteTemplate(&out, name, dot)
		return out.String(), err
	}})
	if _, err := to.Parse(definitions + text); err != nil {
		return "", fmt.Errorf("%s: %w", text, err)
	}
	var out bytes.Buffer
	err := to.Execute(&out, values())
	return out.String(), err
}

func byCompiled(t *testing.T, text string) (string, error) {
	t.Helper()
	parsed := template.Must(template.New("x").Funcs(plainFunctions).Parse(definitions + text))
	set, err := Compile(parsed, Functions{Plain: plainFunctions}, func(value any) (map[string]any, bool) {
		table, ok := value.(named)
		return table, ok
	})
	if err != nil {
		return "", err
	}
	out, err := set.Execute(context.Background(), nil, "x", values(), nil)
	return string(out), err
}

// same are templates that give the same, whatever that is, and a mistake where there is one.
var same = []string{
	"text", "{{/* nothing */}}", "{{.text}}{{.empty}}{{.number}}{{.wide}}{{.float}}{{.yes}}{{.nil}}{{.missing}}",
	"{{.list}} {{.table}} {{.named}} {{.none}} {{.error}} {{.bytes}}",
	// Nothing, and fields of it.
	"{{.nil.a}}", "{{.missing.a}}", "{{(.missing).a}}", "{{(.missing).a.b}}", "{{$x := .missing}}{{$x.a.b}}",
	"{{(.table.missing).a}}", "{{.table.missing.a}}", "{{.table.nil.a}}", "{{$x := .table}}{{$x.missing.a}}",
	"{{range .list}}{{.}},{{end}}", "{{range .list}}{{.k}}{{end}}", "{{range $v := .list}}{{$v}}{{end}}",
	"{{range $v := .list}}{{if not $v}}{{$v.k}}{{end}}{{end}}", "{{range .list}}{{typeOf .}} {{end}}",
	"{{range $v := list nothing}}{{$w := $v}}{{$w.a}}{{end}}", "{{nothing}} {{(nothing).a}}", "{{with .nil}}{{else}}{{.text}}{{end}}",
	"{{template \"shown\"}}{{template \"shown\" .nil}}{{template \"dollar\"}}{{template \"dollar\" .table}}",
	"{{range list nothing 1}}{{or . 2}} {{and . 2}} {{default 5 .}} {{eq . 1}} {{end}}",
	// Control.
	"{{if .text}}a{{else if .no}}b{{else}}c{{end}}{{if .empty}}a{{else if .yes}}b{{else}}c{{end}}{{if .none}}a{{else}}c{{end}}",
	"{{with .table}}{{.b}}{{$.text}}{{else}}none{{end}}{{with $x := .table.a}}{{$x.c}}{{.c}}{{end}}{{with .empty}}{{else with .text}}{{.}}{{end}}",
	"{{range $i, $v := .list}}{{$i}}={{$v}};{{end}}{{range $k, $v := .table}}{{$k}}={{$v}};{{end}}{{range $k, $v := .named}}{{$k}}{{end}}",
	"{{range .none}}a{{else}}none{{end}}{{range $x := .none}}a{{else}}{{$x}}{{end}}{{range .nil}}a{{else}}nil{{end}}{{range .missing}}{{end}}",
	"{{range .list}}{{if eq (typeOf .) \"int\"}}{{break}}{{end}}{{.}}{{end}}{{range .list}}{{if not .}}{{continue}}{{end}}{{typeOf .}}{{end}}",
	"{{range list 1 2 3}}{{range list 1 2}}{{if eq . 2}}{{break}}{{end}}{{.}}{{end}}-{{end}}",
	"{{range 3}}{{.}}{{end}}{{range $i := 2}}{{$i}}{{end}}{{range 0}}{{else}}zero{{end}}{{range until 3}}{{.}}{{end}}{{range texts}}{{.}}{{end}}",
	"{{range $k, $v := pairs}}{{$k}}{{$v}}{{end}}{{range $i, $v := texts}}{{$i}}{{$v}}{{end}}", "{{range $i, $v := 3}}{{end}}", "{{range .text}}{{end}}",
	"{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}{{if true}}{{$x = 3}}{{end}}{{$x}}", "{{$x := 1}}{{range list 1 2}}{{$x = .}}{{end}}{{$x}}",
	"{{range $i, $v := list 1 2}}{{$y := $v}}{{$y}}{{end}}", "{{$v := 0}}{{range $v = list 1 2}}{{end}}{{$v}}", "{{$a := 1}}{{with $b := 2}}{{$a}}{{$b}}{{end}}",
	"{{range $k, $v := .table}}{{$x := set $.table \"zz\" 1}}{{end}}{{.table.zz}}", "{{$l := .list}}{{range $l}}{{$l = list}}{{end}}{{len $l}}",
	// Calls.
	"{{upper .text}}{{.text | upper}}{{.text | upper | printf \"%s-%s\" \"a\"}}{{repeat 2 .text}}{{.text | repeat 3}}", "{{upper .number}}", "{{upper .nil}}", "{{upper}}",
	"{{repeat .wide \"a\"}}", "{{wide 3}}{{half 3}}", "{{wide .number}}", "{{typeOf 3}}{{typeOf 3.0}}{{typeOf 0x1F}}{{typeOf 'a'}}{{typeOf 1e3}}{{typeOf 1i}}{{typeOf \"a\"}}{{typeOf true}}{{typeOf nil}}",
	"{{dict \"a\" .nil \"b\" (list 1 .text)}}{{(dict \"a\" (dict \"b\" 1)).a.b}}", "{{get .table \"b\"}}{{get .named \"a\"}}{{get .nil \"a\"}}", "{{get .text \"a\"}}", "{{get (.nil) \"a\"}}{{keys (.nil)}}{{$x := .nil}}{{hasKey $x \"a\"}}{{.nil | keys}}", "{{keys .nil}}", "{{hasKey .missing \"a\"}}", "{{get (nothing) \"a\"}}", "{{upper (.nil)}}", "{{range list nothing}}{{keys .}}{{end}}",
	"{{hasKey .table \"nil\"}}{{hasKey .table \"x\"}}{{keys .table .named}}{{has \"a\" .list}}{{ternary 1 2 .yes}}{{.yes | ternary 1 2}}", "{{ternary 1 2 .text}}",
	"{{pick .table \"b\" \"x\"}}{{pick .named}}{{\"a\" | pick .table}}{{pick (.nil) \"a\"}}{{keys}}", "{{pick .nil \"a\"}}", "{{pick .table 1}}", "{{pick}}", "{{keys .text}}", "{{default \"x\" .missing}}{{.empty | default \"y\"}}{{default 1}}", "{{failing}}", "{{panics}}", "{{nothing | default 2}}", "{{.text 1}}", "{{.table.b 1}}",
	"{{include \"shown\" .text}}{{include \"shown\" .nil}}{{include \"shown\" .list | upper}}{{template \"deep\" (dict \"n\" 1 \"m\" 2)}}", "{{include \"unknown\" .}}", "{{template \"endless\"}}",
	"{{range list nothing}}{{include \"shown\" .}}{{end}}",
	// Functions of text/template.
	"{{and 1 0 2}}{{and 1 2}}{{or 0 \"\" 3}}{{or 0 0}}{{and .missing .x}}{{or .nil .text}}{{and .text (failing)}}", "{{and .nil (failing)}}{{or .text (failing)}}{{1 | and 2}}{{0 | or 0}}",
	"{{not .text}}{{not .nil}}{{eq 1 1}}{{eq .number 3}}{{eq .wide 4}}{{eq .text \"t\"}}{{eq .text \"a\" \"t\"}}{{ne 1 2}}{{eq .nil nil}}{{eq .nil 1}}{{eq .missing \"\"}}",
	"{{eq 1 1.0}}", "{{eq .text 1}}", "{{eq .table .table}}", "{{eq .table .nil}}{{eq .none .nil}}{{ne .list .nil}}", "{{lt 1 2}}{{le 2 2}}{{gt 2 1}}{{ge 1 2}}{{lt \"a\" \"b\"}}{{gt 1.5 0.5}}", "{{lt 1 \"a\"}}", "{{lt .nil 1}}", "{{eq 1}}",
	"{{last 1 .nil .text}}{{last .named}}{{.list | last 1}}{{(last .table).b}}", "{{last}}", "{{last .list.x}}", "{{last 1 .nil}}",
	"{{all (dict) .table .named}}{{(all .named (dict \"z\" 1)).z}}", "{{all .text}}", "{{all .table 1}}", "{{all .nil .table}}", "{{all}}",
	"{{sure (dict) .table | keys}}{{.named | sure (dict)}}", "{{sure .nil}}", "{{sure nothing .table}}", "{{all (dict) nothing .table}}", "{{all (dict) (nothing) .table}}", "{{keys nothing}}", "{{last nothing}}{{last 1 nothing}}", "{{sure .missing .table}}", "{{sure .list .table}}", "{{sure}}",
	"{{index .list 0}}{{index .list 3 \"k\"}}{{index .table \"a\" \"c\"}}{{index .table \"x\"}}{{index .named \"a\"}}{{index texts 1}}{{index .list .number}}", "{{index .list 9}}", "{{index .list -1}}", "{{index .list \"a\"}}", "{{index .nil 1}}", "{{index .table \"nil\" \"a\"}}",
	"{{len .list}}{{len .text}}{{len .table}}{{len .named}}{{.list | len}}", "{{len .nil}}", "{{len 3}}", "{{print 1 2 \"a\" \"b\" .nil}}{{println .text}}{{printf \"%d %v %s\" 1 .list .text}}{{html \"<a>\"}}{{js \"'\"}}{{urlquery \"a b\"}}", "{{printf 1}}",
	"{{slice .text 0 1}}", "{{call .text}}", "{{.text | slice 0}}",
	// Structures.
	"{{.held.Name}}{{.held.Held}}{{.held.Pointer}}{{.held.Pointer.Name}}{{.held.Texts.k}}{{.held.Texts.x}}{{.held.Any}}{{.flat.Name}}{{.flat.Held}}{{.flat.Pointer}}", "{{.held.internal}}", "{{.held.Missing}}", "{{.held.Any.x}}", "{{.flat.Pointer.Name}}",
	"{{.held.Joined \"-\" \"a\" \"b\"}}{{\"c\" | .held.Joined \"-\" \"a\"}}", "{{.held.Joined}}", "{{.held.Failing}}", "{{.held.Joined 1}}", "{{$h := .held}}{{$h.Joined \"+\" \"a\" \"b\"}}{{$h.Held}}{{typeOf $h.Held}}{{(.held).Joined \"/\" \"c\" \"d\"}}",
	"{{.named.a}}{{.named.Method}}{{.named.x}}{{.named.inner.x}}{{with .named}}{{.a}}{{.Method}}{{end}}", "{{pointer}}{{none}}{{(pointer).Name}}{{typeOf (pointer)}}", "{{(none).Name}}", "{{.list.a}}", "{{.number.a}}", "{{.text.a}}",
	"{{if .held}}a{{end}}{{if .flat}}b{{end}}{{if (none)}}c{{end}}{{if .error}}d{{end}}",
}

func TestCompiledTemplatesGiveWhatTextTemplateGives(t *testing.T) {
	gave := 0
	for _, text := range same {
		want, wrong := byText(text)
		got, err := byCompiled(t, text)
		switch {
		case err == nil && wrong != nil:
			t.Errorf("%s gives %q, and should not: %v", text, got, wrong)
		case err == nil && got != want:
			t.Errorf("%s gives %q, not %q", text, got, want)
		case err != nil && !errors.Is(err, ErrUnable):
			t.Errorf("%s: %v", text, err)
		case err != nil && wrong == nil && !strings.Contains(text, "slice"):
			t.Errorf("%s cannot be done: %v", text, err)
		}
		if err == nil {
			gave++
		}
	}
	if gave < 50 {
		t.Errorf("of %d only %d give anything", len(same), gave)
	}
}

func TestWhatNobodyWaitsForEnds(t *testing.T) {
	for _, text := range []string{
		`{{define "a"}}{{template "b"}}{{template "b"}}{{end}}{{define "b"}}b{{end}}{{range 1000}}{{template "a"}}{{end}}`,
		`{{range 1000000}}{{range 1000000}}x{{end}}{{end}}`,
		`{{range 1000000}}{{range 1000000}}{{end}}{{end}}`,
	} {
		parsed := template.Must(template.New("x").Parse(text))
		set, err := Compile(parsed, Functions{}, func(any) (map[string]any, bool) { return nil, false })
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := set.Execute(ctx, nil, "x", nil, nil); !errors.Is(err, ErrUnable) {
			t.Error(text, err)
		}
	}
}
