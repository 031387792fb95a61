//! Findings and runs in the format that was asked for.

use super::output::Format;
use gift_harness::report::text::Appearance;
use gift_harness::report::{Run, Stream, Verdict, github, json, junit, sarif, text};
use std::io::{self, Write};

/// Writes the verdict on a stream.
pub(crate) fn write_verdict(
    out: &mut impl Write,
    format: Format,
    verdict: &Verdict<'_>,
    stream: Option<&[u8]>,
    appearance: Appearance,
) -> io::Result<()> {
    match format {
        Format::Text => {
            let stream = stream.filter(|_| !verdict.findings.is_empty()).map(Stream::new);
            text::write_verdict(out, verdict, stream.as_ref(), appearance)
        }
        Format::Json => json::write_verdict(out, verdict),
        Format::Sarif => sarif::write_verdict(out, verdict),
        Format::Junit => junit::write_verdict(out, verdict),
        Format::Github => github::write_verdict(out, verdict),
    }
}

/// Writes how a run over the matrix went.
pub(crate) fn write_run(
    out: &mut impl Write,
    format: Format,
    run: &Run<'_>,
    appearance: Appearance,
) -> io::Result<()> {
    match format {
        Format::Text => text::write_run(out, run, appearance),
        Format::Json => json::write_run(out, run),
        Format::Sarif => sarif::write_run(out, run),
        Format::Junit => junit::write_run(out, run),
        Format::Github => github::write_run(out, run),
    }
}
