//! Types: what an expression may give, and what functions ask for.
//!
//! Depends on nothing else in the crate.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// What a value is, without what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A whole number of 64 bits.
    Int,
    /// A whole number of 64 bits, never below zero.
    Uint,
    /// A floating point number.
    Double,
    /// Text.
    String,
    /// Bytes.
    Bytes,
    /// A list.
    List,
    /// A map.
    Map,
    /// A type, as `type(x)` gives.
    Type,
    /// A span of time.
    Duration,
    /// A point in time.
    Timestamp,
    /// A value that may be absent.
    Optional,
    /// A Kubernetes quantity.
    Quantity,
    /// A URL.
    Url,
    /// An IP address.
    Ip,
    /// A range of IP addresses.
    Cidr,
    /// A semantic version.
    Semver,
    /// A named format of strings.
    Format,
}

/// The first minor version that knows the types of addresses.
const ADDRESSES: u32 = 31;

impl Kind {
    /// The name `type(x)` shows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::List => "list",
            Self::Map => "map",
            Self::Type => "type",
            Self::Duration => "google.protobuf.Duration",
            Self::Timestamp => "google.protobuf.Timestamp",
            Self::Optional => "optional_type",
            Self::Quantity => "kubernetes.Quantity",
            Self::Url => "kubernetes.URL",
            Self::Ip => "net.IP",
            Self::Cidr => "net.CIDR",
            Self::Semver => "kubernetes.Semver",
            Self::Format => "kubernetes.NamedFormat",
        }
    }

    /// What the API server's messages about its own workings call such a value.
    pub(super) const fn implementation(self) -> &'static str {
        match self {
            Self::Null => "types.Null",
            Self::Bool => "types.Bool",
            Self::Int => "types.Int",
            Self::Uint => "types.Uint",
            Self::Double => "types.Double",
            Self::String => "types.String",
            Self::Bytes => "types.Bytes",
            Self::Duration => "types.Duration",
            Self::Timestamp => "types.Timestamp",
            Self::Type => "*types.Type",
            Self::Optional => "*types.Optional",
            Self::Quantity => "cel.Quantity",
            Self::Url => "cel.URL",
            Self::Ip => "cel.IP",
            Self::Cidr => "cel.CIDR",
            Self::Semver => "cel.Semver",
            Self::Format => "cel.Format",
            Self::List => "*types.baseList",
            Self::Map => "*types.baseMap",
        }
    }

    /// The type a name stands for in an expression, as in `type(x) == string`, for Kubernetes `1.<minor>`.
    pub(super) fn named(name: &str, minor: u32) -> Option<Self> {
        const NAMED: [Kind; 15] = [
            Kind::Null,
            Kind::Bool,
            Kind::Int,
            Kind::Uint,
            Kind::Double,
            Kind::String,
            Kind::Bytes,
            Kind::List,
            Kind::Map,
            Kind::Type,
            Kind::Duration,
            Kind::Timestamp,
            Kind::Optional,
            Kind::Ip,
            Kind::Cidr,
        ];
        let named = NAMED.into_iter().find(|kind| kind.name() == name);
        named.filter(|kind| minor >= ADDRESSES || !matches!(kind, Self::Ip | Self::Cidr))
    }
}

/// What is known of an expression's value before it runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Nothing: it shows when the expression runs.
    Dyn,
    /// What is wrong already, so that nothing more is said about it.
    Error,
    /// A type that is not known yet, by its number.
    Variable(u32),
    /// A type without parameters.
    Plain(Kind),
    /// A list of the type.
    List(Box<Type>),
    /// A map from the one to the other.
    Map(Box<Type>, Box<Type>),
    /// An optional of the type.
    Optional(Box<Type>),
    /// The type of values of the type.
    TypeOf(Box<Type>),
    /// An object with known fields.
    Object(Arc<ObjectType>),
}

/// An object with known fields: selecting another one is a compile error.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectType {
    /// The name messages use.
    pub name: &'static str,
    /// The fields.
    pub fields: BTreeMap<String, Type>,
}

impl Type {
    /// `bool`.
    pub const BOOL: Self = Self::Plain(Kind::Bool);
    /// `int`.
    pub const INT: Self = Self::Plain(Kind::Int);
    /// `string`.
    pub const STRING: Self = Self::Plain(Kind::String);

    /// A list of `element`.
    #[must_use]
    pub fn list(element: Self) -> Self {
        Self::List(Box::new(element))
    }

