package rendering

import (
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	atSpace = regexp.MustCompile("(?:^|\\s*\n)---\\s*")
	atLines = regexp.MustCompile("(?m)^---[ \\t]*")
)

// bySpace splits as Helm 3 says it does.
func bySpace(text string) (documents []string) {
	for _, document := range atSpace.Split(strings.TrimSpace(text), -1) {
		if document != "" {
			documents = append(documents, strings.TrimSpace(document))
		}
	}
	return documents
}

// byLines splits as Helm 4 says it does.
func byLines(text string) (documents []string) {
	for _, document := range atLines.Split(strings.TrimLeftFunc(text, unicode.IsSpace), -1) {
		if strings.TrimSpace(document) != "" {
			documents = append(documents, strings.TrimLeftFunc(document, unicode.IsSpace))
		}
	}
	return documents
}

func TestFilesAreSplitAsHelmSplitsThem(t *testing.T) {
	pieces := []string{"---", "---", "\n", "\n", "\n", " ", "\t", "-", "a: 1", "b", "\n---\n", "\r\n", "\v", "\u00a0", "\f", "# c"}
	random := rand.New(rand.NewPCG(1, 2))
	split := 0
	for range 200_000 {
		var text strings.Builder
		for range random.IntN(14) {
			text.WriteString(pieces[random.IntN(len(pieces))])
		}
		for _, one := range []struct {
			split func(string) ([]string, bool)
			helms func(string) []string
		}{{SplitAtSpace, bySpace}, {SplitAtLines, byLines}} {
			documents, ok := one.split(text.String())
			if !ok {
				continue
			}
			split++
			if want := one.helms(text.String()); !reflect.DeepEqual(documents, want) {
				t.Fatalf("%q is split into %q, not %q", text.String(), documents, want)
			}
			// Each is one document on its own as well.
			for _, document := range documents {
				if alone := one.helms(document); !reflect.DeepEqual(alone, []string{document}) {
					t.Fatalf("%q of %q alone is %q", document, text.String(), alone)
				}
			}
		}
	}
	if split < 100_000 {
		t.Error(split)
	}
}
