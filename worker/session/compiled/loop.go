package compiled

import (
	"reflect"
	"slices"
	"strings"
	"text/template/parse"
)

// loop is a range.
func (compiler *compiler) loop(node *parse.RangeNode) (walk action) {
	compiler.within(func() {
		of := compiler.pipe(node.Pipe)
		key, element := -1, -1
		switch slots := compiler.slots(node.Pipe); len(slots) {
		case 0:
		case 1:
			element = slots[0]
		default:
			key, element = slots[0], slots[1]
		}
		var list, otherwise action
		compiler.within(func() { list = compiler.list(node.List) })
		compiler.within(func() { otherwise = compiler.list(node.ElseList) })
		walk = func(own *frame) flow {
			before := own.dot
			// Elements are what they are in a list of anything: nothing in one is not nothing at all.
			turn := func(at, value any) bool {
				own.run.step()
				if value == nil {
					value = emptyElement
				}
				if element >= 0 {
					own.variables[element] = value
				}
				if key >= 0 {
					own.variables[key] = at
				}
				own.dot = value
				return list(own) != breaks
			}
			isEmpty := own.each(of(own), key >= 0, turn)
			own.dot = before
			if isEmpty {
				return otherwise(own)
			}
			return next
		}
	})
	return walk
}

// slots are those of the variables a pipeline declares or sets.
func (compiler *compiler) slots(pipe *parse.PipeNode) []int {
	slots := make([]int, len(pipe.Decl))
	for index, variable := range pipe.Decl {
		slots[index] = compiler.slot(variable.Ident[0])
	}
	return slots
}

// each goes through a value in the order of text/template, until turn tells to end. It tells whether there
// was nothing.
func (own *frame) each(of any, hasKey bool, turn func(at, value any) bool) (isEmpty bool) {
	switch of := of.(type) {
	case nil:
		return true
	case []any:
		for index, value := range of {
			if !turn(index, value) {
				break
			}
		}
		return len(of) == 0
	case []string:
		for index, value := range of {
			if !turn(index, value) {
				break
			}
		}
		return len(of) == 0
	case map[string]any:
		return ofTable(of, turn)
	}
	if table, ok := own.run.set.table(of); ok {
		return ofTable(table, turn)
	}
	value := reflect.ValueOf(plain(of))
	for value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	switch value.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if hasKey {
			unable("a number has no keys")
		}
		for number := range value.Int() {
			if !turn(nil, reflect.ValueOf(number).Convert(value.Type()).Interface()) {
				break
			}
		}
		return value.Int() <= 0
	case reflect.Slice, reflect.Array:
		for index := range value.Len() {
			if !turn(index, element(value.Index(index))) {
				break
			}
		}
		return value.Len() == 0
	case reflect.Map:
		if value.Type().Key() != reflect.TypeFor[string]() {
			unable("keys of another type than text")
		}
		for _, key := range slices.Sorted(func(yield func(string) bool) {
			for _, key := range value.MapKeys() {
				if !yield(key.String()) {
					return
				}
			}
		}) {
			if !turn(key, element(value.MapIndex(reflect.ValueOf(key)))) {
				break
			}
		}
		return value.Len() == 0
	default:
		unable("a range over %T", of)
		return true
	}
}

func ofTable(table map[string]any, turn func(at, value any) bool) (isEmpty bool) {
	// What a body adds or removes changes nothing about the turns there are, nor their values.
	entries := make([]entry, 0, len(table))
	for key, value := range table {
		entries = append(entries, entry{key, value})
	}
	slices.SortFunc(entries, func(one, other entry) int { return strings.Compare(one.key, other.key) })
	for index := range entries {
		if !turn(entries[index].key, entries[index].value) {
			break
		}
	}
	return len(entries) == 0
}

// entry is one of a map.
type entry struct {
	key   string
	value any
}
