package rendering

import (
	"strings"

	"gift.dev/worker/session"
)

// outlineOf is the digest of a document without the plain words behind its keys: documents of the same outline
// are both YAML or both none, and are of the same kind.
//
// A line of indentation, a key and a word stays what it is with another word, wherever it stands: an entry of a
// map, a line of a text, or a mistake. The words are texts, no part of which means anything in YAML. The word behind
// a kind is part of the outline.
func outlineOf(document string) session.Digest {
	outline := make([]byte, 0, len(document))
	for line := range strings.SplitAfterSeq(document, "\n") {
		if end := beforeWord(line); end > 0 {
			outline = append(append(outline, line[:end]...), '\n')
		} else {
			outline = append(outline, line...)
		}
	}
	return session.DigestOf(string(outline))
}

// beforeWord is the length of a line up to the word behind its key, or 0 for another line.
func beforeWord(line string) int {
	start := 0
	for start < len(line) && line[start] == ' ' {
		start++
	}
	if strings.HasPrefix(line[start:], "- ") {
		start += 2
	}
	key := start
	for key < len(line) && (isWord(line[key]) || line[key] == '/' || line[key] == '-' && key > start) {
		key++
	}
	if key == start || !strings.HasPrefix(line[key:], ": ") || strings.EqualFold(line[start:key], "kind") {
		return 0
	}
	word := key + 2
	if word >= len(line) || !isLetter(line[word]) {
		return 0
	}
	end := word
	for end < len(line) && (isWord(line[end]) || strings.IndexByte("/:@+-", line[end]) >= 0) {
		end++
	}
	if end != len(line)-1 || line[end] != '\n' || line[end-1] == ':' || isMeant(line[word:end]) {
		return 0
	}
	return word
}

// isMeant tells whether a word is no text to YAML, or was none once.
func isMeant(word string) bool {
	if len(word) > len("false") {
		return false
	}
	switch strings.ToLower(word) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n":
		return true
	}
	return false
}

func isLetter(letter byte) bool { return letter|0x20 >= 'a' && letter|0x20 <= 'z' }

func isWord(letter byte) bool {
	return isLetter(letter) || letter >= '0' && letter <= '9' || letter == '_' || letter == '.'
}
