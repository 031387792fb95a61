package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/cel-go/checker"
	admissionregistration "k8s.io/api/admissionregistration/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

func respond(asked *request) (answer response) {
	defer func() {
		if reason := recover(); reason != nil {
			answer = response{Fault: fmt.Sprint(reason)}
		}
	}()
	if asked.Policy != nil {
		judged, err := judge(asked)
		if err != nil {
			return response{Fault: err.Error()}
		}
		return response{Policy: judged}
	}
	return evaluate(asked)
}

func environmentFor(minor uint) *environment.EnvSet {
	// An API server accepts in new policies what the version before it knows already.
	return environment.MustBaseEnvSet(version.MajorMinor(1, minor-1))
}

var (
	plainLock      sync.Mutex
	plainCompilers = map[uint]cel.Compiler{}
)

// plainCompiler compiles what refers to no variables; making one takes longer than compiling with it.
func plainCompiler(minor uint) cel.Compiler {
	plainLock.Lock()
	defer plainLock.Unlock()
	if _, made := plainCompilers[minor]; !made {
		plainCompilers[minor] = cel.NewCompiler(environmentFor(minor))
	}
	return plainCompilers[minor]
}

// compile gives the compiler for a policy's expressions, and why its variables do not compile.
func compile(asked *request, variables []admissionregistration.Variable, mode environment.Type) (cel.Compiler, *cel.CompositedCompiler, []string) {
	if len(variables) == 0 {
		return plainCompiler(asked.Minor), nil, nil
	}
	composited, err := cel.NewCompositedCompiler(environmentFor(asked.Minor))
	if err != nil {
		panic(err)
	}
	var refused []string
	for _, variable := range variables {
		accessor := &validating.Variable{Name: variable.Name, Expression: variable.Expression}
		compiled := compileExpression(composited, accessor, declared(asked))
		if compiled.Error == nil {
			compiled = composited.CompileAndStoreVariable(accessor, declared(asked), mode)
		}
		refused = append(refused, detail(compiled))
	}
	return composited, composited, refused
}

// compileExpression compiles an expression of a new policy. There are some the compiler gives up on.
func compileExpression(compiler cel.Compiler, accessor cel.ExpressionAccessor, declared cel.OptionalVariableDeclarations) (compiled cel.CompilationResult) {
	defer func() {
		if reason := recover(); reason != nil {
			compiled.Error = &apiservercel.Error{Type: apiservercel.ErrorTypeInternal, Detail: fmt.Sprintf("%s%v", panicked, reason)}
		}
	}()
	return compiler.CompileCELExpression(accessor, declared, environment.NewExpressions)
}

const panicked = "the compiler gives up: "

func declared(asked *request) cel.OptionalVariableDeclarations {
	return cel.OptionalVariableDeclarations{HasParams: asked.Params != nil, HasAuthorizer: true}
}

// messageDeclared is what the expressions of messages may use.
func messageDeclared(asked *request) cel.OptionalVariableDeclarations {
	return cel.OptionalVariableDeclarations{HasParams: asked.Params != nil}
}

func detail(compiled cel.CompilationResult) string {
	if compiled.Error == nil {
		return ""
	}
	return compiled.Error.Detail
}

func params(asked *request) cel.OptionalVariableBindings {
	if asked.Params == nil {
		return cel.OptionalVariableBindings{}
	}
	return cel.OptionalVariableBindings{VersionedParams: &unstructured.Unstructured{Object: asked.Params}}
}

// evaluate gives the value of each of the request's expressions.
func evaluate(asked *request) response {
	compiler, composited, refused := compile(asked, asked.Variables, environment.NewExpressions)
	answer := response{Variables: refused}
	attributes := asked.attributes()
	admissionRequest := cel.CreateAdmissionRequest(attributes.Attributes, meta.GroupVersionResource(asked.resource()), meta.GroupVersionKind(attributes.VersionedKind))
	for _, expression := range asked.Expressions {
		// A variable's expression may have any type.
		compiled := compileExpression(compiler, &validating.Variable{Expression: expression}, declared(asked))
		if compiled.Error != nil {
			answer.Expressions = append(answer.Expressions, evaluation{Refused: compiled.Error.Detail})
			continue
		}
		evaluated := evaluation{Type: checker.FormatCELType(compiled.OutputType)}
		for range max(asked.Repeat, 1) {
			ctx := context.Background()
			if composited != nil {
				ctx = composited.CreateContext(ctx)
			}
			results, _, err := cel.NewCondition([]cel.CompilationResult{compiled}).ForInput(ctx, attributes, admissionRequest, params(asked),
				asked.namespace(), celconfig.RuntimeCELCostBudget)
			var found result
			switch {
			case err != nil:
				found.Error = err.Error()
			case results[0].Error != nil:
				found.Error = strings.TrimPrefix(results[0].Error.Error(), fmt.Sprintf("expression '%v' resulted in error: ", expression))
			default:
				found.Value = shown(results[0].EvalResult)
			}
			if !slices.Contains(evaluated.Results, found) {
				evaluated.Results = append(evaluated.Results, found)
			}
		}
		answer.Expressions = append(answer.Expressions, evaluated)
	}
	return answer
}

