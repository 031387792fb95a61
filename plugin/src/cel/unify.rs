//! What type variables stand for: which type may be where another is asked for, and what that says about both.
//!
//! A literal `[]` has elements of a type nobody has said yet, and a function of any list gives an element of
//! whatever it is called with. Such a type is a [`Type::Variable`]; each time two types meet, variables learn
//! what they stand for. Follows the type checker of the API server in which of them learns what, for its
//! messages show it.
//!
//! Depends on [`super::types`].

use super::types::{Kind, Type};

/// What type variables stand for, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Substitutions {
    /// By number.
    known: Vec<Option<Type>>,
    /// What was changed since the current attempt began, to take it back.
    changed: Vec<(usize, Option<Type>)>,
}

impl Substitutions {
    /// `count` new variables; gives the number of the first.
    pub(super) fn fresh(&mut self, count: usize) -> u32 {
        let first = self.known.len();
        self.known.resize(first + count, None);
        u32::try_from(first).unwrap_or(u32::MAX)
    }

    /// A new variable.
    pub(super) fn variable(&mut self) -> Type {
        Type::Variable(self.fresh(1))
    }

    /// Whether each of `actual` may stand where the `wanted` one of the same place is asked for. Nothing is
    /// learnt when one may not.
    pub(super) fn accept_all<'t>(&mut self, pairs: impl Iterator<Item = (&'t Type, Type)>) -> bool {
        self.changed.clear();
        for (actual, wanted) in pairs {
            if !self.assignable(actual, &wanted) {
                while let Some((variable, before)) = self.changed.pop() {
                    self.known[variable] = before;
                }
                return false;
            }
        }
        true
    }

    /// Whether a value of one type may be where one of the other is.
    pub(super) fn accept(&mut self, one: &Type, other: &Type) -> bool {
        self.accept_all(std::iter::once((one, other.clone())))
    }

    /// The type with all variables replaced by what they stand for; those that stand for nothing stay.
    pub(super) fn resolve(&self, of: &Type) -> Type {
        self.replace(of, false)
    }

    /// The type with all variables replaced; those that stand for nothing become `dyn`.
    pub(super) fn settle(&self, of: &Type) -> Type {
        self.replace(of, true)
    }

    fn replace(&self, of: &Type, settle: bool) -> Type {
        let replaced = |of: &Type| Box::new(self.replace(of, settle));
        match of {
            Type::Variable(number) => match self.get(*number) {
                Some(known) => self.replace(known, settle),
                None if settle => Type::Dyn,
                None => of.clone(),
            },
            Type::List(element) => Type::List(replaced(element)),
            Type::Map(key, value) => Type::Map(replaced(key), replaced(value)),
            Type::Optional(value) => Type::Optional(replaced(value)),
            Type::TypeOf(value) => Type::TypeOf(replaced(value)),
            Type::Dyn | Type::Error | Type::Plain(_) | Type::Object(_) => of.clone(),
        }
    }

    fn get(&self, number: u32) -> Option<&Type> {
        self.known.get(number as usize)?.as_ref()
    }

    fn set(&mut self, number: u32, of: Type) {
        if let Some(known) = self.known.get_mut(number as usize) {
            self.changed.push((number as usize, known.replace(of)));
        }
    }

    fn assignable(&mut self, one: &Type, other: &Type) -> bool {
        if let Type::Variable(number) = other {
            match self.substitute(one, *number) {
                Substitution::Valid => return true,
                Substitution::Contradiction => return false,
                Substitution::Circular => {}
            }
        }
        if let Type::Variable(number) = one {
            return self.substitute(other, *number) == Substitution::Valid;
        }
        match (one, other) {
            (Type::Dyn | Type::Error, _) | (_, Type::Dyn | Type::Error) => true,
            (Type::Plain(Kind::Null), nullable) | (nullable, Type::Plain(Kind::Null)) => {
                nullable.is_nullable()
            }
            (Type::List(one), Type::List(other)) | (Type::Optional(one), Type::Optional(other)) => {
                self.assignable(one, other)
            }
            (Type::Map(key, value), Type::Map(other_key, other_value)) => {
                self.assignable(key, other_key) && self.assignable(value, other_value)
            }
            (Type::TypeOf(_), Type::TypeOf(_)) => true,
            (one, other) => one == other,
        }
    }

    /// Lets the variable `number` stand for `of`, or for what both it and `of` are.
    fn substitute(&mut self, of: &Type, number: u32) -> Substitution {
        if *of == Type::Variable(number) {
            return Substitution::Valid;
        }
        let Some(known) = self.get(number).cloned() else {
            if self.occurs(number, of) {
                return Substitution::Circular;
            }
            self.set(number, of.clone());
            return Substitution::Valid;
        };
        if *of == known {
            return Substitution::Valid;
        }
        if !self.assignable(of, &known) {
            return Substitution::Contradiction;
        }
        let general = if is_general(of, &known) { of.clone() } else { known };
        if !self.occurs(number, &general) {
            self.set(number, general);
        }
        Substitution::Valid
    }

    /// Whether `of` is made of the variable.
    fn occurs(&self, number: u32, of: &Type) -> bool {
        match of {
            Type::Variable(other) => {
                *other == number || self.get(*other).is_some_and(|known| self.occurs(number, known))
            }
            Type::List(inner) | Type::Optional(inner) | Type::TypeOf(inner) => self.occurs(number, inner),
            Type::Map(key, value) => self.occurs(number, key) || self.occurs(number, value),
            Type::Dyn | Type::Error | Type::Plain(_) | Type::Object(_) => false,
        }
    }
}

/// What becomes of an attempt to let a variable stand for a type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Substitution {
    Valid,
    /// The variable stands for something else already.
    Contradiction,
    /// The type is made of the variable itself.
    Circular,
}

/// The more general one of two types that may be in each other's place.
pub(super) fn most_general(one: Type, other: Type) -> Type {
    if is_general(&one, &other) { one } else { other }
}

/// Whether `one` says no more than `other`.
fn is_general(one: &Type, other: &Type) -> bool {
    match (one, other) {
        (Type::Dyn | Type::Variable(_), _) => true,
        (_, Type::Dyn | Type::Variable(_)) => false,
        (Type::List(one), Type::List(other)) | (Type::Optional(one), Type::Optional(other)) => {
            is_general(one, other)
        }
        (Type::Map(key, value), Type::Map(other_key, other_value)) => {
            is_general(key, other_key) && is_general(value, other_value)
        }
        (Type::TypeOf(_), Type::TypeOf(_)) => true,
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_learns_from_the_first_type_it_meets() {
        let mut types = Substitutions::default();
        let element = types.variable();
        assert!(types.accept(&Type::list(element.clone()), &Type::list(Type::INT)));
        assert_eq!(types.settle(&element), Type::INT);
        assert!(!types.accept(&element, &Type::STRING));
        assert_eq!(types.settle(&element), Type::INT);
    }

    #[test]
    fn an_attempt_that_fails_teaches_nothing() {
        let mut types = Substitutions::default();
        let element = types.variable();
        let wanted = [element.clone(), Type::STRING];
        let actual = [Type::INT, Type::INT];
        assert!(!types.accept_all(actual.iter().zip(wanted)));
        assert_eq!(types.settle(&element), Type::Dyn);
    }

    #[test]
    fn a_variable_is_no_part_of_itself() {
        let mut types = Substitutions::default();
        let element = types.variable();
        assert!(!types.accept(&element, &Type::list(element.clone())));
    }
}
