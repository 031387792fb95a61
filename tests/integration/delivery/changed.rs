//! `gift changed`.

use super::repository::Repository;
use serde_json::json;

#[test]
fn services_change_with_the_folders_they_are_built_from() {
    let repository = Repository::new();
    let first = repository.git(&["rev-parse", "HEAD"]);
    let since = |commit: &str| repository.told(&["changed", "services", "--since", commit]);
    assert_eq!(since(&first), [""; 0]);
    repository.change(&["service-oven/new/file", "values/shop/dev.yaml"]);
    assert_eq!(since(&first), ["oven"]);
    repository.change(&["service-till/main"]);
    assert_eq!(since(&first), ["oven", "till"], "a push of several commits loses nothing");
    assert_eq!(since("HEAD~1"), ["till"]);
    repository.change(&["service-ovens/main"]);
    assert_eq!(since("HEAD~1"), [""; 0], "a name that begins alike is another");
    repository.change(&["proto/oven.proto"]);
    assert_eq!(since("HEAD~1"), ["oven"]);
    repository.change(&["libraries/bread"]);
    assert_eq!(since("HEAD~1"), ["oven", "till"], "what is shared concerns all");
    // A file that goes, even into another's folder, changes where it was.
    repository.git(&["mv", "service-oven/main", "service-till/other"]);
    repository.commit("move");
    assert_eq!(since("HEAD~1"), ["oven", "till"]);
    // What is not committed is not built.
    repository.write("service-oven/main", "2\n");
    assert_eq!(since("HEAD"), [""; 0]);
}

#[test]
fn without_a_commit_to_compare_with_everything_changed() {
    let repository = Repository::new();
    let head = repository.git(&["rev-parse", "HEAD"]);
    for since in [&[][..], &["--since", ""], &["--since", "0000000000000000000000000000000000000000"]] {
        let told = repository.told(&[&["changed", "services"], since].concat());
        assert_eq!(told, ["oven", "till"], "{since:?}");
    }
    let (_, _, stderr) = repository.gift(&["changed", "services", "--since", "gone"]);
    assert!(stderr.starts_with("note: there is no commit gone here"), "{stderr}");
    let (code, stdout, _) = repository.gift(&["changed", "services", "--since=--output=x"]);
    assert_eq!((code, stdout.as_str()), (0, "oven\ntill\n"), "an option is no commit");
    assert!(!repository.file("x").exists());

    assert_eq!(
        repository.json(&["changed", "services"]),
        json!({
            "version": 1,
            "since": null,
            "services": [
                {"name": "oven", "folder": "service-oven", "image": "shop/oven", "sources": ["proto/oven.proto"]},
                {"name": "till", "folder": "service-till"},
            ],
        })
    );
    assert_eq!(
        repository.json(&["changed", "services", "--since", "HEAD"]),
        json!({"version": 1, "since": head, "services": []})
    );
}

#[test]
fn environments_and_cells_change_with_what_they_are_rendered_from() {
    let repository = Repository::new();
    let environments = || repository.told(&["changed", "environments", "--since", "HEAD~1"]);
    let cells = || repository.told(&["changed", "cells", "--since", "HEAD~1"]);
    let all = ["forge/dev", "shop/dev", "shop/prod"];
    assert_eq!(repository.told(&["changed", "environments"]), all);
    for (path, changed, how_many) in [
        ("values/shop/prod.yaml", &["shop/prod"][..], 2),
        ("values/shop/prod.secrets.env.example", &["shop/prod"], 2),
        ("values/shop/base.yaml", &["shop/dev", "shop/prod"], 4),
        ("values/shop/README.md", &[], 0),
        ("values/shopping/dev.txt", &[], 0),
        ("chart/templates/service.yaml", &all, 6),
        ("tests/matrix.yaml", &[], 6),
        ("service-oven/main", &[], 0),
    ] {
        repository.change(&[path]);
        assert_eq!(environments(), changed, "{path}");
        assert_eq!(cells().len(), how_many, "{path}: {:?}", cells());
    }
    repository.change(&["values/shop/prod.yaml"]);
    assert_eq!(cells(), ["shop/prod helm4 k8s1.35", "shop/prod helm4 k8s1.36"]);
}

#[test]
fn what_cannot_be_told_is_an_error() {
    let repository = Repository::new();
    let (code, _, stderr) = repository.gift(&["changed", "services", "--sources", "nowhere.yaml"]);
    assert!(code == 2 && stderr.contains("nowhere.yaml") && stderr.contains("help: "), "{stderr}");
    repository.write("ci/services.yaml", "services:\n  oven: {}\n");
    let (code, _, stderr) = repository.gift(&["changed", "services"]);
    assert!(code == 2 && stderr.contains("ci/services.yaml:2:"), "{stderr}");
    let (code, _, _) = repository.gift(&["changed"]);
    assert_eq!(code, 2);
    std::fs::remove_dir_all(repository.file(".git")).unwrap();
    let (code, _, stderr) = repository.gift(&["changed", "services"]);
    assert!(code == 2 && stderr.contains("is not in a git repository"), "{stderr}");
}
