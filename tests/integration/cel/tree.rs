//! A generated expression: text with parts in it, which can be replaced by simpler ones.

use super::grammar::Of;
use std::fmt;

/// An expression, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tree {
    pub(super) of: Of,
    pub(super) pieces: Vec<Piece>,
}

/// What an expression is written of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Part(Tree),
}

impl Tree {
    /// An expression without parts.
    pub(super) fn leaf(of: Of, text: impl Into<String>) -> Self {
        Self { of, pieces: vec![Piece::Text(text.into())] }
    }

    fn parts(&self) -> impl Iterator<Item = &Self> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Part(part) => Some(part),
            Piece::Text(_) => None,
        })
    }

    /// Every expression that is this one with one part made simpler: first what takes the most away.
    pub(super) fn simpler(&self) -> Vec<Self> {
        let mut found: Vec<Self> = self.parts().cloned().collect();
        found.extend(
            simplest(&self.of).map(|text| Self::leaf(self.of.clone(), text)).filter(|leaf| leaf != self),
        );
        if let [Piece::Text(text)] = self.pieces.as_slice() {
            found.extend(shorter(text).map(|text| Self::leaf(self.of.clone(), text)));
        }
        for (at, piece) in self.pieces.iter().enumerate() {
            let Piece::Part(part) = piece else { continue };
            found.extend(part.simpler().into_iter().map(|part| {
                let mut simpler = self.clone();
                simpler.pieces[at] = Piece::Part(part);
                simpler
            }));
        }
        found
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => formatter.write_str(text),
            Piece::Part(part) => part.fmt(formatter),
        })
    }
}

/// The simplest expression of a type.
fn simplest(of: &Of) -> Option<&'static str> {
    Some(match of {
        Of::Plain("bool") => "true",
        Of::Plain("int") => "1",
        Of::Plain("uint") => "1u",
        Of::Plain("double") => "1.0",
        Of::Plain("string") => "'a'",
        Of::Plain("bytes") => "b'a'",
        Of::Plain("duration") => "duration('1s')",
        Of::Plain("dyn") => "dyn(1)",
        Of::List(_) => "[]",
        Of::Map(..) => "{}",
        Of::Optional(_) => "optional.none()",
        _ => return None,
    })
}

/// A text literal with one character less, each in turn.
fn shorter(text: &str) -> impl Iterator<Item = String> {
    let is_literal = text.len() > 2 && text.ends_with(['\'', '"']);
    let characters: Vec<char> = if is_literal { text.chars().collect() } else { Vec::new() };
    (1..characters.len().saturating_sub(1)).map(move |left_out| {
        let kept = characters.iter().enumerate().filter(|(at, _)| *at != left_out);
        kept.map(|(_, character)| *character).collect()
    })
}
