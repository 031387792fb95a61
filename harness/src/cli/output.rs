//! Standard output and standard error, with the colours and the width each can take.

use super::failure::Failure;
use super::{Conclusion, Global};
use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;
use gift_harness::report::text::Appearance;
use std::io::{self, BufWriter, Stderr, StdoutLock, Write};

/// The formats findings can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// Versioned JSON, for programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for CI servers
    Junit,
    /// GitHub workflow commands, for annotations
    Github,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl From<ColorWhen> for ColorChoice {
    fn from(when: ColorWhen) -> Self {
        match when {
            ColorWhen::Auto => Self::Auto,
            ColorWhen::Always => Self::Always,
            ColorWhen::Never => Self::Never,
        }
    }
}

/// Where the command writes.
pub(crate) struct Terminal {
    output: BufWriter<StdoutLock<'static>>,
    errors: Stderr,
    color: ColorWhen,
    /// How findings are written.
    pub(crate) format: Format,
    /// Whether only findings and errors are told.
    pub(crate) quiet: bool,
    /// Whether it is told what is being done.
    pub(crate) verbose: bool,
}

impl Terminal {
    pub(crate) fn new(global: &Global) -> Self {
        Self {
            output: BufWriter::with_capacity(1 << 16, io::stdout().lock()),
            errors: io::stderr(),
            color: global.color,
            format: global.format,
            quiet: global.quiet,
            verbose: global.verbose,
        }
    }

    /// Standard output, for data; written out at the end.
    pub(crate) fn output(&mut self) -> &mut impl Write {
        &mut self.output
    }

    /// Standard error, for everything else.
    pub(crate) fn errors(&mut self) -> &mut impl Write {
        &mut self.errors
    }

    /// Writes data that must not be touched, colours or not.
    pub(crate) fn write_raw(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.output.flush().map_err(Failure::output)?;
        let raw = self.output.get_mut();
        raw.write_all(bytes).and_then(|()| raw.flush()).map_err(Failure::output)
    }

    /// How text looks on standard output.
    pub(crate) fn output_appearance(&self) -> Appearance {
        appearance(&io::stdout(), self.color)
    }

    /// How text looks on standard error.
    pub(crate) fn error_appearance(&self) -> Appearance {
        appearance(&io::stderr(), self.color)
    }

    /// When colours are used, for streams other than these two.
    pub(crate) fn color(&self) -> ColorWhen {
        self.color
    }

    /// Writes what is still buffered.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        self.output.flush().map_err(Failure::output)
    }
}

/// The appearance for a stream: colours as asked for, the terminal's width if it is one.
pub(crate) fn appearance<S: anstream::stream::RawStream>(stream: &S, color: ColorWhen) -> Appearance {
    let choice = match color {
        ColorWhen::Auto => AutoStream::choice(stream),
        told => told.into(),
    };
    let width = stream.is_terminal().then(terminal_size::terminal_size).flatten();
    Appearance {
        color: !matches!(choice, ColorChoice::Never),
        width: width.map(|(terminal_size::Width(width), _)| usize::from(width).clamp(40, 120)),
    }
}

impl Conclusion {
    /// Findings are errors when some are, or warnings when these count too.
    pub(crate) fn of(findings: &[gift_plugin::protocol::Finding], deny_warnings: bool) -> Self {
        use gift_plugin::protocol::Severity;
        let threshold = if deny_warnings { Severity::Warning } else { Severity::Error };
        if findings.iter().any(|finding| finding.severity >= threshold) { Self::Findings } else { Self::Good }
    }
}
