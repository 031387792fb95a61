//! What is packed: the same bytes from the same files, and what Helm itself would pack.

use super::{Bench, refused, taken};
use crate::workplace::{gift, repository, text};
use gift_harness::tools::HelmVersion;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The files of an archive and what is in them.
fn unpacked(archive: &Path) -> BTreeMap<String, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    taken(&Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(folder.path()).output().unwrap());
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.path().to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder.path()).unwrap().display().to_string();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

#[test]
fn the_chart_is_packed_as_helm_packs_it() {
    let bench = Bench::new();
    let chart = repository().join("chart").display().to_string();
    bench.published(&[&chart, "--to", "site", "--allow-dirty"]);
    let [ours] = fs::read_dir(bench.path("site"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let name = ours.file_name().unwrap().to_str().unwrap().to_owned();
    for version in HelmVersion::ALL {
        let folder = version.to_string();
        taken(&bench.helm(version, &["package", &chart, "--destination", &folder]));
        let mut theirs = unpacked(&bench.path(&folder).join(&name));
        let mut files = unpacked(&ours);
        // Helm writes this one anew, in another order and without remarks.
        assert!(theirs.remove("gift/Chart.yaml").is_some() && files.remove("gift/Chart.yaml").is_some());
        assert!(files.len() > 50, "{}", files.len());
        assert_eq!(files.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
        assert_eq!(files, theirs);

        let render = |chart: &str| taken(&bench.helm(version, &["template", "gift", chart]));
        assert_eq!(render(ours.to_str().unwrap()), render(&chart), "{version}");
        let show = |chart: &Path| taken(&bench.helm(version, &["show", "chart", chart.to_str().unwrap()]));
        assert_eq!(show(&ours), show(&bench.path(&folder).join(&name)), "{version}");
    }
}

#[test]
fn the_same_commit_is_the_same_bytes_and_nothing_else_is_taken_for_it() {
    let bench = Bench::new();
    let git = |arguments: &[&str]| bench.git(arguments);
    git(&["init", "--quiet"]);
    fs::write(bench.path(".gitignore"), "*.local\nhome\n").unwrap();
    git(&["add", "chart", ".gitignore"]);
    git(&["commit", "--quiet", "--message=one"]);
    git(&["clone", "--quiet", ".", "clone"]);
    let digest = |folder: &str, to: &str| {
        let report = bench.published(&[folder, "--to", to, "--format", "json"]);
        let report: Value = serde_json::from_str(&report).unwrap();
        report["sha256"].as_str().unwrap().to_owned()
    };
    assert_eq!(digest("chart", "one"), digest("clone/chart", "two"));

    let told = |file: &str| {
        let told = refused(&bench.publish(&["chart", "--to", "three"]));
        assert!(told.contains(&format!("error: {file} is not as it was committed")), "{told}");
        assert!(!bench.path("three").exists());
    };
    fs::write(bench.path("chart/notes.local"), "what git does not see").unwrap();
    told("notes.local");
    fs::remove_file(bench.path("chart/notes.local")).unwrap();
    fs::write(bench.path("chart/new.yaml"), "a: 1\n").unwrap();
    told("new.yaml");
    fs::remove_file(bench.path("chart/new.yaml")).unwrap();
    bench.chart("1.0.0", "changed");
    told("templates/page.yaml");
    // What is left out may be as it likes.
    bench.chart("1.0.0", "first");
    fs::write(bench.path("chart/.helmignore"), "*.orig\n").unwrap();
    git(&["add", "chart"]);
    git(&["commit", "--quiet", "--message=two"]);
    fs::write(bench.path("chart/a.orig"), "").unwrap();
    digest("chart", "four");
}

#[test]
fn the_time_of_the_source_is_that_of_the_files_and_of_the_entry() {
    let bench = Bench::new();
    let output = bench
        .command(gift())
        .args(["publish", "chart", "--to", "site"])
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .output()
        .unwrap();
    taken(&output);
    let listed = Command::new("tar").args(["--utc", "-tvzf"]).arg(bench.path("site/web-1.0.0.tgz")).output();
    assert!(text(&listed.unwrap().stdout).contains("2023-11-14 22:13 web/Chart.yaml"));
    let index = fs::read_to_string(bench.path("site/index.yaml")).unwrap();
    assert_eq!(index.matches("2023-11-14T22:13:20Z").count(), 2, "{index}");
}

#[test]
fn what_would_be_published_is_shown_and_nothing_is_written() {
    let bench = Bench::new();
    let shown = bench.published(&["chart", "--to", "site", "--dry-run"]);
    assert!(shown.contains("web/templates/page.yaml"), "{shown}");
    assert!(shown.contains("site/web-1.0.0.tgz: would be published"), "{shown}");
    assert!(!bench.path("site").exists());
    bench.published(&["chart", "--to", "site"]);
    let before = fs::read(bench.path("site/index.yaml")).unwrap();
    assert!(bench.published(&["chart", "--to", "site", "--dry-run"]).contains("published already"));
    bench.chart("1.0.0", "other");
    let told = refused(&bench.publish(&["chart", "--to", "site", "--dry-run"]));
    assert!(told.contains("web 1.0.0 is published in site already, with other bytes"), "{told}");
    assert_eq!(fs::read(bench.path("site/index.yaml")).unwrap(), before);
}

#[test]
fn what_helm_would_not_install_is_refused() {
    let bench = Bench::new();
    fs::write(bench.path("chart/templates/page.yaml"), "a: {{ .Values.nothing.there }}\n").unwrap();
    let told = refused(&bench.publish(&["chart", "--to", "site"]));
    assert!(
        told.contains("error: Helm refuses the package:") && told.contains("templates/page.yaml"),
        "{told}"
    );
    assert!(!bench.path("site").exists());
}

#[test]
fn what_fails_its_tests_is_not_published() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("tests")).unwrap();
    fs::create_dir_all(bench.path("values")).unwrap();
    let matrix = "chart: ../chart\nvalues: ../values\nmatrix:\n  environment: [default]\n  helm: [4]\n  kubernetes: [\"1.36\"]\n";
    fs::write(bench.path("tests/matrix.yaml"), matrix).unwrap();
    // Helm takes it; an API server would not.
    let template = bench.path("chart/templates/page.yaml");
    let good = fs::read_to_string(&template).unwrap();
    fs::write(&template, good.replace("data:", "dota:")).unwrap();
    let output = bench.publish(&["chart", "--to", "site"]);
    let told = refused(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("dota") && told.contains("Nothing is published"), "{told}");
    assert!(!bench.path("site").exists());
    taken(&bench.publish(&["chart", "--to", "elsewhere", "--no-test"]));
    fs::write(&template, good).unwrap();
    let output = bench.publish(&["chart", "--to", "site"]);
    assert!(taken(&output).starts_with("web-1.0.0.tgz"), "no report in between");
    assert!(text(&output.stderr).contains("testing tests/matrix.yaml"), "{}", text(&output.stderr));
}
