//! `gift cache`: what earlier runs rendered.

use super::Conclusion;
use super::failure::Failure;
use super::output::{Format, Terminal};
use gift_harness::render::stored::{Inventory, StoreDirectory};
use std::io::Write;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Show or remove what earlier runs have rendered
///
/// `gift test` keeps what Helm rendered, by the content of everything that has a say in it, so that only
/// cells whose inputs changed are rendered again. Removing it costs time, never a result. Streams are kept
/// as Helm gave them, before secrets are filled in, and readable by you alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift cache                       where it is, and how much
  gift cache prune                 remove what was not used for 30 days
  gift cache prune --days 7
  gift cache prune --all

Exit codes:
  0  done    2  the directory cannot be read or written")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Remove what was not used for some time
    Prune(Prune),
}

#[derive(Debug, clap::Args)]
struct Prune {
    /// What was not used for this many days goes
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    days: u32,
    /// Everything goes
    #[arg(long, conflicts_with = "days")]
    all: bool,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let directory = StoreDirectory::of_user();
    let (done, inventory) = match &arguments.verb {
        None => ("kept", directory.inventory()?),
        Some(Verb::Prune(Prune { all: true, .. })) => ("removed", directory.forget(Duration::ZERO)?),
        Some(Verb::Prune(Prune { days, .. })) => {
            // Nothing at all is asked for by name, with --all.
            ("removed", directory.forget(DAY * (*days).max(1))?)
        }
    };
    tell(terminal, &directory, done, inventory).map_err(Failure::output)?;
    Ok(Conclusion::Good)
}

fn tell(
    terminal: &mut Terminal,
    directory: &StoreDirectory,
    done: &str,
    inventory: Inventory,
) -> std::io::Result<()> {
    let unused = inventory.oldest.and_then(|oldest| oldest.elapsed().ok());
    let path = directory.path().display().to_string();
    if terminal.format == Format::Json {
        let text = serde_json::json!({
            "version": 1, "path": path, "what": done, "entries": inventory.entries, "bytes": inventory.bytes,
            "oldestSeconds": unused.map(|unused| unused.as_secs()),
        });
        return writeln!(terminal.output(), "{text}");
    }
    #[expect(clippy::cast_precision_loss, reason = "one decimal is told")]
    let megabytes = inventory.bytes as f64 / 1e6;
    writeln!(terminal.output(), "{path}: {} renderings {done}, {megabytes:.1} MB", inventory.entries)?;
    match unused {
        Some(unused) if done == "kept" => {
            writeln!(
                terminal.output(),
                "the oldest was last used {} days ago",
                unused.as_secs() / DAY.as_secs()
            )
        }
        _ => Ok(()),
    }
}
