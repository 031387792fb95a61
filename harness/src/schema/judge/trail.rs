//! The way from the root of an object to the value looked at, which costs nothing until it is told.

use gift_plugin::yaml::{Path, Segment};

/// A step, and the steps before it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trail<'t> {
    Root,
    Key(&'t Trail<'t>, &'t str),
    Index(&'t Trail<'t>, usize),
}

impl Trail<'_> {
    /// As a path.
    pub(super) fn path(&self) -> Path {
        let mut segments = Vec::new();
        let mut trail = self;
        loop {
            trail = match trail {
                Trail::Root => break,
                Trail::Key(before, key) => {
                    segments.push(Segment::Key((*key).to_owned()));
                    before
                }
                Trail::Index(before, index) => {
                    segments.push(Segment::Index(*index));
                    before
                }
            };
        }
        segments.into_iter().rev().collect()
    }

    /// The fields alone, with something before them: `pod.spec.containers`.
    pub(super) fn fields_below(&self, root: &str) -> String {
        match self {
            Trail::Root => root.to_owned(),
            Trail::Key(before, key) => format!("{}.{key}", before.fields_below(root)),
            Trail::Index(before, _) => before.fields_below(root),
        }
    }
}
