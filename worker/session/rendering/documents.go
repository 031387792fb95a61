package rendering

import (
	"strings"
	"unicode"
)

// mark is what stands between documents, at the start of a line.
const mark = "---"

// SplitAtSpace gives the documents of a file as Helm 3 splits it, at (?:^|\s*\n)---\s*, without the space around
// them.
func SplitAtSpace(text string) (documents []string, ok bool) {
	rest := strings.TrimPrefix(strings.TrimSpace(text), mark)
	for isMore := true; isMore; {
		var document string
		// The space behind a mark is part of it, so another on the next line is text.
		document, rest, isMore = strings.Cut(strings.TrimLeft(rest, space), "\n"+mark)
		document = strings.TrimRight(document, space)
		// Helm takes away more than it splits at.
		if document != strings.TrimSpace(document) || strings.HasPrefix(document, mark) {
			return nil, false
		}
		if document != "" {
			documents = append(documents, document)
		}
	}
	return documents, true
}

// space is what \s stands for.
const space = "\t\n\f\r "

// SplitAtLines gives the documents of a file as Helm 4 splits it, at (?m)^---[ \t]*, with the lines at their ends.
func SplitAtLines(text string) (documents []string, ok bool) {
	rest := strings.TrimLeftFunc(text, unicode.IsSpace)
	rest = strings.TrimLeft(strings.TrimPrefix(rest, mark), " \t")
	for isMore := true; isMore; {
		document := rest
		var at int
		if at = strings.Index(rest, "\n"+mark); at >= 0 {
			document, rest = rest[:at+1], strings.TrimLeft(rest[at+1+len(mark):], " \t")
		}
		isMore = at >= 0
		document = strings.TrimLeftFunc(document, unicode.IsSpace)
		if strings.HasPrefix(document, mark) {
			return nil, false
		}
		if document != "" {
			documents = append(documents, document)
		}
	}
	return documents, true
}
