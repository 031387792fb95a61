package rendering

import (
	"context"
	"errors"
	"io"
	"text/template"

	"gift.dev/worker/session"
)

// ErrUnusual is the error of whatever the command is to look at.
var ErrUnusual = errors.New("nothing for the short way")

// Chart is what a chart can do in both libraries.
type Chart[Self any] interface {
	Name() string
	Dependencies() []Self
	SetDependencies(...Self)
}

// Library is one version of Helm's library: C is its chart, V its own name for a map of values, which
// templates can see.
type Library[C Chart[C], V ~map[string]any] struct {
	// Version is Helm's, as 4.3.1.
	Version string

	// Install prepares the command's action, and MergeValues gives it its values.
	Install     func(*session.Request) (Install, error)
	MergeValues func(*session.Request) (map[string]any, error)

	ReadValues func(text []byte) (map[string]any, error)
	SetJSON    func(setting string, values map[string]any) error
	Set        func(setting string, values map[string]any) error
	SetString  func(setting string, values map[string]any) error

	Load func(directory string) (C, error)
	// Copy gives a chart whose metadata and values are its own; its dependencies are set afterwards.
	Copy func(C) C
	// Check refuses what cannot be installed, and warns of what should not be.
	Check  func(own C, log io.Writer) error
	Schema func(C) []byte
	CRDs   func(C) []Object

	ValidateReleaseName func(string) error
	ProcessDependencies func(own C, given V) error
	// Compose gives the values templates see. It must not validate them: that is done with kept schemas.
	Compose func(own C, given map[string]any, request *session.Request) (V, error)
	// KubeVersion is a version of Kubernetes as templates see it, and Suits tells whether a chart takes it.
	KubeVersion func(text string) (string, error)
	Suits       func(own C, version string) bool

	Templates func(own C, composed V) map[string]Renderable
	Bind      func(*template.Template)
	Functions func() template.FuncMap
	// Failed is what the engine makes of the error of a template.
	Failed func(name string, err error) error

	HookAnnotation string
	// Split gives the documents of a file as Sort finds them, unless one of them alone would be another.
	Split func(text string) (documents []string, ok bool)
	// Kind is the kind of a document, unless it is a hook or Sort has anything to say of it.
	Kind func(document string) (string, bool)
	// Sort reads the objects of one file and puts them in the order of installation.
	Sort func(file map[string]string) (Objects, error)
	// Before tells whether objects of one kind are installed before those of another; of two kinds one is.
	Before func(kind, other string) bool
}

// Install runs the command's action. A release given along with an error is one that could not be read.
type Install func(ctx context.Context, directory string, given map[string]any, log io.Writer) (*Release, error)

// Release is what the command prints of a release.
type Release struct {
	Manifest string
	Hooks    []Object
}

// Renderable has the fields of the type of that name in Helm's engine, in its order: the engine fills it.
type Renderable struct {
	Text     string
	Values   map[string]any
	BasePath string
}
