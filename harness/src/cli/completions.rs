//! `gift completions`: completion scripts for shells.

use super::Conclusion;
use super::failure::Failure;
use super::output::Terminal;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift completions bash > ~/.local/share/bash-completion/completions/gift
  gift completions zsh  > ~/.zfunc/_gift
  gift completions fish > ~/.config/fish/completions/gift.fish")]
pub(crate) struct Arguments {
    /// The shell
    shell: clap_complete::Shell,
}

pub(crate) fn run(
    arguments: &Arguments,
    command: &mut clap::Command,
    terminal: &mut Terminal,
) -> Result<Conclusion, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, command, "gift", &mut script);
    terminal.write_raw(&script)?;
    Ok(Conclusion::Good)
}