    /// A map from `key` to `value`.
    #[must_use]
    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Box::new(key), Box::new(value))
    }

    /// An optional of `value`.
    #[must_use]
    pub fn optional(value: Self) -> Self {
        Self::Optional(Box::new(value))
    }

    /// Whether `null` may stand for such a value.
    pub(super) const fn is_nullable(&self) -> bool {
        !matches!(
            self,
            Self::List(_)
                | Self::Map(..)
                | Self::TypeOf(_)
                | Self::Plain(
                    Kind::Bool | Kind::Int | Kind::Uint | Kind::Double | Kind::String | Kind::Bytes
                )
        )
    }

    /// The type of the name of a type: `type(int)`.
    pub(super) fn of_name(kind: Kind) -> Self {
        Self::TypeOf(Box::new(match kind {
            Kind::List => Self::list(Self::Dyn),
            Kind::Map => Self::map(Self::Dyn, Self::Dyn),
            kind => Self::Plain(kind),
        }))
    }

    /// The type a `variables.<name>` of this type has: the API server keeps simple types, lists and
    /// maps, and forgets the rest.
    pub(super) fn of_variable(&self) -> Self {
        match self {
            Self::Plain(kind) if *kind <= Kind::Bytes || matches!(kind, Kind::Duration | Kind::Timestamp) => {
                self.clone()
            }
            Self::List(element) => Self::list(element.of_variable()),
            Self::Map(key, value) => Self::map(key.of_variable(), value.of_variable()),
            _ => Self::Dyn,
        }
    }
}

impl fmt::Display for Type {
    /// As messages about expressions write it; `{:#}` as messages about what an expression gives do.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(kind @ (Kind::Null | Kind::Duration | Kind::Timestamp)) if formatter.alternate() => {
                formatter.write_str(kind.name())
            }
            Self::List(element) if formatter.alternate() => write!(formatter, "list({element:#})"),
            Self::Map(key, value) if formatter.alternate() => write!(formatter, "map({key:#}, {value:#})"),
            Self::Optional(value) if formatter.alternate() => write!(formatter, "optional_type({value:#})"),
            Self::TypeOf(value) if formatter.alternate() => write!(formatter, "type({value:#})"),
            Self::Dyn => formatter.write_str("dyn"),
            Self::Error => formatter.write_str("!error!"),
            Self::Variable(number) => write!(formatter, "_var{number}"),
            Self::Plain(Kind::Null) => formatter.write_str("null"),
            Self::Plain(Kind::Duration) => formatter.write_str("duration"),
            Self::Plain(Kind::Timestamp) => formatter.write_str("timestamp"),
            Self::Plain(kind) => formatter.write_str(kind.name()),
            Self::List(element) => write!(formatter, "list({element})"),
            Self::Map(key, value) => write!(formatter, "map({key}, {value})"),
            Self::Optional(value) => write!(formatter, "optional_type({value})"),
            Self::TypeOf(value) => write!(formatter, "type({value})"),
            Self::Object(object) => formatter.write_str(object.name),
        }
    }
}

/// What a function asks for or gives: a [`Type`] with parameters, written as a constant.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// Anything.
    Dyn,
    /// A type without parameters.
    Is(Kind),
    /// The type parameter of that number: the same type at each place.
    Parameter(usize),
    List(&'static Shape),
    Map(&'static Shape, &'static Shape),
    Optional(&'static Shape),
    TypeOf(&'static Shape),
    /// A number as it is written in a manifest; never known before the expression runs.
    Written,
}

impl Shape {
    /// How many type parameters there are up to the highest one here.
    pub(super) const fn parameters(&self) -> usize {
        match self {
            Self::Parameter(index) => *index + 1,
            Self::List(inner) | Self::Optional(inner) | Self::TypeOf(inner) => inner.parameters(),
            Self::Map(key, value) => {
                let (key, value) = (key.parameters(), value.parameters());
                if key > value { key } else { value }
            }
            Self::Dyn | Self::Is(_) | Self::Written => 0,
        }
    }

    /// The type, with variables from number `first` on for the type parameters.
    pub(super) fn with(&self, first: u32) -> Type {
        match self {
            Self::Dyn | Self::Written => Type::Dyn,
            Self::Is(kind) => Type::Plain(*kind),
            Self::Parameter(index) => Type::Variable(first + *index as u32),
            Self::List(element) => Type::list(element.with(first)),
            Self::Map(key, value) => Type::map(key.with(first), value.with(first)),
            Self::Optional(value) => Type::optional(value.with(first)),
            Self::TypeOf(value) => Type::TypeOf(Box::new(value.with(first))),
        }
    }

    /// Whether a value of kind `actual` fits when the expression runs.
    pub(super) fn fits(&self, actual: Kind) -> bool {
        match self {
            Self::Dyn | Self::Parameter(_) => true,
            Self::Is(kind) => *kind == actual,
            Self::List(_) => actual == Kind::List,
            Self::Map(..) => actual == Kind::Map,
            Self::Optional(_) => actual == Kind::Optional,
            Self::TypeOf(_) => actual == Kind::Type,
            Self::Written => matches!(actual, Kind::Int | Kind::Double),
        }
    }
}
