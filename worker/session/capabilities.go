package session

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"text/template"
	"text/template/parse"
)

// compareFunction is what a comparison with the version of Kubernetes calls instead of semverCompare.
const compareFunction = "semverCompareKubernetes"

// comparedField is what it compares with, a method of Capabilities.
const comparedField = "ComparedVersion"

// Comparison tells whether a version satisfies a constraint, as Helm's semverCompare does.
type Comparison func(constraint, version string) (bool, error)

// Capabilities stand for Helm's own in the values templates see, and keep in mind what was asked of their
// version of Kubernetes. Their methods are called by templates, by the names Helm's fields have.
type Capabilities struct {
	helms     reflect.Value
	version   string
	compare   Comparison
	compared  map[string]bool
	isVisible bool
}

// NewCapabilities stand for a pointer to Helm's. Templates of a set find no others in their values.
func NewCapabilities(helms any, compare Comparison) *Capabilities {
	capabilities := &Capabilities{helms: reflect.ValueOf(helms), compare: compare, compared: map[string]bool{}}
	capabilities.version = capabilities.field("KubeVersion").FieldByName("Version").String()
	return capabilities
}

// Suit tells whether everything templates asked has the same answer for another version of Kubernetes: then
// they gave what they give for it.
func (capabilities *Capabilities) Suit(version string) bool {
	if capabilities.isVisible {
		return false
	}
	for constraint, holds := range capabilities.compared {
		if other, err := capabilities.compare(constraint, version); err != nil || other != holds {
			return false
		}
	}
	return true
}

// KubeVersion is Helm's field, of which whoever reads it may make anything.
func (capabilities *Capabilities) KubeVersion() reflect.Value {
	capabilities.isVisible = true
	return capabilities.field("KubeVersion")
}

// APIVersions is Helm's field. Under `helm template` it does not depend on the version of Kubernetes.
func (capabilities *Capabilities) APIVersions() reflect.Value {
	return capabilities.field("APIVersions")
}

// HelmVersion is Helm's field.
func (capabilities *Capabilities) HelmVersion() reflect.Value {
	return capabilities.field("HelmVersion")
}

// ComparedVersion is the version of Kubernetes for those who only compare it.
func (capabilities *Capabilities) ComparedVersion() *ComparedVersion {
	return &ComparedVersion{capabilities: capabilities}
}

// field keeps the address of Helm's field: methods of a pointer to it can be called then, as in Helm.
func (capabilities *Capabilities) field(name string) reflect.Value {
	return capabilities.helms.Elem().FieldByName(name)
}

// MarshalJSON shows Helm's own.
func (capabilities *Capabilities) MarshalJSON() ([]byte, error) {
	capabilities.isVisible = true
	return json.Marshal(capabilities.helms.Interface())
}

// Format shows Helm's own.
func (capabilities *Capabilities) Format(state fmt.State, verb rune) {
	capabilities.isVisible = true
	fmt.Fprintf(state, fmt.FormatString(state, verb), capabilities.helms.Interface())
}

// ComparedVersion is a version nothing is known of but how it compares.
type ComparedVersion struct{ capabilities *Capabilities }

func semverCompareKubernetes(constraint string, version *ComparedVersion) (bool, error) {
	capabilities := version.capabilities
	if holds, isKnown := capabilities.compared[constraint]; isKnown {
		return holds, nil
	}
	holds, err := capabilities.compare(constraint, capabilities.version)
	if err == nil {
		capabilities.compared[constraint] = holds
	}
	return holds, err
}

// bindComparison gives templates the function that marked ones call.
func bindComparison(to *template.Template) {
	to.Funcs(template.FuncMap{compareFunction: semverCompareKubernetes})
}

// markComparisons makes each semverCompare with the version of Kubernetes one that is kept in mind. It tells
// whether everything else asked of Capabilities would be noticed.
func markComparisons(parsed *template.Template) bool {
	marking := marking{isNoticed: true}
	for _, one := range parsed.Templates() {
		if one.Tree != nil {
			marking.list(one.Root)
		}
	}
	return marking.isNoticed
}

type marking struct{ isNoticed bool }

func (marking *marking) list(list *parse.ListNode) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch node := node.(type) {
		case *parse.ActionNode:
			marking.pipe(node.Pipe)
		case *parse.IfNode:
			marking.branch(&node.BranchNode)
		case *parse.RangeNode:
			marking.branch(&node.BranchNode)
		case *parse.WithNode:
			marking.branch(&node.BranchNode)
		case *parse.TemplateNode:
			marking.pipe(node.Pipe)
		}
	}
}

func (marking *marking) branch(branch *parse.BranchNode) {
	marking.pipe(branch.Pipe)
	marking.list(branch.List)
	marking.list(branch.ElseList)
}

func (marking *marking) pipe(pipe *parse.PipeNode) {
	if pipe == nil {
		return
	}
	for index, command := range pipe.Cmds {
		for _, argument := range command.Args {
			marking.node(argument)
		}
		name, isName := command.Args[0].(*parse.IdentifierNode)
		if !isName || name.Ident != "semverCompare" {
			continue
		}
		switch {
		case len(command.Args) == 3 && index == 0 && compared(command.Args[2]):
			name.Ident = compareFunction
		case len(command.Args) == 2 && index == 1 && len(pipe.Cmds[0].Args) == 1 && compared(pipe.Cmds[0].Args[0]):
			name.Ident = compareFunction
		}
	}
}

func (marking *marking) node(node parse.Node) {
	switch node := node.(type) {
	case *parse.PipeNode:
		marking.pipe(node)
	case *parse.ChainNode:
		marking.node(node.Node)
		marking.names(node.Field)
	case *parse.FieldNode:
		marking.names(node.Ident)
	case *parse.VariableNode:
		marking.names(node.Ident)
	case *parse.StringNode:
		// A name somebody makes a path of.
		if strings.Contains(node.Text, "Capabilities") {
			marking.isNoticed = false
		}
	}
}

// names looks at a path. One that ends at Capabilities hands on more than its fields.
func (marking *marking) names(path []string) {
	if path[len(path)-1] == "Capabilities" {
		marking.isNoticed = false
	}
}

// compared makes a path to the version of Kubernetes one to its comparison.
func compared(node parse.Node) bool {
	switch node := node.(type) {
	case *parse.FieldNode:
		return comparedPath(&node.Ident)
	case *parse.VariableNode:
		return comparedPath(&node.Ident)
	case *parse.ChainNode:
		return comparedPath(&node.Field)
	default:
		return false
	}
}

func comparedPath(path *[]string) bool {
	start := len(*path) - 3
	if start < 0 || (*path)[start] != "Capabilities" || (*path)[start+1] != "KubeVersion" {
		return false
	}
	if last := (*path)[start+2]; last != "Version" && last != "GitVersion" {
		return false
	}
	*path = append((*path)[:start+1:start+1], comparedField)
	return true
}
