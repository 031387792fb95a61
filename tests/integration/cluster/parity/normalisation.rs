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
    apply: fn(&mut Value),
}

/// All there are.
pub(super) const NORMALISATIONS: &[Normalisation] = &[
    Normalisation {
        title: "maps and lists without entries are not there",
        reason: "`has(object.data)` is false for `data: {}` once it was decoded. The plugin knows no schema, and some \
                 empty fields stay, such as `emptyDir: {}`.",
        apply: empties,
    },
    Normalisation {
        title: "a Pod's requests are its limits where none are stated",
        reason: "The API server fills them in, for Pods and not for the templates of workloads; what asks whether \
             requests are stated sees them. The plugin asks for what the author wrote.",
        apply: requests_of_pods,
    },
    Normalisation {
        title: "quantities are rounded up to thousandths and written in their shortest form",
        reason: "A message that names a quantity names it as it is stored: 0.05 is 50m. And less than a thousandth \
             is added to it, which can lift a request over a bound it is just below.",
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
