//! An expression as it is written: names are not yet looked up, macros not yet expanded.
//!
//! Depends on nothing else in the crate.

/// A part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    pub(super) kind: ExpressionKind,
    /// The byte an error about this part points to.
    pub(super) offset: usize,
    /// How many levels of expressions there are from here, this one included.
    pub(super) depth: usize,
}

/// What an [`Expression`] is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ExpressionKind {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(String),
    Bytes(Vec<u8>),
    /// A name, with a leading dot when it is written so.
    Identifier(String),
    /// `operand.field` or `operand.?field`.
    Select {
        operand: Box<Expression>,
        field: String,
        optional: bool,
    },
    /// `operand[index]` or `operand[?index]`.
    Index {
        operand: Box<Expression>,
        index: Box<Expression>,
        optional: bool,
    },
    /// `function(arguments)` or `target.function(arguments)`.
    Call {
        target: Option<Box<Expression>>,
        function: String,
        arguments: Vec<Expression>,
    },
    /// `a && b`, `!a`, `a ? b : c`; chains of `&&` and of `||` are one expression.
    Operation {
        operator: Operator,
        operands: Vec<Expression>,
    },
    /// `[a, ?b]`.
    List(Vec<Element>),
    /// `{a: b, ?c: d}`.
    Map(Vec<Entry>),
    /// `Name{field: value}`.
    Message {
        name: String,
    },
}

/// An element of a list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Element {
    pub(super) optional: bool,
    pub(super) value: Expression,
}

/// An entry of a map.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) optional: bool,
    pub(super) key: Expression,
    pub(super) value: Expression,
}

/// The operators of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Not,
    Negate,
    Conditional,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl Operator {
    /// The name overload messages use.
    pub(super) const fn function(self) -> &'static str {
        match self {
            Self::Or => "_||_",
            Self::And => "_&&_",
            Self::Not => "!_",
            Self::Negate => "-_",
            Self::Conditional => "_?_:_",
            Self::Equal => "_==_",
            Self::NotEqual => "_!=_",
            Self::Less => "_<_",
            Self::LessOrEqual => "_<=_",
            Self::Greater => "_>_",
            Self::GreaterOrEqual => "_>=_",
            Self::In => "@in",
            Self::Add => "_+_",
            Self::Subtract => "_-_",
            Self::Multiply => "_*_",
            Self::Divide => "_/_",
            Self::Modulo => "_%_",
        }
    }
}
