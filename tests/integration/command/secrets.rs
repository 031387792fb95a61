//! From a file SOPS encrypted to the pods that read it, with the real `sops` and keys of age: what a changed secret
//! restarts, and that no value is to be seen anywhere.

use super::exit_codes::assert_told;
use crate::workplace::{Workplace, text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gift_harness::chart::Environments;
use gift_harness::diagnosis::Diagnose;
use gift_harness::objects::Objects;
use gift_harness::tools::{self, Tool};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{self, Output};
use tempfile::TempDir;

/// What every value begins with, so that it is found wherever it should not be.
const CANARY: &str = "canary-of-a-secret";

/// A workplace, and keys and plaintext where `gift` never looks.
struct House {
    workplace: Workplace,
    elsewhere: TempDir,
    sops: PathBuf,
}

impl House {
    fn new(helm_major: u32) -> Self {
        let sops = tools::find(Tool::Sops).unwrap_or_else(|error| panic!("{error}. {:?}", error.help())).path;
        let house = Self { workplace: Workplace::new(helm_major), elsewhere: TempDir::new().unwrap(), sops };
        house.workplace.write("temporary/.keep", "");
        house
    }

    /// Makes a key; gives its file and the public part.
    fn key(&self, name: &str) -> (PathBuf, String) {
        let file = self.elsewhere.path().join(name);
        let generator = self.sops.canonicalize().unwrap().with_file_name("age-keygen");
        let made = process::Command::new(generator).arg("-o").arg(&file).output().unwrap();
        assert!(made.status.success(), "{}", text(&made.stderr));
        let public = std::fs::read_to_string(&file).unwrap();
        let public = public.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
        (file, public.to_owned())
    }

    /// Writes `name` with these values, encrypted.
    fn encrypt(&self, name: &str, values: &BTreeMap<String, String>, public: &str) {
        let plain = self.elsewhere.path().join("plain.yaml");
        std::fs::write(&plain, serde_json::to_string(values).unwrap()).unwrap();
        let done = process::Command::new(&self.sops)
            .args(["encrypt", "--input-type", "yaml", "--output-type", "yaml", "--age", public, "--output"])
            .args([&self.workplace.path().join(name), &plain])
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", text(&done.stderr));
        std::fs::remove_file(plain).unwrap();
    }

    /// Runs `gift` with a key, or without.
    fn gift(&self, key: Option<&Path>, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = self.workplace.gift(arguments);
        for variable in
            ["SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY_CMD", "SOPS_AGE_SSH_PRIVATE_KEY_FILE"]
        {
            command.env_remove(variable);
        }
        if let Some(key) = key {
            command.env("SOPS_AGE_KEY_FILE", key);
        }
        let home = self.workplace.path().join("home");
        command
            .env("TMPDIR", self.workplace.path().join("temporary"))
            .env("XDG_CONFIG_HOME", home.join("config"))
            .write_stdin(input)
            .output()
            .unwrap()
    }

    /// No value is in what was written to stderr, nor in any file below the workplace, however written.
    fn assert_nothing_leaks(&self, outputs: &[&Output]) {
        let forms: Vec<String> =
            (0..3).map(|shift| base64_inside(&format!("{}{CANARY}", "x".repeat(shift)), shift)).collect();
        let is_clean = |place: &str, bytes: &[u8]| {
            let told = String::from_utf8_lossy(bytes);
            for form in std::iter::once(CANARY).chain(forms.iter().map(String::as_str)) {
                assert!(!told.contains(form), "{place} holds a value");
            }
        };
        for output in outputs {
            is_clean("stderr", &output.stderr);
            if !output.status.success() {
                assert_eq!(text(&output.stdout), "");
            }
        }
        let mut pending = vec![self.workplace.path().to_owned()];
        let mut files = 0;
        while let Some(folder) = pending.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                match entry.file_type().unwrap() {
                    kind if kind.is_dir() => pending.push(entry.path()),
                    kind if kind.is_file() => {
                        files += 1;
                        is_clean(&entry.path().display().to_string(), &std::fs::read(entry.path()).unwrap());
                    }
                    _ => {}
                }
            }
        }
        assert!(files > 10 && self.workplace.path().join("home/state/gift/last-report.json").exists());
    }
}

