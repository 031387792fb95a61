//! A folder as a chart repository: what real clients find in it, and what is kept.

use super::servers::Server;
use super::{Bench, refused, taken};
use gift_harness::tools::HelmVersion;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

#[test]
fn both_helms_find_every_version_that_was_published() {
    let bench = Bench::new();
    bench.published(&["chart", "--to", "site"]);
    let first = fs::read_to_string(bench.path("site/index.yaml")).unwrap();
    for version in ["1.10.0", "1.9.0", "2.0.0-rc.1"] {
        bench.chart(version, version);
        bench.published(&["chart", "--to", "site", "--no-lint"]);
    }
    // What was said of a version is never said otherwise.
    let created = |index: &str| {
        let mut created = index.lines().filter(|line| line.contains("created:")).map(str::to_owned);
        created.next_back().unwrap()
    };
    let index = fs::read_to_string(bench.path("site/index.yaml")).unwrap();
    assert_eq!(created(&index), created(&first), "the oldest stands last");

    let server = Server::of_files(&bench.path("site"), &bench.path("nginx"));
    for helm in HelmVersion::ALL {
        let home = helm.to_string();
        let run = |arguments: &[&str]| {
            let mut command = bench.command(crate::workplace::helm(helm));
            for name in ["DATA", "CACHE", "CONFIG"] {
                command.env(format!("HELM_{name}_HOME"), bench.path(&home).join(name));
            }
            taken(&command.args(arguments).output().unwrap())
        };
        run(&["repo", "add", "here", &server.url()]);
        let found = run(&["search", "repo", "here/web", "--versions", "--devel"]);
        let versions: Vec<_> =
            found.lines().skip(1).map(|line| line.split('\t').nth(1).unwrap().trim()).collect();
        assert_eq!(versions, ["2.0.0-rc.1", "1.10.0", "1.9.0", "1.0.0"], "{found}");
        for version in versions {
            run(&["pull", "here/web", "--version", version, "--destination", &home]);
            let file = format!("web-{version}.tgz");
            assert_eq!(
                fs::read(bench.path(&home).join(&file)).unwrap(),
                fs::read(bench.path("site").join(&file)).unwrap()
            );
        }
        let rendered = run(&["template", "page", "here/web"]);
        assert!(rendered.contains("text: 1.10.0") && rendered.contains("version: \"1.10\""), "{rendered}");
    }
}

#[test]
fn one_process_at_a_time_changes_a_folder() {
    let bench = Bench::new();
    fs::create_dir(bench.path("site")).unwrap();
    let lock = File::create(bench.path("site/.publish.lock")).unwrap();
    lock.lock().unwrap();
    let mut child = bench
        .command(crate::workplace::gift())
        .args(["publish", "chart", "--to", "site", "--no-lint"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let waits = told.into_iter().any(|line| line.contains("waiting for another process"));
    assert!(waits, "it took no notice of the lock");
    let there: Vec<_> =
        fs::read_dir(bench.path("site")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(there, [".publish.lock"]);
    drop(lock);
    assert!(child.wait().unwrap().success());
    assert!(bench.path("site/web-1.0.0.tgz").exists());
}

#[test]
fn a_version_is_published_once() {
    let bench = Bench::new();
    assert!(bench.published(&["chart", "--to", "site"]).contains("site/web-1.0.0.tgz: published\n"));
    let index = fs::read(bench.path("site/index.yaml")).unwrap();
    assert!(bench.published(&["chart", "--to", "site"]).contains("web-1.0.0.tgz: published already\n"));
    bench.chart("1.0.0", "other");
    let told = refused(&bench.publish(&["chart", "--to", "site"]));
    assert!(told.contains("error: web 1.0.0 is published in site already, with other bytes:"), "{told}");
    assert!(told.contains("help: What is published stays as it is."), "{told}");
    assert_eq!(fs::read(bench.path("site/index.yaml")).unwrap(), index);
}

#[test]
fn a_package_that_was_lost_is_put_back() {
    let bench = Bench::new();
    bench.published(&["chart", "--to", "site"]);
    let path = bench.path("site/web-1.0.0.tgz");
    let bytes = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    bench.published(&["chart", "--to", "site"]);
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn an_index_that_cannot_be_read_is_left_as_it_is() {
    let bench = Bench::new();
    fs::create_dir(bench.path("site")).unwrap();
    for broken in ["apiVersion: v1\nentries: [", "<html>not found</html>", ""] {
        fs::write(bench.path("site/index.yaml"), broken).unwrap();
        let told = refused(&bench.publish(&["chart", "--to", "site"]));
        assert!(told.contains("error: site/index.yaml: "), "{told}");
        assert_eq!(fs::read_to_string(bench.path("site/index.yaml")).unwrap(), broken);
        assert!(!bench.path("site/web-1.0.0.tgz").exists());
    }
}

#[test]
fn a_repository_helm_made_goes_on() {
    let bench = Bench::new();
    taken(&bench.helm(HelmVersion::V3, &["package", "chart", "--destination", "site"]));
    taken(
        &bench.helm(HelmVersion::V3, &["repo", "index", "site", "--url", "https://elsewhere.example/charts"]),
    );
    bench.chart("1.1.0", "second");
    bench.published(&["chart", "--to", "site", "--url", "https://charts.example.com/"]);
    let index = fs::read_to_string(bench.path("site/index.yaml")).unwrap();
    assert!(index.contains("\"https://elsewhere.example/charts/web-1.0.0.tgz\""), "{index}");
    assert!(index.contains("\"https://charts.example.com/web-1.1.0.tgz\""), "{index}");
    // Helm itself takes it up again, and finds nothing missing.
    for helm in HelmVersion::ALL {
        taken(&bench.helm(helm, &["repo", "index", "site", "--merge", "site/index.yaml"]));
        let index = fs::read_to_string(bench.path("site/index.yaml")).unwrap();
        assert_eq!(index.matches("version: 1.").count(), 2, "{index}");
    }
}
