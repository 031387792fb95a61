package compiled

import (
	"strings"
	"text/template/parse"
)

// pipe is the value of a pipeline; its variables are declared here, and set when it is evaluated.
func (compiler *compiler) pipe(pipe *parse.PipeNode) expression {
	value := compiler.commands(pipe.Cmds)
	if len(pipe.Decl) == 0 {
		return value
	}
	slots := make([]int, len(pipe.Decl))
	for index, variable := range pipe.Decl {
		if pipe.IsAssign {
			slots[index] = compiler.slot(variable.Ident[0])
		} else {
			slots[index] = compiler.declare(variable.Ident[0])
		}
	}
	return func(own *frame) any {
		held := value(own)
		for _, slot := range slots {
			own.variables[slot] = held
		}
		return held
	}
}

func (compiler *compiler) commands(commands []*parse.CommandNode) expression {
	value := compiler.first(commands[0])
	for _, one := range commands[1:] {
		before := value
		after := compiler.command(one)
		value = func(own *frame) any { return after(own, before(own)) }
	}
	return value
}

// first is the value of a command nothing stands before.
func (compiler *compiler) first(node *parse.CommandNode) expression {
	arguments := node.Args[1:]
	switch word := node.Args[0].(type) {
	case *parse.IdentifierNode:
		return compiler.call(word.Ident, arguments)
	case *parse.FieldNode:
		if len(arguments) > 0 {
			return alone(compiler.method(compiler.dot(), word.Ident, arguments, 0))
		}
	case *parse.VariableNode:
		if len(arguments) > 0 && len(word.Ident) > 1 {
			return alone(compiler.method(compiler.variable(word.Ident[0]), word.Ident[1:], arguments, 0))
		}
	case *parse.ChainNode:
		if len(arguments) > 0 {
			return alone(compiler.method(compiler.value(word.Node), word.Field, arguments, 0))
		}
	}
	if len(arguments) > 0 {
		unable("arguments for what is no function")
	}
	held := compiler.value(node.Args[0])
	return func(own *frame) any {
		value := held(own)
		if value == emptyElement {
			return nil
		}
		return value
	}
}

// alone is a command nothing stands before.
func alone(after command) expression {
	return func(own *frame) any { return after(own, nil) }
}

// command is the value of a command that something stands before, which has to be a function or a method.
func (compiler *compiler) command(node *parse.CommandNode) command {
	arguments := node.Args[1:]
	switch word := node.Args[0].(type) {
	case *parse.IdentifierNode:
		return compiler.callAfter(word.Ident, arguments)
	case *parse.FieldNode:
		return compiler.method(compiler.dot(), word.Ident, arguments, 1)
	case *parse.VariableNode:
		if len(word.Ident) > 1 {
			return compiler.method(compiler.variable(word.Ident[0]), word.Ident[1:], arguments, 1)
		}
	}
	unable("a value for what is no function")
	return nil
}

// value is that of an operand, in a place that takes anything.
func (compiler *compiler) value(node parse.Node) expression {
	constant := func(value any) expression { return func(*frame) any { return value } }
	switch node := node.(type) {
	case *parse.DotNode:
		return compiler.dot()
	case *parse.NilNode:
		return constant(nil)
	case *parse.BoolNode:
		return constant(node.True)
	case *parse.StringNode:
		return constant(node.Text)
	case *parse.NumberNode:
		return constant(number(node))
	case *parse.FieldNode:
		return compiler.fields(compiler.dot(), node.Ident)
	case *parse.VariableNode:
		return compiler.fields(compiler.variable(node.Ident[0]), node.Ident[1:])
	case *parse.PipeNode:
		if len(node.Decl) > 0 {
			unable("a variable inside of a pipeline")
		}
		return compiler.pipe(node)
	case *parse.ChainNode:
		pipe, ok := node.Node.(*parse.PipeNode)
		if !ok {
			unable("a chain behind %T", node.Node)
		}
		return compiler.fields(compiler.value(pipe), node.Field)
	case *parse.IdentifierNode:
		return compiler.call(node.Ident, nil)
	default:
		unable("an operand of type %T", node)
		return nil
	}
}

func (compiler *compiler) dot() expression {
	return func(own *frame) any { return own.dot }
}

func (compiler *compiler) variable(name string) expression {
	slot := compiler.slot(name)
	return func(own *frame) any { return own.variables[slot] }
}

// number is a number where its own form tells its type.
func number(node *parse.NumberNode) any {
	isHexadecimal := len(node.Text) > 2 && node.Text[0] == '0' && (node.Text[1] == 'x' || node.Text[1] == 'X')
	switch {
	case node.IsComplex:
		return node.Complex128
	case node.IsFloat && !(isHexadecimal && !strings.ContainsAny(node.Text, "pP")) && node.Text[0] != '\'' &&
		strings.ContainsAny(node.Text, ".eEpP"):
		return node.Float64
	case node.IsInt:
		return int(node.Int64)
	default:
		unable("a number too large")
		return nil
	}
}
