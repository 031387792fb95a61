package compiled

import (
	"reflect"
	"text/template/parse"
)

// fields is what is found along a path.
func (compiler *compiler) fields(start expression, path []string) expression {
	switch len(path) {
	case 0:
		return start
	case 1:
		name := path[0]
		return func(own *frame) any { return own.run.set.field(start(own), name) }
	}
	return func(own *frame) any {
		held := start(own)
		for _, name := range path {
			held = own.run.set.field(held, name)
		}
		return held
	}
}

// field is a field of a value. Of nothing at all there are fields, which are nothing as well.
func (set *Set) field(of any, name string) any {
	if of == nil {
		return nil
	}
	table, ok := of.(map[string]any)
	if !ok {
		if table, ok = set.table(of); !ok || reflect.ValueOf(of).MethodByName(name).IsValid() {
			return found(element(reflected(of, name, nil)))
		}
	}
	return found(table[name])
}

// found is what was found, or emptyElement.
func found(value any) any {
	if value == nil {
		return emptyElement
	}
	return value
}

// method is what is found along a path, the end of which may be a method that takes arguments.
func (compiler *compiler) method(start expression, path []string, nodes []parse.Node, more int) command {
	receiver := compiler.fields(start, path[:len(path)-1])
	arguments := make([]expression, len(nodes))
	for index, node := range nodes {
		arguments[index] = compiler.value(node)
	}
	name := path[len(path)-1]
	return func(own *frame, before any) any {
		held := receiver(own)
		return element(reflected(held, name, listed(own, arguments, before, more)))
	}
}

// reflected is a field or what a method gives, by reflection. Only a method takes arguments.
func reflected(of any, name string, arguments []any) reflect.Value {
	value := reflect.ValueOf(of)
	if held, ok := of.(addressed); ok {
		value = held.value
	}
	for value.Kind() == reflect.Pointer && !value.IsNil() {
		value = value.Elem()
	}
	if of == emptyElement || !value.IsValid() {
		unable("a field of nothing")
	}
	receiver := value
	if value.Kind() != reflect.Pointer && value.CanAddr() {
		receiver = value.Addr()
	}
	if method := receiver.MethodByName(name); method.IsValid() {
		return called(method, arguments)
	}
	if arguments != nil {
		unable("arguments for a field")
	}
	switch value.Kind() {
	case reflect.Struct:
		if field, ok := value.Type().FieldByName(name); ok && field.IsExported() {
			if found, err := value.FieldByIndexErr(field.Index); err == nil {
				return found
			}
		}
	case reflect.Map:
		if value.Type().Key() == reflect.TypeFor[string]() {
			if found := value.MapIndex(reflect.ValueOf(name)); found.IsValid() {
				return found
			}
			return reflect.Zero(value.Type().Elem())
		}
	}
	unable("no field %s in %T", name, of)
	return value
}

// called is what a function gives to arguments of exactly the types it takes.
func called(function reflect.Value, arguments []any) reflect.Value {
	of := function.Type()
	if of.IsVariadic() && len(arguments) < of.NumIn()-1 || !of.IsVariadic() && len(arguments) != of.NumIn() {
		unable("a number of arguments %v does not take", of)
	}
	given := make([]reflect.Value, len(arguments))
	for index, argument := range arguments {
		parameter := of.In(min(index, of.NumIn()-1))
		if of.IsVariadic() && index >= of.NumIn()-1 {
			parameter = parameter.Elem()
		}
		given[index] = assigned(argument, parameter)
	}
	results := function.Call(given)
	if last := len(results) - 1; last > 0 {
		if failed, _ := results[last].Interface().(error); failed != nil {
			unable("%v", failed)
		}
	}
	if result, ok := results[0].Interface().(reflect.Value); ok {
		return result
	}
	return results[0]
}

// assigned is an argument as a value of its parameter's type.
func assigned(argument any, parameter reflect.Type) reflect.Value {
	if argument == emptyElement {
		if parameter.Kind() != reflect.Interface {
			unable("nothing for %v", parameter)
		}
		argument = nil
	}
	if argument == nil {
		switch parameter.Kind() {
		case reflect.Chan, reflect.Func, reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice:
			return reflect.Zero(parameter)
		}
		unable("nothing for %v", parameter)
	}
	value := reflect.ValueOf(plain(argument))
	if parameter == reflect.TypeFor[reflect.Value]() {
		return reflect.ValueOf(value)
	}
	if !value.Type().AssignableTo(parameter) {
		if value.Kind() != reflect.Pointer || !value.Type().Elem().AssignableTo(parameter) || value.IsNil() {
			unable("%T for %v", argument, parameter)
		}
		value = value.Elem()
	}
	return value
}
