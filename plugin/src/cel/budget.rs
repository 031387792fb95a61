//! How much work an evaluation may do.
//!
//! Depends on [`super::error`] alone.

use super::error::EvaluationError;

/// How deeply evaluations may nest, variables included.
const MAX_DEPTH: u32 = 600;

/// The steps an evaluation may take. A node of the expression costs one step each time it is
/// evaluated; functions cost more where their arguments are long.
///
/// ```
/// use gift_plugin::cel::{Activation, Budget, Declarations, Environment};
///
/// let program = Environment::for_minor(34)
///     .compile("[1, 2, 3].all(a, [1, 2, 3].all(b, a + b > 1))", &Declarations::default())?;
/// let mut budget = Budget::new(10);
/// let error = program.evaluate(&Activation::default(), &mut budget).unwrap_err();
/// assert!(error.to_string().contains("more than 10 steps"));
/// # Ok::<(), gift_plugin::cel::CompileError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Budget {
    limit: u64,
    remaining: u64,
    depth: u32,
}

impl Budget {
    /// A budget of `limit` steps.
    #[must_use]
    pub const fn new(limit: u64) -> Self {
        Self { limit, remaining: limit, depth: 0 }
    }

    /// The steps taken so far.
    #[must_use]
    pub const fn spent(&self) -> u64 {
        self.limit - self.remaining
    }

    /// Takes `steps`, or fails when fewer are left.
    pub(super) fn spend(&mut self, steps: u64) -> Result<(), EvaluationError> {
        match self.remaining.checked_sub(steps) {
            Some(remaining) => {
                self.remaining = remaining;
                Ok(())
            }
            None => {
                self.remaining = 0;
                Err(EvaluationError::BudgetExceeded(self.limit))
            }
        }
    }

    /// Takes what reading or writing `length` bytes costs.
    pub(super) fn spend_bytes(&mut self, length: usize) -> Result<(), EvaluationError> {
        self.spend(length as u64 / 16)
    }

    /// Takes one step, one level deeper. Every success is followed by one [`Self::leave`].
    pub(super) fn enter(&mut self) -> Result<(), EvaluationError> {
        if self.depth >= MAX_DEPTH {
            return Err(EvaluationError::TooDeep(MAX_DEPTH));
        }
        self.spend(1)?;
        self.depth += 1;
        Ok(())
    }

    /// Back from one level.
    pub(super) const fn leave(&mut self) {
        self.depth -= 1;
    }
}
