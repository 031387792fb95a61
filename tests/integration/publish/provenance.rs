//! Signatures, and what real clients refuse.

use super::servers::Server;
use super::{Bench, refused, taken};
use gift_harness::tools::HelmVersion;
use std::fs;
use std::path::Path;

const RELEASE: &str = "release@example.com";

/// One byte of a file is another.
fn tamper(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn sign(bench: &Bench, folder: &str, to: &str, key: &str) -> String {
    bench.published(&[folder, "--to", to, "--sign-key", key, "--passphrase-file", "passphrase"])
}

#[test]
fn both_helms_verify_what_was_signed_and_refuse_what_was_not() {
    for algorithm in ["rsa2048", "ed25519"] {
        let bench = Bench::new();
        bench.key(RELEASE, algorithm);
        if algorithm == "ed25519" {
            bench.subkey(RELEASE);
        }
        bench.key("somebody@else.example", algorithm);
        let printed = sign(&bench, "chart", "site", RELEASE);
        assert!(printed.contains("site/web-1.0.0.tgz: published, signed"), "{printed}");
        let (ring, other) = (bench.keyring(RELEASE), bench.keyring("somebody@else.example"));
        let (ring, other) = (ring.to_str().unwrap(), other.to_str().unwrap());
        assert_eq!(fs::read(ring).unwrap(), fs::read(bench.path("site/keyring.gpg")).unwrap());
        let server = Server::of_files(&bench.path("site"), &bench.path("nginx"));
        for helm in HelmVersion::ALL {
            let file = "site/web-1.0.0.tgz";
            let verified = taken(&bench.helm(helm, &["verify", file, "--keyring", ring]));
            assert!(verified.contains("Signed by: release@example.com"), "{verified}");
            refused(&bench.helm(helm, &["verify", file, "--keyring", other]));

            let pull = |keyring: &str| {
                let folder = helm.to_string();
                let _ = fs::remove_dir_all(bench.path(&folder));
                // Without its cache: Helm 4 takes what it has for what it asks for.
                let _ = fs::remove_dir_all(bench.path("home"));
                fs::create_dir(bench.path(&folder)).unwrap();
                let url = server.url();
                bench.helm(
                    helm,
                    &[
                        "pull",
                        "web",
                        "--repo",
                        &url,
                        "--verify",
                        "--keyring",
                        keyring,
                        "--destination",
                        &folder,
                    ],
                )
            };
            taken(&pull(ring));
            refused(&pull(other));

            for (name, told) in [
                ("web-1.0.0.tgz", "sha256 sum does not match"),
                ("web-1.0.0.tgz.prov", "openpgp"),
                ("index.yaml", ""),
            ] {
                let path = bench.path("site").join(name);
                let good = fs::read(&path).unwrap();
                match name {
                    // The index leads to another package than the one that is signed.
                    "index.yaml" => {
                        let text = String::from_utf8(good.clone()).unwrap();
                        fs::write(bench.path("site/web-1.0.1.tgz"), fs::read(bench.path(file)).unwrap())
                            .unwrap();
                        fs::write(&path, text.replace("web-1.0.0.tgz", "web-1.0.1.tgz")).unwrap();
                    }
                    "web-1.0.0.tgz.prov" => {
                        let text = String::from_utf8(good.clone()).unwrap();
                        fs::write(&path, text.replace("A page.", "A pace.")).unwrap();
                    }
                    _ => tamper(&path),
                }
                let said = refused(&pull(ring));
                assert!(said.contains(told), "{helm} {name}: {said}");
                fs::write(&path, good).unwrap();
                taken(&pull(ring));
            }
        }
    }
}

#[test]
fn a_signature_can_be_added_and_is_kept() {
    let bench = Bench::new();
    bench.key(RELEASE, "ed25519");
    let prov = bench.path("site/web-1.0.0.tgz.prov");
    bench.published(&["chart", "--to", "site"]);
    assert!(!prov.exists());
    assert!(sign(&bench, "chart", "site", RELEASE).contains("published already, signed"));
    let first = fs::read(&prov).unwrap();
    assert!(sign(&bench, "chart", "site", RELEASE).contains("published already\n"));
    bench.published(&["chart", "--to", "site"]);
    assert_eq!(fs::read(&prov).unwrap(), first);
    // Of two who sign, both keys are there.
    bench.key("next@example.com", "ed25519");
    bench.chart("2.0.0", "second");
    sign(&bench, "chart", "site", "next@example.com");
    let ring = bench.path("site/keyring.gpg");
    for file in ["site/web-1.0.0.tgz", "site/web-2.0.0.tgz"] {
        for helm in HelmVersion::ALL {
            taken(&bench.helm(helm, &["verify", file, "--keyring", ring.to_str().unwrap()]));
        }
    }
}

#[test]
fn who_cannot_sign_publishes_nothing() {
    let bench = Bench::new();
    bench.key(RELEASE, "ed25519");
    let told = refused(&bench.publish(&["chart", "--to", "site", "--sign-key", "nobody@example.com"]));
    assert!(told.contains("error: GnuPG has no secret key for \"nobody@example.com\""), "{told}");
    fs::write(bench.path("wrong"), "guess").unwrap();
    let arguments = ["chart", "--to", "site", "--sign-key", RELEASE, "--passphrase-file", "wrong"];
    let told = refused(&bench.publish(&arguments));
    assert!(told.contains("GnuPG did not sign"), "{told}");
    assert!(!told.contains("guess") && !bench.path("site").exists(), "{told}");
    let output = bench
        .command(crate::workplace::gift())
        .env("GIFT_GPG", "/nowhere/gpg")
        .arg("publish")
        .args(arguments)
        .output();
    let told = refused(&output.unwrap());
    assert!(told.contains("error: gpg cannot be run") && told.contains("GIFT_GPG"), "{told}");
}
