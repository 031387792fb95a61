//! Values, most of them still where they stand in the tree.
//!
//! A [`Value::Node`] refers to a node of the judged object. It is read as a CEL value when an
//! operation needs one, so nothing is copied and a value can tell where it came from.
//!
//! Depends on [`crate::yaml`], [`super::types`] and the opaque types of [`super::library`].

use super::library::cidr::Cidr;
use super::library::format::NamedFormat;
use super::library::quantity::Quantity;
use super::library::semver::Semver;
use super::library::time::{Duration, Timestamp};
use super::library::url::Url;
use super::types::Kind;
use crate::yaml::{self, Mapping, Node};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// A value of the expression language.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// Whatever stands at this node.
    Node(&'a Node<'a>),
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number, never below zero.
    Uint(u64),
    /// A floating point number.
    Double(f64),
    /// Text.
    String(Text<'a>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// A list; the elements keep their own places.
    List(Arc<[Value<'a>]>),
    /// A map.
    Map(Arc<Map<'a>>),
    /// A type.
    Type(Kind),
    /// A span of time.
    Duration(Duration),
    /// A point in time.
    Timestamp(Timestamp),
    /// A value that may be absent.
    Optional(Option<Arc<Value<'a>>>),
    /// A value of one of the Kubernetes types.
    Opaque(Arc<Opaque>),
}

/// A value of one of the Kubernetes types.
#[derive(Clone, Debug, PartialEq)]
pub enum Opaque {
    /// A quantity.
    Quantity(Quantity),
    /// A sum or a difference of quantities. The API server compares nothing with one.
    Sum(Quantity),
    /// A URL.
    Url(Url),
    /// An IP address.
    Ip(IpAddr),
    /// A range of IP addresses.
    Cidr(Cidr),
    /// A semantic version.
    Semver(Semver),
    /// A named format.
    Format(NamedFormat),
}

impl Opaque {
    /// What the API server's messages show when such a value is outside of the language.
    pub(super) fn outside(&self) -> String {
        match self {
            Self::Quantity(quantity) | Self::Sum(quantity) => {
                format!("(*resource.Quantity){}", quantity.as_approximate_float())
            }
            Self::Url(url) => format!("(*url.URL){url}"),
            Self::Ip(address) => format!("(netip.Addr){address}"),
            Self::Cidr(range) => format!("(netip.Prefix){range}"),
            Self::Semver(version) => format!("(semver.Version){version}"),
            Self::Format(format) => format!("{format:?}"),
        }
    }
}

/// Text, borrowed from the tree or the expression, or made by a function.
#[derive(Clone, Debug)]
pub enum Text<'a> {
    /// Where it stands.
    Borrowed(&'a str),
    /// Made while evaluating.
    Shared(Arc<str>),
}

impl Text<'_> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Shared(text) => text,
        }
    }
}

/// The entries of a map.
pub type Map<'a> = BTreeMap<Key, Value<'a>>;

/// A key of a map. A whole number is the same key whether it is signed or not.
#[derive(Clone, Debug)]
pub enum Key {
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number, never below zero.
    Uint(u64),
    /// Another number, which the API server takes for a key though the language does not.
    Double(f64),
    /// Text.
    String(Arc<str>),
}

impl Key {
    /// The number rounded down, and what is missing.
    fn number(&self) -> (i128, f64) {
        match self {
            Self::Int(number) => ((*number).into(), 0.0),
            Self::Uint(number) => ((*number).into(), 0.0),
            Self::Double(number) => (number.floor() as i128, number - number.floor()),
            Self::Bool(_) | Self::String(_) => (0, 0.0),
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        use std::cmp::Ordering;
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            (Self::Bool(_), _) | (_, Self::String(_)) => Ordering::Less,
            (_, Self::Bool(_)) | (Self::String(_), _) => Ordering::Greater,
            (a, b) => {
                let ((a, a_rest), (b, b_rest)) = (a.number(), b.number());
                a.cmp(&b).then(a_rest.total_cmp(&b_rest))
            }
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

impl Key {
    /// The key as a value.
    pub(super) fn to_value<'a>(&self) -> Value<'a> {
        match self {
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::Int(*value),
            Self::Uint(value) => Value::Uint(*value),
            Self::Double(value) => Value::Double(*value),
            Self::String(value) => Value::String(Text::Shared(Arc::clone(value))),
        }
    }
}

impl<'a> Value<'a> {
    /// Borrowed text.
    #[must_use]
    pub const fn borrowed(text: &'a str) -> Self {
        Self::String(Text::Borrowed(text))
    }

    /// Text made while evaluating.
    #[must_use]
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::String(Text::Shared(text.into()))
    }

    /// A list.
    #[must_use]
    pub fn list(elements: impl Into<Arc<[Self]>>) -> Self {
        Self::List(elements.into())
    }

    /// A list of texts.
    pub(super) fn texts<T: Into<Arc<str>>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// An optional that holds `value`.
    #[must_use]
    pub fn some(value: Self) -> Self {
        Self::Optional(Some(Arc::new(value)))
    }

    pub(super) fn opaque(opaque: Opaque) -> Self {
        Self::Opaque(Arc::new(opaque))
    }

    /// A scalar node as the value it holds; anything else as it is.
    #[must_use]
    pub fn plain(self) -> Self {
        let Self::Node(node) = self else { return self };
        match &node.value {
            yaml::Value::Null => Self::Null,
            yaml::Value::Bool(value) => Self::Bool(*value),
            yaml::Value::Int(value) => Self::Int(*value),
            yaml::Value::Float(value) => Self::Double(*value),
            yaml::Value::String(text) => Self::String(Text::Borrowed(text)),
            yaml::Value::Sequence(_) | yaml::Value::Mapping(_) => self,
        }
    }

    /// What the value is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Node(node) => match node.value {
                yaml::Value::Null => Kind::Null,
                yaml::Value::Bool(_) => Kind::Bool,
                yaml::Value::Int(_) => Kind::Int,
                yaml::Value::Float(_) => Kind::Double,
                yaml::Value::String(_) => Kind::String,
                yaml::Value::Sequence(_) => Kind::List,
                yaml::Value::Mapping(_) => Kind::Map,
            },
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Uint(_) => Kind::Uint,
            Self::Double(_) => Kind::Double,
            Self::String(_) => Kind::String,
            Self::Bytes(_) => Kind::Bytes,
            Self::List(_) => Kind::List,
            Self::Map(_) => Kind::Map,
            Self::Type(_) => Kind::Type,
            Self::Duration(_) => Kind::Duration,
            Self::Timestamp(_) => Kind::Timestamp,
            Self::Optional(_) => Kind::Optional,
            Self::Opaque(opaque) => match **opaque {
                Opaque::Quantity(_) | Opaque::Sum(_) => Kind::Quantity,
                Opaque::Url(_) => Kind::Url,
                Opaque::Ip(_) => Kind::Ip,
                Opaque::Cidr(_) => Kind::Cidr,
                Opaque::Semver(_) => Kind::Semver,
                Opaque::Format(_) => Kind::Format,
            },
        }
    }

    /// The boolean here, if it is one.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Node(Node { value: yaml::Value::Bool(value), .. }) => Some(*value),
            _ => None,
        }
    }

    /// The whole number here, if it is a signed one.
    #[must_use]
    pub const fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Node(Node { value: yaml::Value::Int(value), .. }) => Some(*value),
            _ => None,
        }
    }

    /// The text here, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text.as_str()),
            Self::Node(Node { value: yaml::Value::String(text), .. }) => Some(text),
            _ => None,
        }
    }

    /// The text here, to keep.
    pub(super) fn to_text(&self) -> Option<Text<'a>> {
        match self {
            Self::String(text) => Some(text.clone()),
            Self::Node(Node { value: yaml::Value::String(text), .. }) => Some(Text::Borrowed(text)),
            _ => None,
        }
    }

    /// The list here, if it is one.
    #[must_use]
    pub fn as_list(&self) -> Option<ListView<'_, 'a>> {
        match self {
            Self::List(elements) => Some(ListView::Values(elements)),
            Self::Node(Node { value: yaml::Value::Sequence(items), .. }) => Some(ListView::Nodes(items)),
            _ => None,
        }
    }

    /// The map here, if it is one.
    #[must_use]
    pub fn as_map(&self) -> Option<MapView<'_, 'a>> {
        match self {
            Self::Map(map) => Some(MapView::Map(map)),
            Self::Node(Node { value: yaml::Value::Mapping(mapping), .. }) => Some(MapView::Mapping(mapping)),
            _ => None,
        }
    }

    /// The value of one of the Kubernetes types here, if it is one.
    pub(super) fn as_opaque(&self) -> Option<&Opaque> {
        match self {
            Self::Opaque(opaque) => Some(opaque),
            _ => None,
        }
    }

    /// The value as a key of a map, if it can be one.
    pub(super) fn to_key(&self) -> Option<Key> {
        match self.clone().plain() {
            Self::Bool(value) => Some(Key::Bool(value)),
            Self::Int(value) => Some(Key::Int(value)),
            Self::Uint(value) => Some(Key::Uint(value)),
            Self::Double(value) if value.is_nan() => None,
            Self::Double(value) => Some(Key::Double(value)),
            Self::String(Text::Shared(value)) => Some(Key::String(value)),
            Self::String(Text::Borrowed(value)) => Some(Key::String(value.into())),
            _ => None,
        }
    }

    /// Whether `optional.ofNonZeroValue` takes the value for none.
    pub(super) fn is_zero(&self) -> bool {
        match self.clone().plain() {
            Self::Null => true,
            Self::Bool(value) => !value,
            Self::Int(value) => value == 0,
            Self::Uint(value) => value == 0,
            Self::Double(value) => value == 0.0,
            Self::String(value) => value.as_str().is_empty(),
            Self::Bytes(value) => value.is_empty(),
            Self::Duration(value) => value == Duration::default(),
            Self::Timestamp(value) => value.is_zero(),
            Self::Optional(_) | Self::Type(_) | Self::Opaque(_) => false,
            value => {
                value.as_list().is_some_and(|list| list.is_empty())
                    || value.as_map().is_some_and(|map| map.is_empty())
            }
        }
    }

    /// What the API server's messages about its own workings call such a value: those of an object are no
    /// values of the language yet.
    pub(super) fn implementation(&self) -> &'static str {
        match (self, self.kind()) {
            (Self::Node(_), Kind::Null) => "<nil>",
            (Self::Node(_), Kind::List) => "[]interface {}",
            (Self::Node(_), Kind::Map) => "map[string]interface {}",
            (_, kind) => kind.implementation(),
        }
    }

    /// The value as error messages show it.
    pub(super) fn shown(&self) -> Cow<'_, str> {
        if let Some(text) = self.as_str() {
            return Cow::Borrowed(text);
        }
        match self.clone().plain() {
            Self::Null => Cow::Borrowed("null"),
            Self::Bool(value) => Cow::Owned(value.to_string()),
            Self::Int(value) => Cow::Owned(value.to_string()),
            Self::Uint(value) => Cow::Owned(value.to_string()),
            Self::Double(value) => Cow::Owned(super::library::number::shortest(value)),
            Self::Type(kind) => Cow::Borrowed(kind.name()),
            value => Cow::Borrowed(value.kind().name()),
        }
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// The whole number a floating point number is, if it is one of 64 bits.
pub(super) fn whole(value: f64) -> Option<i64> {
    // Both bounds are powers of two, which a double holds exactly.
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    (value.fract() == 0.0 && (-BOUND..BOUND).contains(&value)).then_some(value as i64)
}

