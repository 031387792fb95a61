//! Every policy file keeps its word: it says what it asks for, the example that passes does, and every one
//! that breaches does. Further, that the sets are what they say they are.

use gift_harness::policies::{Policies, PolicySelection};
use gift_plugin::protocol::{Finding, Options, Request, Source};
use gift_plugin::render::answer;
use std::collections::BTreeSet;
use std::path::Path;

/// What these policies find.
#[track_caller]
pub(super) fn found(policies: Vec<Source>, stream: &str) -> Vec<Finding> {
    let request = Request {
        policies,
        params: super::request("gift").params,
        options: Options { today: "2026-11-21".to_owned(), ..Options::default() },
        ..Request::default()
    };
    let (report, _) = answer(&request, stream.as_bytes());
    assert_eq!(report.error, None);
    report.findings
}

#[test]
fn every_example_does_what_it_is_an_example_of() {
    let mut judged = 0;
    for set in PolicySelection::everything().unwrap().sets().unwrap() {
        for rule in set.rules() {
            let name = format!("{}/{}", set.name, rule.id);
            assert!(!rule.passes.is_empty() && !rule.breaches.is_empty(), "{name} has no examples");
            let file = set
                .policies
                .iter()
                .find(|file| Path::new(&file.name).file_stem().is_some_and(|stem| stem == rule.id.as_str()));
            let file = file.unwrap_or_else(|| panic!("{name}: a policy stands in the file of its name"));
            for document in &rule.passes {
                assert_eq!(found(vec![file.clone()], document), [], "{name} in\n{document}");
                judged += 1;
            }
            for document in &rule.breaches {
                let findings = found(vec![file.clone()], document);
                assert!(!findings.is_empty(), "{name} does not mind\n{document}");
                for finding in findings {
                    assert_eq!(finding.rule, rule.id, "{name} in\n{document}");
                    assert_eq!(finding.severity, rule.severity, "{name}: the binding is of another severity");
                    assert!(!finding.message.contains("no such"), "{name}: {}", finding.message);
                }
                judged += 1;
            }
        }
    }
    assert!(judged > 200, "{judged}");
}

#[test]
fn every_policy_is_described_and_named_once() {
    let mut names = BTreeSet::new();
    for set in PolicySelection::everything().unwrap().sets().unwrap() {
        let rules = set.rules();
        assert_eq!(rules.len(), set.policies.len(), "{}: one policy a file", set.name);
        for rule in rules {
            for (what, text) in [("title", &rule.title), ("reason", &rule.reason), ("remedy", &rule.remedy)] {
                assert!(!text.is_empty(), "{} has no {what}", rule.id);
            }
            assert!(!rule.title.ends_with('.'), "{}", rule.id);
            assert!(names.insert(rule.id.clone()), "{} is there twice", rule.id);
        }
        for file in &set.policies {
            assert!(file.text.contains("policies.gift.dev/severity: "), "{}", file.name);
        }
    }
}

#[test]
fn a_stricter_rule_takes_the_place_of_the_one_it_includes() {
    let names = |selection: &PolicySelection| -> BTreeSet<String> {
        let rules = gift_harness::rules::described_by(&Policies::read(selection).unwrap().policies);
        rules.into_iter().map(|rule| rule.id).collect()
    };
    let baseline = names(&PolicySelection::Set("pod-security-baseline".into()));
    let restricted = names(&PolicySelection::Set("pod-security-restricted".into()));
    assert_eq!((baseline.len(), restricted.len()), (12, 15));
    assert!(baseline.contains("no-host-path-volume") && !restricted.contains("no-host-path-volume"));
    assert!(restricted.contains("no-privileged-container"), "the baseline comes with it");
}

#[test]
fn nothing_of_a_set_is_in_force_unless_asked_for() {
    let texts = Policies::read(&PolicySelection::Embedded).unwrap().policies;
    assert_eq!(texts.len(), super::request("gift").policies.len());
    for file in &texts {
        assert!(!file.text.contains("policies.gift.dev/passes"), "{} is read with its examples", file.name);
    }
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../chart/policies");
    let own = Policies::read(&PolicySelection::Directory(chart.clone())).unwrap();
    assert_eq!(own.policies.len(), texts.len());
    let set = Policies::read(&PolicySelection::Directory(chart.join("library/security"))).unwrap();
    assert_eq!(set.policies.len(), std::fs::read_dir(chart.join("library/security")).unwrap().count());
}

#[test]
fn sets_are_selected_together_and_unknown_ones_told() {
    let both = PolicySelection::Several(vec![
        PolicySelection::named(Path::new("organisation")).unwrap(),
        PolicySelection::named(Path::new("networking")).unwrap(),
        PolicySelection::named(Path::new("networking")).unwrap(),
    ]);
    let policies = Policies::read(&both).unwrap();
    assert!(policies.params_of("gift").is_ok());
    let names: Vec<_> = policies.policies.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names.iter().filter(|name| name.ends_with("require-ndots.yaml")).count(), 1, "{names:?}");
    assert!(names.contains(&"minimum-requests.yaml"));
    let told = PolicySelection::named(Path::new("pod-security")).unwrap_err().to_string();
    assert!(told.contains("pod-security-baseline") && told.contains("organisation"), "{told}");
    assert!(PolicySelection::named(Path::new("./pod-security")).is_ok(), "a path is no name");
}
