//! The scripts of `ci/jenkins`, with a real remote.

use super::environments::environments;
use super::repository::Repository;
use crate::workplace::{repository as checkout, text};
use gift_harness::changes::Sources;
use gift_harness::objects::Objects;
use std::collections::BTreeSet;

/// Runs a script in the work tree.
fn script(repository: &Repository, name: &str, arguments: &[&str]) -> (bool, String) {
    let output = repository.run("work", &checkout().join("ci/jenkins").join(name), arguments);
    (output.status.success(), text_of(&output))
}

fn pushed(repository: &Repository) -> String {
    let told = repository.git(&["ls-remote", "origin", "refs/heads/main"]);
    told.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn changed_values_are_pushed_and_start_nothing() {
    let repository = Repository::new();
    let before = repository.git(&["rev-parse", "HEAD"]);
    repository.told(&["promote", "--tag", "g0123abc", "shop/dev"]);
    let (good, said) = script(&repository, "push", &["main", "Deploy g0123abc to dev"]);
    assert!(good, "{said}");
    assert_eq!(pushed(&repository), repository.git(&["rev-parse", "HEAD"]));
    assert_eq!(repository.told(&["changed", "services", "--since", &before]), [""; 0]);

    let (good, _) = script(&repository, "push", &["main", "Nothing"]);
    assert!(good);
    assert_eq!(repository.git(&["log", "-1", "--format=%s"]), "Deploy g0123abc to dev [skip ci]");
}

#[test]
fn somebody_who_pushed_first_is_not_overtaken() {
    let repository = Repository::new();
    repository.git(&["clone", "--quiet", "../remote", "../other"]);
    std::fs::write(repository.file("../other/service-oven/main"), "2\n").unwrap();
    repository.git_in("other", &["commit", "--quiet", "--all", "--message", "other"]);
    repository.git_in("other", &["push", "--quiet", "origin", "main"]);
    repository.told(&["promote", "--tag", "g0456def", "shop/dev"]);
    let (good, said) = script(&repository, "push", &["main", "Deploy g0456def to dev"]);
    assert!(good, "{said}");
    let log = repository.git(&["log", "-2", "--format=%s", "origin/main"]);
    assert_eq!(log, "Deploy g0456def to dev [skip ci]\nother");
}

#[test]
fn a_release_is_a_commit_that_names_it_and_a_tag() {
    let repository = Repository::new();
    let release = |version: &str| {
        // The environment a release is for is the script's to be told.
        let output = repository.run(
            "work",
            "env".as_ref(),
            &["ENVIRONMENT=shop/prod", checkout().join("ci/jenkins/release").to_str().unwrap(), version],
        );
        (output.status.code().unwrap(), text(&output.stderr))
    };
    for version in ["1.2.3", "v1.2", "v01.2.3", ""] {
        assert_eq!(release(version).0, 2, "{version}");
    }
    let (code, said) = release("v1.2.3");
    assert_eq!(code, 0, "{said}");
    assert_eq!(repository.git(&["show", "v1.2.3:values/shop/prod.yaml"]).matches("v1.2.3").count(), 2);
    assert_eq!(repository.gift(&["promote", "--check", "--tag", "v1.2.3", "shop/prod"]).0, 0);
    let (code, said) = release("v1.2.3");
    assert!(code == 2 && said.contains("is there already"), "{said}");
    repository.write("service-oven/main", "dirty\n");
    let (code, said) = release("v1.2.4");
    assert!(code == 2 && said.contains("commit or remove"), "{said}");
}

/// What the pipeline calls is there, and takes the arguments it is given.
#[test]
fn every_command_of_the_pipelines_is_one() {
    let repository = Repository::new();
    let mut commands = 0;
    for file in ["jenkins/Jenkinsfile", "github/delivery.yml", "gitlab/delivery.yml", "jenkins/release"] {
        let pipeline = std::fs::read_to_string(checkout().join("ci").join(file)).unwrap();
        for line in pipeline.lines().filter(|line| !line.trim_start().starts_with(['/', '#', '*'])) {
            for script in ["ci/jenkins/push", "ci/jenkins/release"] {
                assert!(!line.contains(script) || checkout().join(script).is_file(), "{file}: {line}");
            }
            let Some(at) = line.find("gift changed").or_else(|| line.find("gift promote")) else { continue };
            let command = line[at..].split(['|', '>', ')']).next().unwrap();
            let words: Vec<&str> =
                command.split_whitespace().map(|word| word.trim_matches(['\'', '"', ','])).collect();
            // With values that are none, the command finds that out after it has read its arguments.
            let (code, _, stderr) = repository.gift(&words[1..]);
            assert!(
                !stderr.contains("Usage:") && !stderr.contains("unexpected"),
                "{file}: {command}: {stderr}"
            );
            assert!(code == 0 || stderr.starts_with("error: "), "{file}: {command}: {stderr}");
            commands += 1;
        }
    }
    assert!(commands > 7, "{commands}");
}

fn text_of(output: &std::process::Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

/// Images are pushed under the names that values pull them by.
#[test]
fn what_is_built_is_what_values_run() {
    let sources = Sources::load(&checkout().join("ci/services.yaml")).unwrap();
    let pipeline = std::fs::read_to_string(checkout().join("ci/jenkins/Jenkinsfile")).unwrap();
    let mut run: BTreeSet<String> = BTreeSet::new();
    for stream in environments().values() {
        for object in Objects::read(stream).unwrap().kind("Deployment") {
            let object = object.to_json();
            let image = object.pointer("/spec/template/spec/containers/0/image").unwrap().as_str().unwrap();
            let name = object["metadata"]["name"].as_str().unwrap();
            run.insert(format!("{name}={}", image.rsplit_once(':').unwrap().0));
        }
    }
    assert!(sources.services.len() > 3);
    for source in &sources.services {
        let (name, image) = (&source.name, source.image.as_deref().unwrap());
        assert!(run.contains(&format!("{name}={image}")), "no environment runs {name} as {image}");
        let call = format!("buildAndPush('{}', '{name}')", source.folder);
        assert_eq!(pipeline.matches(&call).count(), 1, "{call}");
        assert_eq!(pipeline.matches(&format!("isChanged('{name}')")).count(), 1, "{name}");
    }
    assert_eq!(pipeline.matches("buildAndPush('").count(), sources.services.len());
}
