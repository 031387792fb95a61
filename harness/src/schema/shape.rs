//! What a value may be: the model every schema is read into, Kubernetes' own and those of custom
//! resources.
//!
//! Depends on [`super::limits`] and [`super::version`].

use super::limits::Limits;
use super::version::{Minor, Minors};

/// What a value may be.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    /// Anything.
    Any,
    /// Text.
    String,
    /// One of these texts.
    OneOf(Box<[Box<str>]>),
    /// A date and time as RFC 3339 writes it.
    Time,
    /// Bytes as Base64.
    Base64,
    /// A whole number.
    Integer(Width),
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// An amount: `500m`, `1Gi`, `2`.
    Quantity,
    /// A whole number or text.
    IntegerOrString(Width),
    /// A mapping with the fields of a definition of the same table.
    Object(usize),
    /// The metadata every object of Kubernetes has.
    Metadata,
    /// A sequence.
    List(Box<Shape>, Uniqueness),
    /// A mapping with any keys.
    Map(Box<Shape>),
    /// A shape within limits.
    Limited(Box<Shape>, Box<Limits>),
}

/// What fits a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// 32 bits and a sign.
    Bits32,
    /// 64 bits and a sign.
    Bits64,
    /// No bounds.
    Unbounded,
}

/// Which items of a sequence must differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Uniqueness {
    /// None.
    Free,
    /// All of them.
    Set,
    /// Those fields of them, taken together.
    Keys(Box<[Key]>),
}

/// A field that tells items apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) name: Box<str>,
    /// What an item without the field is taken to have.
    pub(crate) default: Option<Box<str>>,
}

/// The fields of a mapping.
#[derive(Clone, Debug, Default)]
pub(crate) struct Definition {
    /// By name; one name may stand several times, for different versions.
    fields: Box<[Field]>,
    /// Which of them are required in some version.
    required: Box<[usize]>,
    /// Whether other keys may hold anything; otherwise there are none.
    pub(crate) is_open: bool,
}

/// A field of a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: Box<str>,
    /// The versions that have it.
    pub(crate) minors: Minors,
    /// The versions that require it.
    pub(crate) required: Minors,
    pub(crate) shape: Shape,
}

impl Definition {
    pub(super) fn new(mut fields: Vec<Field>, is_open: bool) -> Self {
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        let required = (0..fields.len()).filter(|at| fields[*at].required != Minors::NONE).collect();
        Self { fields: fields.into(), required, is_open }
    }

    /// Every field of every version, by name.
    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The field of that name in a version.
    pub(crate) fn field(&self, name: &str, minor: Minor) -> Option<&Field> {
        self.named(name).find(|field| field.minors.contains(minor))
    }

    /// The fields of that name, of any version.
    pub(crate) fn named<'s, 'n>(&'s self, name: &'n str) -> impl Iterator<Item = &'s Field> + use<'s, 'n> {
        let first = self.fields.partition_point(|field| *field.name < *name);
        self.fields[first..].iter().take_while(move |field| *field.name == *name)
    }

    /// The fields that version requires.
    pub(crate) fn required(&self, minor: Minor) -> impl Iterator<Item = &Field> {
        self.required.iter().map(|at| &self.fields[*at]).filter(move |field| field.required.contains(minor))
    }
}
