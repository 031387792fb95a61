package session

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
	"text/template"
	"time"
)

// fake renders what it is told in the release's name.
type fake struct{}

func (*fake) Version() string { return "4.3.1" }

func (*fake) Render(ctx context.Context, request *Request, log *Log) (Rendered, error) {
	fmt.Fprintf(log, "about %s\n", request.Release)
	switch request.Release {
	case "refused":
		return Rendered{}, errors.New("no")
	case "declined":
		return Rendered{}, Declined{Reason: "not here"}
	case "panics":
		panic("at the worst time")
	case "endless":
		<-ctx.Done()
		return Rendered{}, ctx.Err()
	}
	output := append([]byte(request.Release+":"), request.InPlace...)
	return Rendered{Output: output, AlsoFor: request.OtherKubeVersions}, nil
}

type peer struct {
	t        *testing.T
	requests *io.PipeWriter
	answers  *io.PipeReader
	ended    chan error
}

func start(t *testing.T, atOnce int) *peer {
	requestReader, requests := io.Pipe()
	answers, answerWriter := io.Pipe()
	peer := &peer{t: t, requests: requests, answers: answers, ended: make(chan error, 1)}
	go func() { peer.ended <- Serve(requestReader, answerWriter, &fake{}, NewLog(io.Discard), atOnce) }()
	var greeting Greeting
	if _, err := readFrame(answers, &greeting); err != nil || greeting != (Greeting{Protocol, "4.3.1", atOnce}) {
		t.Fatal(greeting, err)
	}
	return peer
}

func (peer *peer) send(request Request, body string) {
	if err := writeFrame(peer.requests, request, []byte(body)); err != nil {
		peer.t.Error(err)
	}
}

func (peer *peer) answer() Answer {
	var answer Answer
	body, err := readFrame(peer.answers, &answer)
	if err != nil {
		peer.t.Fatal(err)
	}
	answer.Stdout, answer.Stderr = body[:answer.Output], body[answer.Output:]
	return answer
}

func TestEachAnswerIsItsRequests(t *testing.T) {
	peer := start(t, 4)
	cases := map[uint64]struct {
		release, stdout, stderr, declined string
		failed                            bool
	}{
		1: {release: "web", stdout: "web:a: 1", stderr: "about web\n"},
		2: {release: "refused", stderr: "about refused\nError: no\n", failed: true},
		3: {release: "declined", declined: "not here"},
		4: {release: "panics", declined: "Helm panicked"},
		5: {release: "api", stdout: "api:a: 1", stderr: "about api\n"},
	}
	go func() {
		for id, one := range cases {
			peer.send(Request{ID: id, Release: one.release}, "a: 1")
		}
	}()
	for range cases {
		answer := peer.answer()
		one := cases[answer.ID]
		if string(answer.Stdout) != one.stdout || string(answer.Stderr) != one.stderr || answer.Failed != one.failed || answer.Declined != one.declined {
			t.Errorf("%s: %+v %q %q", one.release, answer, answer.Stdout, answer.Stderr)
		}
	}
	peer.requests.Close()
	if err := <-peer.ended; err != nil {
		t.Error(err)
	}
}

func TestARequestIsGivenUp(t *testing.T) {
	peer := start(t, 2)
	peer.send(Request{ID: 7, Release: "endless"}, "")
	peer.send(Request{Cancel: 7}, "")
	if answer := peer.answer(); answer.ID != 7 || answer.Declined != "cancelled" {
		t.Error(answer)
	}
}

func TestNoMoreThanAtOnceAreRead(t *testing.T) {
	peer := start(t, 2)
	sent := make(chan int, 8)
	go func() {
		for id := range 4 {
			peer.send(Request{ID: uint64(id + 1), Release: "endless"}, "")
			sent <- id
		}
	}()
	time.Sleep(200 * time.Millisecond)
	// Two are worked on, and a third is read and waits.
	if len(sent) != 3 {
		t.Errorf("%d requests were read", len(sent))
	}
}

func TestABrokenFrameEndsTheSession(t *testing.T) {
	for _, frame := range []string{"\x02\x00\x00\x00\x00\x00\x00\x00{]", "\xff\xff\xff\xff\xff\xff\xff\xff", "\x02\x00"} {
		var out bytes.Buffer
		if err := Serve(bytes.NewReader([]byte(frame)), &out, &fake{}, NewLog(io.Discard), 1); err == nil {
			t.Errorf("%q was taken", frame)
		}
	}
}

