//! `gift promote`.

use super::repository::Repository;
use serde_json::json;

#[test]
fn what_dev_runs_prod_runs_and_nothing_else_is_changed() {
    let repository = Repository::new();
    assert_eq!(repository.told(&["promote", "--list", "shop/prod"]), ["oven\tv0", "till\tv0"]);
    assert_eq!(repository.told(&["promote", "--list", "shop/prod", "--service", "cache"]), ["cache\tv9"]);
    let before = repository.read("values/shop/prod.yaml");
    let told = repository.told(&["promote", "shop/dev", "shop/prod"]);
    assert_eq!(told, ["values/shop/prod.yaml:7: oven v0 -> v1", "values/shop/prod.yaml:8: till v0 -> v1"]);
    assert_eq!(repository.read("values/shop/prod.yaml"), before.replace("v0", "v1"));
    assert_eq!(repository.git(&["diff", "--numstat"]), "2\t2\tvalues/shop/prod.yaml");
    repository.commit("promote");

    // Again: nothing to do, and no error.
    let (code, stdout, stderr) = repository.gift(&["promote", "shop/dev", "shop/prod"]);
    assert_eq!((code, stdout.as_str()), (0, ""));
    assert!(stderr.contains("names these tags already"), "{stderr}");
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_tag_is_set_for_the_services_named() {
    let repository = Repository::new();
    let answer = repository.json(&["promote", "--tag", "1234567", "shop/dev", "--service", "oven"]);
    assert_eq!(
        answer,
        json!({
            "version": 1, "environment": "shop/dev", "file": "values/shop/dev.yaml", "written": true,
            "tags": [{"service": "oven", "before": "v1", "after": "1234567", "line": 7}],
        })
    );
    assert!(repository.read("values/shop/dev.yaml").contains("tag: \"1234567\" # baked\n"));
    assert_eq!(repository.told(&["promote", "--list", "shop/dev"]), ["oven\t1234567", "till\tv1"]);
    let listed = repository.json(&["promote", "--list", "shop/dev", "--service", "till"]);
    assert_eq!(
        listed["tags"],
        json!([{"service": "till", "tag": "v1", "file": "values/shop/dev.yaml", "line": 8}])
    );
}

#[test]
fn a_check_writes_nothing_and_tells_by_its_exit_code() {
    let repository = Repository::new();
    let check = |tag: &str| repository.gift(&["promote", "--check", "--tag", tag, "shop/prod"]);
    let (code, stdout, _) = check("v1.2.3");
    assert_eq!((code, stdout.lines().count()), (1, 2), "{stdout}");
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
    assert_eq!(check("v0").0, 0);
    assert_eq!(repository.gift(&["promote", "--check", "shop/dev", "shop/prod"]).0, 1);
}

#[test]
fn what_is_not_committed_is_not_carried_along() {
    let repository = Repository::new();
    for dirty in ["values/shop/dev.yaml", "values/shop/prod.yaml", "values/shop/base.yaml"] {
        let before = repository.read(dirty);
        repository.write(dirty, &format!("{before}# mine\n"));
        let (code, _, stderr) = repository.gift(&["promote", "shop/dev", "shop/prod"]);
        assert_eq!(code, 2, "{dirty}: {stderr}");
        assert!(stderr.contains(&format!("{dirty} has changes that are in no commit")), "{stderr}");
        assert!(!repository.read("values/shop/prod.yaml").contains("v1"), "{dirty}");
        repository.write(dirty, &before);
    }
    // What others change is not in the way; nor is anything where it is asked for.
    repository.write("values/forge/dev.yaml", "forge: {a: 1}\n");
    repository.write("values/shop/dev.yaml", &repository.read("values/shop/dev.yaml").replace("v1", "v2"));
    assert_eq!(repository.gift(&["promote", "--tag", "v3", "shop/prod"]).0, 0);
    let told = repository.told(&["promote", "--allow-dirty", "shop/dev", "shop/prod"]);
    assert_eq!(told.len(), 2);
    assert!(repository.read("values/shop/prod.yaml").contains("v2"));
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let repository = Repository::new();
    for (arguments, told) in [
        (&["promote", "shop/dev", "shop/production"][..], "there are dev, prod"),
        (&["promote", "shops/dev", "shops/prod"], "there are forge, shop"),
        (&["promote", "shop/dev", "forge/dev"], "environments of different systems"),
        (&["promote", "--tag", "v2", "forge/dev"], "states no image tag"),
        (&["promote", "--tag", "v2", "shop/dev", "--service", "cache"], "it states those of oven, till"),
        (&["promote", "--tag", "v2", "shop/dev", "--service", ""], "has no shop.services..image.tag"),
        (&["promote", "--tag", "v 2", "shop/dev"], "`v 2` is no image tag"),
        (&["promote", "shop/dev"], "--tag goes with one environment"),
        (&["promote", "--tag", "v2", "shop/dev", "shop/prod"], "--tag goes with one environment"),
        (&["promote", "--list", "shop/dev", "--tag", "v2"], "cannot be used with"),
        (&["promote"], "required"),
    ] {
        let (code, stdout, stderr) = repository.gift(arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(told), "{arguments:?}: {stderr}");
    }
    assert_eq!(repository.git(&["status", "--porcelain"]), "");
}

#[test]
fn without_a_repository_there_is_nothing_to_commit() {
    let repository = Repository::new();
    std::fs::remove_dir_all(repository.file(".git")).unwrap();
    assert_eq!(repository.told(&["promote", "shop/dev", "shop/prod"]).len(), 2);
}
