//! Every environment's whole life on a cluster with real CustomResourceDefinitions: installed, given other
//! images, taken back, removed; and those environments that are to share a cluster, sharing one.
//!
//! Nothing here knows a system: environments are those of `tests/matrix.yaml`, companions those of
//! `tests/coexistence.yaml`.

mod release;
mod site;

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
fn every_other_environment_lives_and_leaves_nothing_with_helm_4() {
    let site = Site::new("systems-even", 4);
    environments().iter().step_by(2).for_each(|environment| lives(&site, environment));
}

#[test]
fn the_other_environments_live_and_leave_nothing_with_helm_4() {
    let site = Site::new("systems-odd", 4);
    environments().iter().skip(1).step_by(2).for_each(|environment| lives(&site, environment));
}

#[test]
fn the_largest_environment_of_each_system_lives_and_leaves_nothing_with_helm_3() {
    let site = Site::new("systems-helm3", 3);
    let mut largest = BTreeMap::new();
    for environment in environments() {
        let objects = Release::new(&site, &environment).rendered().split("\n---").count();
        let system = environment.split('/').next().unwrap().to_owned();
        let entry = largest.entry(system).or_insert((0, String::new()));
        if objects > entry.0 {
            *entry = (objects, environment);
        }
    }
    for (_, environment) in largest.into_values() {
        lives(&site, &environment);
    }
}

fn lives(site: &Site, environment: &str) {
    let began = Instant::now();
    let release = Release::new(site, environment);
    let empty = site.everything();
    let provided = release.provide();
    let before = site.everything();

    release.install();
    let images = release.assert_ready();
    let manifest = release.manifest();
    release.assert_definitions_count(&manifest);

    release.upgrade(OTHER_TAG);
    let others = release.assert_ready();
    assert_eq!(images.keys().collect::<Vec<_>>(), others.keys().collect::<Vec<_>>(), "{environment}");
    for (workload, image) in &others {
        assert!(image.ends_with(&format!(":{OTHER_TAG}")), "{environment}: {workload} runs {image}");
    }

    release.roll_back();
    assert_eq!(release.assert_ready(), images, "{environment}");
    assert_eq!(release.manifest(), manifest, "{environment}");
    site.assert_holds(&manifest, environment);

    release.uninstall();
    let kept = release.kept(&manifest);
    site.assert_left(environment, &before, &kept);
    release.remove_what_is_kept(&manifest, &provided);
    site.assert_left(environment, &empty, &BTreeSet::new());
    eprintln!("{environment}: {:.1} s, {} workloads", began.elapsed().as_secs_f64(), images.len());
}

#[test]
fn environments_that_share_a_cluster_own_their_objects_alone() {
    let site = Site::new("systems-shared", 4);
    for group in coexisting() {
        let empty = site.everything();
        let releases: Vec<Release<'_>> =
            group.iter().map(|environment| Release::new(&site, environment)).collect();
        let mut provided = BTreeSet::new();
        for release in &releases {
            provided.extend(release.provide());
            release.install();
        }
        let mut owners: BTreeMap<String, &str> = BTreeMap::new();
        for release in &releases {
            for object in release.objects(&release.manifest()) {
                let other = owners.insert(object.clone(), &release.environment);
                assert_eq!(other, None, "{}: {object} is another's too", release.environment);
            }
        }

        // Each is upgraded with all the others there, and none of the others notices.
        for release in &releases {
            let others = || releases.iter().filter(|other| other.environment != release.environment);
            let images = |release: &Release<'_>| (release.environment.clone(), release.assert_ready());
            let before: Vec<_> = others().map(images).collect();
            release.upgrade(OTHER_TAG);
            release.assert_ready();
            assert_eq!(before, others().map(images).collect::<Vec<_>>(), "{}", release.environment);
        }

        // The cluster would tell: a second release of the same objects is refused.
        for release in &releases {
            let second = Release::named(&site, &release.environment, "second");
            let told = second.refused();
            assert!(told.contains("invalid ownership metadata"), "{}: {told}", release.environment);
        }

        let manifests: Vec<String> = releases.iter().map(Release::manifest).collect();
        for release in releases.iter().rev() {
            release.uninstall();
        }
        for (release, manifest) in releases.iter().zip(&manifests) {
            release.remove_what_is_kept(manifest, &provided);
        }
        site.assert_left(&group.join(", "), &empty, &BTreeSet::new());
    }
}

/// The environments of every system.
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
    named.retain(|environment| environment.contains('/'));
    assert!(!named.is_empty());
    named
}

fn coexisting() -> Vec<Vec<String>> {
    let text = fs::read_to_string(repository().join("tests/coexistence.yaml")).unwrap();
    let groups: Vec<Vec<String>> = serde_yaml::from_str(&text).unwrap();
    assert!(groups.iter().any(|group| group.len() > 1));
    groups
}