// refusals are the fields for which the API server would not take the policy.
func refusals(asked *request) (refused []refusal) {
	check := func(compiler cel.Compiler, accessor cel.ExpressionAccessor, declared cel.OptionalVariableDeclarations, path string, at int) {
		compiled := compileExpression(compiler, accessor, declared)
		if compiled.Error != nil {
			refused = append(refused, refusal{Path: fmt.Sprintf(path, at), Message: compiled.Error.Detail})
		}
	}
	// A policy is created when its conditions can do without variables.
	for at := range asked.Policy.MatchConditions {
		check(plainCompiler(asked.Minor), (*matchconditions.MatchCondition)(&asked.Policy.MatchConditions[at]), declared(asked), "spec.matchConditions[%d].expression", at)
	}
	compiler, _, variables := compile(asked, asked.Policy.Variables, environment.NewExpressions)
	for at, message := range variables {
		if message != "" {
			refused = append(refused, refusal{Path: fmt.Sprintf("spec.variables[%d].expression", at), Message: message})
		}
	}
	for at, validation := range asked.Policy.Validations {
		check(compiler, &validating.ValidationCondition{Expression: validation.Expression}, declared(asked), "spec.validations[%d].expression", at)
		if validation.MessageExpression != "" {
			check(compiler, &validating.MessageExpressionCondition{MessageExpression: validation.MessageExpression}, messageDeclared(asked), "spec.validations[%d].messageExpression", at)
		}
	}
	return refused
}

// judge gives the policy's verdict on the object.
func judge(asked *request) (*verdict, error) {
	if refused := refusals(asked); len(refused) > 0 {
		return &verdict{Refused: refused}, nil
	}
	validator, err := validator(asked)
	if err != nil {
		return nil, err
	}
	found := &verdict{}
	var versionedParams runtime.Object
	if asked.Params != nil {
		versionedParams = params(asked).VersionedParams
	}
	for range max(asked.Repeat, 1) {
		judged := validator.Validate(context.Background(), asked.resource(), asked.attributes(), versionedParams, asked.namespace(), celconfig.RuntimeCELCostBudget, nil)
		decisions := []decision{}
		for _, each := range judged.Decisions {
			decisions = append(decisions, decision{Denied: each.Action == validating.ActionDeny, Message: each.Message})
		}
		if !slices.ContainsFunc(found.Decisions, func(seen []decision) bool { return slices.Equal(seen, decisions) }) {
			found.Decisions = append(found.Decisions, decisions)
		}
	}
	return found, nil
}

// validator puts a policy together as the admission plugin does, from what it is made of: the plugin's own
// function is not exported.
func validator(asked *request) (validating.Validator, error) {
	compiler, err := cel.NewCompositedCompiler(environmentFor(asked.Minor))
	if err != nil {
		return nil, err
	}
	policy := asked.Policy
	var variables []cel.NamedExpressionAccessor
	for _, variable := range policy.Variables {
		variables = append(variables, &validating.Variable{Name: variable.Name, Expression: variable.Expression})
	}
	compiler.CompileAndStoreVariables(variables, declared(asked), environment.StoredExpressions)
	var conditions []cel.ExpressionAccessor
	for at := range policy.MatchConditions {
		conditions = append(conditions, (*matchconditions.MatchCondition)(&policy.MatchConditions[at]))
	}
	validations := make([]cel.ExpressionAccessor, len(policy.Validations))
	messages := make([]cel.ExpressionAccessor, len(policy.Validations))
	for at, validation := range policy.Validations {
		validations[at] = &validating.ValidationCondition{Expression: validation.Expression, Message: validation.Message, Reason: validation.Reason}
		if validation.MessageExpression != "" {
			messages[at] = &validating.MessageExpressionCondition{MessageExpression: validation.MessageExpression}
		}
	}
	condition := func(accessors []cel.ExpressionAccessor) cel.ConditionEvaluator {
		return compiler.CompileCondition(accessors, declared(asked), environment.StoredExpressions)
	}
	message := compiler.CompileCondition(messages, messageDeclared(asked), environment.StoredExpressions)
	var matcher matchconditions.Matcher
	if len(conditions) > 0 {
		matcher = matchconditions.NewMatcher(condition(conditions), policy.FailurePolicy, "policy", "validate", "generated")
	}
	return validating.NewValidator(condition(validations), matcher, condition(nil), message, policy.FailurePolicy, nil), nil
}
