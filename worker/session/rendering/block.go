package rendering

import "strings"

// kindInBlockStyle gives the kind of a document that is written in the plainest of YAML's styles: a mapping in block
// style, in it mappings, sequences, block scalars and texts of ASCII. There is no mistake in such a document that
// Helm would tell of, so its kind is all Helm reads of it. Of any other document it gives nothing.
//
// What each line may be is less than YAML 1.2.2 (chapters 7.3.3, 8.1 and 8.2) allows, and nothing more.
func kindInBlockStyle(document string) (kind string, ok bool) {
	reader := blockReader{open: make([]collection, 0, 16), rest: document}
	reader.open = append(reader.open, collection{role: top})
	for reader.rest != "" {
		if !reader.line() {
			return "", false
		}
	}
	return reader.kind, reader.kind != ""
}

// role is what a collection is to Helm, which reads a little of some.
type role int

const (
	other role = iota
	top
	metadata
	annotations
)

// collection is a mapping or a sequence that may go on in the next line.
type collection struct {
	indent     int
	isSequence bool
	role       role
}

type blockReader struct {
	rest string
	open []collection
	// awaits tells whether the line before ended with a key or a dash, and of what role a mapping below it is.
	awaits bool
	role   role
	kind   string
}

// next gives the next line, without its end, and how far it is indented.
func (reader *blockReader) next() (line string, indent int) {
	line, reader.rest, _ = strings.Cut(reader.rest, "\n")
	for indent < len(line) && line[indent] == ' ' {
		indent++
	}
	return line[indent:], indent
}

// line reads a line, and those the text in it goes on in.
func (reader *blockReader) line() bool {
	line, indent := reader.next()
	if line == "" || line[0] == '#' {
		return isPrintable(line)
	}
	item, isItem := strings.CutPrefix(line, "- ")
	if !reader.enter(indent, isItem || line == "-") {
		return false
	}
	if line == "-" {
		reader.awaits, reader.role = true, other
		return true
	}
	if !isItem {
		return reader.entry(line, indent)
	}
	if keyOf(item) == "" {
		return reader.text(item, indent)
	}
	reader.open = append(reader.open, collection{indent: indent + 2})
	return reader.entry(item, indent+2)
}

// enter finds the collection a line belongs to: one that is open, or a new one where one is awaited.
func (reader *blockReader) enter(indent int, isItem bool) bool {
	last := func() collection { return reader.open[len(reader.open)-1] }
	awaits := reader.awaits
	reader.awaits = false
	if awaits {
		// A sequence may begin where its key does.
		if indent > last().indent || isItem && indent == last().indent && !last().isSequence {
			if reader.role != other && isItem {
				return false
			}
			reader.open = append(reader.open, collection{indent: indent, isSequence: isItem, role: reader.role})
			return true
		}
	}
	for len(reader.open) > 1 && (last().indent > indent || last().indent == indent && last().isSequence && !isItem) {
		reader.open = reader.open[:len(reader.open)-1]
	}
	return last().indent == indent && last().isSequence == isItem
}

// entry reads a key and its value in the mapping that was opened last.
func (reader *blockReader) entry(line string, indent int) bool {
	key := keyOf(line)
	if key == "" {
		return false
	}
	value := strings.TrimPrefix(line[len(key)+1:], " ")
	of := reader.open[len(reader.open)-1].role
	below, isRead := roleOf(of, key)
	switch {
	case isRead && !isAsRead(of, key):
		return false
	case value == "":
		reader.awaits, reader.role = true, below
		return of != annotations && (!isRead || below != other)
	case isRead && below != other, (isRead || of == annotations) && (value[0] == '{' || value[0] == '['):
		return false
	case isBlockHeader(value):
		return !isRead && reader.blockScalar(indent)
	case of == top && key == "kind":
		isTwice := reader.kind != ""
		reader.kind = value
		return !isTwice && isLetter(value[0]) && isWord(value) && !isMeant(value)
	}
	return reader.text(value, indent)
}

// roleOf tells what a mapping below a key is to Helm, and whether Helm reads the value at all. It finds keys as Go
// does in JSON, whatever their case.
func roleOf(of role, key string) (below role, isRead bool) {
	switch of {
	case top:
		if strings.EqualFold(key, "metadata") {
			return metadata, true
		}
		return other, strings.EqualFold(key, "kind") || strings.EqualFold(key, "apiVersion")
	case metadata:
		if strings.EqualFold(key, "annotations") {
			return annotations, true
		}
		return other, strings.EqualFold(key, "name")
	}
	return other, false
}

