//! What an expression can refer to when it runs.
//!
//! Depends on [`super::program`], [`super::value`] and [`super::evaluate`].

use super::budget::Budget;
use super::error::EvaluationError;
use super::program::Program;
use super::value::Value;
use std::cell::RefCell;
use std::rc::Rc;

/// The values of the root variables, and the `variables.<name>` of a policy, which are evaluated
/// when they are first used and then remembered. One activation serves all expressions judging one
/// object.
///
/// ```
/// use gift_plugin::cel::{Activation, Budget, Declarations, Environment, Memory, Type, Value};
///
/// let environment = Environment::for_minor(34);
/// let mut declarations = Declarations::admission();
/// let answer = environment.compile("object + 1", &declarations)?;
/// declarations.declare_variable("answer", answer.result_type());
/// let rule = environment.compile("variables.answer == 42", &declarations)?;
///
/// let mut activation = Activation::default();
/// activation.bind("object", Value::Int(41));
/// activation.bind_variable("answer", &answer, Memory::default());
/// let verdict = rule.evaluate(&activation, &mut Budget::new(1_000));
/// assert_eq!(verdict.ok().and_then(|value| value.as_bool()), Some(true));
/// # Ok::<(), gift_plugin::cel::CompileError>(())
/// ```
#[derive(Debug, Default)]
pub struct Activation<'a> {
    roots: Vec<(&'a str, Value<'a>)>,
    variables: Vec<Variable<'a>>,
}

/// One of `variables.<name>`.
#[derive(Debug)]
struct Variable<'a> {
    name: &'a str,
    program: &'a Program,
    memory: Memory<'a>,
}

/// Where the value of a variable is remembered. Activations that have one in common compute it once: they
/// must give all that its expression refers to the same values.
#[derive(Clone, Debug, Default)]
pub struct Memory<'a>(Rc<RefCell<State<'a>>>);

#[derive(Clone, Debug, Default)]
enum State<'a> {
    #[default]
    Unused,
    Running,
    Known(Result<Value<'a>, EvaluationError>),
}

impl<'a> Activation<'a> {
    /// Gives the root variable `name` a value.
    pub fn bind(&mut self, name: &'a str, value: Value<'a>) {
        self.roots.push((name, value));
    }

    /// Gives `variables.<name>` the expression it is computed with.
    pub fn bind_variable(&mut self, name: &'a str, program: &'a Program, memory: Memory<'a>) {
        self.variables.push(Variable { name, program, memory });
    }

    /// The value of the root variable `name`.
    pub(super) fn root(&self, name: &str) -> Option<&Value<'a>> {
        self.roots.iter().find(|(root, _)| *root == name).map(|(_, value)| value)
    }

    /// The expression of `variables.<name>`.
    pub(super) fn variable_program(&self, name: &str) -> Option<&'a Program> {
        self.variables.iter().find(|variable| variable.name == name).map(|variable| variable.program)
    }

    /// The value of `variables.<name>`, computed the first time it is asked for.
    pub(super) fn variable(&self, name: &str, budget: &mut Budget) -> Result<Value<'a>, EvaluationError> {
        let Some(variable) = self.variables.iter().find(|variable| variable.name == name) else {
            return Err(EvaluationError::NoSuchKey(name.into()));
        };
        match &*variable.memory.0.borrow() {
            State::Known(result) => return result.clone(),
            State::Running => {
                return Err(EvaluationError::function(format!("variable {name} refers to itself")));
            }
            State::Unused => {}
        }
        variable.memory.0.replace(State::Running);
        let result = variable.program.evaluate(self, budget).map_err(|error| match error {
            // What ends the evaluation of a variable is an error like any other outside of it.
            EvaluationError::BudgetExceeded(_) | EvaluationError::TooDeep(_) => error,
            error => {
                EvaluationError::function(format!("composited variable {name:?} fails to evaluate: {error}"))
            }
        });
        // An exhausted budget says nothing about the variable itself.
        let fatal = result.as_ref().is_err_and(EvaluationError::is_fatal);
        variable.memory.0.replace(if fatal { State::Unused } else { State::Known(result.clone()) });
        result
    }
}
