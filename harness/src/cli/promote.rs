//! `gift promote`: image tags from one environment's values to another's.

use super::Conclusion;
use super::failure::{CommandError, Failure};
use super::output::{Format, Terminal};
use gift_harness::chart::Environments;
use gift_harness::git::{GitError, Repository};
use gift_harness::promotion::{Promotion, Tag, Tags};
use serde_json::json;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Have an environment run what another runs, or a tag, by changing image tags in its values
///
/// Tags stand in values/SYSTEM/ENVIRONMENT.yaml at SYSTEM.services.NAME.image.tag. Those of the services
/// named change, or all the file states; every other byte of it stays. Nothing is committed: a pipeline does
/// that with git. A file with changes of yours in it is left alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  gift promote shop/dev shop/staging                        staging runs what dev runs
  gift promote shop/dev shop/staging --service frontend
  gift promote --tag v1.2.3 shop/prod                       every tag the file states
  gift promote --list shop/dev                              what dev runs
  gift promote --check --tag v1.2.3 shop/prod               does prod name that release?
  gift promote shop/dev shop/staging --format json          for a pipeline

Exit codes:
  0  done, or there was nothing to do    1  --check, and a tag is another
  2  no such environment, no such tag, values that are not committed: nothing was written")]
pub(crate) struct Arguments {
    /// The environment to take tags from, where --tag gives none, and the one that changes
    #[arg(value_name = "[FROM] TO", required = true, num_args = 1..=2)]
    environments: Vec<String>,
    /// The tag to set
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// The services whose tags change; without, all whose tags the environment's own file states
    #[arg(long = "service", value_name = "NAME", value_delimiter = ',')]
    services: Vec<String>,
    /// Print the environment's tags
    #[arg(long, conflicts_with_all = ["tag", "check"])]
    list: bool,
    /// Write nothing, and end with 1 where a tag would change
    #[arg(long)]
    check: bool,
    /// Take files as they are, with changes that are in no commit
    #[arg(long)]
    allow_dirty: bool,
    /// The folder of values files
    #[arg(long, value_name = "DIR", default_value = "values")]
    values_directory: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Conclusion, Failure> {
    let environments = Environments::new(&arguments.values_directory);
    let services = &arguments.services;
    let (promotion, from) = match (arguments.environments.as_slice(), &arguments.tag) {
        ([name], None) if arguments.list => {
            list(terminal, &Tags::of(&environments, name)?, arguments)?;
            return Ok(Conclusion::Good);
        }
        ([to], Some(tag)) => (Promotion::of_tag(&environments, to, tag, services)?, None),
        ([from, to], None) if !arguments.list => {
            (Promotion::between(&environments, from, to, services)?, Some(from))
        }
        _ => return Err(CommandError::Promotion.into()),
    };
    if !arguments.check {
        if !arguments.allow_dirty {
            let mut files = vec![promotion.path()];
            if let Some(from) = from {
                files.extend(environments.files(from)?);
            }
            refuse_uncommitted(&files)?;
        }
        promotion.write()?;
    }
    tell(terminal, arguments, &promotion).map_err(Failure::output)?;
    Ok(if arguments.check && promotion.changes_something() { Conclusion::Findings } else { Conclusion::Good })
}

/// What is in no commit was never deployed, and would be carried along.
fn refuse_uncommitted(files: &[PathBuf]) -> Result<(), Failure> {
    let repository = match Repository::of(".") {
        Ok(repository) => repository,
        // Where nothing is committed, nothing is uncommitted.
        Err(GitError::NoGit(_) | GitError::NoRepository { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let inside: Vec<&Path> =
        files.iter().map(PathBuf::as_path).filter(|file| repository.from_root(file).is_some()).collect();
    let files = repository.uncommitted(&inside)?;
    if files.is_empty() { Ok(()) } else { Err(CommandError::Uncommitted { files }.into()) }
}

fn list(terminal: &mut Terminal, tags: &Tags, arguments: &Arguments) -> Result<(), Failure> {
    let tags: Vec<Tag> = if arguments.services.is_empty() {
        tags.stated()
    } else {
        arguments.services.iter().map(|service| tags.get(service)).collect::<Result<_, _>>()?
    };
    if terminal.format == Format::Json {
        let answer = json!({ "version": 1, "environment": arguments.environments.first(), "tags": tags });
        return writeln!(terminal.output(), "{answer}").map_err(Failure::output);
    }
    for tag in tags {
        writeln!(terminal.output(), "{}\t{}", tag.service, tag.tag).map_err(Failure::output)?;
    }
    Ok(())
}

fn tell(terminal: &mut Terminal, arguments: &Arguments, promotion: &Promotion) -> io::Result<()> {
    let file = promotion.path();
    let file = file.display();
    if terminal.format == Format::Json {
        let answer = json!({
            "version": 1,
            "environment": arguments.environments.last(),
            "file": file.to_string(),
            "written": !arguments.check && promotion.changes_something(),
            "tags": promotion.changes,
        });
        return writeln!(terminal.output(), "{answer}");
    }
    for change in promotion.changes.iter().filter(|change| change.before != change.after) {
        writeln!(
            terminal.output(),
            "{file}:{}: {} {} -> {}",
            change.line,
            change.service,
            change.before,
            change.after
        )?;
    }
    if !promotion.changes_something() && !terminal.quiet {
        writeln!(terminal.errors(), "{file} names these tags already")?;
    }
    Ok(())
}
