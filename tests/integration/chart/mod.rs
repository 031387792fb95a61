//! The chart by itself: what it refuses, what it prints, and what it must not know.
//!
//! Depends on both Helms; no cluster, no plugin.

mod announcement;
mod conformance;
mod enforcement;
mod mistakes;
mod neutrality;
mod reachability;
mod reading;
mod readme;
mod refusals;
mod stability;

use crate::workplace::repository;
use gift_harness::chart::Chart;
use gift_harness::objects::Objects;
use gift_harness::render::HelmVersion;
use serde_json::Value;

const HELMS: [HelmVersion; 2] = [HelmVersion::V3, HelmVersion::V4];

/// The chart with its own values.
pub(crate) fn chart() -> Chart {
    Chart::open(repository().join("chart")).unwrap().kubernetes("1.34")
}

/// What Helm says when it refuses to render.
#[track_caller]
fn refusal(chart: &Chart) -> String {
    match chart.render() {
        Ok(_) => panic!("it rendered"),
        Err(error) => error.to_string(),
    }
}

/// The objects of a rendering, as JSON.
#[track_caller]
pub(crate) fn rendered(chart: &Chart) -> Vec<Value> {
    let rendered = chart.render().unwrap();
    let objects: Objects<'_> = rendered.objects().unwrap();
    objects.iter().map(|object| object.to_json()).collect()
}

/// The object of this kind and name.
#[track_caller]
fn find<'o>(objects: &'o [Value], kind: &str, name: &str) -> &'o Value {
    let is = |object: &&Value| object["kind"] == kind && object["metadata"]["name"] == name;
    objects.iter().find(is).unwrap_or_else(|| panic!("there is no {kind} {name}"))
}

/// The chart's own values.
pub(crate) fn own_values() -> Value {
    serde_yaml::from_str(&std::fs::read_to_string(repository().join("chart/values.yaml")).unwrap()).unwrap()
}

/// The system the chart deploys by itself.
pub(crate) fn own_system() -> String {
    own_values()["system"].as_str().unwrap().to_owned()
}
