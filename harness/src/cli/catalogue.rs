//! Which policies and rules are in force, from the arguments.

use super::failure::{CommandError, Failure};
use gift_harness::rules::{self, Rule};
use gift_plugin::protocol::Source;
use std::path::{Path, PathBuf};

/// The `--policy` that stands for no policies at all.
pub(crate) const NO_POLICIES: &str = "none";

/// The arguments that choose policies.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Policies")]
pub(crate) struct PolicyArguments {
    /// A folder of ValidatingAdmissionPolicies to judge by instead of those in the command; `none`
    /// for the built-in rules alone
    #[arg(long, value_name = "DIR|none")]
    pub(crate) policy: Option<PathBuf>,
}

/// The rules in force, those with a number first.
pub(crate) fn rules(arguments: &PolicyArguments) -> Result<Vec<Rule>, Failure> {
    let files = match &arguments.policy {
        None => Vec::new(),
        Some(none) if none.as_os_str() == NO_POLICIES => Vec::new(),
        Some(directory) => read_directory(directory)?,
    };
    let mut rules = rules::described_by(&files);
    rules.extend(rules::built_in());
    Ok(rules)
}

fn read_directory(directory: &Path) -> Result<Vec<Source>, Failure> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| CommandError::Read { path, source }
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(failed(directory))? {
        let path = entry.map_err(failed(directory))?.path();
        if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            let text = std::fs::read_to_string(&path).map_err(failed(&path))?;
            files.push(Source { name: path.display().to_string(), text });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}
