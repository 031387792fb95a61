//! Every file of Rust is part of a program: a module nobody names is compiled by nobody, and its tests never run.

use crate::workplace::repository;
use std::fs;
use std::path::{Path, PathBuf};

/// Every file of Rust below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The files that may name a module, and its name; nothing for the root of a program.
fn parents(module: &Path) -> Option<(String, Vec<PathBuf>)> {
    let stem = module.file_stem()?.to_str()?.to_owned();
    let folder = module.parent()?;
    let (name, folder) = match stem.as_str() {
        "main" | "lib" => return None,
        "mod" => (folder.file_name()?.to_str()?.to_owned(), folder.parent()?),
        _ => (stem, folder),
    };
    let mut parents: Vec<_> = ["mod.rs", "main.rs", "lib.rs"].map(|file| folder.join(file)).into();
    parents.push(folder.with_extension("rs"));
    Some((name, parents))
}

#[test]
fn every_file_is_part_of_a_program() {
    let manifest = fs::read_to_string(repository().join("tests/Cargo.toml")).unwrap();
    let files: Vec<_> = ["tests/integration", "harness/src", "plugin/src"]
        .iter()
        .flat_map(|folder| sources(&repository().join(folder)))
        .collect();
    assert!(files.len() > 300, "{}", files.len());
    for file in files {
        let is_program = |name: &str| manifest.contains(&format!("path = \"integration/{name}.rs\""));
        let Some((name, parents)) = parents(&file) else { continue };
        let is_named = parents.iter().filter_map(|parent| fs::read_to_string(parent).ok()).any(|text| {
            text.lines().any(|line| {
                let line = line.trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
                line.trim_start_matches("pub ").strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';'))
                    == Some(name.as_str())
            })
        });
        assert!(is_named || is_program(&name), "{} is in no program", file.display());
    }
}
