package main

import (
	"encoding/json"

	admissionregistration "k8s.io/api/admissionregistration/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
)

// request is what is asked: the values of expressions, or the verdict of a policy.
type request struct {
	// Minor is the Kubernetes version, without its "1.": new expressions may use what it accepts.
	Minor uint `json:"minor"`
	// Object is what is created.
	Object tree `json:"object"`
	// Params is what the policy's parameters are; without it `params` is not declared.
	Params tree `json:"params,omitempty"`
	// Resource is the plural of the object's kind.
	Resource string `json:"resource"`
	// NamespaceLabels are the labels of the namespace the object is created in.
	NamespaceLabels map[string]string `json:"namespaceLabels,omitempty"`
	// Variables may be used by the expressions and by later variables.
	Variables []admissionregistration.Variable `json:"variables,omitempty"`
	// Expressions are to be evaluated.
	Expressions []string `json:"expressions,omitempty"`
	// Policy is to judge the object.
	Policy *admissionregistration.ValidatingAdmissionPolicySpec `json:"policy,omitempty"`
	// Repeat says how often to evaluate, where the order of a map's entries shows; once, when it is absent.
	Repeat int `json:"repeat,omitempty"`
}

// response answers a request. Fault is something that is no answer.
type response struct {
	Fault string `json:"fault,omitempty"`
	// Variables tells for each variable why it does not compile; empty when it does.
	Variables []string `json:"variables,omitempty"`
	// Expressions are the answers to the request's expressions.
	Expressions []evaluation `json:"expressions,omitempty"`
	Policy      *verdict     `json:"policy,omitempty"`
}

// evaluation is what becomes of an expression.
type evaluation struct {
	// Refused tells why it does not compile.
	Refused string `json:"refused,omitempty"`
	// Type is the static type.
	Type string `json:"type,omitempty"`
	// Results are all different results that were seen.
	Results []result `json:"results,omitempty"`
}

// result is a value or an error.
type result struct {
	Value string `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
}

// verdict is what becomes of a policy.
type verdict struct {
	// Refused are the fields for which the policy could not be created.
	Refused []refusal `json:"refused,omitempty"`
	// Decisions are all different lists of decisions that were seen.
	Decisions [][]decision `json:"decisions,omitempty"`
}

type refusal struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}

type decision struct {
	Denied  bool   `json:"denied"`
	Message string `json:"message,omitempty"`
}

// tree is an object as the API machinery decodes it.
type tree map[string]any

func (t *tree) UnmarshalJSON(text []byte) error {
	return utiljson.Unmarshal(text, (*map[string]any)(t))
}

var _ json.Unmarshaler = (*tree)(nil)

// attributes describe the creation of the object.
func (r *request) attributes() *admission.VersionedAttributes {
	object := &unstructured.Unstructured{Object: r.Object}
	kind := object.GroupVersionKind()
	options := &meta.CreateOptions{TypeMeta: meta.TypeMeta{Kind: "CreateOptions", APIVersion: "meta.k8s.io/v1"}}
	record := admission.NewAttributesRecord(object, nil, kind, object.GetNamespace(), object.GetName(), r.resource(), "",
		admission.Create, options, true, &user.DefaultInfo{Groups: []string{}})
	return &admission.VersionedAttributes{Attributes: record, VersionedObject: object, VersionedKind: kind}
}

func (r *request) resource() schema.GroupVersionResource {
	kind := (&unstructured.Unstructured{Object: r.Object}).GroupVersionKind()
	return kind.GroupVersion().WithResource(r.Resource)
}

func (r *request) namespace() *core.Namespace {
	return &core.Namespace{
		TypeMeta:   meta.TypeMeta{Kind: "Namespace", APIVersion: "v1"},
		ObjectMeta: meta.ObjectMeta{Name: (&unstructured.Unstructured{Object: r.Object}).GetNamespace(), Labels: r.NamespaceLabels},
		Spec:       core.NamespaceSpec{Finalizers: []core.FinalizerName{core.FinalizerKubernetes}},
		Status:     core.NamespaceStatus{Phase: core.NamespaceActive},
	}
}
