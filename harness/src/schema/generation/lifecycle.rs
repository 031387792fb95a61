//! When a kind became deprecated, when it goes, and what takes its place: the sources of Kubernetes' API
//! modules say so of each type.

use super::Module;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[derive(Clone, Debug, Default)]
pub(super) struct Lifecycle {
    pub(super) deprecated: Option<u8>,
    pub(super) removed: Option<u8>,
    /// API version and kind.
    pub(super) replacement: Option<(String, String)>,
}

/// By kind and API version; what a later module says counts.
pub(super) fn read(modules: &[Module]) -> BTreeMap<(String, String), Lifecycle> {
    let mut found = BTreeMap::new();
    for module in modules {
        descend(&module.directory, &mut found);
    }
    found
}

fn descend(directory: &Path, found: &mut BTreeMap<(String, String), Lifecycle>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            descend(&path, found);
        } else if path.file_name().is_some_and(|name| name == "zz_generated.prerelease-lifecycle.go") {
            of_package(directory, &fs::read_to_string(&path).unwrap(), found);
        }
    }
}

fn of_package(package: &Path, source: &str, found: &mut BTreeMap<(String, String), Lifecycle>) {
    let register = fs::read_to_string(package.join("register.go")).unwrap();
    let group =
        register.lines().find_map(|line| line.strip_prefix("const GroupName = ")).unwrap().trim_matches('"');
    let version = package.file_name().unwrap().to_str().unwrap();
    let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let mut own: BTreeMap<String, Lifecycle> = BTreeMap::new();
    let (mut kind, mut what) = ("", "");
    for line in source.lines() {
        if let Some(rest) = line.strip_prefix("func (in *") {
            let (name, rest) = rest.split_once(") APILifecycle").unwrap();
            (kind, what) = (name, rest.split('(').next().unwrap());
        } else if let Some(value) = line.strip_prefix("\treturn ") {
            let lifecycle = own.entry(kind.to_owned()).or_default();
            let minor = || value.split_once(", ").unwrap().1.parse().ok();
            match what {
                "Deprecated" => lifecycle.deprecated = minor(),
                "Removed" => lifecycle.removed = minor(),
                "Replacement" => {
                    let parts: Vec<_> = value.split('"').skip(1).step_by(2).collect();
                    let [group, version, kind] = parts.as_slice() else { panic!("{value}") };
                    let api_version =
                        if group.is_empty() { (*version).to_owned() } else { format!("{group}/{version}") };
                    // One of them names the list.
                    let kind = kind.strip_suffix("List").unwrap_or(kind).to_owned();
                    lifecycle.replacement = Some((api_version, kind));
                }
                _ => {}
            }
        }
    }
    found.extend(own.into_iter().map(|(kind, lifecycle)| ((kind, api_version.clone()), lifecycle)));
}