/// A list, wherever its elements stand.
#[derive(Clone, Copy, Debug)]
pub enum ListView<'v, 'a> {
    /// Items of a sequence in the tree.
    Nodes(&'a [Node<'a>]),
    /// Elements of a list that was made.
    Values(&'v [Value<'a>]),
}

impl<'a> ListView<'_, 'a> {
    /// How many elements there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Nodes(nodes) => nodes.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Value<'a>> {
        match self {
            Self::Nodes(nodes) => nodes.get(index).map(Value::Node),
            Self::Values(values) => values.get(index).cloned(),
        }
    }

    /// The elements in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Value<'a>> + '_ {
        (0..self.len()).filter_map(|index| self.get(index))
    }
}

/// A map, wherever its entries stand.
#[derive(Clone, Copy, Debug)]
pub enum MapView<'v, 'a> {
    /// A mapping in the tree.
    Mapping(&'a Mapping<'a>),
    /// A map that was made.
    Map(&'v Map<'a>),
}

impl<'a> MapView<'_, 'a> {
    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Mapping(mapping) => mapping.len(),
            Self::Map(map) => map.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a key that is text.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Mapping(mapping) => mapping.get(name).map(Value::Node),
            Self::Map(map) => map.get(&Key::String(name.into())).cloned(),
        }
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &Value<'_>) -> Option<Value<'a>> {
        match (self, key.as_str()) {
            (Self::Mapping(mapping), Some(name)) => mapping.get(name).map(Value::Node),
            (Self::Mapping(_), None) => None,
            (Self::Map(map), _) => map.get(&key.to_key()?).cloned(),
        }
    }

    /// The keys, in the order of the document where there is one.
    #[must_use]
    pub fn keys(&self) -> Vec<Value<'a>> {
        match self {
            Self::Mapping(mapping) => {
                mapping.entries().iter().map(|entry| Value::borrowed(&entry.key)).collect()
            }
            Self::Map(map) => map.keys().map(Key::to_value).collect(),
        }
    }
}
