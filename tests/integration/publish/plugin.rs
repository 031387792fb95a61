//! The plugin as a bundle: installed by Helm 4 with its signature verified, and at work without anything else.

use super::servers::Server;
use super::{Bench, refused, taken};
use crate::workplace::{gift, repository};
use gift_harness::tools::HelmVersion;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

impl Bench {
    /// `gift` of this build without what a debugger reads of it, which is most of its size.
    pub(crate) fn stripped_command(&self) -> PathBuf {
        let path = self.path("gift-command");
        taken(&self.command("strip").arg("-o").arg(&path).arg(gift()).output().unwrap());
        path
    }
}

#[test]
fn helm_installs_the_bundle_that_was_signed_and_no_other() {
    let bench = Bench::new();
    bench.key("release@example.com", "ed25519");
    let ring = bench.keyring("release@example.com");
    let ring = ring.to_str().unwrap();
    let plugin = repository().join("plugin").display().to_string();
    let command = format!("gift={}", bench.stripped_command().display());
    let policies = format!("policies={}", repository().join("chart/policies").display());
    let printed = bench.published(&[
        &plugin,
        "--to",
        "site",
        "--allow-dirty",
        "--platform",
        "linux-amd64",
        "--with",
        &command,
        "--with",
        &policies,
        "--sign-key",
        "release@example.com",
        "--passphrase-file",
        "passphrase",
    ]);
    let version = env!("CARGO_PKG_VERSION");
    let name = format!("gift-{version}-linux-amd64.tgz");
    assert!(printed.contains(&format!("site/{name}: published, signed")), "{printed}");
    assert!(!bench.path("site/index.yaml").exists(), "an index names charts");

    let server = Server::of_files(&bench.path("site"), &bench.path("nginx"));
    let url = format!("{}/{name}", server.url());
    let install = || {
        let _ = fs::remove_dir_all(bench.path("home"));
        bench.helm(HelmVersion::V4, &["plugin", "install", &url, "--keyring", ring])
    };
    let printed = taken(&install());
    assert!(printed.contains("Signed by: release@example.com") && printed.contains("Installed plugin: gift"));
    // Helm keeps the bundle under a name of its own, which is signed as well.
    let kept = bench.path(&format!("home/data/plugins/gift-{version}.tgz")).display().to_string();
    taken(&bench.helm(HelmVersion::V4, &["plugin", "verify", &kept, "--keyring", ring]));
    // No gift is on PATH, and none beside the folder.
    let folder = bench.path("home/data/plugins/gift");
    assert!(folder.join("gift").is_file() && folder.join("policies/no-placeholder.yaml").is_file());
    assert!(!folder.join("src").exists() && !folder.join("Cargo.toml").exists());
    let rendered = bench.helm(HelmVersion::V4, &["template", "page", "chart", "--post-renderer", "gift"]);
    assert!(taken(&rendered).contains("text: first"));

    let path = bench.path("site").join(&name);
    let good = fs::read(&path).unwrap();
    let mut bytes = good.clone();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let told = refused(&install());
    assert!(told.contains("sha256 sum does not match"), "{told}");
    assert!(!folder.exists());
    fs::write(&path, good).unwrap();
    let provenance = bench.path(&format!("site/{name}.prov"));
    let text = fs::read_to_string(&provenance).unwrap();
    fs::write(&provenance, text.replace("version: ", "version:  ")).unwrap();
    refused(&install());
    fs::remove_file(&provenance).unwrap();
    refused(&install());

    // Published is published.
    fs::write(&provenance, text).unwrap();
    let empty = ["publish", &plugin, "--to", "site", "--allow-dirty", "--platform", "linux-amd64"];
    let output = bench.command(gift()).args(empty).stdin(Stdio::null()).output().unwrap();
    assert!(refused(&output).contains("with other bytes"));
}
