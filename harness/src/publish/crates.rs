//! What a program in Rust is made of, asked of `cargo metadata` and read from `Cargo.lock`.
//!
//! Depends on nothing else here, and on cargo where a manifest is named.

use super::error::{PublishError, at};
use semver::Version;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A crate that is part of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) version: Version,
    /// An SPDX expression.
    pub(super) licence: Option<String>,
    pub(super) repository: Option<String>,
    /// The SHA-256 of its package; none for a crate of the project itself.
    pub(super) digest: Option<String>,
    /// Where in [`Crates::all`] those stand that it uses.
    pub(super) uses: Vec<usize>,
}

/// A program's crates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Crates {
    /// The program's own first, the others by name and version.
    pub(super) all: Vec<Crate>,
    /// `Cargo.lock`.
    pub(super) lock: Vec<u8>,
    /// The folder of the workspace.
    pub(super) workspace: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetadataPackage>,
    resolve: Resolve,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct MetadataPackage {
    id: String,
    name: String,
    version: Version,
    license: Option<String>,
    repository: Option<String>,
    source: Option<String>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
    root: Option<String>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    kind: Option<String>,
}

impl Crates {
    /// The crates that are compiled into what a manifest builds, for a platform such as `linux-amd64`. What only
    /// builds or tests it is not among them.
    pub(super) fn of(manifest: &Path, platform: Option<&str>) -> Result<Self, PublishError> {
        let refused = |reason: String| PublishError::Crates { manifest: manifest.to_owned(), reason };
        let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = Command::new(program);
        command.args(["metadata", "--format-version", "1", "--locked", "--manifest-path"]).arg(manifest);
        if let Some(triple) = platform.and_then(triple) {
            command.args(["--filter-platform", triple]);
        }
        let output = command
            .stdin(Stdio::null())
            .output()
            .map_err(|source| PublishError::Program { program: "cargo".to_owned(), source })?;
        if !output.status.success() {
            return Err(refused(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        let metadata: Metadata =
            serde_json::from_slice(&output.stdout).map_err(|error| refused(error.to_string()))?;
        let path = metadata.workspace_root.join("Cargo.lock");
        let lock = std::fs::read(&path).map_err(at(&path, "read"))?;
        let all = metadata.reached(&digests(&String::from_utf8_lossy(&lock)));
        let all = all.ok_or_else(|| refused("it is a workspace, and no package of one".to_owned()))?;
        Ok(Self { all, lock, workspace: metadata.workspace_root })
    }
}

impl Metadata {
    /// The root and what it uses, directly or not.
    fn reached(&self, digests: &HashMap<(&str, &str), &str>) -> Option<Vec<Crate>> {
        let root = self.resolve.root.as_deref()?;
        let packages: HashMap<_, _> = self.packages.iter().map(|one| (one.id.as_str(), one)).collect();
        let nodes: HashMap<_, _> = self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let used = |id: &str| -> Vec<&str> {
            let deps = nodes.get(id).into_iter().flat_map(|node| &node.deps);
            deps.filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind.is_none()))
                .map(|dependency| dependency.pkg.as_str())
                .filter(|id| packages.get(id).is_some_and(|package| !package.is_macro()))
                .collect()
        };
        let mut reached = BTreeSet::from([root]);
        let mut pending = vec![root];
        while let Some(id) = pending.pop() {
            pending.extend(used(id).into_iter().filter(|id| reached.insert(id)));
        }
        let mut sorted: Vec<_> = reached.iter().filter_map(|id| packages.get(id).copied()).collect();
        sorted.sort_by_key(|package| (package.id != root, &package.name, &package.version));
        let places: BTreeMap<_, _> =
            sorted.iter().enumerate().map(|(at, one)| (one.id.as_str(), at)).collect();
        let of = |package: &&MetadataPackage| {
            let mut uses: Vec<_> =
                used(&package.id).into_iter().filter_map(|id| places.get(id).copied()).collect();
            uses.sort_unstable();
            uses.dedup();
            let key = (package.name.as_str(), &*package.version.to_string());
            Crate {
                name: package.name.clone(),
                version: package.version.clone(),
                // The way it was written before SPDX.
                licence: package.license.as_deref().map(|licence| licence.replace('/', " OR ")),
                repository: package.repository.clone(),
                digest: package.source.as_ref().and_then(|_| digests.get(&key)).map(|&text| text.to_owned()),
                uses,
            }
        };
        Some(sorted.iter().map(of).collect())
    }
}

impl MetadataPackage {
    /// Whether it runs in the compiler, and not in the program.
    fn is_macro(&self) -> bool {
        self.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "proc-macro"))
    }
}

/// The checksums in `Cargo.lock`, by name and version. Cargo writes the file, one field on a line.
fn digests(lock: &str) -> HashMap<(&str, &str), &str> {
    lock.split("[[package]]")
        .filter_map(|block| {
            Some(((field_of(block, "name")?, field_of(block, "version")?), field_of(block, "checksum")?))
        })
        .collect()
}

fn field_of<'a>(block: &'a str, key: &str) -> Option<&'a str> {
    block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"'))
}

/// What Rust calls a platform.
fn triple(platform: &str) -> Option<&'static str> {
    Some(match platform {
        "linux-amd64" => "x86_64-unknown-linux-gnu",
        "linux-arm64" => "aarch64-unknown-linux-gnu",
        "darwin-amd64" => "x86_64-apple-darwin",
        "darwin-arm64" => "aarch64-apple-darwin",
        "windows-amd64" => "x86_64-pc-windows-msvc",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compiled_in_is_told_and_nothing_else() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let crates = Crates::of(&manifest, Some("linux-amd64")).unwrap();
        assert_eq!(crates.all[0].name, "gift-harness");
        let named = |name: &str| crates.all.iter().find(|one| one.name == name);
        let plugin = named("gift-plugin").unwrap();
        assert_eq!(plugin.digest, None);
        let regex = crates.all.iter().position(|one| one.name == "regex-automata").unwrap();
        assert!(plugin.uses.contains(&regex));
        let regex = &crates.all[regex];
        assert_eq!(regex.digest.as_ref().map(String::len), Some(64));
        assert_eq!(regex.licence.as_deref(), Some("MIT OR Apache-2.0"));
        // A macro, a tool of tests, and what another platform needs.
        for absent in ["serde_derive", "criterion", "windows-sys", "gift-tests"] {
            assert_eq!(named(absent), None);
        }
    }

    #[test]
    fn a_workspace_is_no_program() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let error = Crates::of(&manifest, None).unwrap_err();
        assert!(error.to_string().ends_with("no package of one"), "{error}");
    }
}
