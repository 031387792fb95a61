//! Built-in rules and the policies that say the same: one fault is told once, by the policy where it can
//! see it, for that is the one the cluster will name as well.
//!
//! Depends on the other modules here for what a rule and a breach are.

use super::{Breach, RULES, Rule};
use crate::protocol::Severity;
use crate::yaml::{Path, Segment};
use std::collections::BTreeSet;

/// The names under which an object may state an exception from a rule.
pub(crate) fn exceptions_of(id: &str) -> impl Iterator<Item = &str> {
    std::iter::once(id).chain(rule(id).and_then(|rule| rule.counterpart))
}

/// Removes what a built-in rule found where its counterpart found something too, at least as bad.
pub(crate) fn settle(breaches: &mut Vec<Breach>) {
    let told: BTreeSet<(String, Path, Severity)> = breaches
        .iter()
        .filter(|breach| RULES.iter().any(|rule| rule.counterpart == Some(breach.rule.as_str())))
        .map(|breach| (breach.rule.clone(), breach.path.clone(), breach.severity))
        .collect();
    if told.is_empty() {
        return;
    }
    breaches.retain(|breach| {
        let Some(counterpart) = rule(&breach.rule).and_then(|rule| rule.counterpart) else { return true };
        let place = subject_of(&breach.path);
        let first = (counterpart.to_owned(), place.iter().cloned().collect(), Severity::Info);
        // What begins with the place follows it in the order of paths.
        !told
            .range(first..)
            .take_while(|(rule, path, _)| rule == counterpart && path.segments().starts_with(place))
            .any(|(.., severity)| *severity >= breach.severity)
    });
}

fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

/// A variable is one thing, whether its name or its value is blamed.
fn subject_of(path: &Path) -> &[Segment] {
    match path.segments() {
        [before @ .., Segment::Key(last)] if last == "value" => before,
        all => all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breach(rule: &str, severity: Severity, path: Path) -> Breach {
        Breach {
            rule: rule.to_owned(),
            severity,
            path,
            at: None,
            message: String::new(),
            help: String::new(),
        }
    }

    fn settled(first: Breach, second: Breach) -> Vec<String> {
        let mut breaches = vec![first, second];
        settle(&mut breaches);
        breaches.into_iter().map(|breach| breach.rule).collect()
    }

    #[test]
    fn a_fault_is_told_once_by_the_policy() {
        let variable = |at: usize| Path::root().key("env").index(at);
        let own = breach("secret-in-container", Severity::Error, variable(0).key("value"));
        let policy = |path| breach("no-sensitive-env", Severity::Error, path);
        assert_eq!(settled(own.clone(), policy(variable(0).key("name"))), ["no-sensitive-env"]);
        assert_eq!(settled(own.clone(), policy(variable(0).key("value"))), ["no-sensitive-env"]);
        assert_eq!(settled(own.clone(), policy(variable(1).key("value"))).len(), 2);
        assert_eq!(settled(own.clone(), breach("other", Severity::Error, variable(0))).len(), 2);
        let mild = breach("no-sensitive-env", Severity::Warning, variable(0));
        assert_eq!(settled(own, mild).len(), 2);
    }

    #[test]
    fn an_exception_from_the_policy_is_one_from_the_rule() {
        assert_eq!(exceptions_of("placeholder").collect::<Vec<_>>(), ["placeholder", "no-placeholder"]);
        assert_eq!(exceptions_of("duplicate-key").collect::<Vec<_>>(), ["duplicate-key"]);
        assert_eq!(exceptions_of("no-placeholder").collect::<Vec<_>>(), ["no-placeholder"]);
    }
}
