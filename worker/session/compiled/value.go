package compiled

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"text/template"
)

// emptyElement is nothing as it is found in a list, a map or a field: a field of it is a mistake, and it is no map
// for a function that takes one, where a pipeline that gives nothing has fields, which are nothing, and is a map.
var emptyElement = &empty{}

// empty has a size, so that no other value has its address.
type empty struct{ _ byte }

// addressed is a value whose address has methods that its printed form may come from.
type addressed struct{ value reflect.Value }

// plain is a value as functions are given it.
func plain(value any) any {
	switch value := value.(type) {
	case *empty:
		return nil
	case addressed:
		return value.value.Interface()
	default:
		return value
	}
}

// element is a value found by reflection.
func element(value reflect.Value) any {
	for value.Kind() == reflect.Interface {
		if value.IsNil() {
			return nil
		}
		value = value.Elem()
	}
	if !value.IsValid() {
		return nil
	}
	if !value.CanInterface() {
		unable("a value nobody may see")
	}
	if value.CanAddr() && value.Kind() == reflect.Struct {
		return addressed{value}
	}
	return value.Interface()
}

// isTrue is what if, with, and, or, not make of a value.
func isTrue(value any) bool {
	switch value := value.(type) {
	case nil:
		return false
	case bool:
		return value
	case string:
		return value != ""
	case map[string]any:
		return len(value) > 0
	case []any:
		return len(value) > 0
	case int:
		return value != 0
	case int64:
		return value != 0
	case float64:
		return value != 0
	}
	truth, ok := template.IsTrue(plain(value))
	if !ok {
		unable("%T is neither true nor false", value)
	}
	return truth
}

var (
	errorType    = reflect.TypeFor[error]()
	stringerType = reflect.TypeFor[fmt.Stringer]()
)

// appendValue appends the printed form of a value.
func appendValue(out []byte, value any) []byte {
	switch value := value.(type) {
	case nil:
		return append(out, "<no value>"...)
	case string:
		return append(out, value...)
	case bool:
		return strconv.AppendBool(out, value)
	case int:
		return strconv.AppendInt(out, int64(value), 10)
	case int64:
		return strconv.AppendInt(out, value, 10)
	case *empty:
		return append(out, "<no value>"...)
	}
	printed, ok := printable(value)
	if !ok {
		unable("%T cannot be printed", value)
	}
	text := bytes.NewBuffer(out)
	fmt.Fprint(text, printed)
	return text.Bytes()
}

// printable is what text/template gives to fmt: what pointers lead to, or its address where that has the methods.
func printable(of any) (any, bool) {
	value := reflect.ValueOf(of)
	if held, ok := of.(addressed); ok {
		value = held.value
	}
	for value.Kind() == reflect.Pointer || value.Kind() == reflect.Interface {
		if value.IsNil() {
			return value.Interface(), true
		}
		value = value.Elem()
	}
	if !value.IsValid() {
		return "<no value>", true
	}
	if of := value.Type(); !of.Implements(errorType) && !of.Implements(stringerType) {
		pointer := reflect.PointerTo(of)
		if value.CanAddr() && (pointer.Implements(errorType) || pointer.Implements(stringerType)) {
			value = value.Addr()
		} else if value.Kind() == reflect.Chan || value.Kind() == reflect.Func {
			return nil, false
		}
	}
	return value.Interface(), true
}
