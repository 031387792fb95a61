//! No mapping states a key twice.

use super::{Assertion, Context};
use crate::objects::Objects;
use gift_plugin::protocol::Finding;

/// No mapping states a key twice.
pub(super) struct DuplicateKey;

impl Assertion for DuplicateKey {
    fn id(&self) -> &'static str {
        "duplicate-key"
    }

    fn title(&self) -> &'static str {
        "no mapping states a key twice"
    }

    fn explanation(&self) -> &'static str {
        "Helm and the API server keep the last of the two and say nothing; strict readers refuse the document."
    }

    fn failing_example(&self) -> Option<&'static str> {
        Some("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n  A: '1'\n  A: '2'\n")
    }

    fn passing_example(&self) -> Option<&'static str> {
        Some("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n  A: '1'\n  B: '2'\n")
    }

    fn check(&self, objects: &Objects<'_>, _: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for object in objects {
            for duplicate in object.duplicates() {
                let (first, _) = object.position(duplicate.first.start);
                let message = format!("`{}` is already stated in line {first}", duplicate.key);
                let path = duplicate.path(object.root());
                let mut finding = object.finding(self.id(), path, message, "Remove one of the two.");
                (finding.line, finding.column) = object.position(duplicate.second.start);
                findings.push(finding);
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;
    use super::*;

    #[test]
    fn both_places_are_named() {
        let found = findings(DuplicateKey.failing_example().unwrap(), "duplicate-key");
        assert_eq!(found[0].message, "`A` is already stated in line 5");
        assert_eq!((found[0].line, found[0].column, found[0].path.as_str()), (6, 3, "data.A"));
    }
}
