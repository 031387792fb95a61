use super::*;
use crate::diagnosis::{Category, Diagnose};
use std::fs;
use std::path::Path;

const STAGING: &str = "# Before production.\r
shop:   # the system
  services:
    front: {image: {tag: 'v1', pullPolicy: Always}}   # in one line
    oven:
      image:
        tag: v1.0   # of Tuesday
        pullPolicy: Always
    till:
      image: {tag: \"v1\"}
    cache:
      replicas: 2
";

fn environments(files: &[(&str, &str)]) -> (tempfile::TempDir, Environments) {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let environments = Environments::new(directory.path());
    (directory, environments)
}

fn read(directory: &tempfile::TempDir, name: &str) -> String {
    fs::read_to_string(directory.path().join(name)).unwrap()
}

fn services(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn only_the_bytes_of_the_tag_change() {
    let (directory, environments) = environments(&[("shop/staging.yaml", STAGING)]);
    let promotion = Promotion::of_tag(&environments, "shop/staging", "g0123abc", &[]).unwrap();
    assert_eq!(promotion.changes.iter().map(|change| change.line).collect::<Vec<_>>(), [4, 7, 10]);
    promotion.write().unwrap();
    let expected = STAGING
        .replace("'v1'", "'g0123abc'")
        .replace("tag: v1.0   #", "tag: g0123abc   #")
        .replace("\"v1\"", "\"g0123abc\"");
    assert_eq!(read(&directory, "shop/staging.yaml"), expected);

    // What would be a number, or a boolean, is a text all the same.
    for tag in ["1234567", "1e10", "1.10", "0x12", "true", "null", "on", "2024-01-01", "_", "0644"] {
        let promotion = Promotion::of_tag(&environments, "shop/staging", tag, &services(&["oven"])).unwrap();
        promotion.write().unwrap();
        assert_eq!(Tags::of(&environments, "shop/staging").unwrap().get("oven").unwrap().tag, tag);
    }
}

#[test]
fn what_one_environment_runs_another_gets() {
    let dev = "shop: {services: {oven: {image: {tag: '1.10'}}, front: {image: {tag: g1}}}}\n";
    let base = "shop:\n  services:\n    till:\n      image: {tag: v3}\n    cache: {image: {tag: v9}}\n";
    let files = [("shop/dev.yaml", dev), ("shop/staging.yaml", STAGING), ("shop/base.yaml", base)];
    let (directory, environments) = environments(&files);
    let promotion = Promotion::between(&environments, "shop/dev", "shop/staging", &[]).unwrap();
    let told: Vec<_> = promotion.changes.iter().map(|change| (&*change.service, &*change.after)).collect();
    assert_eq!(told, [("front", "g1"), ("oven", "1.10"), ("till", "v3")]);
    promotion.write().unwrap();
    let text = read(&directory, "shop/staging.yaml");
    assert!(text.contains("tag: \"1.10\"   # of Tuesday"), "{text}");
    let again = Promotion::between(&environments, "shop/dev", "shop/staging", &[]).unwrap();
    assert!(!again.changes_something());

    // Nothing is to be done, so nothing is done.
    let path = directory.path().join("shop/staging.yaml");
    fs::remove_file(&path).unwrap();
    again.write().unwrap();
    assert!(!path.exists());
}

fn refused(files: &[(&str, &str)], to: &str, names: &[&str]) -> PromotionError {
    let (directory, environments) = environments(files);
    let before: Vec<_> = files.iter().map(|(name, _)| read(&directory, name)).collect();
    let error = Promotion::of_tag(&environments, to, "v2", &services(names)).unwrap_err();
    let after: Vec<_> = files.iter().map(|(name, _)| read(&directory, name)).collect();
    assert_eq!(before, after);
    assert_eq!(error.category(), Category::Input);
    assert!(error.help().is_some());
    error
}

#[test]
fn what_cannot_be_done_is_told() {
    let staging = [("shop/staging.yaml", STAGING)];
    let error = refused(&staging, "shop/staging", &["cache"]);
    assert!(
        error
            .to_string()
            .ends_with("has no shop.services.cache.image.tag; it states those of front, oven, till"),
        "{error}"
    );
    assert!(matches!(refused(&staging, "shop/prod", &[]), PromotionError::Environment(_)));
    assert!(matches!(
        refused(&[("shop/a.yaml", "shop: {}\n")], "shop/a", &[]),
        PromotionError::NoTags { .. }
    ));
    assert!(matches!(refused(&[("shop/a.yaml", "shop: {\n")], "shop/a", &[]), PromotionError::Yaml { .. }));
    let number = "shop: {services: {oven: {image: {tag: 1.10}}}}\n";
    assert!(matches!(
        refused(&[("shop/a.yaml", number)], "shop/a", &["oven"]),
        PromotionError::NoText { line: 1, .. }
    ));
    let pinned = "shop: {services: {oven: {image: {tag: v1, digest: 'sha256:00'}}}}\n";
    assert!(matches!(refused(&[("shop/a.yaml", pinned)], "shop/a", &[]), PromotionError::Digest { .. }));
    let base = "shop: {services: {oven: {image: {digest: 'sha256:00'}}}}\n";
    assert!(matches!(
        refused(&[("shop/base.yaml", base), ("shop/a.yaml", &pinned.replace(", digest: 'sha256:00'", ""))], "shop/a", &[]),
        PromotionError::Digest { path, .. } if path.ends_with("base.yaml")
    ));
    let (_directory, environments) = environments(&staging);
    for tag in ["", "a b", "-a", ".a", "a/b", "a:b", "ä", &"a".repeat(129), "v1\nx: 1"] {
        let error = Promotion::of_tag(&environments, "shop/staging", tag, &[]).unwrap_err();
        assert!(matches!(error, PromotionError::Tag { .. }), "{tag}: {error}");
    }
    let error = Promotion::between(&environments, "shop/staging", "forge/staging", &[]).unwrap_err();
    assert!(matches!(error, PromotionError::Systems { .. }), "{error}");
}

#[test]
fn a_tag_that_others_share_is_not_changed_for_them() {
    let anchors = "shop:
  services:
    oven:
      image: &same {tag: v1}
    till:
      image: *same
    front:
      image: {tag: &tag v1}
    back:
      image: {tag: *tag}
    side:
      image:
        <<: *same
";
    for service in ["oven", "till", "front", "side"] {
        let error = refused(&[("shop/a.yaml", anchors)], "shop/a", &[service]);
        assert!(matches!(&error, PromotionError::Shared { .. }), "{service}: {error}");
    }
    // An alias that stands for the tag alone gives way to the tag.
    let (directory, environments) = environments(&[("shop/a.yaml", anchors)]);
    Promotion::of_tag(&environments, "shop/a", "v2", &services(&["back"])).unwrap().write().unwrap();
    assert_eq!(read(&directory, "shop/a.yaml"), anchors.replace("tag: *tag", "tag: v2"));
}

#[cfg(unix)]
#[test]
fn links_and_modes_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let (directory, environments) = environments(&[("shop/real.txt", STAGING)]);
    let (real, link) = (directory.path().join("shop/real.txt"), directory.path().join("shop/staging.yaml"));
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(Path::new("real.txt"), &link).unwrap();
    Promotion::of_tag(&environments, "shop/staging", "v2", &[]).unwrap().write().unwrap();
    assert!(link.is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(read(&directory, "shop/real.txt").contains("tag: v2"));
}
