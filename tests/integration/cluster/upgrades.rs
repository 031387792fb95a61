//! Upgrades to the chart of this tree, from every version that was published and from versions made for the test:
//! no pod is replaced without a cause, nothing is changed that no server lets change, nothing is left behind.
//!
//! What was published is what the repository's tags `v*` hold. A clone that was cut short has none of them, which is
//! told; the versions made here are there in any clone.

use super::installation::{names_in, services, without_revisions};
use super::shared::{Place, kubectl};
use crate::command::helm::chart_and_system;
use crate::workplace::{repository, text};
use gift_harness::objects::Objects;
use gift_harness::publish::Package;
use gift_harness::release::{Section, SectionKind};
use semver::Version;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// A label of pods and objects that no chart of this tree knows.
const LABEL: &str = "example.com/of-another-version";

/// An upgrade, and what was wrong about it.
struct Upgrade {
    /// The workloads whose pods were replaced.
    replaced: Vec<String>,
    problems: Vec<String>,
}

/// Installs one chart, upgrades to another, and looks at what became of it.
fn upgrade(place: &Place, from: (&str, &Version), settings: &[&str], to: (&str, &Version)) -> Upgrade {
    let wait = ["--wait", "--timeout=180s"];
    let empty = place.objects();
    let installed = place.helm(&[&["install", "release", from.0], settings, &wait].concat(), false);
    assert!(installed.status.success(), "{}: {}", from.1, text(&installed.stderr));
    let manifest = || text(&place.helm(&["get", "manifest", "release"], false).stdout);
    let (old, before) = (templates(&manifest(), from.1, to.1), revisions(place));
    let upgraded = place.helm(&[&["upgrade", "release", to.0, "--reset-values"], &wait[..]].concat(), false);
    if !upgraded.status.success() {
        return Upgrade { replaced: Vec::new(), problems: vec![text(&upgraded.stderr)] };
    }
    let manifest = manifest();
    let (new, after) = (templates(&manifest, to.1, to.1), revisions(place));
    let mut problems = Vec::new();
    let mut replaced = Vec::new();
    for (workload, revision) in &before {
        if after.get(workload).is_some_and(|now| now != revision) {
            replaced.push(workload.clone());
            if old.get(workload) == new.get(workload) {
                problems.push(format!("{workload}: its pods are replaced without a cause"));
            }
        }
    }
    let expected = names_in(&manifest, &place.namespace);
    let mut left = Vec::new();
    // What Helm deletes is gone a moment later.
    for _ in 0..50 {
        let there = without_revisions(&place.objects().difference(&empty).cloned().collect());
        left = there.symmetric_difference(&expected).cloned().collect();
        if left.is_empty() {
            break;
        }
        sleep(Duration::from_millis(200));
    }
    problems.extend(left.into_iter().map(|object| format!("{object}: left behind, or missing")));
    Upgrade { replaced, problems }
}

/// What each workload's pods are made of, the chart's version aside.
fn templates(manifest: &str, version: &Version, next: &Version) -> BTreeMap<String, String> {
    let objects = Objects::read(manifest.as_bytes()).unwrap();
    let of = objects.pod_templates().map(|template| {
        let text = gift_harness::objects::to_json(template.template).to_string();
        let name = format!("{} {}", template.object.kind(), template.object.name());
        (name, text.replace(&version.to_string(), &next.to_string()))
    });
    of.collect()
}

/// What tells that a workload's pods were made anew.
fn revisions(place: &Place) -> BTreeMap<String, String> {
    let of = [
        ("deployments", "/metadata/annotations/deployment.kubernetes.io~1revision"),
        ("statefulsets", "/status/updateRevision"),
        ("daemonsets", "/metadata/annotations/deprecated.daemonset.template.generation"),
    ];
    let all = of.into_iter().flat_map(|(kind, pointer)| {
        place.all(kind).into_iter().map(move |object| {
            let name = format!(
                "{} {}",
                object["kind"].as_str().unwrap(),
                object["metadata"]["name"].as_str().unwrap()
            );
            (name, object.pointer(pointer).and_then(Value::as_str).unwrap().to_owned())
        })
    });
    all.collect()
}

