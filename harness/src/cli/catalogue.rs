//! Which policies and rules are in force, from the arguments.

use super::failure::Failure;
use gift_harness::policies::{Policies, PolicySelection};
use gift_harness::rules::{self, Rule};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The `--policy` that stands for no policies at all.
const NO_POLICIES: &str = "none";

/// The arguments that choose policies.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Policies")]
pub(crate) struct PolicyArguments {
    /// A folder of ValidatingAdmissionPolicies to judge by instead of those in the command; `none`
    /// for the built-in rules alone
    #[arg(long, value_name = "DIR|none")]
    pub(crate) policy: Option<PathBuf>,
}

impl PolicyArguments {
    /// The policies these arguments choose.
    pub(crate) fn selection(&self) -> PolicySelection {
        match &self.policy {
            None => PolicySelection::Embedded,
            Some(none) if none.as_os_str() == NO_POLICIES => PolicySelection::None,
            Some(directory) => PolicySelection::Directory(directory.clone()),
        }
    }
}

/// The ids of the rules built into the plugin.
pub(crate) fn built_in() -> Vec<String> {
    rules::built_in().into_iter().map(|rule| rule.id).collect()
}

/// The rules in force: policies, then those built in, then the assertions of `gift test`.
pub(crate) fn rules(arguments: &PolicyArguments) -> Result<Vec<Rule>, Failure> {
    rules_of(&arguments.selection())
}

/// The rules in force with these policies.
pub(crate) fn rules_of(selection: &PolicySelection) -> Result<Vec<Rule>, Failure> {
    let files = Policies::read(selection)?;
    let mut rules = rules::described_by(&files.policies);
    rules.extend(rules::built_in());
    let known: BTreeSet<_> = rules.iter().map(|rule| rule.id.clone()).collect();
    rules.extend(gift_harness::run::rules().into_iter().filter(|rule| !known.contains(&rule.id)));
    Ok(rules::sorted(rules))
}
