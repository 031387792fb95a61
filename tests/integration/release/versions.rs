//! Which version it becomes.

use super::Project;

fn breaks(project: &Project) {
    project.replace("chart/values.schema.json", "[\"integer\", \"null\"]", "\"integer\"");
}

#[test]
fn below_1_0_0_what_breaks_is_a_new_minor_version() {
    let project = Project::published("0.4.2");
    project.replace("chart/values.schema.json", "\"large\"]", "\"large\", \"huge\"]");
    project.assert_demands("0.4.3", "size: may be \"huge\" now", &["0.4.2"]);
    breaks(&project);
    project.assert_demands("0.5.0", "replicas: may not be null any more", &["0.4.3"]);
    let (_, stdout, _) = project.release(&[]);
    assert!(
        stdout.contains("something breaks, which below 1.0.0 is a new minor version (1 major, "),
        "{stdout}"
    );
}

#[test]
fn what_stands_in_the_chart_is_proposed_where_it_is_enough() {
    let project = Project::published("1.4.2");
    breaks(&project);
    let check = || project.release(&["--check"]).0;
    assert_eq!((check(), project.release(&["--quiet"]).1.as_str()), (1, "2.0.0\n"));
    project.replace("chart/Chart.yaml", "version: 1.4.2", "version: 1.5.0");
    assert_eq!((check(), project.release(&["--quiet"]).1.as_str()), (1, "2.0.0\n"));
    for enough in ["2.0.0-rc.1", "2.0.0", "3.0.0"] {
        let text = project.read("chart/Chart.yaml");
        let line = text.lines().find(|line| line.starts_with("version:")).unwrap();
        project.replace("chart/Chart.yaml", line, &format!("version: {enough}"));
        assert_eq!((check(), project.release(&["--quiet"]).1), (0, format!("{enough}\n")));
    }
}

#[test]
fn nothing_that_changed_is_no_release_and_needs_no_other_version() {
    let project = Project::published("1.4.2");
    assert_eq!(project.release(&["--check"]).0, 0);
    assert_eq!(project.release(&["--quiet"]), (0, String::new(), String::new()));
    // There may be more in a release than a chart.
    assert_eq!(project.release(&["--version", "1.4.3"]).0, 0);
    assert_eq!(project.release(&["--version", "1.4.2"]).0, 1, "which is published");
}

#[test]
fn the_first_version_is_the_one_in_the_chart() {
    let project = Project::published("1.4.2");
    std::fs::create_dir(project.bench.path("empty")).unwrap();
    let (code, stdout, _) = project.release_from("empty", &[]);
    assert_eq!((code, stdout.as_str()), (0, "no version of shop was published there yet\nversion: 1.4.2\n"));
}

#[test]
fn a_version_may_be_compared_with_that_is_not_the_last() {
    let project = Project::published("1.4.2");
    breaks(&project);
    project.replace("chart/Chart.yaml", "1.4.2", "2.0.0");
    project.replace("values/Chart.yaml", "1.4.2", "2.0.0");
    project.publish();
    assert_eq!(project.demanded().0, "nothing");
    let (code, stdout, _) = project.release(&["--since", "1.4.2", "--quiet"]);
    assert_eq!((code, stdout.as_str()), (0, "2.0.0\n"));
    let (code, _, stderr) = project.release(&["--since", "1.4.1"]);
    assert!(code == 2 && stderr.contains("published are: 1.4.2, 2.0.0"), "{stderr}");
}

#[test]
fn what_is_no_version_and_no_place_is_wrong_usage() {
    let project = Project::published("1.4.2");
    for arguments in [
        &["--version", "1.5"][..],
        &["--since", "v1.4.2"],
        &["--check", "--version", "1.5.0"],
        &["--check", "--write"],
    ] {
        assert_eq!(project.release(arguments).0, 2, "{arguments:?}");
    }
    for place in ["nowhere", "ftp://charts.example.com", "chart/Chart.yaml", "chart"] {
        let (code, stdout, stderr) = project.release_from(place, &[]);
        assert!(code == 2 && stdout.is_empty() && stderr.contains("help: "), "{place}: {stderr}");
    }
}
