//! Every environment's whole life on a cluster with real CustomResourceDefinitions: installed, given other
//! images, taken back, removed; and those environments that are to share a cluster, sharing one.
//!
//! Nothing here knows a system: environments are those of `tests/matrix.yaml`, companions those of
//! `tests/coexistence.yaml`.

mod release;
mod site;

use crate::command::helm::chart_and_system;
use crate::workplace::repository;
use release::Release;
use serde::Deserialize;
use site::Site;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Instant;

/// A tag that no image has before.
const OTHER_TAG: &str = "7.7.7-other";

// Two halves, for two clusters side by side take less time than one.

#[test]
fn environments_live_and_leave_nothing_with_helm_4() {
    let site = Site::new("systems-even", 4);
    groups().iter().step_by(2).for_each(|group| live(&site, group));
}

#[test]
fn further_environments_live_and_leave_nothing_with_helm_4() {
    let site = Site::new("systems-odd", 4);
    groups().iter().skip(1).step_by(2).for_each(|group| live(&site, group));
}

#[test]
fn an_environment_of_each_system_lives_and_leaves_nothing_with_helm_3() {
    let site = Site::new("systems-helm3", 3);
    let mut systems = BTreeSet::new();
    for environment in environments() {
        if systems.insert(environment.split('/').next().unwrap().to_owned()) {
            live(&site, &[environment]);
        }
    }
}

/// The whole life of environments that are on a cluster together, or of one alone.
fn live(site: &Site, group: &[String]) {
    let began = Instant::now();
    let all = group.join(", ");
    let empty = site.everything();
    let releases: Vec<Release<'_>> = group.iter().map(|name| Release::new(site, name)).collect();
    let provided = releases.iter().flat_map(Release::provide).collect();
    let before = site.everything();

    releases.iter().for_each(Release::install);
    let images: Vec<_> = releases.iter().map(Release::assert_ready).collect();
    let manifests: Vec<String> = releases.iter().map(Release::manifest).collect();
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for (release, manifest) in releases.iter().zip(&manifests) {
        release.assert_definitions_count(manifest);
        for object in release.objects(manifest) {
            let other = owners.insert(object.clone(), &release.environment);
            assert_eq!(other, None, "{}: {object} is another's too", release.environment);
        }
        if releases.len() > 1 {
            // The cluster would tell: a second release of the same objects is refused.
            let told = Release::named(site, &release.environment, "second").refused();
            assert!(told.contains("invalid ownership metadata"), "{}: {told}", release.environment);
        }
    }

    // Each is upgraded while all the others are there, and none of the others notices.
    for (at, release) in releases.iter().enumerate() {
        release.upgrade(OTHER_TAG);
        let now: Vec<_> = releases.iter().map(Release::assert_ready).collect();
        assert_eq!(now[at + 1..], images[at + 1..], "{}", release.environment);
        for (upgraded, images) in now.iter().zip(&images).take(at + 1) {
            assert!(upgraded.keys().eq(images.keys()), "{}", release.environment);
            for (workload, image) in upgraded {
                let tag = format!(":{OTHER_TAG}");
                assert!(image.ends_with(&tag), "{}: {workload} runs {image}", release.environment);
            }
        }
    }

    releases.iter().for_each(Release::roll_back);
    for ((release, images), manifest) in releases.iter().zip(&images).zip(&manifests) {
        assert_eq!(&release.assert_ready(), images, "{}", release.environment);
        assert_eq!(&release.manifest(), manifest, "{}", release.environment);
        site.assert_holds(manifest, &release.environment);
    }

    releases.iter().rev().for_each(Release::uninstall);
    let kept = releases.iter().zip(&manifests).flat_map(|(release, manifest)| release.kept(manifest));
    site.assert_left(&all, &before, &kept.collect());
    for (release, manifest) in releases.iter().zip(&manifests) {
        release.remove_what_is_kept(manifest, &provided);
    }
    site.assert_left(&all, &empty, &BTreeSet::new());
    let workloads: usize = images.iter().map(BTreeMap::len).sum();
    eprintln!("{all}: {workloads} workloads, {:.1} s", began.elapsed().as_secs_f64());
}

/// Environments that are on a cluster together, then those that are alone.
fn groups() -> Vec<Vec<String>> {
    let mut groups = coexisting();
    let together: BTreeSet<String> = groups.iter().flatten().cloned().collect();
    let alone = environments().into_iter().filter(|environment| !together.contains(environment));
    groups.extend(alone.map(|environment| vec![environment]));
    groups
}

/// The environments of every system but the chart's own, whose life is in `installation`.
fn environments() -> Vec<String> {
    #[derive(Deserialize)]
    struct Matrix {
        matrix: Axes,
    }
    #[derive(Deserialize)]
    struct Axes {
        environment: Vec<String>,
    }
    let text = fs::read_to_string(repository().join("tests/matrix.yaml")).unwrap();
    let matrix: Matrix = serde_yaml::from_str(&text).unwrap();
    let mut named = matrix.matrix.environment;
    let (_, own) = chart_and_system();
    named.retain(|environment| environment.split_once('/').is_some_and(|(system, _)| system != own));
    assert!(!named.is_empty());
    named
}

fn coexisting() -> Vec<Vec<String>> {
    let text = fs::read_to_string(repository().join("tests/coexistence.yaml")).unwrap();
    let groups: Vec<Vec<String>> = serde_yaml::from_str(&text).unwrap();
    assert!(groups.iter().any(|group| group.len() > 1));
    groups
}
