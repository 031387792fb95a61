//! How far a long task is: a bar or a spinner on a terminal, nothing when quiet. Elsewhere, steps with
//! names are plain lines, and steps alike are lines only when asked for: their report follows.

use super::output::Terminal;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

/// What is shown of a task's progress, on standard error.
pub(crate) enum Progress {
    /// Redrawn in place.
    Bar(ProgressBar),
    /// One line for each step.
    Lines,
    /// Nothing.
    Silent,
}

impl Progress {
    /// For a task of steps with names.
    pub(crate) fn steps(terminal: &Terminal) -> Self {
        if terminal.quiet {
            return Self::Silent;
        }
        if !io::stderr().is_terminal() {
            return Self::Lines;
        }
        let bar = ProgressBar::new_spinner();
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.enable_steady_tick(Duration::from_millis(100));
        Self::Bar(bar)
    }

    /// For a task of so many steps alike.
    pub(crate) fn counted(terminal: &Terminal, steps: usize) -> Self {
        if terminal.quiet {
            return Self::Silent;
        }
        if !io::stderr().is_terminal() {
            return if terminal.verbose { Self::Lines } else { Self::Silent };
        }
        let bar = ProgressBar::new(u64::try_from(steps).unwrap_or(u64::MAX));
        bar.set_draw_target(ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self::Bar(bar)
    }

    /// A step that began, or is done.
    pub(crate) fn step(&mut self, told: &str) {
        match self {
            Self::Bar(bar) if bar.length().is_some() => {
                bar.set_message(told.to_owned());
                bar.inc(1);
            }
            Self::Bar(bar) => {
                bar.println(told);
                bar.set_message(told.to_owned());
            }
            // Nobody is left to tell when stderr is closed.
            Self::Lines => drop(writeln!(io::stderr(), "{told}")),
            Self::Silent => {}
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&mut self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
