package compiled

import (
	"fmt"
	"reflect"
	"text/template"
)

// builtins are text/template's own functions but `and` and `or`; `slice` and `call` are left to it.
var builtins map[string]func(set *Set, values []any) any

func init() {
	builtins = map[string]func(set *Set, values []any) any{
		"not": func(_ *Set, values []any) any { return !isTrue(exactly(values, 1)[0]) },
		"eq":  func(_ *Set, values []any) any { return isAny(values) },
		"ne":  func(_ *Set, values []any) any { return !isEqual(exactly(values, 2)[0], values[1]) },
		"lt":  func(_ *Set, values []any) any { return isLess(exactly(values, 2)[0], values[1]) },
		"le": func(_ *Set, values []any) any {
			return isLess(exactly(values, 2)[0], values[1]) || isEqual(values[0], values[1])
		},
		"gt": func(_ *Set, values []any) any {
			return !isLess(exactly(values, 2)[0], values[1]) && !isEqual(values[0], values[1])
		},
		"ge":       func(_ *Set, values []any) any { return !isLess(exactly(values, 2)[0], values[1]) },
		"index":    index,
		"len":      length,
		"print":    func(_ *Set, values []any) any { return fmt.Sprint(values...) },
		"println":  func(_ *Set, values []any) any { return fmt.Sprintln(values...) },
		"printf":   printf,
		"html":     func(_ *Set, values []any) any { return template.HTMLEscaper(values...) },
		"js":       func(_ *Set, values []any) any { return template.JSEscaper(values...) },
		"urlquery": func(_ *Set, values []any) any { return template.URLQueryEscaper(values...) },
	}
}

func exactly(values []any, count int) []any {
	if len(values) != count {
		unable("%d arguments for %d", len(values), count)
	}
	return values
}

func printf(_ *Set, values []any) any {
	if len(values) == 0 {
		unable("no format")
	}
	return fmt.Sprintf(as[string](values[0]), values[1:]...)
}

func length(_ *Set, values []any) any {
	value := reflect.ValueOf(exactly(values, 1)[0])
	for value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	switch value.Kind() {
	case reflect.Array, reflect.Chan, reflect.Map, reflect.Slice, reflect.String:
		return value.Len()
	}
	unable("the length of %T", values[0])
	return nil
}

// index is what a list or a map holds at each of the places in turn.
func index(set *Set, values []any) any {
	if len(values) == 0 {
		unable("nothing to look into")
	}
	held := values[0]
	for _, at := range values[1:] {
		switch of := held.(type) {
		case map[string]any:
			held = of[as[string](at)]
			continue
		case []any:
			held = of[position(at)]
			continue
		case []string:
			held = of[position(at)]
			continue
		}
		table, ok := set.table(held)
		if !ok {
			unable("an index of %T", held)
		}
		held = table[as[string](at)]
	}
	return held
}

// position is a place in a list; one that is outside ends the execution like any other mistake.
func position(at any) int64 {
	value := reflect.ValueOf(at)
	if !value.CanInt() {
		unable("%T for a place in a list", at)
	}
	return value.Int()
}

// isAny tells whether the first value equals any of the others.
func isAny(values []any) bool {
	if len(values) < 2 {
		unable("nothing to compare with")
	}
	for _, other := range values[1:] {
		if isEqual(values[0], other) {
			return true
		}
	}
	return false
}

func isEqual(one, other any) bool {
	switch one := one.(type) {
	case string:
		if other, ok := other.(string); ok {
			return one == other
		}
	case bool:
		if other, ok := other.(bool); ok {
			return one == other
		}
	}
	if one == nil || other == nil {
		return isNothing(one) && isNothing(other)
	}
	first, second := reflect.ValueOf(one), reflect.ValueOf(other)
	switch {
	case first.CanInt() && second.CanInt():
		return first.Int() == second.Int()
	case first.CanUint() && second.CanUint():
		return first.Uint() == second.Uint()
	case first.CanInt() && second.CanUint():
		return first.Int() >= 0 && uint64(first.Int()) == second.Uint()
	case first.CanUint() && second.CanInt():
		return second.Int() >= 0 && first.Uint() == uint64(second.Int())
	case first.CanFloat() && second.CanFloat():
		return first.Float() == second.Float()
	case first.Kind() == reflect.String && second.Kind() == reflect.String:
		return first.String() == second.String()
	case first.Kind() == reflect.Bool && second.Kind() == reflect.Bool:
		return first.Bool() == second.Bool()
	}
	unable("%T beside %T", one, other)
	return false
}

// isNothing tells whether a value is nothing, or a map, list or pointer that is none.
func isNothing(value any) bool {
	of := reflect.ValueOf(value)
	switch of.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Chan, reflect.Func, reflect.Map, reflect.Pointer, reflect.Slice:
		return of.IsNil()
	}
	return false
}

func isLess(one, other any) bool {
	first, second := reflect.ValueOf(one), reflect.ValueOf(other)
	switch {
	case first.CanInt() && second.CanInt():
		return first.Int() < second.Int()
	case first.CanUint() && second.CanUint():
		return first.Uint() < second.Uint()
	case first.CanInt() && second.CanUint():
		return first.Int() < 0 || uint64(first.Int()) < second.Uint()
	case first.CanUint() && second.CanInt():
		return second.Int() >= 0 && first.Uint() < uint64(second.Int())
	case first.CanFloat() && second.CanFloat():
		return first.Float() < second.Float()
	case first.Kind() == reflect.String && second.Kind() == reflect.String:
		return first.String() < second.String()
	}
	unable("%T beside %T", one, other)
	return false
}
