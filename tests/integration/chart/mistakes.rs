//! Values that do not belong together, and secrets that are not there: a clear error, and nothing rendered.
//!
//! For every system there is; none is named here.

use super::{HELMS, chart, own_system, refusal};
use crate::workplace::repository;
use gift_harness::chart::{Chart, Environments};
use gift_harness::diagnosis::{Category, Diagnose};
use gift_harness::post_render::{PostRenderOptions, PostRenderer};
use gift_harness::secrets::SecretSelection;
use serde_json::{Value, json};
use std::path::PathBuf;

fn values() -> PathBuf {
    repository().join("values")
}

/// The systems that a folder of values brings, each with its environments.
fn brought() -> Vec<(String, Vec<String>)> {
    let environments = Environments::new(values());
    let with_base = |system: &String| values().join(system).join("base.yaml").is_file();
    let brought: Vec<_> = environments
        .systems()
        .into_iter()
        .filter(with_base)
        .map(|system| (system.clone(), environments.of(&system)))
        .collect();
    assert!(brought.len() > 1, "{brought:?}");
    brought
}

fn environment(system: &str, environment: &str) -> Chart {
    chart().environment(values(), &format!("{system}/{environment}")).unwrap()
}

/// The tree of a system, as its base has it.
fn tree(system: &str) -> Value {
    let text = std::fs::read_to_string(values().join(system).join("base.yaml")).unwrap();
    let values: Value = serde_yaml::from_str(&text).unwrap();
    values[system].clone()
}

/// An environment that does not ask for a Kubernetes of its own or a variable: one that renders by itself.
fn renders(system: &str, environments: &[String]) -> Option<String> {
    environments.iter().find(|name| environment(system, name).render().is_ok()).cloned()
}

#[test]
fn values_of_one_system_are_not_taken_by_another() {
    for (system, environments) in brought() {
        let Some(good) = renders(&system, &environments) else { continue };
        for (other, strangers) in brought().into_iter().filter(|(other, _)| *other != system) {
            let stranger = values().join(&other).join(format!("{}.yaml", strangers[0]));
            for helm in HELMS {
                let told = refusal(&environment(&system, &good).helm(helm).values(&stranger));
                assert!(told.contains(&other), "{other} given to {system}: {told}");
            }
        }
    }
}

#[test]
fn both_systems_whole_are_not_taken_as_one() {
    let brought = brought();
    let (first, second) = (&brought[0], &brought[1]);
    let path = |system: &str, file: &str| values().join(system).join(format!("{file}.yaml"));
    for helm in HELMS {
        let both = chart()
            .helm(helm)
            .values(path(&first.0, "base"))
            .values(path(&first.0, &first.1[0]))
            .values(path(&second.0, "base"))
            .values(path(&second.0, &second.1[0]));
        let told = refusal(&both);
        assert!(
            told.contains(&format!("{}.environment: values of the system {}", first.0, first.0)),
            "{told}"
        );
        assert!(told.contains(&format!("are given to the system {}", second.0)), "{told}");
    }
}

#[test]
fn an_environment_without_its_base_is_refused() {
    for (system, environments) in brought() {
        for name in environments {
            for helm in HELMS {
                let alone = chart().helm(helm).values(values().join(&system).join(format!("{name}.yaml")));
                let told = refusal(&alone);
                assert!(
                    told.contains(&format!("/{system}")) || told.contains(&format!("{system}.")),
                    "{told}"
                );
            }
        }
    }
}

#[test]
fn an_unknown_environment_is_refused_with_those_there_are() {
    for (system, environments) in brought() {
        let error = chart().environment(values(), &format!("{system}/nowhere")).unwrap_err();
        let told = error.to_string();
        assert!(told.contains("`nowhere`") && told.contains(&environments[0]), "{told}");
        assert!(error.help().unwrap().contains("nowhere.yaml"), "{:?}", error.help());
    }
}

#[test]
fn a_dependency_on_nobody_is_refused_at_its_path() {
    for (system, environments) in brought() {
        let Some(good) = renders(&system, &environments) else { continue };
        let tree = tree(&system);
        let service = tree["services"].as_object().unwrap().keys().next().unwrap();
        let broken = json!({system.as_str(): {"services": {service: {"dependsOn": {"nobody": {}}}}}});
        for helm in HELMS {
            let told = refusal(&environment(&system, &good).helm(helm).inline(broken.clone()));
            let path =
                format!("{system}.services.{service}.dependsOn.nobody: there is no service \"nobody\"");
            assert!(told.contains(&path), "{told}");
        }
    }
}

#[test]
fn a_config_map_value_that_is_no_text_is_refused_at_its_path() {
    let own = own_system();
    for value in [json!(3306), json!(true), json!(0.1), json!(["a"])] {
        for helm in HELMS {
            let broken = json!({own.as_str(): {"configMaps": {"settings": {"data": {"KEY": value}}}}});
            let told = refusal(&chart().helm(helm).inline(broken));
            assert!(told.contains(&format!("at '/{own}/configMaps/settings/data/KEY'")), "{value}: {told}");
        }
    }
}

#[test]
fn a_missing_or_empty_secret_is_named_and_nothing_is_rendered() {
    let post_renderer = PostRenderer::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut looked_at = 0;
    for (system, environments) in brought() {
        let Some(good) = renders(&system, &environments) else { continue };
        let Ok(example) =
            std::fs::read_to_string(values().join(&system).join(format!("{good}.secrets.env.example")))
        else {
            continue;
        };
        let key = example.lines().find_map(|line| line.split_once('=')).unwrap().0;
        let stream = environment(&system, &good).render().unwrap().stream;
        let refused = |text: String| {
            let file = folder.path().join("secrets.env");
            std::fs::write(&file, text).unwrap();
            let options = PostRenderOptions {
                secrets: SecretSelection::File(file),
                values_directory: folder.path().to_owned(),
                ..PostRenderOptions::default()
            };
            post_renderer.run(&stream, &options).err()
        };
        assert!(refused(example.clone()).is_none(), "the example of {system}/{good} lacks something");
        let without = |replacement: &str| {
            let lines = example.lines().map(|line| {
                if line.split_once('=').is_some_and(|(name, _)| name == key) { replacement } else { line }
            });
            lines.collect::<Vec<_>>().join("\n")
        };
        for (text, what) in [
            (without("# gone"), format!("no secret source has {key}")),
            (without(&format!("{key}=")), format!("{key} is empty")),
        ] {
            let error = refused(text).unwrap_or_else(|| panic!("{system}/{good} rendered without {key}"));
            assert!(error.to_string().contains(&what), "{error}");
            assert_eq!(error.category(), Category::Input);
            assert!(error.help().unwrap().contains(key));
        }
        looked_at += 1;
    }
    assert!(looked_at > 1, "only {looked_at} systems have secrets");
}
