package rendering

import (
	"math/rand/v2"
	"strings"
	"testing"

	"gift.dev/worker/session"
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

func read(document string) string {
	var read head
	if err := yaml.Unmarshal([]byte(document), &read); err != nil {
		return "no YAML"
	}
	return "kind " + read.Kind
}

func TestDocumentsOfOneOutlineAreReadAlike(t *testing.T) {
	words := []string{"a", "true", "null", "yes", "n", "x.y/z:1@b", "Pod", "e1", "NaN", "Null", "off", "b", "c", "a-b", "o+", "_", "inf"}
	pieces := []string{
		"kind: WORD\n", "apiVersion: v1\n", "metadata:\n", "  name: WORD\n", "  annotations:\n", "  annotations: WORD\n", "metadata: WORD\n", "    a/b: WORD\n", "    - k: WORD\n",
		"  labels: &a\n", "  <<: *a\n", "  - WORD\n", "  text: |\n", "    x: WORD\n", "  folded: >-\n", "   odd: WORD\n", "  quoted: \"b\n", "  c: WORD\"\n",
		"  c: WORD\n", "\"\n", "  flow: {\n", "  }\n", "  d: WORD # c\n", "  e: WORD:\n", "  f: 'WORD'\n", "\tg: WORD\n", "  ? h: WORD\n", "  plain\n",
		"  i: WORD: WORD\n", "  -j: WORD\n", "  k: !!int WORD\n", "\n", "  # l: WORD\n", "  m: [\n", "  n: WORD", "  kind: WORD\n", "Kind: WORD\n", "- kind: WORD\n", "a: WORD\n", "  o: *WORD\n",
	}
	random := rand.New(rand.NewPCG(3, 4))
	alike, readable := 0, 0
	for range 100_000 {
		var one, other strings.Builder
		for range 1 + random.IntN(7) {
			piece := pieces[random.IntN(len(pieces))]
			for strings.Contains(piece, "WORD") {
				first := words[random.IntN(len(words))]
				second := first
				if random.IntN(2) == 0 {
					second = words[random.IntN(len(words))]
				}
				before, after, _ := strings.Cut(piece, "WORD")
				one.WriteString(before + first)
				other.WriteString(before + second)
				piece = after
			}
			one.WriteString(piece)
			other.WriteString(piece)
		}
		if one.String() == other.String() || outlineOf(one.String()) != outlineOf(other.String()) {
			continue
		}
		alike++
		first, second := read(one.String()), read(other.String())
		if first != second {
			t.Fatalf("%q is %s, %q is %s", one.String(), first, other.String(), second)
		}
		if first != "no YAML" {
			readable++
		}
	}
	if alike < 3_000 || readable < 1_000 {
		t.Error(alike, readable)
	}
	if outlineOf("kind: A\n") == outlineOf("kind: B\n") {
		t.Error("the kind is no part of the outline")
	}
	if outlineOf("  a: b\n") != outlineOf("  a: c\n") || outlineOf("  a: b\n") == session.DigestOf("") {
		t.Error("a word is part of the outline")
	}
}
