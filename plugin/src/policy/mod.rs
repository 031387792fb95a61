//! ValidatingAdmissionPolicies at render time: the API server's rules, judged before the cluster.
//!
//! Objects are taken as being created by a user nobody knows (`request.operation` is `CREATE`,
//! `oldObject` is null), in the namespace they state or the release's. Depends on [`crate::yaml`]
//! and [`crate::cel`].
//!
//! An API server says the same, word for word, but for what it does to objects first or only it knows:
//!
//! - Quantities are rounded up to thousandths and written in their shortest form, and a Pod's requests are
//!   its limits where it states none. A finding here names what the author wrote.
//! - Empty maps, lists and texts are mostly not there, which takes a schema to tell: `has(object.data)` holds
//!   here for `data: {}`, and `has(port.protocol)` for `protocol: ""`.
//! - The fields which Kubernetes always writes are there, null where nobody states them: `rules` of a Role.
//! - The entries of a map come in any order there, and in the order of the file here.
//! - `request.userInfo`, `request.uid` and `authorizer` are the cluster's; here nobody asks.
//! - Objects of another version are not converted: they are judged as they are written.
//! - Time zones have no names here: `UTC` and offsets such as `+09:00` alone.
//! - Parameters belong to a system, and bindings that take some are in force for the systems that have any,
//!   as the chart binds them to a system's own namespaces ([`crate::protocol::Options::unknown_system`]).

mod decoded;
mod exception;
mod expressions;
mod judge;
mod load;
mod matching;
mod request;
mod resource;
mod selector;
mod strings;

pub use exception::{ANNOTATION as EXCEPTIONS_ANNOTATION, Exception, exception};
pub use judge::{Judge, Verdict};
pub use load::{Binding, ParamRef, Policy, PolicySet, REMEDY_ANNOTATION, Validation, Variable};
pub use matching::MatchResources;
pub use resource::{Resource, reference};
pub use selector::{Labels, Selector, labels};

/// Why policies cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// A file is not YAML.
    #[error("{place}: {message}")]
    File {
        /// File, line and column.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// An object is not what it should be.
    #[error("{place}: {message}")]
    Field {
        /// File and object.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// An expression does not compile.
    #[error("{place}: {path} does not compile: {message}\n  | {expression}\n  | {caret}")]
    Expression {
        /// File and policy.
        place: String,
        /// Where in the policy.
        path: String,
        /// What is wrong.
        message: String,
        /// The line of the expression with the fault.
        expression: String,
        /// A caret below the place.
        caret: String,
    },
}
