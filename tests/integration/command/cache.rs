//! What is kept on disk never changes a result: not when the disk is full, not when a run is killed while it
//! writes.

use crate::workplace::{Workplace, text};
use gift_harness::directories;
use serde_json::Value;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const CELLS: [&str; 4] = ["test", "--filter=gift/dev helm4", "--format=json", "--jobs=2"];

/// A cache in which the tools are, and nothing is kept yet.
fn empty_cache(workplace: &Workplace, name: &str) -> PathBuf {
    let cache = workplace.path().join(name);
    std::fs::create_dir(&cache).unwrap();
    for part in ["bin", "modules"] {
        symlink(directories::cache().unwrap().join(part), cache.join(part)).unwrap();
    }
    cache
}

/// What was found in each cell.
fn found(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["seconds"].take();
    let cells = report["cells"].as_array_mut().unwrap();
    assert!(cells.len() > 20);
    cells.iter_mut().for_each(|cell| drop(cell["seconds"].take()));
    report
}

#[test]
fn a_full_disk_costs_time_and_nothing_else() {
    let workplace = Workplace::new(4);
    let gift = workplace.command("gift").args(CELLS).arg("--no-cache").output().unwrap();
    let cache = empty_cache(&workplace, "full");
    let rendered = cache.join("rendered");
    std::fs::create_dir(&rendered).unwrap();
    // A file system of its own, in a name space of its own, that ends with the command.
    let script = format!(
        "mount -t tmpfs -o size=64k,mode=700 none '{}' && gift \"$@\" && ! head -c 60k /dev/zero >'{}'",
        rendered.display(),
        rendered.join("more").display()
    );
    let mut command = workplace.command("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c", &script, "sh"]).args(CELLS);
    let full = command.env("GIFT_CACHE", &cache).output().unwrap();
    assert_eq!(found(&full), found(&gift));
}

#[test]
fn a_run_that_is_killed_while_it_writes_leaves_nothing_wrong() {
    let workplace = Workplace::new(4);
    let expected = found(&workplace.command("gift").args(CELLS).arg("--no-cache").output().unwrap());
    let cache = empty_cache(&workplace, "killed");
    let run = || {
        let mut command = workplace.command("gift");
        command.args(CELLS).env("GIFT_CACHE", &cache);
        command
    };
    let begun = std::time::Instant::now();
    let mut killed = 0;
    for number in 1..=12 {
        let mut child: Command = run();
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Later each time, for what the runs before kept makes the next one faster.
        std::thread::sleep(Duration::from_millis(90 * number));
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().code().is_none());
    }
    assert!(killed > 0, "every run was done before it was killed, in {:?}", begun.elapsed());
    assert_eq!(found(&run().output().unwrap()), expected);
    assert_eq!(found(&run().output().unwrap()), expected, "and once more from what is kept now");
}
