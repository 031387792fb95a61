//! Whether a mistake in what is rendered would be noticed: a finished stream is broken in hundreds of small
//! ways, one at a time, and judged as a cell is.
//!
//! An [`Operator`] stands for one mistake people really make and finds the places in a stream where it could
//! be made; each place is a [`Mutation`], which [`run`] makes, judges and tells about. What no rule notices
//! is a survivor: a rule that is missing, or, with a [reason](Reasons), one that cannot be.
//!
//! Depends on [`crate::objects`], [`crate::assertions`] and [`crate::run`].

mod edit;
mod judge;
mod operators;
mod reasons;
mod run;
mod subject;

#[cfg(test)]
mod tests;

pub use operators::{all, find};
pub use reasons::{Reasons, ReasonsError};
pub use run::{Event, MutationError, Options, Outcome, Summary, cells_of, run};
pub use subject::Mutation;

use subject::Subject;

/// A mistake, and the places of a stream where it can be made.
#[derive(Clone, Copy, Debug)]
pub struct Operator {
    /// The stable id: `selector-label-dropped`.
    pub id: &'static str,
    /// What somebody does wrong, and what comes of it in a cluster.
    pub mistake: &'static str,
    find: fn(&mut Subject<'_, '_>),
}

impl Operator {
    /// Every mutation of a stream, in the order of the stream.
    ///
    /// ```
    /// use gift_harness::mutation;
    /// use gift_harness::objects::Objects;
    ///
    /// let stream = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n";
    /// let operator = mutation::find("name-upper-case").ok_or("no such operator")?;
    /// let mutations = operator.mutations(&Objects::read(stream)?);
    /// assert_eq!(mutations[0].path, "metadata.name");
    /// assert!(mutations[0].apply(stream).ends_with(b"{name: Web}\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn mutations(&self, objects: &crate::objects::Objects<'_>) -> Vec<Mutation> {
        let mut subject = Subject::new(self.id, objects);
        (self.find)(&mut subject);
        subject.mutations
    }
}
