package session

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
)

// deepest is how deep values are written here; deeper ones may have themselves within them.
const deepest = 100

// largestWhole is below what encoding/json writes with an exponent, and what floats hold exactly.
const largestWhole = 1 << 53

// appendJSON appends the JSON of a value as encoding/json writes it, without reflection on what values are made of.
func appendJSON(out []byte, value any, depth int) ([]byte, error) {
	if depth > deepest {
		return appendMarshalled(out, value)
	}
	switch value := value.(type) {
	case nil:
		return append(out, "null"...), nil
	case bool:
		return strconv.AppendBool(out, value), nil
	case int:
		return strconv.AppendInt(out, int64(value), 10), nil
	case int64:
		return strconv.AppendInt(out, value, 10), nil
	case float64:
		if whole := math.Trunc(value); whole == value && math.Abs(value) < largestWhole && !math.Signbit(value) {
			return strconv.AppendInt(out, int64(value), 10), nil
		}
	case string:
		return appendText(out, value)
	case []any:
		if value != nil {
			return appendArray(out, value, depth)
		}
	case map[string]any:
		if value != nil {
			return appendObject(out, value, depth)
		}
	}
	return appendMarshalled(out, value)
}

func appendText(out []byte, text string) ([]byte, error) {
	if isPlainText(text) {
		return append(append(append(out, '"'), text...), '"'), nil
	}
	return appendMarshalled(out, text)
}

func appendArray(out []byte, items []any, depth int) (_ []byte, err error) {
	out = append(out, '[')
	for index, item := range items {
		if index > 0 {
			out = append(out, ',')
		}
		if out, err = appendJSON(out, item, depth+1); err != nil {
			return out, err
		}
	}
	return append(out, ']'), nil
}

func appendObject(out []byte, fields map[string]any, depth int) (_ []byte, err error) {
	var few [16]string
	names := few[:0]
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	out = append(out, '{')
	for index, name := range names {
		if index > 0 {
			out = append(out, ',')
		}
		if out, err = appendText(out, name); err != nil {
			return out, err
		}
		if out, err = appendJSON(append(out, ':'), fields[name], depth+1); err != nil {
			return out, err
		}
	}
	return append(out, '}'), nil
}

func appendMarshalled(out []byte, value any) ([]byte, error) {
	text, err := json.Marshal(value)
	return append(out, text...), err
}

// isPlainText tells whether encoding/json writes a text as it is.
func isPlainText(text string) bool {
	for index := range len(text) {
		switch letter := text[index]; {
		case letter < ' ', letter >= 0x80, letter == '"', letter == '\\', letter == '<', letter == '>', letter == '&':
			return false
		}
	}
	return true
}