fn current() -> Version {
    Package::of(repository().join("chart")).unwrap().metadata.version
}

/// A chart of another version, made from the tree's by some changes of its files and published as one is.
fn made(place: &Place, version: &str, changes: &[(&str, &str, &str)]) -> (String, Version) {
    let root = place.workplace.path();
    let folder = format!("made-{version}");
    let copied =
        Command::new("cp").arg("-r").arg(root.join("chart")).arg(root.join(&folder)).status().unwrap();
    assert!(copied.success());
    let stated = format!("\nversion: {}\n", current());
    let own = ("Chart.yaml", stated.as_str(), &*format!("\nversion: {version}\n"));
    for (file, from, to) in changes.iter().copied().chain([own]) {
        let path = root.join(&folder).join(file);
        let before = fs::read_to_string(&path).unwrap_or_default();
        assert!(before.contains(from), "{file} does not hold {from:?}");
        fs::write(&path, if from.is_empty() { to.to_owned() } else { before.replacen(from, to, 1) }).unwrap();
    }
    place.workplace.gift(&["publish", &folder, "--to", "site", "--no-lint", "--no-test"]).assert().success();
    let (chart, _) = chart_and_system();
    (format!("site/{chart}-{version}.tgz"), version.parse().unwrap())
}

/// Gives all pods a label, by the template all labels come from.
fn pod_label(value: &str) -> String {
    format!(
        "{{{{- if .pod }}}}{{{{- $_ := set $labels {LABEL:?} {value} }}}}{{{{- end }}}}\n{{{{- toYaml $labels }}}}\n"
    )
}

const LABELS: &str = "templates/_labels.tpl";
const WRITTEN: &str = "{{- toYaml $labels }}\n";

#[test]
fn an_upgrade_with_helm_3_replaces_only_what_changed() {
    upgrades(3);
}

#[test]
fn an_upgrade_with_helm_4_replaces_only_what_changed() {
    upgrades(4);
}

fn upgrades(helm: u32) {
    let place = Place::new(&format!("upgrades-{helm}"), helm);
    let current = current();
    // A label of objects, an object, and the image of one service, none of which the tree has.
    let label = format!("{{{{- $_ = set $labels {LABEL:?} \"yes\" }}}}\n");
    let chart = "{{- $_ = set $labels \"helm.sh/chart\" $context.chart }}\n";
    let retired = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: retired}\ndata: {of: another version}\n";
    let changes = [(LABELS, chart, &*format!("{chart}{label}")), ("templates/retired.yaml", "", retired)];
    let (package, version) = made(&place, "0.0.1", &changes);
    let (_, system) = chart_and_system();
    let service = services().into_iter().next().unwrap();
    let tag = format!("--set-string={system}.services.{service}.image.tag=0.0.1");
    let upgrade = upgrade(&place, (&package, &version), &[&tag], ("./chart", &current));
    assert_eq!(upgrade.problems, [""; 0]);
    assert_eq!(upgrade.replaced, [format!("Deployment {service}")]);
    assert!(place.helm(&["uninstall", "release", "--wait"], false).status.success());
    from_published(&place, &current);
}

