//! Which kinds a version of Kubernetes serves, and what to use in place of those it does not.
//!
//! Depends on [`super::table`].

use super::judge::Mistake;
use super::nearest::nearest;
use super::table::{Kind, Table};
use super::version::Minor;
use gift_plugin::protocol::Severity;
use gift_plugin::yaml::Path;

fn mistake(severity: Severity, field: &str, message: String, help: impl Into<String>) -> Mistake {
    Mistake { severity, path: Path::root().key(field), at: None, message, help: help.into() }
}

/// An object that does not say what it is.
pub(super) fn untyped(field: &str) -> Mistake {
    let message = format!("`{field}` is missing: nobody can tell what this object is");
    mistake(Severity::Error, field, message, "State `apiVersion` and `kind`, both as text.")
}

/// A kind this version does not serve, and another does.
pub(super) fn absent(table: &Table, known: &Kind<'_>, minor: Minor) -> Mistake {
    let removed = known.removed.filter(|removed| *removed <= minor);
    let why = match (removed, known.served.first()) {
        (Some(removed), _) => format!(": {removed} removed it"),
        (None, Some(first)) if first > minor => format!(": it came with {first}"),
        (None, Some(first)) => {
            known.served.end_after(first).map(|end| format!(": {end} removed it")).unwrap_or_default()
        }
        (None, None) => String::new(),
    };
    let message = format!("Kubernetes {minor} has no {} of {}{why}", known.kind, known.api_version);
    let help = match successor(table, known, minor) {
        Some(other) if removed.is_some() => {
            format!("Use {}, and look at what changed between the two.", told(&other, known))
        }
        Some(other) => format!("Use {} in this version.", told(&other, known)),
        None if removed.is_some() => "Nothing replaces it; remove the object.".to_owned(),
        None => "Leave it out for this version; in a template, ask `.Capabilities.APIVersions`.".to_owned(),
    };
    mistake(Severity::Error, "apiVersion", message, help)
}

/// A kind that is served, and will not be for ever.
pub(super) fn deprecated(table: &Table, known: &Kind<'_>, minor: Minor) -> Option<Mistake> {
    let since = known.deprecated.filter(|since| *since <= minor)?;
    let end = match known.removed {
        Some(removed) => format!("and {removed} removes it"),
        None => "and a later version removes it".to_owned(),
    };
    let message = format!("{} of {} is deprecated since {since}, {end}", known.kind, known.api_version);
    let help = match successor(table, known, minor) {
        Some(other) => format!("Use {}, and look at what changed between the two.", told(&other, known)),
        None => "Look for another way before that version comes.".to_owned(),
    };
    Some(mistake(Severity::Warning, "apiVersion", message, help))
}

/// A kind its own author calls deprecated.
pub(super) fn deprecated_by_author(known: &Kind<'_>) -> Option<Mistake> {
    let message = || format!("{} of {} is deprecated by its author", known.kind, known.api_version);
    let help = "Use a later version of it.";
    known.is_deprecated.then(|| mistake(Severity::Warning, "apiVersion", message(), help))
}

/// Whether an API version is of a group of Kubernetes' own.
pub(super) fn is_of_kubernetes(table: &Table, api_version: &str) -> bool {
    table.kinds().any(|(_, known)| group_of(known) == group_of(api_version))
}

/// A kind no version of Kubernetes has, in a group of Kubernetes' own.
pub(super) fn unknown(table: &Table, api_version: &str, kind: &str, minor: Minor) -> Option<Mistake> {
    // A list states its items, and what is left of it when it has none is nothing.
    if (api_version, kind) == ("v1", "List") {
        return None;
    }
    let group = group_of(api_version);
    let of_group = table.kinds().filter(|(_, known)| group_of(known) == group);
    let others: Vec<_> = table
        .kinds_named(kind)
        .filter(|known| group_of(known.api_version) == group && known.served.contains(minor))
        .collect();
    if let Some(other) = most_stable(others) {
        let message = format!("Kubernetes has no {kind} of {api_version}");
        return Some(mistake(Severity::Error, "apiVersion", message, format!("Use {}.", other.api_version)));
    }
    let message = format!("{api_version} has no kind `{kind}`");
    let elsewhere = table.kinds_named(kind).filter(|known| known.served.contains(minor)).collect();
    let help = match (most_stable(elsewhere), nearest(kind, of_group.map(|(kind, _)| kind))) {
        (Some(other), _) => format!("{kind} is a kind of {}.", other.api_version),
        (None, Some(near)) => format!("Did you mean `{near}`?"),
        (None, None) => "`kubectl api-resources` shows the kinds there are.".to_owned(),
    };
    Some(mistake(Severity::Error, "kind", message, help))
}

/// A version of a custom resource that its definition does not serve.
pub(super) fn not_served(kind: &str, api_version: &str, versions: &[&str], origin: &str) -> Mistake {
    let message = format!("{kind} is not served as {api_version}");
    let help = format!("Use {}: so says {origin}.", versions.join(" or "));
    mistake(Severity::Error, "apiVersion", message, help)
}

/// What to use in a version instead: what its sources name, or the same kind of the same group.
fn successor<'t>(table: &'t Table, known: &Kind<'t>, minor: Minor) -> Option<Kind<'t>> {
    let mut replacement = known.replacement;
    // A replacement may have been replaced since.
    for _ in 0..4 {
        let Some(other) = replacement.and_then(|(api_version, kind)| table.kind(api_version, kind)) else {
            break;
        };
        if other.served.contains(minor) {
            return Some(other);
        }
        replacement = other.replacement;
    }
    let group = group_of(known.api_version);
    let others = table.kinds_named(known.kind).filter(|other| {
        group_of(other.api_version) == group
            && other.api_version != known.api_version
            && other.served.contains(minor)
    });
    most_stable(others.collect())
}

fn told(other: &Kind<'_>, known: &Kind<'_>) -> String {
    if other.kind == known.kind {
        other.api_version.to_owned()
    } else {
        format!("{} of {}", other.kind, other.api_version)
    }
}

/// The version that will be there longest: v2 before v1, both before v1beta1.
fn most_stable(kinds: Vec<Kind<'_>>) -> Option<Kind<'_>> {
    let rank = |kind: &Kind<'_>| {
        let version = kind.api_version.rsplit('/').next().unwrap_or_default().trim_start_matches('v');
        let digits = version.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(version.len());
        let (major, rest) = version.split_at(digits);
        let stage = if rest.is_empty() { 2 } else { u8::from(rest.starts_with("beta")) };
        let within = rest.trim_start_matches(char::is_alphabetic);
        (stage, major.parse::<u32>().unwrap_or(0), within.parse::<u32>().unwrap_or(0))
    };
    kinds.into_iter().max_by_key(rank)
}

/// The group of an API version: empty for the core.
pub(super) fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}
