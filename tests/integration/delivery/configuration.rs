//! Configuration that is carried to other programs is what these programs read.
//!
//! `tests/configuration.yaml` says which files there are and what reads each. `tests/prometheus-reference` is
//! a program around Prometheus' own packages.

use super::environments::environments;
use crate::reference_program::reference_program;
use crate::workplace::{repository, text};
use gift_harness::objects::Objects;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Parser {
    Prometheus,
    Yaml,
    Json,
    Nothing,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    parser: Parser,
    why: Option<String>,
}

fn entries() -> BTreeMap<String, Entry> {
    let list = std::fs::read_to_string(repository().join("tests/configuration.yaml")).unwrap();
    let entries: BTreeMap<String, Entry> = serde_yaml::from_str(&list).unwrap();
    for (name, entry) in &entries {
        assert_eq!(entry.why.is_none(), entry.parser == Parser::Prometheus, "{name}");
    }
    entries
}

/// A file in a ConfigMap: the environment and the ConfigMap, the name, the text.
struct File {
    place: String,
    name: String,
    text: String,
}

/// Every key of a ConfigMap that is the name of a file, in every environment.
fn files() -> Vec<File> {
    let mut files = Vec::new();
    for (environment, stream) in environments() {
        for object in Objects::read(stream).unwrap().kind("ConfigMap") {
            let config_map = object.to_json();
            for (name, content) in config_map["data"].as_object().into_iter().flatten() {
                let extension = name.rsplit_once('.').map(|(_, extension)| extension);
                // A key such as `spring.profiles.active` is a setting and holds one line.
                if extension.is_some() && content.as_str().unwrap().contains('\n') {
                    files.push(File {
                        place: format!("{environment}: ConfigMap {}", object.name()),
                        name: name.clone(),
                        text: content.as_str().unwrap().to_owned(),
                    });
                }
            }
        }
    }
    files
}

#[test]
fn every_file_is_what_its_reader_reads() {
    let (entries, files) = (entries(), files());
    let listed: BTreeSet<&str> = entries.keys().map(String::as_str).collect();
    let found: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(found, listed, "tests/configuration.yaml lists the files there are");
    for file in &files {
        let said = match entries[&file.name].parser {
            Parser::Yaml => serde_yaml::from_str::<Value>(&file.text).err().map(|error| error.to_string()),
            Parser::Json => serde_json::from_str::<Value>(&file.text).err().map(|error| error.to_string()),
            Parser::Prometheus | Parser::Nothing => None,
        };
        assert_eq!(said, None, "{}: {}", file.place, file.name);
    }
    let prometheus: Vec<&File> =
        files.iter().filter(|file| entries[&file.name].parser == Parser::Prometheus).collect();
    assert!(prometheus.len() > 2, "{}", prometheus.len());
    let mut texts: Vec<String> = prometheus.iter().map(|file| file.text.clone()).collect();
    // What is wrong is refused, in each of them.
    let mistakes = [
        ("scrape_interval: ", "scrape_interval: about "),
        ("scrape_configs:", "scrape_config:"),
        ("job_name:", "jobname:"),
    ];
    for (right, wrong) in mistakes {
        for file in &prometheus {
            assert!(file.text.contains(right), "{}: there is no `{right}` to break", file.place);
            texts.push(file.text.replacen(right, wrong, 1));
        }
    }
    let said = ask_prometheus(&texts);
    let (right, wrong) = said.split_at(prometheus.len());
    for (file, said) in prometheus.iter().zip(right) {
        assert_eq!(said, "", "{}: {}", file.place, file.name);
    }
    for (text, said) in texts[prometheus.len()..].iter().zip(wrong) {
        assert!(!said.is_empty(), "Prometheus takes:\n{text}");
    }
}

/// What Prometheus says of each configuration: nothing, or why it would not start.
fn ask_prometheus(configurations: &[String]) -> Vec<String> {
    let mut process = Command::new(reference_program("prometheus-reference"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: String =
        configurations.iter().map(|text| serde_json::to_string(text).unwrap() + "\n").collect();
    process.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success());
    let said: Vec<String> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(said.len(), configurations.len());
    said
}
