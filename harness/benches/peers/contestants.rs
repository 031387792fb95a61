//! Who is measured: how each is called, and what its report says it judged and found.

use crate::Failure;
use gift_harness::{assertions, directories, policies};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// A program that judges manifests, with its arguments.
pub(crate) struct Contestant {
    pub(crate) name: String,
    program: PathBuf,
    /// The file of manifests comes after them.
    arguments: Vec<String>,
    read: fn(&str) -> Result<Verdict, Failure>,
}

/// What a report says.
pub(crate) struct Verdict {
    /// The rules held against the manifests; `None` where the report does not tell.
    pub(crate) rules: Option<usize>,
    /// The breaches of them.
    pub(crate) findings: usize,
}

impl Contestant {
    /// The command that judges a file.
    pub(crate) fn command(&self, manifests: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(manifests);
        command
    }

    /// What it found, from what it printed to a file.
    pub(crate) fn verdict(&self, output: &Path) -> Result<Verdict, Failure> {
        let text = fs::read_to_string(output)?;
        (self.read)(&text).map_err(|error| format!("the report of {}: {error}", self.name).into())
    }
}

/// This project's command: every policy and all assertions; all but the one no other contestant has a match for
/// here, which holds objects against the schemas of their kinds; every policy alone.
pub(crate) fn gift(folder: &Path) -> Result<Vec<Contestant>, Failure> {
    let organisation = folder.join("organisation");
    organisation_policies(&organisation)?;
    let mut arguments: Vec<String> =
        ["check", "--system", "bench", "--format", "json", "--policy"].map(str::to_owned).into();
    arguments.push(organisation.display().to_string());
    for set in policies::names()?.into_iter().filter(|set| set != policies::ORGANISATION) {
        arguments.extend(["--policy".to_owned(), set]);
    }
    let ids: Vec<_> = assertions::all().iter().map(|assertion| assertion.id()).collect();
    let without = |rules: &str| ["--skip".to_owned(), rules.to_owned()];
    let contestant = |name: &str, more: &[String]| Contestant {
        name: name.to_owned(),
        program: PathBuf::from(env!("CARGO_BIN_EXE_gift")),
        arguments: [&arguments, more].concat(),
        read: read_gift,
    };
    Ok(vec![
        contestant("gift", &[]),
        contestant("gift, no schemas", &without("schema")),
        contestant("gift, policies", &without(&ids.join(","))),
    ])
}

/// The organisation's policies, with parameters that fit the manifests.
fn organisation_policies(folder: &Path) -> Result<(), Failure> {
    let from = repository()?.join("chart/policies");
    fs::create_dir_all(folder.join("params"))?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            fs::copy(&path, folder.join(name))?;
        }
    }
    fs::write(folder.join("params/bench.yaml"), include_str!("parameters.yaml"))?;
    Ok(())
}

/// Checks of kube-linter that are left out: one asks a server for schemas, and one tells of every mapping whose
/// keys are not in the order of the alphabet, which is most of what it would tell.
const KUBE_LINTER_WITHOUT: &str = "schema-validation,sorted-keys";

/// The others, and the names of those that are not there.
pub(crate) fn peers() -> Result<(Vec<Contestant>, Vec<&'static str>), Failure> {
    let policies = repository()?.join("ci/tools/peers/policies");
    let policy = |name: &str| policies.join(name).display().to_string();
    let (rego, kyverno) = (policy("workloads.rego"), policy("workloads.yaml"));
    type Read = fn(&str) -> Result<Verdict, Failure>;
    let all: [(&'static str, Vec<&str>, Read); 4] = [
        (
            "kube-linter",
            vec!["lint", "--add-all-built-in", "--exclude", KUBE_LINTER_WITHOUT, "--format", "json"],
            read_kube_linter,
        ),
        ("kube-score", vec!["score", "--all-default-optional", "--output-format", "json"], read_kube_score),
        ("conftest", vec!["test", "--output", "json", "--policy", &rego], read_conftest),
        ("kyverno", vec!["apply", &kyverno, "--resource"], read_kyverno),
    ];
    let (mut there, mut missing) = (Vec::new(), Vec::new());
    for (name, arguments, read) in all {
        match find(name) {
            Some(program) => there.push(Contestant {
                name: name.to_owned(),
                program,
                arguments: arguments.into_iter().map(str::to_owned).collect(),
                read,
            }),
            None => missing.push(name),
        }
    }
    Ok((there, missing))
}

/// In the cache, where `ci/setup peers` puts programs, or on `PATH`.
fn find(name: &str) -> Option<PathBuf> {
    let cache = directories::cache().map(|cache| cache.join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    cache
        .into_iter()
        .chain(env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn repository() -> Result<&'static Path, Failure> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or_else(|| "the package is inside the workspace".into())
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn number(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|number| usize::try_from(number).ok())
}

fn read_gift(text: &str) -> Result<Verdict, Failure> {
    let report: Value = serde_json::from_str(text)?;
    Ok(Verdict {
        rules: number(&report["statistics"]["policies"]),
        findings: list(&report, "findings").len(),
    })
}

fn read_kube_linter(text: &str) -> Result<Verdict, Failure> {
    let report: Value = serde_json::from_str(text)?;
    Ok(Verdict { rules: Some(list(&report, "Checks").len()), findings: list(&report, "Reports").len() })
}

fn read_kube_score(text: &str) -> Result<Verdict, Failure> {
    let report: Vec<Value> = serde_json::from_str(text)?;
    let checks = || report.iter().flat_map(|object| list(object, "checks"));
    let ids: std::collections::BTreeSet<_> =
        checks().filter_map(|check| check["check"]["id"].as_str()).collect();
    let is_breach =
        |check: &&Value| check["skipped"] != true && check["grade"].as_u64().is_some_and(|grade| grade < 10);
    Ok(Verdict { rules: Some(ids.len()), findings: checks().filter(is_breach).count() })
}

fn read_conftest(text: &str) -> Result<Verdict, Failure> {
    let report: Vec<Value> = serde_json::from_str(text)?;
    let rules = include_str!("../../../ci/tools/peers/policies/workloads.rego");
    let rules = rules.lines().filter(|line| line.starts_with("deny ")).count();
    let findings = report.iter().map(|file| list(file, "failures").len()).sum();
    Ok(Verdict { rules: Some(rules), findings })
}

/// `pass: 5, fail: 2, warn: 0, error: 0, skip: 0`, the last line of a table.
fn read_kyverno(text: &str) -> Result<Verdict, Failure> {
    let counts = text.lines().rev().find(|line| line.starts_with("pass: ")).ok_or("there is no sum")?;
    let count = |name: &str| {
        let count = counts.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix(": "));
        count
            .and_then(|count| count.trim().parse::<usize>().ok())
            .ok_or_else(|| format!("{name} in {counts:?}"))
    };
    let rules = text.lines().find_map(|line| line.strip_prefix("Applying ")?.split(' ').next()?.parse().ok());
    Ok(Verdict { rules, findings: count("fail")? + count("error")? })
}