// isAsRead tells whether a key Helm reads is written as Helm writes it.
func isAsRead(of role, key string) bool {
	switch key {
	case "kind", "apiVersion", "metadata":
		return of == top
	case "annotations", "name":
		return of == metadata
	}
	return false
}

// text reads a scalar that may go on in lines that are further indented than its collection.
func (reader *blockReader) text(value string, indent int) bool {
	isQuoted := strings.HasPrefix(value, "'")
	if isQuoted && !strings.Contains(strings.ReplaceAll(value[1:], "''", ""), "'") {
		for reader.rest != "" {
			line, own := reader.next()
			if own <= indent || !isPrintable(line) {
				return false
			}
			if line = strings.ReplaceAll(line, "''", ""); strings.Contains(line, "'") {
				return isPrintable(value) && strings.IndexByte(line, '\'') == len(line)-1
			}
		}
		return false
	}
	if !isWord(value) {
		return false
	}
	for !isQuoted && reader.rest != "" {
		before := reader.rest
		line, own := reader.next()
		if line == "" || own <= indent {
			reader.rest = before
			return true
		}
		if !isTextual(value[0]) || line[0] == '#' || !isPrintable(line) || !isPlain(line) {
			return false
		}
	}
	return true
}

// blockScalar reads the lines of a block scalar whose key is so far indented.
func (reader *blockReader) blockScalar(indent int) bool {
	least := 0
	for reader.rest != "" {
		before := reader.rest
		line, own := reader.next()
		switch {
		case line == "":
			// Spaces before the first line of text may be too many.
			if own > 0 && least == 0 {
				return false
			}
		case own <= indent:
			reader.rest = before
			return true
		case least == 0:
			least = own
		case own < least:
			return false
		}
		if !isPrintable(line) {
			return false
		}
	}
	return true
}

func isBlockHeader(value string) bool {
	switch value {
	case "|", "|-", "|+", ">", ">-", ">+":
		return true
	}
	return false
}

// longestKey is far below what YAML takes for a key (chapter 7.4.2).
const longestKey = 256

// keyOf gives the key a line begins with, or nothing where there is none.
func keyOf(line string) string {
	end := 0
	for end < len(line) && (isLetter(line[end]) || end > 0 && (isDigit(line[end]) || strings.IndexByte("_./-", line[end]) >= 0)) {
		end++
	}
	if end == 0 || end > longestKey || end == len(line) || line[end] != ':' || end+1 < len(line) && line[end+1] != ' ' || isMeant(line[:end]) {
		return ""
	}
	return line[:end]
}

// isWord tells whether a value is a scalar on one line, or an empty collection.
func isWord(value string) bool {
	if value == "" {
		return false
	}
	quoted := value[1:]
	switch first := value[0]; {
	case value == "{}" || value == "[]":
		return true
	case first == '\'':
		quoted = strings.ReplaceAll(quoted, "''", "")
		return strings.IndexByte(quoted, first) == len(quoted)-1 && isPrintable(quoted)
	case first == '"':
		return strings.IndexByte(quoted, first) == len(quoted)-1 && strings.IndexByte(quoted, '\\') < 0 && isPrintable(quoted)
	case isTextual(first), first == '-' && isLetter((strings.TrimPrefix(quoted, "-") + " ")[0]):
		return isPrintable(value) && isPlain(value)
	case isDigit(first):
		return isAmount(value)
	}
	return false
}

// isTextual tells whether what begins so is a text, or a word that means something, and surely no number.
func isTextual(first byte) bool { return isLetter(first) || strings.IndexByte("(/_$^", first) >= 0 }

// isPlain tells whether nothing in a scalar without quotes ends it, and no space stands at its end.
func isPlain(value string) bool {
	return !strings.Contains(value, ": ") && !strings.Contains(value, " #") &&
		!strings.HasSuffix(value, ":") && !strings.HasSuffix(value, " ")
}

// isAmount tells of what begins with a digit whether it is a number or a text, and surely no date.
func isAmount(value string) bool {
	for index := range len(value) {
		if letter := value[index]; !isDigit(letter) && !isLetter(letter) && letter != '.' && letter != '/' {
			return false
		}
	}
	return true
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

func isPrintable(text string) bool {
	for index := range len(text) {
		if text[index] < ' ' || text[index] > '~' {
			return false
		}
	}
	return true
}

func isLetter(letter byte) bool { return letter|0x20 >= 'a' && letter|0x20 <= 'z' }

func isDigit(letter byte) bool { return letter >= '0' && letter <= '9' }
