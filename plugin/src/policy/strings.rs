//! Lists of strings, which policies are full of.

use crate::yaml::Node;

/// The strings of a sequence; what is no string is passed over.
pub(super) fn strings(node: Option<&Node<'_>>) -> Vec<String> {
    let items = node.and_then(Node::as_sequence).unwrap_or_default();
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}
