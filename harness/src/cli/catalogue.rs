//! Which policies and rules are in force, from the arguments.

use super::failure::Failure;
use gift_harness::policies::{PolicyFilesError, PolicySelection};
use gift_harness::rules::{self, Rule};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The arguments that choose policies.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Policies")]
pub(crate) struct PolicyArguments {
    /// Policies to judge by instead of the organisation's: a folder of ValidatingAdmissionPolicies, the
    /// name of a set in the command such as `organisation` or `pod-security-baseline`, or `none` for the
    /// built-in rules alone; may be given several times
    #[arg(long, value_name = "DIR|SET|none")]
    pub(crate) policy: Vec<PathBuf>,
}

impl PolicyArguments {
    /// The policies these arguments choose.
    pub(crate) fn selection(&self) -> Result<PolicySelection, PolicyFilesError> {
        match self.policy.as_slice() {
            [] => Ok(PolicySelection::Embedded),
            [one] => PolicySelection::named(one),
            several => {
                let selections: Result<_, _> =
                    several.iter().map(|word| PolicySelection::named(word)).collect();
                selections.map(PolicySelection::Several)
            }
        }
    }

    /// The policies to tell about: those chosen, else every one there is.
    pub(crate) fn told(&self) -> Result<PolicySelection, PolicyFilesError> {
        if self.policy.is_empty() { PolicySelection::everything() } else { self.selection() }
    }
}

/// The ids of the rules built into the plugin.
pub(crate) fn built_in() -> Vec<String> {
    rules::built_in().into_iter().map(|rule| rule.id).collect()
}

/// The rules in force: policies, then those built in, then the assertions of `gift test`.
pub(crate) fn rules(arguments: &PolicyArguments) -> Result<Vec<Rule>, Failure> {
    rules_of(&arguments.selection()?)
}

/// The rules in force with these policies.
pub(crate) fn rules_of(selection: &PolicySelection) -> Result<Vec<Rule>, Failure> {
    let mut rules: Vec<_> = selection.sets()?.iter().flat_map(|set| set.rules()).collect();
    rules.extend(rules::built_in());
    let known: BTreeSet<_> = rules.iter().map(|rule| rule.id.clone()).collect();
    rules.extend(gift_harness::run::rules().into_iter().filter(|rule| !known.contains(&rule.id)));
    Ok(rules)
}
