//! YAML as Kubernetes reads it, with the place of every value.

mod load;
mod node;
mod scalar;
mod stream;

pub use load::{
    Document, Duplicate, Limits, LoadError, LoadErrorKind, load_chunk, load_documents, load_stream,
};
pub use node::{Entry, Mapping, Node, Span, Value};
pub use scalar::ScalarError;
pub use stream::{Chunk, Lines, split};
