//! What breaks a policy stops Helm before anything is sent to the cluster.

use super::shared::{Place, kubectl_output};
use crate::command::helm::breaches;
use crate::workplace::text;

#[test]
fn nothing_that_breaks_a_policy_reaches_the_cluster_with_helm_3() {
    stopped(3);
}

#[test]
fn nothing_that_breaks_a_policy_reaches_the_cluster_with_helm_4() {
    stopped(4);
}

fn stopped(helm: u32) {
    let new = Place::without_namespace(&format!("refused-{helm}"), helm);
    let installed = Place::new(&format!("unchanged-{helm}"), helm);
    let release = installed.helm(&["install", "release", "./chart"], true);
    assert!(release.status.success(), "without a breach: {}", text(&release.stderr));
    let before = installed.objects();
    let generations = |place: &Place| -> Vec<_> {
        let generation = |object: &serde_json::Value| object["metadata"]["generation"].as_u64();
        place.all("deployments").iter().map(generation).collect()
    };
    let untouched = generations(&installed);

    let breaches = breaches();
    assert!(!breaches.is_empty());
    for breach in &breaches {
        let told = format!("error[{} {}]", breach.number, breach.rule);
        let values = new.workplace.write("breach.yaml", &breach.values);
        let values = values.to_str().unwrap();

        let install = new.helm(&["install", "release", "./chart", "--create-namespace", "-f", values], true);
        assert!(!install.status.success(), "{told}: installed");
        assert!(text(&install.stderr).contains(&told), "{told}: {}", text(&install.stderr));
        let namespace = kubectl_output(&["get", "namespace", &new.namespace], "");
        assert!(text(&namespace.stderr).contains("NotFound"), "{told}: not even the namespace is made");

        let upgrade = installed.helm(&["upgrade", "release", "./chart", "-f", values], true);
        assert!(!upgrade.status.success(), "{told}: upgraded");
        assert_eq!(installed.objects(), before, "{told}: no object and no revision comes or goes");
        assert_eq!(generations(&installed), untouched, "{told}: no Deployment changes");
    }
}
