//! What kind of failure an error is, and the way out of it.
//!
//! Libraries return typed errors; the command turns them into one paragraph and an exit code with
//! the help of this trait. Depends on nothing else in the crate.

/// The kinds of failure, which are also the exit codes of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Findings, or assertions that did not hold.
    Findings,
    /// Wrong usage or input: arguments, files, values, missing tools or secrets.
    Input,
    /// Helm could not render.
    Render,
    /// A fault of ours.
    Internal,
}

impl Category {
    /// The exit code.
    ///
    /// ```
    /// use gift_harness::diagnosis::Category;
    ///
    /// assert_eq!(Category::Render.exit_code(), 3);
    /// ```
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Findings => 1,
            Self::Input => 2,
            Self::Render => 3,
            Self::Internal => 70,
        }
    }
}

/// An error that knows its kind and the way out.
pub trait Diagnose: std::error::Error {
    /// Which kind it is.
    fn category(&self) -> Category;

    /// What the reader can do about it, as one or more sentences.
    fn help(&self) -> Option<String> {
        None
    }
}
