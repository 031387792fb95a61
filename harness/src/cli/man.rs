//! `gift man`: manual pages.

use super::Conclusion;
use super::failure::{CommandError, Failure};
use super::output::Terminal;
use std::path::{Path, PathBuf};

/// Print the manual page, or write one page per command into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift man | man -l -
  gift man ~/.local/share/man/man1")]
pub(crate) struct Arguments {
    /// The folder to write gift.1, gift-check.1, ... into
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(crate) fn run(
    arguments: &Arguments,
    command: &clap::Command,
    terminal: &mut Terminal,
) -> Result<Conclusion, Failure> {
    match &arguments.directory {
        None => terminal.write_raw(&page(command)?)?,
        Some(directory) => {
            std::fs::create_dir_all(directory)
                .map_err(|source| CommandError::Write { path: directory.clone(), source })?;
            write(directory, "gift", command)?;
            for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
                write(directory, &format!("gift-{}", verb.get_name()), verb)?;
            }
        }
    }
    Ok(Conclusion::Good)
}

fn write(directory: &Path, name: &str, command: &clap::Command) -> Result<(), Failure> {
    let path = directory.join(format!("{name}.1"));
    let text = page(&command.clone().display_name(name))?;
    std::fs::write(&path, text).map_err(|source| CommandError::Write { path, source })?;
    Ok(())
}

fn page(command: &clap::Command) -> Result<Vec<u8>, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(Failure::output)?;
    Ok(page)
}
