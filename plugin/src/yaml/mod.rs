//! YAML as Kubernetes reads it, with the place of every value.

mod characters;
mod emit;
mod fold;
mod load;
mod node;
mod path;
mod read;
mod scalar;
mod scanner;
mod simple;
mod stream;
mod tag;

pub use emit::{is_plain_word, quoted, to_json};
pub use load::{
    Document, Duplicate, Limits, LoadError, LoadErrorKind, load_chunk, load_documents, load_stream,
};
pub use node::{Entry, Mapping, Node, Span, Value};
pub use path::{Path, Segment};
pub use scalar::ScalarError;
pub use stream::{Chunk, Lines, split};
