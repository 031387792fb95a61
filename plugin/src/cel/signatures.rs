//! Which operands the operators take and what they give, for the type checker.
//!
//! Depends on [`super::ast`] and [`super::types`].

use super::ast::Operator;
use super::types::{Kind, Shape};

/// The operands' types and the result's.
pub(super) type Signature = (&'static [Shape], Shape);

const BOOL: Shape = Shape::Is(Kind::Bool);
const INT: Shape = Shape::Is(Kind::Int);
const UINT: Shape = Shape::Is(Kind::Uint);
const DOUBLE: Shape = Shape::Is(Kind::Double);
const STRING: Shape = Shape::Is(Kind::String);
const BYTES: Shape = Shape::Is(Kind::Bytes);
const DURATION: Shape = Shape::Is(Kind::Duration);
const TIMESTAMP: Shape = Shape::Is(Kind::Timestamp);
const A: Shape = Shape::Parameter(0);
const B: Shape = Shape::Parameter(1);
const LIST: Shape = Shape::List(&A);
const MAP: Shape = Shape::Map(&A, &B);

const ORDER: &[Signature] = &[
    (&[BOOL, BOOL], BOOL),
    (&[INT, INT], BOOL),
    (&[INT, DOUBLE], BOOL),
    (&[INT, UINT], BOOL),
    (&[UINT, UINT], BOOL),
    (&[UINT, DOUBLE], BOOL),
    (&[UINT, INT], BOOL),
    (&[DOUBLE, DOUBLE], BOOL),
    (&[DOUBLE, INT], BOOL),
    (&[DOUBLE, UINT], BOOL),
    (&[STRING, STRING], BOOL),
    (&[BYTES, BYTES], BOOL),
    (&[TIMESTAMP, TIMESTAMP], BOOL),
    (&[DURATION, DURATION], BOOL),
];

/// The signatures of `operator`.
pub(super) const fn of(operator: Operator) -> &'static [Signature] {
    match operator {
        Operator::Or | Operator::And => &[(&[BOOL, BOOL], BOOL)],
        Operator::Not => &[(&[BOOL], BOOL)],
        Operator::Negate => &[(&[DOUBLE], DOUBLE), (&[INT], INT)],
        Operator::Conditional => &[(&[BOOL, A, A], A)],
        Operator::Equal | Operator::NotEqual => &[(&[A, A], BOOL)],
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => ORDER,
        Operator::In => &[(&[A, LIST], BOOL), (&[A, MAP], BOOL)],
        Operator::Add => &[
            (&[BYTES, BYTES], BYTES),
            (&[DOUBLE, DOUBLE], DOUBLE),
            (&[DURATION, DURATION], DURATION),
            (&[DURATION, TIMESTAMP], TIMESTAMP),
            (&[TIMESTAMP, DURATION], TIMESTAMP),
            (&[INT, INT], INT),
            (&[LIST, LIST], LIST),
            (&[STRING, STRING], STRING),
            (&[UINT, UINT], UINT),
        ],
        Operator::Subtract => &[
            (&[DOUBLE, DOUBLE], DOUBLE),
            (&[DURATION, DURATION], DURATION),
            (&[INT, INT], INT),
            (&[TIMESTAMP, DURATION], TIMESTAMP),
            (&[TIMESTAMP, TIMESTAMP], DURATION),
            (&[UINT, UINT], UINT),
        ],
        Operator::Multiply | Operator::Divide => {
            &[(&[DOUBLE, DOUBLE], DOUBLE), (&[INT, INT], INT), (&[UINT, UINT], UINT)]
        }
        Operator::Modulo => &[(&[INT, INT], INT), (&[UINT, UINT], UINT)],
    }
}

/// The signatures of `a[b]`.
pub(super) const INDEX: &[Signature] = &[
    (&[LIST, INT], A),
    (&[MAP, A], B),
    (&[Shape::Optional(&LIST), INT], Shape::Optional(&A)),
    (&[Shape::Optional(&MAP), A], Shape::Optional(&B)),
];

/// The signatures of `a[?b]`.
pub(super) const OPTIONAL_INDEX: &[Signature] = &[
    (&[LIST, INT], Shape::Optional(&A)),
    (&[Shape::Optional(&LIST), INT], Shape::Optional(&A)),
    (&[MAP, A], Shape::Optional(&B)),
    (&[Shape::Optional(&MAP), A], Shape::Optional(&B)),
];

/// The signature of `a.or(b)`.
pub(super) const OR: Signature = (&[Shape::Optional(&A), Shape::Optional(&A)], Shape::Optional(&A));

/// The signature of `a.orValue(b)`.
pub(super) const OR_VALUE: Signature = (&[Shape::Optional(&A), A], A);

/// The signatures of what adds entries to a map, a key and a value or another map.
pub(super) const MAP_INSERT: &[Signature] = &[(&[MAP, A, B], MAP), (&[MAP, MAP], MAP)];