/// The Base64 of what begins at `shift` of a text, without the characters that depend on its neighbours.
fn base64_inside(text: &str, shift: usize) -> String {
    let encoded = STANDARD.encode(text);
    encoded[(shift * 8).div_ceil(6)..text.len() * 8 / 6].to_owned()
}

fn json(stream: &[u8]) -> Vec<Value> {
    Objects::read(stream).unwrap().iter().map(|object| object.to_json()).collect()
}

/// Every pod template below a value: what has a `spec` with containers.
fn pods<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(fields) => {
            if value["spec"]["containers"].is_array() {
                found.push(value);
            }
            fields.values().for_each(|value| pods(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| pods(item, found)),
        _ => {}
    }
}

/// The keys of a Secret that are filled from a source: `(namespace, Secret, key)`.
type Filled = BTreeSet<(String, String, String)>;

fn namespace(object: &Value) -> String {
    object["metadata"]["namespace"].as_str().unwrap_or("default").to_owned()
}

/// What each source fills, in a stream before it is filled.
fn sources(objects: &[Value]) -> BTreeMap<String, Filled> {
    let mut sources: BTreeMap<String, Filled> = BTreeMap::new();
    for secret in objects.iter().filter(|object| object["kind"] == "Secret") {
        for (key, value) in secret["data"].as_object().into_iter().flatten() {
            if let Some(reference) = value.as_str().unwrap().strip_prefix("secretRef:") {
                let source = reference.rsplit('/').next().unwrap().to_owned();
                let name = secret["metadata"]["name"].as_str().unwrap().to_owned();
                sources.entry(source).or_default().insert((namespace(secret), name, key.clone()));
            }
        }
    }
    sources
}

