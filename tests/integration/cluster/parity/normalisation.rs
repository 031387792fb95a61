//! What an API server does to an object before admission sees it, as far as it changes what policies say.
//!
//! The plugin judges what is in the file, so that a finding names what its author wrote. Where the two differ,
//! one of these says why; each must be needed by the corpus, and nothing else may explain a difference.

use super::quantity::canonical;
use serde_json::Value;

/// One thing the API server does to objects.
pub(super) struct Normalisation {
    /// What it does.
    pub(super) title: &'static str,
    /// Why a policy can tell.
    #[allow(dead_code, reason = "documentation")]
    pub(super) reason: &'static str,
    /// Whose objects need it.
    shown_by: Shown,
    apply: fn(&mut Value),
}

/// Which comparison shows that a normalisation is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// The policies that use every part of a policy.
    Parts,
    /// The organisation's.
    Organisation,
    /// The sets of the library.
    Library,
}

/// All there are.
pub(super) const NORMALISATIONS: &[Normalisation] = &[
    Normalisation {
        title: "maps and lists without entries are not there",
        reason: "`has(object.data)` is false for `data: {}` once it was decoded. The plugin knows no schema, and some \
                 empty fields stay, such as `emptyDir: {}`.",
        shown_by: Shown::Parts,
        apply: empties,
    },
    Normalisation {
        title: "texts without characters are not there",
        reason: "Optional fields that are empty are left out when an object is decoded, and those that have a default \
                 get it: `protocol: \"\"` is TCP. Some must be there and stay, and so do the entries of maps.",
        shown_by: Shown::Library,
        apply: texts,
    },
    Normalisation {
        title: "a Pod's requests are its limits where none are stated",
        reason: "The API server fills them in, for Pods and not for the templates of workloads; what asks whether \
             requests are stated sees them. The plugin asks for what the author wrote.",
        shown_by: Shown::Organisation,
        apply: requests_of_pods,
    },
    Normalisation {
        title: "quantities are rounded up to thousandths and written in their shortest form",
        reason: "A message that names a quantity names it as it is stored: 0.05 is 50m. And less than a thousandth \
             is added to it, which can lift a request over a bound it is just below.",
        shown_by: Shown::Organisation,
        apply: quantities,
    },
];

/// Fields that hold nothing, but for those whose being there says something: `podSelector: {}`.
fn empties(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(empties),
        Value::Object(fields) => {
            fields.retain(|key, field| match field {
                Value::Object(fields) => {
                    !(fields.is_empty()
                        && matches!(key.as_str(), "data" | "labels" | "annotations" | "limits" | "requests"))
                }
                Value::Array(items) => !items.is_empty(),
                _ => true,
            });
            fields.values_mut().for_each(empties);
        }
        _ => {}
    }
}

/// Empty texts, but for those in lists and in maps.
fn texts(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(texts),
        Value::Object(fields) => {
            fields.retain(|_, field| field != "");
            for (key, field) in fields {
                if !matches!(key.as_str(), "data" | "labels" | "matchLabels" | "annotations") {
                    texts(field);
                }
            }
        }
        _ => {}
    }
}

fn requests_of_pods(object: &mut Value) {
    if object["kind"] != "Pod" {
        return;
    }
    for list in ["containers", "initContainers"] {
        for container in object["spec"][list].as_array_mut().into_iter().flatten() {
            let resources = &mut container["resources"];
            for (name, amount) in resources["limits"].as_object().cloned().into_iter().flatten() {
                if resources["requests"][&name].is_null() {
                    resources["requests"][&name] = amount;
                }
            }
        }
    }
}

/// Every text below `requests` and `limits`.
fn quantities(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(quantities),
        Value::Object(fields) => {
            for (key, field) in fields {
                match field {
                    Value::Object(amounts) if key == "requests" || key == "limits" => {
                        for amount in amounts.values_mut() {
                            let text = amount.as_str().map_or_else(|| amount.to_string(), str::to_owned);
                            if let Some(text) = canonical(&text) {
                                *amount = text.into();
                            }
                        }
                    }
                    field => quantities(field),
                }
            }
        }
        _ => {}
    }
}

/// Those that a comparison ought to need and did not.
pub(super) fn needless(shown: Shown, needed: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let of_it = NORMALISATIONS.iter().filter(|normalisation| normalisation.shown_by == shown);
    of_it.map(|normalisation| normalisation.title).filter(|title| !needed(title)).collect()
}

/// The titles of the normalisations after which `agrees` holds, the fewest that do.
pub(super) fn explains(object: &Value, agrees: impl Fn(&Value) -> bool) -> Option<Vec<&'static str>> {
    for normalisation in NORMALISATIONS {
        let mut normal = object.clone();
        (normalisation.apply)(&mut normal);
        if agrees(&normal) {
            return Some(vec![normalisation.title]);
        }
    }
    let mut normal = object.clone();
    let mut titles = Vec::new();
    for normalisation in NORMALISATIONS {
        let before = normal.clone();
        (normalisation.apply)(&mut normal);
        if normal != before {
            titles.push(normalisation.title);
        }
    }
    agrees(&normal).then_some(titles)
}
