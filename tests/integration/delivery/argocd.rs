//! What Argo CD deploys is what the matrix tests.
//!
//! Applications stand in files to be applied by hand, in an ApplicationSet that makes them, and in what
//! environments render. All of them are held against the matrix, against each other, and against the schemas
//! of Argo CD's own CustomResourceDefinitions.

use super::environments::environments;
use crate::workplace::{Workplace, helm, repository, text};
use gift_harness::objects::Objects;
use gift_harness::tools::HelmVersion;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where files to be applied by hand are.
const FOLDER: &str = "ci/argocd";

fn files() -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(repository().join(FOLDER))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn objects(stream: &[u8], kind: &str) -> Vec<Value> {
    let objects = Objects::read(stream).unwrap();
    objects.kind(kind).map(|object| object.to_json()).collect()
}

/// What an ApplicationSet makes of its list, by the template engine Argo CD uses as well: Helm's.
fn made_by(set: &Value) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let spec = &set["spec"];
    assert_eq!(spec["goTemplate"], true);
    let elements: Vec<Value> = spec["generators"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|generator| generator["list"]["elements"].as_array().unwrap().clone())
        .collect();
    let made = |name: &str, template: &str| -> Vec<Value> {
        let chart = folder.path().join(name);
        fs::create_dir_all(chart.join("templates")).unwrap();
        fs::write(chart.join("Chart.yaml"), format!("apiVersion: v2\nname: {name}\nversion: 0.1.0\n"))
            .unwrap();
        fs::write(chart.join("values.yaml"), json!({"elements": elements}).to_string()).unwrap();
        let template = format!("{{{{- range .Values.elements }}}}\n---\n{template}\n{{{{- end }}}}\n");
        fs::write(chart.join("templates/all.yaml"), template).unwrap();
        let output =
            Command::new(helm(HelmVersion::V4)).arg("template").arg("made").arg(&chart).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let stream = text(&output.stdout);
        let documents = stream.split("\n---\n").map(|part| part.trim_start_matches("---\n"));
        let documents = documents.map(|part| serde_yaml::from_str::<Value>(part).unwrap());
        documents.filter(|value| !value.is_null()).collect()
    };
    // Each string of the template is one; written as JSON it may stand in YAML.
    let mut applications = made("template", &format!("application: {}", spec["template"]));
    let patch = spec["templatePatch"].as_str().unwrap_or_default();
    let indented: String = patch.lines().map(|line| format!("  {line}\n")).collect();
    let patches = made("patch", &format!("patch:\n{indented}"));
    assert_eq!((applications.len(), patches.len()), (elements.len(), elements.len()));
    for (application, patch) in applications.iter_mut().zip(&patches) {
        *application = application["application"].take();
        merge(application, &patch["patch"]);
    }
    applications
}

fn merge(below: &mut Value, above: &Value) {
    match (below, above) {
        (_, Value::Null) => {}
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                merge(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above.clone(),
    }
}

/// The environment an Application deploys, told from its values files, which must be there.
fn environment_of(application: &Value) -> String {
    let source = &application["spec"]["source"];
    let chart = repository().join(source["path"].as_str().unwrap());
    assert!(chart.join("Chart.yaml").is_file(), "{application}");
    let values = repository().join("values");
    let files: Vec<String> = source["helm"]["valueFiles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            let path = chart.join(file.as_str().unwrap()).canonicalize().unwrap_or_else(|_| panic!("{file}"));
            let below = path.strip_prefix(values.canonicalize().unwrap()).unwrap();
            below.with_extension("").to_str().unwrap().to_owned()
        })
        .collect();
    let [base, environment] = &files[..] else { panic!("{files:?}") };
    assert_eq!(Path::new(base).parent(), Path::new(environment).parent(), "{files:?}");
    assert!(base.ends_with("/base"), "{files:?}");
    environment.clone()
}

/// The workloads an autoscaler changes although their number of pods is stated.
fn scaled(stream: &[u8]) -> BTreeSet<String> {
    let stated = |kind: &str, name: &str| {
        let found = objects(stream, kind).into_iter().find(|object| object["metadata"]["name"] == name);
        found.is_some_and(|object| !object["spec"]["replicas"].is_null())
    };
    objects(stream, "HorizontalPodAutoscaler")
        .iter()
        .map(|scaler| &scaler["spec"]["scaleTargetRef"])
        .filter(|target| stated(target["kind"].as_str().unwrap(), target["name"].as_str().unwrap()))
        .map(|target| format!("{}/{}", target["kind"].as_str().unwrap(), target["name"].as_str().unwrap()))
        .collect()
}