/// Whether a pod reads one of the keys.
fn reads(pod: &Value, namespace: &str, filled: &Filled) -> bool {
    let all = |name: &Value| filled.iter().any(|(at, secret, _)| at == namespace && *name == **secret);
    let one = |name: &Value, key: &Value| {
        filled.iter().any(|(at, secret, known)| at == namespace && *name == **secret && *key == **known)
    };
    let items = |source: &Value, name: &Value| match source["items"].as_array() {
        Some(items) => items.iter().any(|item| one(name, &item["key"])),
        None => all(name),
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let spec = &pod["spec"];
    let containers = ["containers", "initContainers"].iter().flat_map(|kind| list(&spec[*kind]));
    containers.into_iter().any(|container| {
        list(&container["env"]).iter().any(|variable| {
            let reference = &variable["valueFrom"]["secretKeyRef"];
            one(&reference["name"], &reference["key"])
        }) || list(&container["envFrom"]).iter().any(|source| all(&source["secretRef"]["name"]))
    }) || list(&spec["volumes"]).iter().any(|volume| {
        items(&volume["secret"], &volume["secret"]["secretName"])
            || list(&volume["projected"]["sources"])
                .iter()
                .any(|source| items(&source["secret"], &source["secret"]["name"]))
    })
}

fn identity(object: &Value) -> String {
    format!("{} {}/{}", object["kind"], namespace(object), object["metadata"]["name"])
}

const FINISH: &[&str] =
    &["--secrets", "mine.yaml", "--refresh-checksums", "--policy", "none", "--only", "unparsable"];

#[test]
fn a_changed_secret_restarts_exactly_the_pods_that_read_it() {
    let house = House::new(4);
    let (key, public) = house.key("mine");
    let environments = Environments::new(house.workplace.path().join("values"));
    let (mut changed, mut consumers_of_all, mut outputs) = (0, 0, Vec::new());
    let names = |system: String| {
        environments.of(&system).into_iter().map(move |name| format!("{system}/{name}")).collect::<Vec<_>>()
    };
    for environment in environments.systems().into_iter().flat_map(names) {
        let raw = house.gift(None, &["render", &environment, "--raw"], b"");
        assert!(raw.status.success(), "{environment}: {}", text(&raw.stderr));
        let sources = sources(&json(&raw.stdout));
        let mut values: BTreeMap<_, _> =
            sources.keys().map(|source| (source.clone(), format!("{CANARY} of {source}"))).collect();
        if sources.is_empty() {
            continue;
        }
        house.encrypt("mine.yaml", &values, &public);
        let render = house.gift(Some(&key), &[&["render", &environment][..], FINISH].concat(), b"");
        assert!(render.status.success(), "{environment}: {}", text(&render.stderr));
        let before = json(&render.stdout);
        // A system may do without checksums; then nothing restarts.
        let has_checksums = text(&render.stdout).contains("checksum/secret");
        // Every secret where there are many, elsewhere one.
        let some = if sources.len() > 10 { usize::MAX } else { 1 };
        for (source, filled) in sources.iter().take(some) {
            let old = values.insert(source.clone(), format!("{CANARY}, another of {source}")).unwrap();
            house.encrypt("mine.yaml", &values, &public);
            values.insert(source.clone(), old);
            let output = house.gift(Some(&key), &[&["post-render"][..], FINISH].concat(), &raw.stdout);
            assert!(output.status.success(), "{environment} {source}: {}", text(&output.stderr));
            let after = json(&output.stdout);
            assert_eq!(before.len(), after.len());
            let (mut restarted, mut consumers) = (BTreeSet::new(), BTreeSet::new());
            for (mut before, mut after) in before.iter().cloned().zip(after) {
                let name = identity(&before);
                assert_eq!(name, identity(&after));
                let (mut old, mut new) = (Vec::new(), Vec::new());
                pods(&before, &mut old);
                pods(&after, &mut new);
                if has_checksums && old.iter().any(|pod| reads(pod, &namespace(&before), filled)) {
                    consumers.insert(name.clone());
                }
                if old != new {
                    let annotations = |pods: &[&Value]| -> Vec<Value> {
                        pods.iter().map(|pod| pod["metadata"]["annotations"].clone()).collect()
                    };
                    assert_ne!(annotations(&old), annotations(&new), "{name}: told by its annotations");
                    restarted.insert(name.clone());
                }
                // Beside checksums of pods that restart and the Secret itself, nothing changes.
                let is_filled = |key: &str| {
                    let secret = before["metadata"]["name"].as_str().unwrap_or_default();
                    filled.contains(&(namespace(&before), secret.to_owned(), key.to_owned()))
                };
                if before["kind"] == "Secret" {
                    for (key, value) in after["data"].as_object().into_iter().flatten() {
                        assert_eq!(
                            *value != before["data"][key],
                            is_filled(key),
                            "{environment} {name} {key}"
                        );
                    }
                    (before["data"], after["data"]) = (Value::Null, Value::Null);
                }
                for object in [&mut before, &mut after] {
                    without_checksums(object);
                }
                assert_eq!(before, after, "{environment} {source}");
            }
            assert_eq!(restarted, consumers, "{environment} {source}");
            changed += 1;
            consumers_of_all += consumers.len();
            outputs.push(output);
        }
        outputs.push(render);
    }
    assert!(changed > 30 && consumers_of_all > 30, "{changed} changes, {consumers_of_all} restarts");
    house.assert_nothing_leaks(&outputs.iter().collect::<Vec<_>>());
}

fn without_checksums(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| !key.starts_with("checksum/secret"));
            fields.values_mut().for_each(without_checksums);
        }
        Value::Array(items) => items.iter_mut().for_each(without_checksums),
        _ => {}
    }
}

const REFERRING: &str = "\
apiVersion: v1
kind: Secret
metadata: {name: token}
data: {TOKEN: 'secretRef:TOKEN'}
";

