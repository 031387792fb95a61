//! What policies refuse: those in `policies/` of two charts.
//!
//! A rule that denies and is new, or judges otherwise than before, may refuse what was taken: two expressions cannot be
//! told to refuse the same, so another one counts as stricter. What only warns is new, not breaking. A rule of a set
//! nobody could ask for before is new as well.
//!
//! Depends on [`super::text`].

use super::error::at;
use super::text::Text;
use super::{Area, Bump, Reason, ReleaseError};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The folder of policies in a chart, as `gift` knows it.
const FOLDER: &str = "policies";
/// The folder of parameters below it.
const PARAMS: &str = "params";
/// The folder of sets below it, which are in force where they are asked for.
const LIBRARY: &str = "library";

/// How much a rule weighs where it is broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Action {
    /// Nothing comes of it.
    #[default]
    None,
    /// It is told.
    Warn,
    /// What breaks it is refused.
    Deny,
}

/// A rule: a policy and what its bindings make of it.
#[derive(Clone, Debug, Default)]
struct Rule {
    place: String,
    set: Option<String>,
    spec: Value,
    action: Action,
    bindings: Vec<Value>,
}

#[derive(Debug, Default)]
struct Policies {
    rules: BTreeMap<String, Rule>,
    /// Parameters by file and key, with the line of the file.
    params: BTreeMap<String, BTreeMap<String, Value>>,
    sets: BTreeSet<String>,
}

/// What changed between the policies of two charts.
pub(super) fn compare(before: &Path, after: &Path) -> Result<Vec<Reason>, ReleaseError> {
    let (before, after) = (Policies::of(before)?, Policies::of(after)?);
    let mut reasons = Vec::new();
    let mut tell = |bump, place: &str, message: String| {
        reasons.push(Reason { bump, area: Area::Policies, place: place.to_owned(), message });
    };
    for (name, old) in &before.rules {
        match after.rules.get(name) {
            None => tell(Bump::Minor, &old.place, format!("{name} is gone, and refuses nothing any more")),
            Some(now) => {
                for (bump, message) in old.changes(now) {
                    tell(bump, &now.place, format!("{name}: {message}"));
                }
            }
        }
    }
    for (name, now) in after.rules.iter().filter(|(name, _)| !before.rules.contains_key(*name)) {
        let is_of_new_set = now.set.as_ref().is_some_and(|set| !before.sets.contains(set));
        let (bump, message) = match now.action {
            Action::Deny if is_of_new_set => (Bump::Minor, "is new, in a set that is new"),
            Action::Deny => (Bump::Major, "is new, and refuses what breaks it"),
            Action::Warn => (Bump::Minor, "is new, and warns"),
            Action::None => (Bump::Patch, "is new, and bound to nothing"),
        };
        tell(bump, &now.place, format!("{name} {message}"));
    }
    let denies = after.rules.values().any(|rule| rule.action == Action::Deny);
    for (bump, place, message) in params(&before.params, &after.params, denies) {
        tell(bump, &place, message);
    }
    Ok(reasons)
}

impl Rule {
    fn changes(&self, now: &Self) -> Vec<(Bump, String)> {
        let mut changes = Vec::new();
        if now.action > self.action {
            let bump = if now.action == Action::Deny { Bump::Major } else { Bump::Minor };
            changes.push((bump, format!("what breaks it is {} now", now.action.told())));
        } else if now.action < self.action {
            changes.push((Bump::Minor, format!("what breaks it is only {} now", now.action.told())));
        }
        // Where nothing is refused, nothing can be refused anew.
        let stricter = if now.action == Action::Deny { Bump::Major } else { Bump::Minor };
        let (before, after) = (asked(&self.spec), asked(&now.spec));
        let fields =
            |one: &Value| one.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default();
        let mut names: BTreeSet<String> = fields(&before);
        names.extend(fields(&after));
        for name in names.iter().filter(|name| before.get(name) != after.get(name)) {
            changes.push(match name.as_str() {
                "validations" => validations(&before[name], &after[name], stricter),
                "failurePolicy" if after[name] == "Ignore" => {
                    (Bump::Minor, "what cannot be judged is taken now".to_owned())
                }
                _ => (stricter, format!("spec.{name} is another, and may refuse more")),
            });
        }
        if self.bindings != now.bindings {
            changes.push((stricter, "its binding is another, and may refuse more".to_owned()));
        }
        changes
    }
}

