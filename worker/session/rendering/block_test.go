package rendering

import (
	"math/rand/v2"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// head is what Helm reads of a document.
type head struct {
	Version  string `json:"apiVersion"`
	Kind     string `json:"kind,omitempty"`
	Metadata *struct {
		Name        string            `json:"name"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata,omitempty"`
}

func TestADocumentInBlockStyleIsReadAsHelmReadsIt(t *testing.T) {
	words := []string{
		"a", "true", "x.y/z:1@b", "Pod", "--x=1", "8080", "\"8\"", "a b", "(a", "$x", "null", "yes", "n", "e1", "NaN", "a: b", "a #b", "a:", "-x", "- x", "--", "/a", "_",
		"1e999", "0x1", "1.5.0/8", "2001-01-01", "1_0", "0b2", "9Mi", "'8'", "\"\"", "\"a\\n\"", "\"a\" b", "'a''b'", "\"a: b #c\"",
		"{}", "[]", "{a: b}", "[a", "|", ">-", "|2", "| # x", "&a b", "*a", "!!int 1", "~", "é", "a\t", "", " b", "a ", "% x", "@x", "`x",
	}
	pieces := []string{
		"apiVersion: v1\n", "apiVersion: WORD\n", "metadata:\n", "  name: WORD\n", "  annotations:\n", "    a/b: WORD\n", "    c:\n", "      d: WORD\n",
		"  labels:\n", "    e: WORD\n", "    - WORD\n", "    - f: WORD\n", "      g: WORD\n", "spec:\n", "- WORD\n", "- h: WORD\n", "  i: WORD\n",
		"  - j: WORD\n", "  text: |\n", "  folded: >-\n", "    x: WORD\n", "      y\n", "\n", "   \n", "     \n", "k: WORD\n", "    l: >+\n",
		"      and more\n", "    'WORD\n", "  q: 'WORD\n", "      it''s'\n", "    - 'a\n", "      && !b\n", "      [c]\n", "    -\n", "# WORD\n", "    # a\n",
		"kind: WORD\n", "kind: Pod\n", "metadata: WORD\n", "  name:\n", "  annotations: WORD\n", "  -\n", "  - - WORD\n", "   odd\n",
		"  # WORD\n", "Kind: WORD\n",
		"null: WORD\n", "8: WORD\n", "\"q\": WORD\n", "  ? l\n", "\tm: WORD\n", "  n: WORD", " o: WORD\n", "<<: WORD\n", "WORD\n", "p : WORD\n", "...\n",
	}
	random := rand.New(rand.NewPCG(3, 4))
	// Most are as they should be, or nothing would be read to its end.
	either := func(of []string, most int) string {
		if random.IntN(8) > 0 {
			return of[random.IntN(most)]
		}
		return of[random.IntN(len(of))]
	}
	kinds := 0
	for range 1_000_000 {
		var document strings.Builder
		document.WriteString("kind: " + either(words, 10) + "\n")
		for range random.IntN(8) {
			document.WriteString(strings.ReplaceAll(either(pieces, 37), "WORD", either(words, 10)))
		}
		kind, ok := kindInBlockStyle(document.String())
		if !ok {
			continue
		}
		var read head
		if err := yaml.Unmarshal([]byte(document.String()), &read); err != nil || read.Kind != kind {
			t.Fatalf("%q is of the kind %q, read as %q: %v", document.String(), kind, read.Kind, err)
		}
		if strings.Count(document.String(), "\n") > 4 {
			kinds++
		}
	}
	if kinds < 1_500 {
		t.Error(kinds)
	}
}

func TestWhatChartsRenderIsInBlockStyle(t *testing.T) {
	document := `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations:
    prometheus.io/port: "8080"
  labels: {}
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: web
        image: registry.example.com/web:1.0@sha256:0
        args:
          - --level=info
          - '{"a": 1}'
        command:
        - sh
        - -c
        env:
          - name: TEXT
            value: a text, of words (and more)
          - name: SCRIPT
            value: |-
              #!/bin/sh

              exec "$0"
        ports:
        -
          containerPort: 80
      - name: next
`
	if kind, ok := kindInBlockStyle(strings.Replace(document, "        - -c\n", "", 1)); kind != "Deployment" || !ok {
		t.Error(kind, ok)
	}
}

func TestADocumentHelmHasSomethingToSayOfHasNoKindInBlockStyle(t *testing.T) {
	for _, rest := range []string{
		"kind: Pod\n", "Kind: Pod\n", "metadata: {}\n", "metadata:\n  name: {}\n", "metadata:\n  name:\n    a: b\n", "metadata:\n- a\n",
		"metadata:\n  annotations:\n    a: []\n", "metadata:\n  annotations:\n    a:\n      b: c\n", "a: \"\\q\"\n", "a: \"\"b\"\n", "a: b: c\n",
		"a: b #c\n", "a:\n  b: c\n d: e\n", "a:\n- b\n  c: d\n", "a: |\n    b\n  c\n", "a: |\n   \n  b\n", "a: 2001-01-01\n", "a: ü\n", "a:\tb\n", "a: b\n  c: d\n", "a: b\n  c #d\n", "a: b\n\n  c\n", "a: 1\n  b\n",
		"  more\n", "a: 'b\n", "a: 'b\n  c' d\n", "a: 'b\nc'\n", "a: {}\n  b\n", "- a\n", "a: 'é\n  b'\n", "a: b\n  #c\n  d\n",
	} {
		if kind, ok := kindInBlockStyle("kind: Job\n" + rest); ok {
			t.Errorf("%q is of the kind %q", rest, kind)
		}
	}
	for _, document := range []string{"", "a: b\n", "kind: null\n", "kind: \"Pod\"\n", "kind: Pod #\n", " kind: Pod\n", "kind:\n", "kind: |\n  Pod\n"} {
		if kind, ok := kindInBlockStyle(document); ok {
			t.Errorf("%q is of the kind %q", document, kind)
		}
	}
}