/// The workloads whose number of pods Argo CD leaves alone.
fn left_alone(application: &Value) -> BTreeSet<String> {
    let entries = application["spec"]["ignoreDifferences"].as_array().cloned().unwrap_or_default();
    let entries = entries.iter().filter(|entry| {
        entry["group"] == "apps"
            && entry["jsonPointers"].as_array().is_some_and(|all| all.contains(&json!("/spec/replicas")))
    });
    entries
        .map(|entry| format!("{}/{}", entry["kind"].as_str().unwrap(), entry["name"].as_str().unwrap()))
        .collect()
}

/// What must be the same of an Application, whoever makes it.
fn essence(application: &Value) -> Value {
    let spec = &application["spec"];
    json!({
        "namespace": application["metadata"]["namespace"],
        "source": spec["source"],
        "destination": spec["destination"],
        "project": spec["project"],
        "automated": spec["syncPolicy"]["automated"],
    })
}

#[test]
fn applications_deploy_what_the_matrix_tests() {
    let streams = environments();
    let mut applications = Vec::new();
    for stream in streams.values() {
        applications.extend(objects(stream, "Application"));
    }
    let rendered = applications.len();
    let mut sets = Vec::new();
    for file in files() {
        let stream = fs::read(file).unwrap();
        applications.extend(objects(&stream, "Application"));
        sets.extend(objects(&stream, "ApplicationSet"));
    }
    assert!(rendered > 2 && applications.len() > rendered, "{rendered} of {}", applications.len());

    // What a set makes is what is rendered, by name.
    assert!(!sets.is_empty());
    for set in &sets {
        let made = made_by(set);
        assert!(made.len() > 2, "{}", made.len());
        for mut application in made {
            let name = application["metadata"]["name"].as_str().unwrap().to_owned();
            application["metadata"]["namespace"] = set["metadata"]["namespace"].clone();
            let twin = applications.iter().find(|other| other["metadata"]["name"] == name.as_str());
            let twin = twin.unwrap_or_else(|| panic!("no environment renders the Application {name}"));
            assert_eq!(essence(&application), essence(twin), "{name}");
            applications.push(application);
        }
    }

    let mut deployed = BTreeSet::new();
    for application in &applications {
        let name = &application["metadata"]["name"];
        let environment = environment_of(application);
        let stream =
            streams.get(&environment).unwrap_or_else(|| panic!("{name}: {environment} is not tested"));
        // Everything the autoscaler changes is left alone, and respected when Argo CD synchronises.
        let (scaled, alone) = (scaled(stream), left_alone(application));
        assert!(alone.is_superset(&scaled), "{name}: Argo CD would set back {scaled:?}");
        let options = &application["spec"]["syncPolicy"]["syncOptions"];
        let respected =
            options.as_array().is_some_and(|all| all.contains(&json!("RespectIgnoreDifferences=true")));
        assert!(scaled.is_empty() || respected, "{name}");
        // Objects go where the environment puts them.
        let namespace = application["spec"]["destination"]["namespace"].as_str().unwrap();
        let deployments = objects(stream, "Deployment");
        assert!(deployments.iter().all(|object| object["metadata"]["namespace"] == namespace), "{name}");
        deployed.insert(environment);
    }

    // A system that is delivered so is delivered whole.
    let systems: BTreeSet<&str> = deployed.iter().map(|name| name.split('/').next().unwrap()).collect();
    let tested: BTreeSet<String> = streams
        .keys()
        .filter(|name| name.contains('/') && systems.contains(name.split('/').next().unwrap()))
        .cloned()
        .collect();
    assert_eq!(deployed, tested);
}

#[test]
fn they_are_what_argo_cds_own_definitions_say() {
    let workplace = Workplace::new(4);
    let check = |stream: &str| {
        let file = workplace.write("argocd.yaml", stream);
        let arguments = ["check", file.to_str().unwrap(), "--policy", "none", "--only", "schema"];
        let output = workplace.gift(&arguments).output().unwrap();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    for path in files() {
        let stream = fs::read_to_string(&path).unwrap();
        let (code, stdout, stderr) = check(&stream);
        assert_eq!((code, stdout.as_str()), (0, ""), "{}: {stderr}", path.display());
        // A kind nothing is known of would be told, and would say nothing.
        assert!(!stderr.contains("custom resource"), "{}: {stderr}", path.display());
        for (right, wrong) in
            [("targetRevision:", "targetRevison:"), ("server:", "sever:"), ("syncPolicy:", "sync:")]
        {
            let (code, stdout, _) = check(&stream.replace(right, wrong));
            assert_eq!(code, 1, "{}: {wrong}", path.display());
            assert!(stdout.contains(wrong.trim_end_matches(':')), "{stdout}");
        }
    }
}