/// Validations that are gone refuse nothing; others may refuse more.
fn validations(before: &Value, after: &Value, stricter: Bump) -> (Bump, String) {
    let of = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (before, after) = (of(before), of(after));
    if after.iter().all(|validation| before.contains(validation)) {
        return (
            Bump::Minor,
            format!("{} of its validations gone", before.len().saturating_sub(after.len())),
        );
    }
    let new = after.iter().filter(|validation| !before.contains(validation)).count();
    (stricter, format!("{new} of its validations new or another, which may refuse more"))
}

/// What a policy asks for, without what it says about it.
fn asked(spec: &Value) -> Value {
    let mut spec = spec.clone();
    for validation in spec.get_mut("validations").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(validation) = validation.as_object_mut() {
            for told in ["message", "messageExpression", "reason"] {
                validation.remove(told);
            }
        }
    }
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("auditAnnotations");
    }
    spec
}

impl Action {
    fn told(self) -> &'static str {
        match self {
            Self::None => "let pass",
            Self::Warn => "warned of",
            Self::Deny => "refused",
        }
    }

    fn of(binding: &Value) -> Self {
        let actions = binding.pointer("/spec/validationActions").and_then(Value::as_array);
        let named = |action: &Value| match action.as_str() {
            Some("Deny") => Self::Deny,
            _ => Self::Warn,
        };
        actions.into_iter().flatten().map(named).max().unwrap_or_default()
    }
}

fn params(
    before: &BTreeMap<String, BTreeMap<String, Value>>,
    after: &BTreeMap<String, BTreeMap<String, Value>>,
    denies: bool,
) -> Vec<(Bump, String, String)> {
    let stricter = if denies { Bump::Major } else { Bump::Minor };
    let mut changes = Vec::new();
    for (file, old) in before {
        let Some(now) = after.get(file) else {
            changes.push((stricter, file.clone(), "the parameters are gone".to_owned()));
            continue;
        };
        for (key, value) in old {
            match now.get(key) {
                None => changes.push((stricter, file.clone(), format!("the parameter {key} is gone"))),
                Some(other) if other != value => {
                    changes.push((
                        stricter,
                        file.clone(),
                        format!("the parameter {key} is another, and may refuse more"),
                    ));
                }
                Some(_) => {}
            }
        }
        for key in now.keys().filter(|key| !old.contains_key(*key)) {
            changes.push((Bump::Minor, file.clone(), format!("the parameter {key} is new")));
        }
    }
    for file in after.keys().filter(|file| !before.contains_key(*file)) {
        changes.push((Bump::Minor, file.clone(), "the parameters are new".to_owned()));
    }
    changes
}

impl Policies {
    fn of(chart: &Path) -> Result<Self, ReleaseError> {
        let folder = chart.join(FOLDER);
        let mut policies = Self::default();
        let mut bindings = Vec::new();
        for path in files(&folder)? {
            let text = std::fs::read_to_string(&path).map_err(at(&path, "read"))?;
            let text =
                Text::read(&text).map_err(|reason| ReleaseError::Text { path: path.clone(), reason })?;
            let below = path.strip_prefix(&folder).unwrap_or(&path);
            let mut parts = below.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
            let (first, second) = (parts.next().unwrap_or_default(), parts.next());
            let set = second.filter(|_| first == LIBRARY);
            for document in &text.documents {
                let value = crate::objects::to_json(&document.root);
                let name =
                    value.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
                let place = format!("{FOLDER}/{}", below.display());
                match value["kind"].as_str() {
                    Some("ValidatingAdmissionPolicy") => {
                        let rule = policies.rules.entry(name).or_default();
                        rule.place = format!("{place}:{}", text.line(&document.root));
                        rule.spec = value["spec"].clone();
                        rule.set.clone_from(&set);
                        policies.sets.extend(set.clone());
                    }
                    Some("ValidatingAdmissionPolicyBinding") => bindings.push(value),
                    Some("ConfigMap") if first == PARAMS => {
                        let data = value["data"].as_object().cloned().unwrap_or_default();
                        policies.params.insert(place, data.into_iter().collect());
                    }
                    _ => {}
                }
            }
        }
        for binding in bindings {
            let policy = binding.pointer("/spec/policyName").and_then(Value::as_str).unwrap_or_default();
            if let Some(rule) = policies.rules.get_mut(policy) {
                rule.action = rule.action.max(Action::of(&binding));
                let mut spec = binding["spec"].clone();
                if let Some(spec) = spec.as_object_mut() {
                    spec.remove("validationActions");
                }
                rule.bindings.push(spec);
            }
        }
        Ok(policies)
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, ReleaseError> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder).map_err(at(folder, "read"))? {
        let path = entry.map_err(at(folder, "read"))?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    const RULE: &str = "\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: few}
spec:
  failurePolicy: Fail
  matchConstraints: {resourceRules: [{resources: [pods]}]}
  validations:
  - {expression: object.spec.replicas < 5, message: too many}
  - {expression: object.spec.replicas > 0}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: few}
spec: {policyName: few, validationActions: [Deny]}
";

