//! What holds for every operator, on a stream that gives each of them something to do.

use super::*;
use crate::objects::Objects;
use std::collections::BTreeSet;

const STREAM: &str = include_str!("example.yaml");

#[test]
fn every_operator_finds_something_in_the_example_and_changes_what_is_read() {
    let objects = Objects::read(STREAM.as_bytes()).unwrap();
    let read = |stream: &[u8]| -> Option<Vec<_>> {
        let objects = Objects::read(stream).ok()?;
        Some(objects.iter().map(|object| (object.to_json(), object.duplicates().len())).collect())
    };
    let sound = read(STREAM.as_bytes()).unwrap();
    for operator in all() {
        let mutations = operator.mutations(&objects);
        assert!(
            mutations.iter().any(|mutation| mutation.equivalent.is_none()),
            "{} finds nothing",
            operator.id
        );
        for mutation in mutations {
            let stream = mutation.apply(STREAM.as_bytes());
            assert_ne!(read(&stream), Some(sound.clone()), "{mutation:?}");
            // Only the one about indentation is to give what cannot be read.
            if operator.id != "indentation" {
                assert!(read(&stream).is_some(), "{mutation:?}\n{}", String::from_utf8_lossy(&stream));
            }
        }
    }
}

#[test]
fn a_mutation_changes_one_document_and_says_which() {
    let objects = Objects::read(STREAM.as_bytes()).unwrap();
    for mutation in all().iter().flat_map(|operator| operator.mutations(&objects)) {
        let (before, after) = (STREAM.as_bytes(), mutation.apply(STREAM.as_bytes()));
        assert_eq!(before[..mutation.document.start], after[..mutation.document.start]);
        assert!(after.ends_with(&before[mutation.document.end..]), "{mutation:?}");
        let names = |object: &crate::objects::Object<'_>| object.reference() == mutation.object;
        assert!(objects.iter().any(names), "{mutation:?}");
    }
}

#[test]
fn ids_are_unique_and_every_operator_says_what_it_stands_for() {
    let ids: BTreeSet<_> = all().iter().map(|operator| operator.id).collect();
    assert_eq!(ids.len(), all().len());
    assert!(all().iter().all(|operator| operator.mistake.ends_with('.')));
}

#[test]
fn what_selects_the_same_pods_is_not_made() {
    let objects = Objects::read(STREAM.as_bytes()).unwrap();
    let mutations = find("selector-label-dropped").unwrap().mutations(&objects);
    let told: Vec<_> = mutations.iter().map(|m| (m.path.as_str(), m.equivalent.is_some())).collect();
    assert_eq!(told, [("spec.selector.matchLabels.app", false), ("spec.selector.matchLabels.release", true)]);
}

#[test]
fn no_mutation_tells_the_value_of_a_secret() {
    let objects = Objects::read(STREAM.as_bytes()).unwrap();
    for mutation in all().iter().flat_map(|operator| operator.mutations(&objects)) {
        assert!(!mutation.change.contains("aHVudGVy"), "{mutation:?}");
    }
}