func TestTemplatesAreParsedInHelmsOrder(t *testing.T) {
	all := map[string]Template{}
	for _, name := range []string{"web/templates/a", "web/templates/b", "web/charts/db/templates/a"} {
		all[name] = Template{}
	}
	if got := order(all); !reflect.DeepEqual(got, []string{"web/charts/db/templates/a", "web/templates/b", "web/templates/a"}) {
		t.Error(got)
	}
}

func TestTheOuterDefinitionCountsAndRenderingsDoNotShare(t *testing.T) {
	templates := NewTemplates(func(*template.Template) {}, nil, noTable)
	for number := range 3 {
		all := map[string]Template{
			"web/charts/db/templates/_x": {Text: `{{define "x"}}inner{{end}}`, Values: map[string]any{}},
			"web/templates/_x":           {Text: `{{define "x"}}outer{{end}}`, Values: map[string]any{}},
			"web/templates/y":            {Text: `{{template "x"}} {{.n}} {{.missing}}|{{.Template}}`, Values: map[string]any{"n": number}, Own: "own"},
		}
		got, _, err := templates.Execute(context.Background(), all, false)
		if want := map[string]string{"web/templates/y": fmt.Sprintf("outer %d |own", number)}; err != nil || !reflect.DeepEqual(got, want) {
			t.Error(got, err)
		}
	}
}

func TestACopySharesNothing(t *testing.T) {
	values := map[string]any{"a": map[string]any{"b": []any{1, map[string]any{"c": nil}}}}
	copied := Copy(values)
	copied["a"].(map[string]any)["b"].([]any)[1].(map[string]any)["c"] = 2
	text, _ := json.Marshal(values)
	if string(text) != `{"a":{"b":[1,{"c":null}]}}` {
		t.Error(string(text))
	}
}

func TestValuesAreLaidOverOthers(t *testing.T) {
	below := map[string]any{"a": map[string]any{"b": 1, "c": 2}, "d": 1}
	above := map[string]any{"a": map[string]any{"c": nil}, "d": map[string]any{"e": 1}}
	want := map[string]any{"a": map[string]any{"b": 1, "c": nil}, "d": map[string]any{"e": 1}}
	if got := Over(below, above); !reflect.DeepEqual(got, want) || below["d"] != 1 {
		t.Error(got, below)
	}
}

func TestAValueOfATextIsTheCallersOwn(t *testing.T) {
	made := 0
	faster := Faster(template.FuncMap{
		"fromYaml":      func(text string) map[string]any { made++; return map[string]any{"a": []any{text}} },
		"fromYamlArray": func(text string) []any { made++; return []any{map[string]any{"b": text}} },
	}, NewMade(1000))
	fromYaml := faster["fromYaml"].(func(string) map[string]any)
	fromYaml("x")["a"].([]any)[0] = "changed"
	if got := fromYaml("x"); !reflect.DeepEqual(got, map[string]any{"a": []any{"x"}}) || made != 1 {
		t.Error(got, made)
	}
	fromYamlArray := faster["fromYamlArray"].(func(string) []any)
	fromYamlArray("x")[0].(map[string]any)["b"] = "changed"
	if got := fromYamlArray("x"); !reflect.DeepEqual(got, []any{map[string]any{"b": "x"}}) || made != 2 {
		t.Error(got, made)
	}
	if fromYaml("y"); made != 3 {
		t.Error(made)
	}
}

func TestTheYAMLOfAValueIsMadeOnce(t *testing.T) {
	made := 0
	faster := Faster(template.FuncMap{
		"toYaml":   func(value any) string { made++; return fmt.Sprint(value) },
		"deepCopy": func(any) any { return "slow" },
		"include":  func() {},
	}, NewMade(1000))
	if len(faster) != 2 {
		t.Error(faster)
	}
	toYaml := faster["toYaml"].(func(any) string)
	value := map[string]any{"a": 1}
	if toYaml(value) != toYaml(map[string]any{"a": 1}) || made != 1 {
		t.Error(made)
	}
	value["a"] = 2
	if toYaml(value) != "map[a:2]" || made != 2 {
		t.Error(made)
	}
	deepCopy := faster["deepCopy"].(func(any) any)
	if got := deepCopy(map[string]any{"a": []any{1}}); !reflect.DeepEqual(got, map[string]any{"a": []any{1}}) {
		t.Error(got)
	}
	// Whatever is not made of JSON alone is left to who knows it.
	if got := deepCopy(map[string]any{"a": time.Second}); got != "slow" {
		t.Error(got)
	}
}
