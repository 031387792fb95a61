//! Where versions are published: a web server and a registry, asked by Helm itself.

use super::Project;
use crate::publish::servers::Server;

#[test]
fn a_web_server_and_a_registry_tell_the_same_as_a_folder() {
    let project = Project::published("1.4.2");
    let web = Server::of_files(&project.bench.path("site"), &project.bench.path("nginx"));
    let registry = Server::of_images(&project.bench.path("registry"));
    let address = format!("oci://{}/charts", registry.address());
    let (code, stdout, stderr) = project.release_from(&address, &["--plain-http"]);
    assert!(
        code == 0 && stdout.starts_with("no version of shop was published there yet\n"),
        "{stdout}{stderr}"
    );
    for folder in ["chart", "values"] {
        project.bench.published(&[folder, "--to", &address, "--plain-http", "--no-lint", "--no-test"]);
    }
    project.replace("chart/values.schema.json", "\"cache\":", "\"colour\": {},\n    \"cache\":");
    let (_, expected, _) = project.release(&[]);
    assert!(expected.contains("colour: new") && expected.ends_with("version: 1.5.0\n"), "{expected}");
    for (place, more) in [(web.url(), &[][..]), (address, &["--plain-http"])] {
        let (code, stdout, stderr) = project.release_from(&place, more);
        assert_eq!((code, &stdout), (0, &expected), "{place}: {stderr}");
        let (code, _, stderr) = project.release_from(&place, &[more, &["--since", "1.4.1"]].concat());
        assert_eq!(code, 2, "{place}: {stderr}");
    }
}

#[test]
fn a_server_that_does_not_answer_is_not_taken_for_one_without_versions() {
    let project = Project::published("1.4.2");
    let web = Server::of_files(&project.bench.path("elsewhere"), &project.bench.path("nginx"));
    let gone = web.url();
    let (code, stdout, stderr) = project.release_from(&gone, &[]);
    assert!(code == 2 && stdout.is_empty() && stderr.contains("Helm cannot get shop"), "{stdout}{stderr}");
    let address = web.address().to_owned();
    drop(web);
    for place in [gone, format!("oci://{address}/charts")] {
        let (code, stdout, stderr) = project.release_from(&place, &["--plain-http"]);
        assert!(
            code == 2 && stdout.is_empty() && stderr.contains("Helm cannot get shop"),
            "{stdout}{stderr}"
        );
    }
}