    fn chart(files: &[(&str, &str)]) -> TempDir {
        let chart = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = chart.path().join(FOLDER).join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        chart
    }

    fn told(before: &[(&str, &str)], after: &[(&str, &str)]) -> Vec<String> {
        let reasons = compare(chart(before).path(), chart(after).path()).unwrap();
        reasons.iter().map(|reason| format!("{} {} {}", reason.bump, reason.place, reason.message)).collect()
    }

    fn changed(from: &str, to: &str) -> Vec<String> {
        assert!(RULE.contains(from));
        told(&[("few.yaml", RULE)], &[("few.yaml", &RULE.replace(from, to))])
    }

    #[test]
    fn a_rule_that_refuses_breaks_when_it_is_new_and_one_that_warns_does_not() {
        let file = ("few.yaml", RULE);
        assert_eq!(told(&[], &[file]), ["major policies/few.yaml:1 few is new, and refuses what breaks it"]);
        let warns = RULE.replace("[Deny]", "[Warn, Audit]");
        assert_eq!(told(&[], &[("few.yaml", &warns)]), ["minor policies/few.yaml:1 few is new, and warns"]);
        assert_eq!(
            told(&[file], &[]),
            ["minor policies/few.yaml:1 few is gone, and refuses nothing any more"]
        );
        assert_eq!(told(&[file], &[file]), [""; 0]);
    }

    #[test]
    fn a_set_that_is_new_is_asked_for_by_nobody_yet() {
        let other = RULE.replace("few", "fewer");
        let (old, new) = (("library/a/few.yaml", RULE), ("library/b/fewer.yaml", other.as_str()));
        assert_eq!(
            told(&[old], &[old, new]),
            ["minor policies/library/b/fewer.yaml:1 fewer is new, in a set that is new"]
        );
        let new = ("library/a/fewer.yaml", other.as_str());
        assert_eq!(
            told(&[old], &[old, new]),
            ["major policies/library/a/fewer.yaml:1 fewer is new, and refuses what breaks it"]
        );
    }

    #[test]
    fn what_is_asked_for_may_be_stricter_and_what_is_said_of_it_is_not() {
        let message = |text: &str| format!("policies/few.yaml:1 few: {text}");
        let one = |from, to| changed(from, to).join("\n");
        assert_eq!(
            one("< 5", "< 4"),
            format!("major {}", message("1 of its validations new or another, which may refuse more"))
        );
        assert_eq!(
            one("  - {expression: object.spec.replicas > 0}\n", ""),
            format!("minor {}", message("1 of its validations gone"))
        );
        assert_eq!(
            one("[pods]", "[deployments]"),
            format!("major {}", message("spec.matchConstraints is another, and may refuse more"))
        );
        assert_eq!(
            one("Policy: Fail", "Policy: Ignore"),
            format!("minor {}", message("what cannot be judged is taken now"))
        );
        assert_eq!(
            one("[Deny]", "[Warn]"),
            format!("minor {}", message("what breaks it is only warned of now"))
        );
        assert_eq!(
            one("few, v", "few, matchResources: {}, v"),
            format!("major {}", message("its binding is another, and may refuse more"))
        );
        assert_eq!(one("too many", "more than there may be"), "");
        let warns = RULE.replace("[Deny]", "[Warn]");
        let told = told(&[("few.yaml", &warns)], &[("few.yaml", RULE)]);
        assert_eq!(told, [format!("major {}", message("what breaks it is refused now"))]);
    }

    #[test]
    fn other_parameters_may_refuse_more() {
        let params = |data: &str| format!("kind: ConfigMap\nmetadata: {{name: p}}\ndata: {data}\n");
        let of = |data: &str| {
            vec![("few.yaml".to_owned(), RULE.to_owned()), ("params/shop.yaml".to_owned(), params(data))]
        };
        let told = |before: &str, after: &str| {
            let (before, after) = (of(before), of(after));
            let short = |files: &[(String, String)]| {
                chart(&files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>())
            };
            let reasons = compare(short(&before).path(), short(&after).path()).unwrap();
            reasons.iter().map(|reason| format!("{} {}", reason.bump, reason.message)).collect::<Vec<_>>()
        };
        assert_eq!(
            told("{most: '5'}", "{most: '4'}"),
            ["major the parameter most is another, and may refuse more"]
        );
        assert_eq!(told("{most: '5'}", "{}"), ["major the parameter most is gone"]);
        assert_eq!(told("{}", "{most: '5'}"), ["minor the parameter most is new"]);
    }
}
