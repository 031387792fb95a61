//! The CEL expressions of policies: compiled once, with faults reported where they stand.
//!
//! Depends on [`crate::cel`].

use super::PolicyError;
use super::load::field;
use crate::cel::{CompileError, Declarations, Environment, Program, Type};
use crate::yaml::Node;

/// The newest minor version of Kubernetes whose expressions are understood. Its API server takes
/// functions into new policies that are at least one version old.
const KUBERNETES_MINOR: u32 = 36;

/// A compiled expression and its text.
#[derive(Debug)]
pub struct Expression {
    /// The text, for messages.
    pub text: String,
    /// The program.
    pub program: Program,
}

/// What an expression must give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Anything,
    Bool,
    String,
}

/// Where the expressions of a policy stand and what they may refer to.
pub(super) struct Scope<'p> {
    place: &'p str,
    declarations: Declarations,
}

impl<'p> Scope<'p> {
    /// The scope of a policy that has parameters or not, and no variables yet.
    pub(super) fn new(place: &'p str, has_params: bool) -> Self {
        let mut declarations = Declarations::admission();
        if !has_params {
            declarations.remove("params");
        }
        Self { place, declarations }
    }

    /// Lets later expressions use `variables.<name>`.
    pub(super) fn declare(&mut self, name: &str, expression: &Expression) {
        self.declarations.declare_variable(name, expression.program.result_type());
    }

    /// Compiles the text at `key` of `item`, which is at `path` of the policy.
    pub(super) fn compile(
        &self,
        item: &Node<'_>,
        key: &str,
        path: &str,
        expected: Expected,
    ) -> Result<Expression, PolicyError> {
        let text = item
            .get(key)
            .and_then(Node::as_str)
            .ok_or_else(|| field(self.place, &format!("{path}.{key} is missing")))?;
        let failed = |CompileError { column, message, snippet, .. }| PolicyError::Expression {
            place: self.place.to_owned(),
            path: format!("{path}.{key}"),
            message,
            caret: format!("{}^", " ".repeat(column - 1)),
            expression: snippet,
        };
        let program =
            Environment::for_minor(KUBERNETES_MINOR).compile(text, &self.declarations).map_err(failed)?;
        let wanted = match expected {
            Expected::Anything => None,
            Expected::Bool => Some(Type::BOOL),
            Expected::String => Some(Type::STRING),
        };
        if let Some(wanted) = wanted.filter(|wanted| wanted != program.result_type()) {
            return Err(failed(CompileError {
                offset: 0,
                line: 1,
                column: 1,
                message: format!("must evaluate to {wanted} but got {:#}", program.result_type()),
                snippet: text.lines().next().unwrap_or_default().to_owned(),
            }));
        }
        Ok(Expression { text: text.to_owned(), program })
    }
}
