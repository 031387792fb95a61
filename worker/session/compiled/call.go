package compiled

import (
	"reflect"
	"text/template/parse"
)

// call is a call nothing stands before in its pipeline.
func (compiler *compiler) call(name string, nodes []parse.Node) expression {
	function, lazy := compiler.function(name, nodes, 0)
	if lazy != nil {
		return func(own *frame) any { return lazy(own, nil, false) }
	}
	return func(own *frame) any { return function(own, nil) }
}

// callAfter is a call that takes what stands before it as its last argument.
func (compiler *compiler) callAfter(name string, nodes []parse.Node) command {
	function, lazy := compiler.function(name, nodes, 1)
	if lazy != nil {
		return func(own *frame, before any) any { return lazy(own, before, true) }
	}
	return function
}

// shortCircuit is a call of one of the functions that do not evaluate all of their arguments.
type shortCircuit func(own *frame, before any, hasBefore bool) any

// function gives a call of a function with so many more arguments than there are nodes: an ordinary one, or a
// shortCircuit.
func (compiler *compiler) function(name string, nodes []parse.Node, more int) (command, shortCircuit) {
	count := len(nodes) + more
	found, isGiven := compiler.functions.Plain[name]
	isGiven = isGiven || compiler.functions.Bound[name]
	if !isGiven && (name == "and" || name == "or") {
		return nil, compiler.shortCircuit(name == "or", nodes)
	}
	arguments := compiler.arguments(name, found, nodes)
	switch {
	case name == "include" && count == 2:
		return func(own *frame, before any) any {
			name, dot := two(own, arguments, before)
			text, ok := name.(string)
			if !ok {
				unable("%T for the name of a template", name)
			}
			return own.include(text, plain(dot))
		}, nil
	case compiler.functions.Bound[name]:
		return func(own *frame, before any) any {
			result, err := own.run.call(name, plainly(own, arguments, before, more))
			if err != nil {
				unable("%v", err)
			}
			return result
		}, nil
	case !isGiven:
		builtin := builtins[name]
		if builtin == nil {
			unable("no function %s", name)
		}
		return func(own *frame, before any) any {
			return builtin(own.run.set, plainly(own, arguments, before, more))
		}, nil
	}
	if fast := direct(found, arguments, count, more); fast != nil {
		return fast, nil
	}
	function := reflect.ValueOf(found)
	return func(own *frame, before any) any {
		return element(called(function, listed(own, arguments, before, more)))
	}, nil
}

// arguments are compiled for the parameters they are given to: the type of a number is that of its parameter.
func (compiler *compiler) arguments(name string, function any, nodes []parse.Node) []expression {
	arguments := make([]expression, len(nodes))
	for index, node := range nodes {
		arguments[index] = compiler.value(node)
		if _, isCall := node.(*parse.IdentifierNode); isCall {
			// Without parentheses, what gives nothing is no pipeline.
			result := arguments[index]
			arguments[index] = func(own *frame) any {
				if value := result(own); value != nil {
					return value
				}
				return emptyElement
			}
		}
		number, isNumber := node.(*parse.NumberNode)
		if !isNumber {
			continue
		}
		if compiler.functions.Bound[name] {
			unable("a number for %s", name)
		}
		if function == nil {
			continue
		}
		of := reflect.TypeOf(function)
		parameter := of.In(min(index, of.NumIn()-1))
		if of.IsVariadic() && index >= of.NumIn()-1 {
			parameter = parameter.Elem()
		}
		value := reflect.New(parameter).Elem()
		switch {
		case parameter.Kind() == reflect.Interface || parameter == reflect.TypeFor[reflect.Value]():
			continue
		case value.CanInt() && number.IsInt:
			value.SetInt(number.Int64)
		case value.CanUint() && number.IsUint:
			value.SetUint(number.Uint64)
		case value.CanFloat() && number.IsFloat:
			value.SetFloat(number.Float64)
		default:
			unable("a number for %v", parameter)
		}
		typed := value.Interface()
		arguments[index] = func(*frame) any { return typed }
	}
	return arguments
}

// listed are the values of arguments, with what stands before as the last.
func listed(own *frame, arguments []expression, before any, more int) []any {
	values := make([]any, len(arguments)+more)
	for index, argument := range arguments {
		values[index] = argument(own)
	}
	if more > 0 {
		values[len(arguments)] = before
	}
	return values
}

// plainly are the same for parameters that take anything.
func plainly(own *frame, arguments []expression, before any, more int) []any {
	values := listed(own, arguments, before, more)
	for index, value := range values {
		values[index] = plain(value)
	}
	return values
}

// shortCircuit is `and` or `or`, of which the first argument that decides is the value.
func (compiler *compiler) shortCircuit(isOr bool, nodes []parse.Node) shortCircuit {
	arguments := make([]expression, len(nodes))
	for index, node := range nodes {
		arguments[index] = compiler.value(node)
	}
	return func(own *frame, before any, hasBefore bool) any {
		var held any
		for _, argument := range arguments {
			if held = argument(own); held == emptyElement {
				held = nil
			}
			if isTrue(held) == isOr {
				return held
			}
		}
		if hasBefore {
			return before
		}
		return held
	}
}
