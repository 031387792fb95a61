//! Every environment keeps the organisation's policies, as the plugin judges them.

use super::{HELMS, chart, own_system};
use crate::workplace::repository;
use gift_harness::chart::{Chart, Environments};
use gift_harness::secrets::{SecretSelection, resolve};
use gift_plugin::protocol::{Finding, Report};
use gift_plugin::render::answer;
use serde_json::json;

/// What the plugin says about a rendering, with the example secrets.
fn judged(system: &str, chart: &Chart) -> (Report, String) {
    let stream = chart.render().unwrap().stream;
    let text = String::from_utf8(stream).unwrap();
    let references = gift_plugin::encode::references(&text);
    let mut request = crate::policies::request(system);
    request.secrets = resolve(&references, &SecretSelection::Example, &repository().join("values")).unwrap();
    request.options.example_secrets = true;
    let (report, stream) = answer(&request, text.as_bytes());
    assert_eq!(report.error, None);
    (report, String::from_utf8(stream).unwrap())
}

#[test]
fn every_environment_keeps_every_policy() {
    let environments = Environments::new(repository().join("values"));
    for system in environments.systems() {
        let names = environments.of(&system).into_iter().map(|name| format!("{system}/{name}"));
        // The chart's own values are an environment; the base of another system is none.
        for name in names.chain((system == own_system()).then(|| system.clone())) {
            for (helm, enforce) in HELMS.into_iter().flat_map(|helm| [(helm, "false"), (helm, "true")]) {
                let chart = chart()
                    .environment(repository().join("values"), &name)
                    .unwrap()
                    .helm(helm)
                    .set("policies.enforce", enforce);
                let (report, stream) = judged(&system, &chart);
                assert_eq!(report.findings, Vec::<Finding>::new(), "{name} {helm}");
                // What is excepted is said to be, with a reason; the chart's own system needs none.
                let excepted =
                    |note: &String| note.contains(" does not apply to ") && note.contains(" until ");
                assert!(report.notes.iter().all(excepted), "{name} {helm}: {:?}", report.notes);
                assert!(
                    system != own_system() || report.notes.is_empty(),
                    "{name} {helm}: {:?}",
                    report.notes
                );
                // A field of a pod is called secretRef as well.
                let reference = format!("secretRef:{system}/");
                assert!(!stream.contains(&reference) && !stream.contains("\nstringData:"), "{name} {helm}");
            }
        }
    }
}

#[test]
fn an_exception_in_values_holds_until_its_last_day() {
    let system = own_system();
    let told = |expires: &str| {
        let service = json!({
            "image": {"tag": "latest"},
            "exceptions": {"pinned-image-tag": {"reason": "vendor image", "expires": expires}},
        });
        judged(&system, &chart().inline(json!({system.as_str(): {"services": {"user-service": service}}}))).0
    };
    let granted = told("2026-11-21");
    assert_eq!(granted.findings, []);
    assert!(granted.notes.iter().any(|note| note.contains("vendor image")), "{:?}", granted.notes);
    let expired = told("2026-11-20");
    let [finding] = &expired.findings[..] else { panic!("{:?}", expired.findings) };
    assert_eq!((finding.rule.as_str(), finding.object.name.as_str()), ("pinned-image-tag", "user-service"));
    assert!(finding.message.contains("expired on 2026-11-20"), "{}", finding.message);
}

#[test]
fn plaintext_in_values_is_a_finding() {
    let system = own_system();
    let values = json!({system.as_str(): {"secrets": {"more": {"stringData": {"PIN": "plain pin"}}}}});
    let (report, stream) = judged(&system, &chart().inline(values));
    let rules: Vec<_> = report.findings.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(rules, ["no-string-data"]);
    assert!(stream.contains("cGxhaW4gcGlu") && !stream.contains("plain pin"), "it is encoded all the same");
}
