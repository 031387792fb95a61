//! Files of a package: what changed in them, where nothing else tells of it.
//!
//! A sentence in a README, or a comment in a template, is a release too, of a patch. Depends on [`crate::publish`] for
//! which files of a folder are packed.

use super::text::Text;
use super::{Area, Bump, Reason, ReleaseError};
use crate::publish::Package;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// The annotation that tells of changes is none itself.
const CHANGES: &str = "artifacthub.io/changes";

/// How many files are told.
const TOLD: usize = 5;

/// The files of a package that differ, as one reason.
pub(super) fn compare(before: &Path, after: &Path) -> Result<Option<Reason>, ReleaseError> {
    let packed: BTreeSet<String> = Package::of(after)?.contents.into_iter().map(|(path, _)| path).collect();
    let published: BTreeSet<String> =
        Package::of(before)?.contents.into_iter().map(|(path, _)| path).collect();
    let read = |folder: &Path, path: &String| std::fs::read(folder.join(path)).ok();
    let changed: Vec<&str> = packed
        .union(&published)
        .filter(|path| match (read(before, path), read(after, path)) {
            (Some(old), Some(new)) if *path == "Chart.yaml" => described(&old) != described(&new),
            (old, new) => old != new,
        })
        .map(String::as_str)
        .collect();
    if changed.is_empty() {
        return Ok(None);
    }
    let told = changed.iter().take(TOLD).copied().collect::<Vec<_>>().join(", ");
    let more = changed.len().saturating_sub(TOLD);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Ok(Some(Reason {
        bump: Bump::Patch,
        area: Area::Chart,
        place: format!("{told}{more}"),
        message: "changed".to_owned(),
    }))
}

/// What `Chart.yaml` says beside the version and what changed with it.
fn described(bytes: &[u8]) -> Value {
    let text = String::from_utf8_lossy(bytes);
    let mut value = Text::read(&text).map_or(Value::Null, |text| text.value());
    if let Some(fields) = value.as_object_mut() {
        fields.remove("version");
        if let Some(annotations) = fields.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove(CHANGES);
        }
        if fields.get("annotations").and_then(Value::as_object).is_some_and(serde_json::Map::is_empty) {
            fields.remove("annotations");
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changed_is_a_patch_and_a_version_is_no_change() {
        let chart = |version: &str, readme: &str| {
            let folder = tempfile::tempdir().unwrap();
            let text = format!(
                "apiVersion: v2\nname: web\nversion: {version}\nannotations:\n  {CHANGES}: {version}\n"
            );
            std::fs::write(folder.path().join("Chart.yaml"), text).unwrap();
            std::fs::write(folder.path().join("README.md"), readme).unwrap();
            folder
        };
        let told = |before: &tempfile::TempDir, after: &tempfile::TempDir| {
            compare(before.path(), after.path())
                .unwrap()
                .map(|reason| format!("{} {} {}", reason.bump, reason.place, reason.message))
        };
        let first = chart("1.0.0", "a");
        assert_eq!(told(&first, &chart("2.0.0", "a")), None);
        assert_eq!(told(&first, &chart("1.0.0", "b")).as_deref(), Some("patch README.md changed"));
    }
}