/// What the checks are for is found by them, and `gift release` tells of it before.
#[test]
fn an_upgrade_that_breaks_is_noticed() {
    let place = Place::new("upgrades-broken", 4);
    let current = current();
    let selector = "      {{- toYaml $service.selector | nindent 6 }}\n";
    let other = format!("{selector}      {LABEL}: \"yes\"\n");
    let other_selector =
        [("templates/deployment.yaml", selector, &*other), (LABELS, WRITTEN, &*pod_label("\"yes\""))];
    let kept = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}\n";
    let uninstall = || assert!(place.helm(&["uninstall", "release", "--wait"], false).status.success());
    let release = |arguments: &[&str]| {
        let all = ["release", "--from", "site", "--filter", "default helm4 k8s1.36"];
        place.workplace.gift(&[&all[..], arguments].concat()).assert()
    };
    for (version, changes, problem, reason) in [
        ("0.0.2", &other_selector[..], "field is immutable", "spec.selector changed"),
        (
            "0.0.3",
            &[("templates/kept.yaml", "", kept)],
            "configmaps/kept: left behind",
            "ConfigMap kept is gone",
        ),
    ] {
        let (package, made) = made(&place, version, changes);
        let upgrade = upgrade(&place, (&package, &made), &[], ("./chart", &current));
        assert!(
            upgrade.problems.iter().any(|told| told.contains(problem)),
            "{version}: {:?}",
            upgrade.problems
        );
        uninstall();
        kubectl(&["delete", "configmap", "kept", "-n", &place.namespace, "--ignore-not-found"]);
        let told = text(&release(&["--since", version]).success().get_output().stdout);
        assert!(told.contains(reason), "{version}: {told}");
    }
    // A break is no patch.
    release(&["--since", "0.0.2", "--version", "0.0.3"]).code(1);
    // A version that finds its way into pods replaces them with each.
    let versioned = [(LABELS, WRITTEN, &*pod_label("$context.chart"))];
    let (one, two) = (made(&place, "0.0.4", &versioned), made(&place, "0.0.5", &versioned));
    let upgrade = upgrade(&place, (&one.0, &one.1), &[], (&two.0, &two.1));
    let without_a_cause = |told: &&String| told.ends_with("its pods are replaced without a cause");
    assert_eq!(
        upgrade.problems.iter().filter(without_a_cause).count(),
        services().len(),
        "{:?}",
        upgrade.problems
    );
}

/// Upgrades from what the tags hold. Between versions that promise each other nothing, what an upgrade asks for is told
/// in UPGRADE.md, which another test looks after.
fn from_published(place: &Place, current: &Version) {
    for version in published(current) {
        let folder = format!("published/{version}");
        unpack(&format!("v{version}"), &place.workplace.path().join(&folder));
        let chart = format!("./{folder}/chart");
        let upgrade = upgrade(place, (&chart, &version), &[], ("./chart", current));
        let promises =
            |version: &Version| if version.major == 0 { (0, version.minor) } else { (version.major, 0) };
        if promises(&version) == promises(current) {
            assert_eq!(upgrade.problems, [""; 0], "from {version}");
        } else {
            eprintln!("from {version}: {:?}", upgrade.problems);
        }
        assert!(place.helm(&["uninstall", "release", "--wait"], false).status.success());
    }
}

/// The versions that were published, by the tags of this clone. One that the changelog knows and a whole clone has no
/// tag of was never published, or its tag was lost.
fn published(current: &Version) -> Vec<Version> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(repository()).args(arguments).output().ok()?;
        output.status.success().then(|| text(&output.stdout))
    };
    let Some(tags) = git(&["tag", "--list", "v*"]) else {
        eprintln!("this is no clone of the repository: no published version is upgraded from");
        return Vec::new();
    };
    let tagged: Vec<Version> = tags.lines().filter_map(|tag| tag.strip_prefix('v')?.parse().ok()).collect();
    let log = fs::read_to_string(repository().join("CHANGELOG.md")).unwrap();
    let untagged: Vec<String> = Section::all(&log)
        .into_iter()
        .filter_map(|section| match section.kind {
            SectionKind::Version(version) if version != *current && !tagged.contains(&version) => {
                Some(version.to_string())
            }
            _ => None,
        })
        .collect();
    if !untagged.is_empty() {
        let told = format!("there is no tag of {}", untagged.join(", "));
        let is_shallow =
            git(&["rev-parse", "--is-shallow-repository"]).is_some_and(|told| told.trim() == "true");
        assert!(is_shallow, "{told}");
        eprintln!("{told} in this clone, which was cut short: `git fetch --tags --unshallow` brings them");
    }
    tagged
}

/// The chart as a tag holds it.
fn unpack(tag: &str, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let mut packed = Command::new("git");
    packed.arg("-C").arg(repository()).args(["archive", tag, "chart"]).stdout(Stdio::piped());
    let mut packed = packed.spawn().unwrap();
    let unpacked =
        Command::new("tar").arg("-x").arg("-C").arg(folder).stdin(packed.stdout.take().unwrap()).status();
    assert!(unpacked.unwrap().success() && packed.wait().unwrap().success(), "{tag}");
}
