package session

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"text/template"
)

type kubeVersion struct{ Version, Major, Minor string }

func (version *kubeVersion) String() string     { return version.Version }
func (version *kubeVersion) GitVersion() string { return version.Version }

type versionSet []string

func (versions versionSet) Has(one string) bool { return strings.Contains(fmt.Sprint(versions), one) }

// helms has the form of Helm's Capabilities.
type helms struct {
	KubeVersion kubeVersion
	APIVersions versionSet
	HelmVersion struct{ Version string }
}

// atLeast takes constraints of one letter, so that text is compared as text.
func atLeast(constraint, version string) (bool, error) { return version >= constraint, nil }

// plain are functions that depend on nothing but their arguments.
var plain = template.FuncMap{
	"semverCompare": atLeast,
	"toJson": func(value any) string {
		document, _ := json.Marshal(value)
		return string(document)
	},
	"typeOf":  func(value any) string { return fmt.Sprintf("%T", value) },
	"get":     func(from map[string]any, key string) any { return from[key] },
	"dict":    func(key string, value any) map[string]any { return map[string]any{key: value} },
	"include": func(string, any) string { return "only to be parsed" },
}

func functions(to *template.Template) {
	to.Funcs(plain)
	to.Funcs(template.FuncMap{
		"include": func(name string, value any) (string, error) {
			var out bytes.Buffer
			err := to.ExecuteTemplate(&out, name, value)
			return out.String(), err
		},
	})
}

// among are values with Helm's own capabilities, and the capabilities.
func among() (map[string]any, *helms) {
	own := &helms{KubeVersion: kubeVersion{"c", "1", "c"}, APIVersions: versionSet{"v1", "apps/v1"}}
	own.HelmVersion.Version = "v4"
	return map[string]any{"Capabilities": own, "Values": map[string]any{"a": "b"}}, own
}

const partial = `{{define "is"}}{{semverCompare "b" .root.Capabilities.KubeVersion.Version}}{{end}}`

func noTable(any) (map[string]any, bool) { return nil, false }

// executed gives what a template gives, compiled or by text/template, and for which versions it would give the
// same.
func executed(t *testing.T, text string, byText bool) (string, string) {
	t.Helper()
	values, own := among()
	capabilities := NewCapabilities(own, atLeast)
	values["Capabilities"] = capabilities
	all := map[string]Template{"x": {Text: text, Values: values}, "_h": {Text: partial}}
	rendered, isNoticed, err := NewTemplates(functions, plain, noTable).Execute(context.Background(), all, byText)
	if err != nil {
		t.Fatal(text, err)
	}
	same := ""
	for _, version := range []string{"a", "b", "c", "d", "e"} {
		if isNoticed && capabilities.Suit(version) {
			same += version
		}
	}
	return rendered["x"], same
}

// byHelm gives what a template gives with Helm's own capabilities.
func byHelm(t *testing.T, text string) string {
	t.Helper()
	to := template.New("x")
	functions(to)
	values, _ := among()
	var out bytes.Buffer
	values["Template"] = nil
	if err := template.Must(template.Must(to.Parse(partial)).Parse(text)).Execute(&out, values); err != nil {
		t.Fatal(text, err)
	}
	return out.String()
}

func TestWhatIsAskedOfKubernetesDecidesForWhichVersionsAnAnswerIsTheSame(t *testing.T) {
	for text, want := range map[string]string{
		`nothing`: "abcde",
		`{{.Capabilities.APIVersions.Has "v1"}} {{.Capabilities.HelmVersion.Version}}`:                              "abcde",
		`{{semverCompare "b" .Capabilities.KubeVersion.Version}}`:                                                   "bcde",
		`{{semverCompare "d" $.Capabilities.KubeVersion.GitVersion}}`:                                               "abc",
		`{{.Capabilities.KubeVersion.Version | semverCompare "d"}}`:                                                 "abc",
		`{{include "is" (dict "root" .)}}{{if semverCompare "d" .Capabilities.KubeVersion.Version}}{{end}}`:         "bc",
		`{{with dict "root" $}}{{if not (semverCompare "d" .root.Capabilities.KubeVersion.Version)}}{{end}}{{end}}`: "abc",
		`{{if false}}{{.Capabilities.KubeVersion.Minor}}{{end}}`:                                                    "abcde",
		// Whoever sees the version may make anything of it.
		`{{.Capabilities.KubeVersion.Version}}`:                                  "",
		`{{.Capabilities.KubeVersion.Minor}}`:                                    "",
		`{{.Capabilities.KubeVersion}} {{.Capabilities.KubeVersion.GitVersion}}`: "",
		`{{typeOf .Capabilities.KubeVersion}}`:                                   "",
		`{{$v := .Capabilities.KubeVersion}}{{$v}} {{$v.String}}`:                "",
		`{{$v := .Capabilities.KubeVersion.Version}}{{semverCompare "b" $v}}`:    "",
		`{{semverCompare .Capabilities.KubeVersion.Version "c"}}`:                "",
		`{{typeOf .Capabilities}}`:                                               "",
		`{{with .Capabilities}}{{.KubeVersion.Major}}{{end}}`:                    "",
		`{{(get . "Capabilities").KubeVersion.Major}}`:                           "",
		`{{toJson .}}`:                  "",
		`{{range .}}{{print .}}{{end}}`: "",
	} {
		out, same := executed(t, text, false)
		if same != want {
			t.Errorf("%s is the same for %q, not %q", text, same, want)
		}
		if byText, sameByText := executed(t, text, true); byText != out || sameByText != same {
			t.Errorf("%s gives %q for %q by text/template, not %q for %q", text, byText, sameByText, out, same)
		}
		if helms := byHelm(t, text); out != helms && !strings.Contains(text, "typeOf .Capabilities}}") {
			t.Errorf("%s gives %q, with Helm's own %q", text, out, helms)
		}
	}
}
