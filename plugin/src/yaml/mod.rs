//! YAML as Kubernetes reads it, with the place of every value.

mod node;

pub use node::{Entry, Mapping, Node, Span, Value};
