//! A run in parts is the run as a whole.

use crate::workplace::{Workplace, text};
use serde_json::Value;

/// What a command wrote, without what is different each time.
fn timeless(report: &[u8]) -> Value {
    let mut report: Value = serde_json::from_slice(report).unwrap();
    report["seconds"].take();
    for cell in report["cells"].as_array_mut().unwrap() {
        cell["seconds"].take();
    }
    report
}

#[test]
fn parts_merge_into_the_whole_whatever_the_jobs_and_the_order() {
    let workplace = Workplace::new(4);
    // Cells that pass, that break a rule as expected, and, for the tag, that break one nobody expected.
    let matrix = std::fs::read_to_string(workplace.path().join("tests/matrix.yaml")).unwrap();
    workplace.write("tests/matrix.yaml", matrix.replace("findings: [pinned-image-tag]", "findings: []"));
    let run = |rest: &[&str]| {
        let fixed = ["test", "--filter", "default helm4", "--format", "json", "--no-cache"];
        workplace.gift(&[&fixed[..], rest].concat()).output().unwrap()
    };
    let whole = run(&["--jobs", "2"]);
    assert_eq!(whole.status.code(), Some(1), "{}", text(&whole.stderr));
    assert!(timeless(&whole.stdout)["cells"].as_array().unwrap().len() > 10);

    let mut names = Vec::new();
    for (shard, jobs) in [("3/3", "1"), ("1/3", "2"), ("2/3", "1")] {
        let part = run(&["--shard", shard, "--jobs", jobs]);
        let name = format!("part-{}.json", &shard[..1]);
        workplace.write(&name, &part.stdout);
        names.push(name);
    }
    let merge = |rest: &[&str]| {
        let files: Vec<_> = names.iter().map(String::as_str).collect();
        workplace.gift(&[&["report", "merge"], &files[..], rest].concat()).output().unwrap()
    };
    let merged = merge(&["--format", "json"]);
    assert_eq!(merged.status.code(), whole.status.code(), "{}", text(&merged.stderr));
    assert_eq!(timeless(&merged.stdout), timeless(&whole.stdout));

    // The other formats are written from the same.
    let junit = text(&merge(&["--format", "junit"]).stdout);
    assert!(junit.starts_with("<?xml") && junit.contains("pinned-image-tag"), "{junit}");

    std::fs::remove_file(workplace.path().join("part-2.json")).unwrap();
    let partial = workplace.gift(&["report", "merge", "part-1.json", "part-3.json"]).output().unwrap();
    assert_eq!(partial.status.code(), Some(2));
    assert!(text(&partial.stderr).contains("there is no report of 2/3"), "{}", text(&partial.stderr));
    let twice = workplace.gift(&["report", "merge", "part-1.json", "part-1.json"]).output().unwrap();
    assert_eq!(twice.status.code(), Some(2));
    assert!(text(&twice.stderr).contains("is in part-1.json and in part-1.json"), "{}", text(&twice.stderr));
}
