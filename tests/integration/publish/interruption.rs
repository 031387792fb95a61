//! Publishing that is killed, and publishing at once: nothing that was there is lost, and what the index names
//! can be had.

use super::{Bench, taken, write_chart};
use crate::workplace::gift;
use gift_harness::tools::HelmVersion;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const KILLS: usize = 200;

/// How many versions there are in the end.
const CHARTS: usize = 150;

/// How many publish to the folder at once.
const AT_ONCE: usize = 3;

/// Numbers that look random and come from a seed (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

impl Bench {
    fn start(&self, number: usize) -> Child {
        self.command(gift())
            .args([
                "publish",
                &format!("charts/{number}"),
                "--to",
                "site",
                "--no-lint",
                "--allow-dirty",
                "--quiet",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// What `SHA256SUMS` tells holds, at any moment.
    fn check_sums(&self) {
        if self.path("site/SHA256SUMS").exists() {
            let mut command = self.command("sha256sum");
            command.current_dir(self.path("site")).args(["--check", "--strict", "--quiet", "SHA256SUMS"]);
            taken(&command.output().unwrap());
        }
    }

    /// The versions the index names. Each of them must be there, with the digest that is told.
    fn versions(&self) -> BTreeSet<String> {
        let path = self.path("site/index.yaml");
        let Ok(text) = fs::read_to_string(path) else { return BTreeSet::new() };
        let index: Value = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let versions = index["entries"]["web"].as_array().unwrap();
        let files = versions.iter().map(|entry| entry["urls"][0].as_str().unwrap());
        // By another program than the one that wrote them.
        let sums =
            self.command("sha256sum").current_dir(self.path("site")).args(files.clone()).output().unwrap();
        let told = versions.iter().map(|entry| entry["digest"].as_str().unwrap());
        let expected: String = told.zip(files).map(|(digest, file)| format!("{digest}  {file}\n")).collect();
        assert_eq!(taken(&sums), expected);
        self.check_sums();
        let named = versions.iter().map(|entry| entry["version"].as_str().unwrap().to_owned());
        let set: BTreeSet<_> = named.collect();
        assert_eq!(set.len(), versions.len(), "{text}");
        set
    }
}

#[test]
fn a_publisher_that_is_killed_loses_nothing() {
    let bench = Bench::new();
    for number in 0..CHARTS {
        write_chart(&bench.path(&format!("charts/{number}")), &format!("1.{number}.0"), &"text ".repeat(200));
    }
    // How long one takes from its start to its end, here and now, is where kills are worth most. The first may have
    // the command built.
    gift();
    let mut usual = Duration::MAX;
    for number in 0..3 {
        let started = Instant::now();
        assert!(bench.start(number).wait().unwrap().success());
        usual = usual.min(started.elapsed());
    }
    let seed =
        u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() % 1_000_000).unwrap();
    eprintln!("seed {seed}; a run takes {usual:?}");
    let mut numbers = Numbers(seed);
    let (mut killed, mut next) = (0, 3);
    let mut known = bench.versions();
    assert_eq!(known.len(), 3);
    while killed < KILLS {
        let at_once = usize::try_from(numbers.below(u64::try_from(AT_ONCE).unwrap())).unwrap() + 1;
        // Some of those that were killed before are tried again.
        let mut children: Vec<_> = (0..at_once)
            .map(|_| {
                let number = if next < CHARTS && numbers.below(2) == 0 {
                    next += 1;
                    next - 1
                } else {
                    usize::try_from(numbers.below(u64::try_from(next).unwrap())).unwrap()
                };
                bench.start(number)
            })
            .collect();
        let micros = u64::try_from(usual.as_micros()).unwrap() * u64::try_from(at_once).unwrap();
        sleep(Duration::from_micros(numbers.below(micros.max(1) * 5 / 4)));
        for child in &mut children {
            // One that is done already was not killed.
            if child.try_wait().unwrap().is_none() {
                child.kill().unwrap();
                killed += 1;
            }
            child.wait().unwrap();
        }
        let now = bench.versions();
        assert!(known.is_subset(&now), "seed {seed}: lost {:?}", known.difference(&now));
        known = now;
    }
    eprintln!("{killed} killed, {} versions published before they were", known.len());
    assert!(known.len() > 3, "some were killed late enough to have published: seed {seed}");

    // Whoever comes next finishes, and sweeps, be it with nothing of its own to publish.
    let is_left = |number: &usize| *number == 0 || !known.contains(&format!("1.{number}.0"));
    let mut left: Vec<_> = (0..CHARTS).filter(is_left).collect();
    while !left.is_empty() {
        let some = left.split_off(left.len().saturating_sub(8));
        let started: Vec<_> = some.into_iter().map(|number| bench.start(number)).collect();
        for mut child in started {
            assert!(child.wait().unwrap().success(), "seed {seed}");
        }
    }
    assert_eq!(bench.versions().len(), CHARTS);
    let left = fs::read_dir(bench.path("site")).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with(".publish-")).collect();
    assert!(left.is_empty(), "{left:?}");
    let sums = fs::read_to_string(bench.path("site/SHA256SUMS")).unwrap();
    assert_eq!(sums.lines().filter(|line| line.ends_with(".tgz")).count(), CHARTS);
    assert_eq!(sums.lines().filter(|line| line.ends_with(".cdx.json")).count(), CHARTS);
    for helm in HelmVersion::ALL {
        taken(&bench.helm(helm, &["repo", "index", "site", "--merge", "site/index.yaml"]));
    }
    assert_eq!(bench.versions().len(), CHARTS);
}
