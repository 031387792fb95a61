//! An OCI registry: pushed to and pulled from by Helm itself.

use super::servers::Server;
use super::{Bench, refused, taken};
use gift_harness::tools::HelmVersion;
use std::fs;

#[test]
fn a_registry_keeps_what_was_signed_and_takes_no_other_bytes() {
    let bench = Bench::new();
    bench.key("release@example.com", "ed25519");
    let ring = bench.keyring("release@example.com");
    let server = Server::of_images(&bench.path("registry"));
    let address = format!("oci://{}/charts", server.address());
    let publish = || {
        let signed = ["--sign-key", "release@example.com", "--passphrase-file", "passphrase"];
        bench.publish(&[&["chart", "--to", &address, "--to", "site", "--plain-http"], &signed[..]].concat())
    };
    let printed = taken(&publish());
    assert!(printed.contains(&format!("{address}/web:1.0.0: published, signed")), "{printed}");
    assert!(taken(&publish()).contains(&format!("{address}/web:1.0.0: published already\n")));
    bench.chart("1.1.0", "second");
    taken(&publish());

    let reference = format!("{address}/web");
    let pull = |helm: HelmVersion, verified: bool| {
        let folder = helm.to_string();
        let _ = fs::remove_dir_all(bench.path(&folder));
        let _ = fs::remove_dir_all(bench.path("home"));
        fs::create_dir(bench.path(&folder)).unwrap();
        let verify = ["--verify", "--keyring", ring.to_str().unwrap()];
        let arguments = ["pull", &reference, "--version", "1.0.0", "--plain-http", "--destination", &folder];
        bench.helm(helm, &[&arguments[..], if verified { &verify } else { &[] }].concat())
    };
    for helm in HelmVersion::ALL {
        taken(&pull(helm, true));
        let pulled = fs::read(bench.path(&helm.to_string()).join("web-1.0.0.tgz")).unwrap();
        assert_eq!(pulled, fs::read(bench.path("site/web-1.0.0.tgz")).unwrap(), "{helm}");
        let rendered = bench.helm(helm, &["template", "page", &reference, "--plain-http"]);
        assert!(taken(&rendered).contains("text: second"));
    }

    bench.chart("1.0.0", "other");
    let told = refused(&publish());
    assert!(
        told.contains(&format!("web 1.0.0 is published in {address} already, with other bytes")),
        "{told}"
    );

    // What the registry hands out is not what was pushed.
    let blobs = walk(&bench.path("registry/storage"));
    let package = fs::read(bench.path("site/web-1.0.0.tgz")).unwrap();
    let blob = blobs.iter().find(|path| fs::read(path).unwrap() == package).unwrap();
    let mut bytes = package.clone();
    bytes[package.len() / 2] ^= 1;
    fs::write(blob, bytes).unwrap();
    for helm in HelmVersion::ALL {
        refused(&pull(helm, true));
        refused(&pull(helm, false));
    }
}

#[test]
fn a_registry_that_is_not_there_is_told_by_its_address() {
    let bench = Bench::new();
    let told = refused(&bench.publish(&["chart", "--to", "oci://127.0.0.1:1/charts", "--plain-http"]));
    assert!(told.contains("error: oci://127.0.0.1:1/charts did not take web 1.0.0: "), "{told}");
    assert!(told.contains("help: Check the address"), "{told}");
    let told = refused(&bench.publish(&["chart", "--to", "https://charts.example.com"]));
    assert!(told.contains("only oci:// is pushed to"), "{told}");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .collect()
}
