//! How the committed schemas are made, and whether they still say what they were made from.
//!
//! The versions to read are the `module` lines at the head of each file. `ci/schemas` downloads them and
//! runs these tests with UPDATE_EXPECT=1, which writes the files anew. Without it they are compared with
//! whatever of the modules is in Go's cache.

mod enumerations;
mod kubernetes;
mod lifecycle;
mod openapi;

use super::describe::Description;
use super::table::KINDS;
use super::{Minor, Schemas, Verdict};
use crate::objects::Objects;
use gift_plugin::protocol::Severity;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A module a file was made from.
struct Module {
    line: String,
    /// Where Go keeps it; it may not be there.
    directory: PathBuf,
}

impl Module {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("module ")?.split(' ');
        let (path, version) = (words.next()?, words.next()?);
        // Go writes capitals so, for file systems that do not tell them apart.
        let escaped: String = path
            .chars()
            .flat_map(|letter| letter.is_uppercase().then_some('!').into_iter().chain(letter.to_lowercase()))
            .collect();
        Some(Self { line: line.to_owned(), directory: cache().join(format!("{escaped}@{version}")) })
    }

    fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap()
    }

    fn version(&self) -> &str {
        self.line.split(' ').nth(2).unwrap()
    }

    fn is_there(&self) -> bool {
        self.directory.is_dir()
    }
}

fn cache() -> PathBuf {
    let go = || Path::new(&std::env::var_os("GOPATH").unwrap_or_default()).join("pkg/mod");
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join("go/pkg/mod");
    match std::env::var_os("GOMODCACHE") {
        Some(cache) => cache.into(),
        None if std::env::var_os("GOPATH").is_some() => go(),
        None => home(),
    }
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(name)
}

/// The lines before the schemas themselves, and the modules they name.
fn head(text: &str) -> (String, Vec<Module>) {
    let end = text.find(KINDS).unwrap_or(text.len());
    (text[..end].to_owned(), text[..end].lines().filter_map(Module::read).collect())
}

/// Writes a file anew where that is asked for, and holds it against what it should be.
fn settle(name: &str, committed: &str, made: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(file(name), made).unwrap();
        return;
    }
    let differing = committed.lines().zip(made.lines()).find(|(committed, made)| committed != made);
    assert_eq!(differing, None, "schemas/{name} is not what its modules say; ci/schemas makes it anew");
    assert_eq!(committed.lines().count(), made.lines().count(), "schemas/{name}; ci/schemas makes it anew");
}

#[test]
fn the_schemas_of_kubernetes_are_those_of_its_modules() {
    let committed = fs::read_to_string(file("kubernetes.txt")).unwrap();
    let (head, modules) = head(&committed);
    if modules.iter().all(Module::is_there) {
        settle("kubernetes.txt", &committed, &format!("{head}{}", kubernetes::made(&modules)));
    } else {
        let there = modules.iter().filter(|module| module.is_there());
        there.for_each(|module| kubernetes::assert_holds(&committed, module));
    }
}

#[test]
fn the_schemas_brought_along_are_those_of_their_modules() {
    let committed = fs::read_to_string(file("custom-resources.txt")).unwrap();
    let (head, modules) = head(&committed);
    if modules.iter().all(Module::is_there) {
        settle("custom-resources.txt", &committed, &format!("{head}{}", custom_resources(&modules)));
    }
}

/// The schemas of the CustomResourceDefinitions in the folders and files of modules.
fn custom_resources(modules: &[Module]) -> String {
    let mut description = Description::default();
    for module in modules {
        let words: Vec<_> = module.line.split(' ').collect();
        let [_, _, _, place, groups] = words.as_slice() else { panic!("{}", module.line) };
        let mut files = Vec::new();
        let place = module.directory.join(place);
        if place.is_dir() {
            super::custom::list(&place, &mut files).unwrap();
        } else {
            files.push(place);
        }
        files.sort();
        let mut found = BTreeSet::new();
        for file in files {
            let text = fs::read(&file).unwrap();
            let Ok(objects) = Objects::read(&text) else { panic!("{} is no stream", file.display()) };
            for object in objects.kind("CustomResourceDefinition") {
                let definition = object.to_json();
                found.insert(definition["spec"]["group"].as_str().unwrap().to_owned());
                description.add(&definition);
            }
        }
        let found: Vec<_> = found.into_iter().collect();
        assert_eq!(found.join(","), *groups, "the groups of {}", module.line);
    }
    description.finish()
}

/// Objects with every field of their kind that Kubernetes' own tests hold its decoders against: texts stand
/// where only some are allowed, and nothing else in them is wrong.
#[test]
fn no_field_of_kubernetes_is_unknown_or_of_another_type() {
    let committed = fs::read_to_string(file("kubernetes.txt")).unwrap();
    let newest = head(&committed).1.into_iter().rfind(|module| module.path() == "k8s.io/api").unwrap();
    if !newest.is_there() {
        return;
    }
    let mut judged = 0;
    for (folder, minor) in [("v1.33.0", 33), ("v1.34.0", 34), ("v1.35.0", 35), ("HEAD", 36)] {
        let minor = Minor::new(minor);
        let mut files = Vec::new();
        super::custom::list(&newest.directory.join("testdata").join(folder), &mut files).unwrap();
        // Others hold what the newest decoder made of them.
        let is_original = |file: &&PathBuf| {
            let name = file.file_name().unwrap().to_str().unwrap();
            name.ends_with(".yaml") && !name.contains(".after_")
        };
        for file in files.iter().filter(is_original) {
            let text = fs::read(file).unwrap();
            let objects = Objects::read(&text).unwrap();
            let object = objects.iter().next().unwrap();
            let known = super::kubernetes().kind(object.api_version(), object.kind());
            if known.is_none_or(|known| !known.served.contains(minor)) {
                continue;
            }
            let Verdict::Known(mistakes) = Schemas::default().judge(object, minor) else {
                panic!("{}", file.display())
            };
            judged += 1;
            for mistake in mistakes.iter().filter(|mistake| mistake.severity == Severity::Error) {
                assert!(mistake.message.starts_with("must be `"), "{}: {mistake:?}", file.display());
            }
        }
    }
    assert!(judged == 0 || judged > 300, "{judged} objects");
}
