//! What one version's OpenAPI document says, in the notation of the committed file.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A version's kinds and definitions.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// By kind and API version: whether it is namespaced, and its definition.
    pub(super) kinds: BTreeMap<(String, String), (bool, String)>,
    /// By name, then by field.
    pub(super) definitions: BTreeMap<String, BTreeMap<String, Field>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) shape: String,
    pub(super) required: bool,
}

/// Required in the document, and not by the API server: what is missing there is as good as empty.
/// Seen on an API server of 1.36; by definition, whatever its version, and field.
const NOT_ENFORCED: &[(&str, &str)] = &[
    ("apiextensions.CustomResourceDefinitionVersion", "served"),
    ("apps.ControllerRevision", "revision"),
    ("batch.PodFailurePolicy", "rules"),
    ("core.DaemonEndpoint", "Port"),
    ("core.Event", "involvedObject"),
    ("core.HTTPHeader", "value"),
    ("core.ISCSIPersistentVolumeSource", "lun"),
    ("core.ISCSIVolumeSource", "lun"),
    ("core.LimitRangeSpec", "limits"),
    ("core.NodeAddress", "address"),
    ("core.NodeAddress", "type"),
    ("core.NodeCondition", "status"),
    ("core.NodeCondition", "type"),
    ("core.PreferredSchedulingTerm", "preference"),
    ("core.ScaleIOPersistentVolumeSource", "secretRef"),
    ("core.ScaleIOVolumeSource", "secretRef"),
    ("core.SleepAction", "seconds"),
    ("core.Sysctl", "value"),
    ("core.TypedLocalObjectReference", "kind"),
    ("discovery.ForZone", "name"),
    ("resource.DeviceCapacity", "value"),
    ("resource.DeviceClass", "spec"),
    ("resource.ResourceClaim", "spec"),
    ("resource.ResourceClaimTemplate", "spec"),
    ("resource.ResourceClaimTemplateSpec", "spec"),
    ("resource.ResourcePool", "generation"),
    ("storage.CSIDriver", "spec"),
    ("storage.CSINode", "spec"),
    ("storage.CSINodeSpec", "drivers"),
    ("storage.TokenRequest", "audience"),
];

/// What an item of a list without the field is taken to have. Documents of OpenAPI 2 do not say it, those
/// of OpenAPI 3 do, and it never changed.
const DEFAULTS: &[(&str, &str, &str)] =
    &[("core.v1.ContainerPort", "protocol", "TCP"), ("core.v1.ServicePort", "protocol", "TCP")];

