//! The Common Expression Language as the Kubernetes API server runs it.
//!
//! An expression is compiled once, against the declarations of the names it may use, and evaluated
//! over trees of [`crate::yaml`] without copying them. Sources: the language definition of
//! <https://github.com/google/cel-spec> and `k8s.io/apiserver/pkg/cel` for what Kubernetes adds.
//!
//! The language differs from the API server's in this: time zones are UTC and offsets, no names;
//! the `authorizer` is not there, for nobody can be asked; costs are counted in steps of its own.
//!
//! Depends on [`crate::yaml`] alone.

mod activation;
mod ast;
mod blame;
mod budget;
mod check;
mod environment;
mod error;
mod evaluate;
mod lexer;
mod library;
mod literals;
mod macros;
mod operators;
mod parser;
mod plan;
mod program;
mod signatures;
#[cfg(test)]
mod tests;
mod types;
mod unify;
mod value;

pub use activation::{Activation, Memory};
pub use blame::Blame;
pub use budget::Budget;
pub use environment::{Declarations, Environment};
pub use error::{CompileError, EvaluationError};
pub use library::cidr::Cidr;
pub use library::format::NamedFormat;
pub use library::quantity::Quantity;
pub use library::regex::Pattern;
pub use library::semver::Semver;
pub use library::time::{Duration, Timestamp};
pub use library::url::Url;
pub(crate) use parser::is_identifier;
pub use program::Program;
pub use types::{Kind, ObjectType, Type};
pub use value::{Key, ListView, Map, MapView, Opaque, Text, Value};
