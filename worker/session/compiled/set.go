package compiled

import (
	"context"
	"errors"
	"fmt"
	"text/template"
	"text/template/parse"
)

// ErrUnable is the error of whatever text/template is to do.
var ErrUnable = errors.New("nothing for compiled templates")

// mostNested is how deep templates may call each other; text/template and Helm go further, and end as well.
const mostNested = 900

// Functions are what templates call.
type Functions struct {
	// Plain are those that depend on nothing but their arguments.
	Plain template.FuncMap
	// Bound are the names of those that belong to one copy of a set. They are called through Call.
	Bound map[string]bool
}

// Table gives a map for a value that is one by another name, whose fields are its keys.
type Table func(any) (map[string]any, bool)

// Call calls a function that belongs to a copy of a set.
type Call func(name string, arguments []any) (any, error)

// Set is the templates of a set, ready to be executed by several at the same time.
type Set struct {
	bodies map[string]*body
	table  Table
}

// body is a template.
type body struct {
	walk action
	// size is how many variables it has at most, the root among them.
	size int
}

// Compile makes functions of a set of parsed templates.
func Compile(parsed *template.Template, functions Functions, table Table) (set *Set, err error) {
	set = &Set{bodies: map[string]*body{}, table: table}
	defer recovered(&err)
	for _, one := range parsed.Templates() {
		if one.Tree == nil || one.Root == nil {
			continue
		}
		compiler := &compiler{set: set, functions: functions, names: []string{"$"}, size: 1}
		walk := compiler.list(one.Root)
		set.bodies[one.Name()] = &body{walk: walk, size: compiler.size}
	}
	return set, nil
}

// Execute appends what a template gives to a text.
func (set *Set) Execute(ctx context.Context, to []byte, name string, values any, call Call) (out []byte, err error) {
	defer recovered(&err)
	run := &run{ctx: ctx, set: set, call: call}
	own := frame{run: run, out: &to}
	own.template(name, values)
	return to, nil
}

// recovered turns the panics of what cannot be done here, and of functions, into an error.
func recovered(err *error) {
	if panicked := recover(); panicked != nil {
		*err = fmt.Errorf("%w: %v", ErrUnable, panicked)
	}
}

// unable ends the execution.
func unable(reason string, about ...any) {
	panic(fmt.Sprintf(reason, about...))
}

// run is one execution.
type run struct {
	ctx    context.Context
	set    *Set
	call   Call
	nested int
	steps  int
	// idle are texts of templates that were included.
	idle [][]byte
}

// step ends the execution when nobody waits for it any more.
func (run *run) step() {
	if run.steps++; run.steps%256 == 0 && run.ctx.Err() != nil {
		unable("nobody waits")
	}
}

// frame is the execution of one template: its dot, its variables, and where its text goes.
type frame struct {
	run       *run
	dot       any
	variables []any
	out       *[]byte
	// few is where variables are that are no more.
	few [6]any
}

// template executes another template into the same text.
func (own *frame) template(name string, dot any) {
	run := own.run
	body, ok := run.set.bodies[name]
	if !ok {
		unable("no template %q", name)
	}
	if run.nested++; run.nested > mostNested {
		unable("templates call each other without end")
	}
	run.step()
	called := &frame{run: run, dot: dot, out: own.out}
	if called.variables = called.few[:]; body.size > len(called.few) {
		called.variables = make([]any, body.size)
	}
	called.variables[0] = dot
	body.walk(called)
	run.nested--
}

// include gives the text of another template.
func (own *frame) include(name string, dot any) string {
	run := own.run
	var text []byte
	if last := len(run.idle) - 1; last >= 0 {
		text, run.idle = run.idle[last][:0], run.idle[:last]
	}
	caller := frame{run: run, out: &text}
	caller.template(name, dot)
	result := string(text)
	run.idle = append(run.idle, text)
	return result
}

// flow is how an action ends: whether a loop goes on.
type flow int

const (
	next flow = iota
	breaks
	continues
)

// action writes what a node gives.
type action func(*frame) flow

// expression is the value of a node.
type expression func(*frame) any

// command is the value of a command, given what stands before it in a pipeline.
type command func(own *frame, before any) any

// compiler makes functions of one template.
type compiler struct {
	set       *Set
	functions Functions
	// names are the variables there are at this place, by their slots.
	names []string
	size  int
}

func (compiler *compiler) declare(name string) int {
	compiler.names = append(compiler.names, name)
	compiler.size = max(compiler.size, len(compiler.names))
	return len(compiler.names) - 1
}

func (compiler *compiler) slot(name string) int {
	for slot := len(compiler.names) - 1; slot >= 0; slot-- {
		if compiler.names[slot] == name {
			return slot
		}
	}
	unable("no variable %s", name)
	return 0
}

// within compiles what has variables of its own.
func (compiler *compiler) within(compile func()) {
	before := len(compiler.names)
	compile()
	compiler.names = compiler.names[:before]
}

func (compiler *compiler) list(list *parse.ListNode) action {
	if list == nil {
		return func(*frame) flow { return next }
	}
	actions := make([]action, 0, len(list.Nodes))
	for _, node := range list.Nodes {
		if walk := compiler.action(node); walk != nil {
			actions = append(actions, walk)
		}
	}
	if len(actions) == 1 {
		return actions[0]
	}
	return func(own *frame) flow {
		for _, walk := range actions {
			if ends := walk(own); ends != next {
				return ends
			}
		}
		return next
	}
}

func (compiler *compiler) action(node parse.Node) action {
	switch node := node.(type) {
	case *parse.TextNode:
		text := string(node.Text)
		return func(own *frame) flow {
			*own.out = append(*own.out, text...)
			return next
		}
	case *parse.CommentNode:
		return nil
	case *parse.ActionNode:
		value := compiler.pipe(node.Pipe)
		if len(node.Pipe.Decl) > 0 {
			return func(own *frame) flow {
				value(own)
				return next
			}
		}
		return func(own *frame) flow {
			*own.out = appendValue(*own.out, value(own))
			return next
		}
	case *parse.IfNode:
		return compiler.branch(&node.BranchNode, false)
	case *parse.WithNode:
		return compiler.branch(&node.BranchNode, true)
	case *parse.RangeNode:
		return compiler.loop(node)
	case *parse.BreakNode:
		return func(*frame) flow { return breaks }
	case *parse.ContinueNode:
		return func(*frame) flow { return continues }
	case *parse.TemplateNode:
		name, dot := node.Name, func(*frame) any { return nil }
		if node.Pipe != nil {
			dot = compiler.pipe(node.Pipe)
		}
		return func(own *frame) flow {
			own.template(name, dot(own))
			return next
		}
	default:
		unable("a node of type %T", node)
		return nil
	}
}

// branch is an if, or a with, in which the value is the dot.
func (compiler *compiler) branch(node *parse.BranchNode, isDot bool) (walk action) {
	compiler.within(func() {
		value := compiler.pipe(node.Pipe)
		var list, otherwise action
		compiler.within(func() { list = compiler.list(node.List) })
		compiler.within(func() { otherwise = compiler.list(node.ElseList) })
		walk = func(own *frame) flow {
			held := value(own)
			if !isTrue(held) {
				return otherwise(own)
			}
			if !isDot {
				return list(own)
			}
			before := own.dot
			own.dot = held
			ends := list(own)
			own.dot = before
			return ends
		}
	})
	return walk
}