#[test]
fn what_goes_wrong_is_told_without_a_value() {
    let house = House::new(4);
    let ((key, public), (other, _)) = (house.key("mine"), house.key("other"));
    let values = BTreeMap::from([("TOKEN".to_owned(), CANARY.to_owned())]);
    house.encrypt("mine.yaml", &values, &public);
    let arguments = ["post-render", "--secrets", "mine.yaml", "--verbose"];
    let mut outputs = Vec::new();
    for key in [None, Some(other.as_path())] {
        let output = house.gift(key, &arguments, REFERRING.as_bytes());
        assert_eq!(output.status.code(), Some(2));
        let told = text(&output.stderr);
        assert_told(&told, "mine.yaml cannot be decrypted: none of the keys it is encrypted for is at hand");
        assert!(told.contains("SOPS_AGE_KEY_FILE"), "{told}");
        outputs.push(output);
    }
    house.assert_nothing_leaks(&outputs.iter().collect::<Vec<_>>());

    // With the right key: a value the rules mind, which the report quotes the place of; one that was tampered with.
    house.encrypt(
        "mine.yaml",
        &BTreeMap::from([("TOKEN".to_owned(), format!("CHANGE_ME-{CANARY}"))]),
        &public,
    );
    let refused = house.gift(Some(&key), &arguments, REFERRING.as_bytes());
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused.stderr));
    assert!(text(&refused.stderr).contains("placeholder"), "{}", text(&refused.stderr));
    let file = house.workplace.path().join("mine.yaml");
    let changed = std::fs::read_to_string(&file).unwrap().replacen("\nsops:", "\nADDED: plain\nsops:", 1);
    std::fs::write(&file, changed).unwrap();
    let tampered = house.gift(Some(&key), &arguments, REFERRING.as_bytes());
    assert_eq!(tampered.status.code(), Some(2));
    assert_told(&text(&tampered.stderr), "mine.yaml cannot be decrypted: it was changed");
    house.assert_nothing_leaks(&[&refused, &tampered]);
}

/// Helm 4 hands hooks to a post-renderer too.
#[test]
fn secrets_of_hooks_subcharts_and_lists_are_filled_behind_helm() {
    let house = House::new(4);
    let (key, public) = house.key("mine");
    let values: BTreeMap<_, _> =
        ["HOOK", "CHILD", "ITEM"].map(|name| (name.to_owned(), format!("{CANARY} of {name}"))).into();
    house.encrypt("mine.yaml", &values, &public);
    let chart = "apiVersion: v2\nname: shop\nversion: 0.1.0\n";
    house.workplace.write("shop/Chart.yaml", chart);
    house.workplace.write("shop/charts/child/Chart.yaml", chart.replace("shop", "child"));
    let secret =
        |name: &str, more: &str| format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n{more}");
    house.workplace.write(
        "shop/templates/hook.yaml",
        secret("hook", "  annotations: {helm.sh/hook: pre-install}\nimmutable: true\ndata: {A: 'secretRef:HOOK', B: AP/+}\n"),
    );
    house
        .workplace
        .write("shop/charts/child/templates/s.yaml", secret("child", "data: {A: 'secretRef:CHILD'}\n"));
    let item = secret("item", "data: {A: 'secretRef:ITEM'}\nstringData: {B: plain}\n");
    let item = item.trim_end().replace('\n', "\n    ");
    house
        .workplace
        .write("shop/templates/list.yaml", format!("apiVersion: v1\nkind: List\nitems:\n  - {item}\n"));
    house.workplace.helm(&["plugin", "install", "./plugin"]).assert().success();
    let mut helm = house.workplace.helm(&["template", "shop", "./shop", "--post-renderer", "gift"]);
    for argument in ["--secrets", "mine.yaml", "--policy", "none"] {
        helm.arg(format!("--post-renderer-args={argument}"));
    }
    let output = helm.env("SOPS_AGE_KEY_FILE", &key).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let rendered = json(&output.stdout);
    for (name, source) in [("hook", "HOOK"), ("child", "CHILD"), ("item", "ITEM")] {
        let secret = rendered.iter().find(|object| object["metadata"]["name"] == name).unwrap();
        assert_eq!(secret["data"]["A"], STANDARD.encode(&values[source]), "{name}");
        assert!(secret.get("stringData").is_none(), "{name}");
    }
    let find = |name: &str| rendered.iter().find(|object| object["metadata"]["name"] == name).unwrap();
    assert_eq!((&find("hook")["immutable"], &find("hook")["data"]["B"]), (&true.into(), &"AP/+".into()));
    assert_eq!(find("item")["data"]["B"], STANDARD.encode("plain"));
    house.assert_nothing_leaks(&[&output]);
}