pub(super) fn read(module: &Path, enumerations: &BTreeMap<(String, String), String>) -> Document {
    let text = fs::read(module.join("api/openapi-spec/swagger.json")).unwrap();
    let swagger: Value = serde_json::from_slice(&text).unwrap();
    let definitions = swagger["definitions"].as_object().unwrap();
    let mut document = Document::default();
    let of_kind: BTreeMap<(String, String), String> = definitions
        .iter()
        .flat_map(|(name, definition)| {
            let kinds = definition.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
            kinds.into_iter().flatten().map(|kind| (kind_of(kind), short(name)))
        })
        .collect();
    for (path, operations) in swagger["paths"].as_object().unwrap() {
        let is_collection = !path.ends_with('}') && path.matches("{name}").count() == 0;
        for operation in operations.as_object().unwrap().values() {
            let Some(kind) = operation.get("x-kubernetes-group-version-kind") else { continue };
            let action = operation.get("x-kubernetes-action").and_then(Value::as_str);
            if !is_collection || !matches!(action, Some("list" | "post")) {
                continue;
            }
            let kind = kind_of(kind);
            let Some(definition) = of_kind.get(&kind) else { continue };
            let entry = document.kinds.entry(kind).or_insert((false, definition.clone()));
            entry.0 |= path.contains("/namespaces/{namespace}/");
        }
    }
    let long: BTreeMap<String, &Value> =
        definitions.iter().map(|(name, definition)| (short(name), definition)).collect();
    assert_eq!(long.len(), definitions.len(), "short names are unique");
    let mut pending: Vec<String> = document.kinds.values().map(|(_, name)| name.clone()).collect();
    // Objects of custom resources have it too.
    pending.push(super::super::METADATA.to_owned());
    let mut seen: BTreeSet<String> = pending.iter().cloned().collect();
    while let Some(name) = pending.pop() {
        let definition = long[&name];
        let required: BTreeSet<&str> =
            definition["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut fields = BTreeMap::new();
        for (field, schema) in definition["properties"].as_object().into_iter().flatten() {
            let values = enumerations.get(&(name.clone(), field.clone()));
            let shape = shape(schema, definitions, values);
            let is_reference = |word: &&str| long.contains_key(*word);
            let reference = shape.trim_start_matches(['{', '}', '<', '>']);
            let reference = reference.rsplit(']').next().filter(is_reference).map(str::to_owned);
            if let Some(reference) = reference.filter(|reference| seen.insert(reference.clone())) {
                pending.push(reference);
            }
            let mut parts = name.split('.');
            let whatever_version = format!("{}.{}", parts.next().unwrap(), parts.next_back().unwrap());
            let not_enforced = NOT_ENFORCED.contains(&(whatever_version.as_str(), field.as_str()));
            let required = required.contains(field.as_str()) && !not_enforced;
            fields.insert(field.clone(), Field { shape, required });
        }
        document.definitions.insert(name, fields);
    }
    document
}

fn kind_of(kind: &Value) -> (String, String) {
    let text = |key: &str| kind[key].as_str().unwrap().to_owned();
    let (group, version) = (text("group"), text("version"));
    let api_version = if group.is_empty() { version } else { format!("{group}/{version}") };
    (text("kind"), api_version)
}

/// `core.v1.Container` for `io.k8s.api.core.v1.Container`.
fn short(name: &str) -> String {
    let parts: Vec<_> = name.rsplitn(4, '.').collect();
    parts[..parts.len().min(3)].iter().rev().copied().collect::<Vec<_>>().join(".")
}

/// A schema in the notation, with the values it is confined to.
fn shape(schema: &Value, definitions: &serde_json::Map<String, Value>, values: Option<&String>) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.trim_start_matches("#/definitions/");
        return scalar(name, &definitions[name]).map_or_else(|| short(name), str::to_owned);
    }
    let inner = |key: &str| shape(&schema[key], definitions, values);
    match (schema["type"].as_str().unwrap(), schema["format"].as_str()) {
        ("array", None) => {
            // Server-side apply merges lists as patches do where nothing else is said.
            let is_merged =
                schema["x-kubernetes-patch-strategy"].as_str().is_some_and(|way| way.starts_with("merge"));
            let list = match schema["x-kubernetes-list-type"].as_str() {
                None if is_merged => match schema["x-kubernetes-patch-merge-key"].as_str() {
                    Some(key) => format!("[{key}]"),
                    None => "<>".to_owned(),
                },
                None | Some("atomic") => "[]".to_owned(),
                Some("set") => "<>".to_owned(),
                Some("map") => format!("[{}]", keys(schema, definitions).join(",")),
                Some(other) => panic!("a list of type {other}"),
            };
            format!("{list}{}", inner("items"))
        }
        ("object", None) => format!("{{}}{}", inner("additionalProperties")),
        ("string", None) => values.map_or("string".to_owned(), |values| format!("={values}")),
        ("string", Some("byte")) => "base64".to_owned(),
        ("integer", Some(width @ ("int32" | "int64"))) => width.to_owned(),
        ("number", Some("double")) => "number".to_owned(),
        ("boolean", None) => "boolean".to_owned(),
        other => panic!("a schema of type {other:?}"),
    }
}

/// What a definition without fields stands for.
fn scalar(name: &str, definition: &Value) -> Option<&'static str> {
    Some(match (short(name).as_str(), definition["format"].as_str()) {
        ("api.resource.Quantity", _) => "quantity",
        ("util.intstr.IntOrString", _) => "int32-or-string",
        (_, Some("date-time")) => "time",
        // Whatever JSON there is; the server reads these in its own ways.
        ("meta.v1.FieldsV1" | "meta.v1.Patch" | "pkg.runtime.RawExtension", _) => "any",
        (name, _) if name.rsplit('.').next().is_some_and(|name| name.starts_with("JSONSchemaPropsOr")) => {
            "any"
        }
        (name, _) if name.starts_with("apiextensions.") && name.ends_with(".JSON") => "any",
        _ => return None,
    })
}

fn keys(schema: &Value, definitions: &serde_json::Map<String, Value>) -> Vec<String> {
    let item = schema["items"]["$ref"].as_str().unwrap().trim_start_matches("#/definitions/");
    let fields = &definitions[item]["properties"];
    let keys = schema["x-kubernetes-list-map-keys"].as_array().unwrap();
    // A list may name fields that its items do not have; they tell nothing apart.
    let keys = keys.iter().filter_map(Value::as_str).filter(|key| fields.get(*key).is_some());
    keys.map(|key| {
        let default = DEFAULTS.iter().find(|(name, field, _)| *name == short(item) && *field == key);
        default.map_or(key.to_owned(), |(_, _, default)| format!("{key}={default}"))
    })
    .collect()
}
