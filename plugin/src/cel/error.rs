//! What can go wrong: with an expression, before it runs, and with a value, while it runs.
//!
//! The texts are those of the API server, so that a finding at render time and a refusal of the
//! cluster read the same. Depends on nothing else in the crate.

use std::fmt;

/// Why an expression is not one: where and what, in the words of the API server.
///
/// `Display` gives the two-line form the API server shows:
///
/// ```
/// use gift_plugin::cel::{Declarations, Environment};
///
/// let environment = Environment::for_minor(34);
/// let error = environment.compile("objct.kind == 'Pod'", &Declarations::admission()).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "ERROR: <input>:1:1: undeclared reference to 'objct' (in container '')\n | objct.kind == 'Pod'\n | ^",
/// );
/// assert_eq!((error.offset, error.line, error.column), (0, 1, 1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct CompileError {
    /// The byte in the expression's text.
    pub offset: usize,
    /// The line in the expression's text, from 1.
    pub line: usize,
    /// The column in that line, in characters, from 1.
    pub column: usize,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The line itself.
    pub snippet: String,
}

impl CompileError {
    /// An error at byte `offset` of `source`.
    pub(super) fn new(source: &str, offset: usize, message: impl Into<String>) -> Self {
        let mut offset = offset.min(source.len());
        while !source.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &source[..offset];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let end = source[start..].find('\n').map_or(source.len(), |length| start + length);
        Self {
            offset,
            line: before.matches('\n').count() + 1,
            column: source[start..offset].chars().count() + 1,
            message: message.into(),
            snippet: source[start..end].to_owned(),
        }
    }
}

/// The error that stands first in the text, the one found first of several at the same place.
pub(super) fn first(errors: Vec<CompileError>) -> Option<CompileError> {
    errors.into_iter().min_by_key(|error| error.offset)
}

impl fmt::Display for CompileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, message, snippet, .. } = self;
        write!(
            formatter,
            "ERROR: <input>:{line}:{column}: {message}\n | {}\n | ",
            snippet.replace('\t', " ")
        )?;
        let mut characters = snippet.chars();
        for character in characters.by_ref().take(column - 1) {
            formatter.write_str(if character.is_ascii() { "." } else { "\u{ff0e}" })?;
        }
        formatter.write_str(if characters.next().is_none_or(|character| character.is_ascii()) {
            "^"
        } else {
            "\u{ff3e}"
        })
    }
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// A mapping has no such key, or something that is no mapping was selected from.
    #[error("no such key: {0}")]
    NoSuchKey(Box<str>),
    /// A list is not that long.
    #[error("index out of bounds: {0}")]
    IndexOutOfBounds(i64),
    /// An operator or a function is not defined for the operands it met.
    #[error("no such overload")]
    NoSuchOverload,
    /// The same, where the API server tells which one: an operator's name, or a function's with types.
    #[error("no such overload: {0}")]
    NoSuchFunction(Box<str>),
    /// A root variable has no value in this evaluation.
    #[error("no such attribute(s): {0}")]
    NoSuchAttribute(Box<str>),
    /// An integer was divided by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// The remainder of a division by zero.
    #[error("modulus by zero")]
    ModulusByZero,
    /// A result beyond 64 bits.
    #[error("integer overflow")]
    IntegerOverflow,
    /// A result below zero or beyond 64 bits.
    #[error("unsigned integer overflow")]
    UnsignedOverflow,
    /// A duration beyond 64 bits of nanoseconds.
    #[error("integer overflow")]
    DurationOverflow,
    /// A point in time outside the years 1 to 9999.
    #[error("timestamp overflow")]
    TimestampOverflow,
    /// What a function says about its arguments.
    #[error("{0}")]
    Function(Box<str>),
    /// Something the API server itself does not survive; it gives up the whole expression.
    #[error("internal error: {0}")]
    Internal(Box<str>),
    /// The evaluation did more work than it may.
    #[error(
        "operation cancelled: actual cost limit exceeded: the expression needs more than {0} steps; simplify it or judge smaller objects"
    )]
    BudgetExceeded(u64),
    /// Variables and expressions nest too deeply to evaluate.
    #[error("expression recursion limit exceeded: {0}")]
    TooDeep(u32),
}

impl EvaluationError {
    /// What a function says about its arguments.
    pub(super) fn function(message: impl Into<String>) -> Self {
        Self::Function(message.into().into_boxed_str())
    }

    /// What the API server says when it looks at the size of something that has none.
    pub(super) fn unmeasurable(implementation: &str, wanted: &str) -> Self {
        Self::Internal(match wanted {
            "types.Int" => format!("interface conversion: ref.Val is {implementation}, not types.Int").into(),
            _ => {
                let has_sum = ["Int", "Uint", "Double", "String", "Bytes", "Duration", "Timestamp"]
                    .iter()
                    .any(|of| implementation.strip_prefix("types.") == Some(of));
                let missing = if has_sum { "Contains" } else { "Add" };
                format!("interface conversion: {implementation} is not {wanted}: missing method {missing}")
                    .into()
            }
        })
    }

    /// Whether the evaluation as a whole has to stop: `||` and `&&` do not absorb such an error.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        matches!(self, Self::BudgetExceeded(_) | Self::TooDeep(_) | Self::Internal(_))
    }
}
