//! What is published beside a package, checked by other programs than the one that wrote it.

use super::{Bench, refused, taken};
use crate::workplace::gift;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

const RELEASE: &str = "release@example.com";

const SIGNED: &[&str] =
    &["--sign-key", RELEASE, "--passphrase-file", "passphrase", "--cosign-key", "key.pem"];

const PROGRAM: &[&str] = &["build/web", "--manifest", "program/Cargo.toml", "--platform", "linux-amd64"];

impl Bench {
    /// A key as cosign takes it.
    pub(super) fn ecdsa_key(&self) {
        let curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "key.pem"];
        taken(&self.command("openssl").arg("genpkey").args(curve).output().unwrap());
    }

    /// A repository of git's with a chart and the crates of a program, which is built into `build`.
    fn repository(&self) {
        for (path, text) in [
            (".gitignore", "*\n!chart/**\n!program/**\n!*/\n"),
            (
                "program/Cargo.toml",
                "[package]\nname = \"web-server\"\nversion = \"2.1.0\"\nedition = \"2024\"\nlicense = \"MIT/Apache-2.0\"\n[workspace]\nmembers = [\"page\"]\n[dependencies]\npage = { path = \"page\" }\n",
            ),
            (
                "program/Cargo.lock",
                "version = 4\n\n[[package]]\nname = \"page\"\nversion = \"0.3.0\"\n\n[[package]]\nname = \"web-server\"\nversion = \"2.1.0\"\ndependencies = [\n \"page\",\n]\n",
            ),
            ("program/src/main.rs", "fn main() {}\n"),
            (
                "program/page/Cargo.toml",
                "[package]\nname = \"page\"\nversion = \"0.3.0\"\nedition = \"2024\"\n",
            ),
            ("program/page/src/lib.rs", "\n"),
            ("build/web", "the program"),
        ] {
            let path = self.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.git(&["init", "--quiet"]);
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "--message=one"]);
    }

    /// `gift publish` where cargo is at home.
    pub(super) fn publish_program(&self, arguments: &[&str]) -> Output {
        let home = PathBuf::from(std::env::var_os("HOME").unwrap());
        let mut command = self.command(gift());
        for (variable, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            command
                .env(variable, std::env::var_os(variable).map_or_else(|| home.join(folder), PathBuf::from));
        }
        command.arg("publish").args(arguments).output().unwrap()
    }

    fn sums_hold(&self, site: &str) -> Output {
        let mut command = self.command("sha256sum");
        command.current_dir(self.path(site)).args(["--check", "--strict", "SHA256SUMS"]).output().unwrap()
    }

    /// Whether GnuPG finds a signature of these bytes good, by the published keys alone.
    fn gnupg_verifies(&self, signature: &Path, bytes: &Path) -> Output {
        let mut command = self.command("gpgv");
        command
            .arg("--keyring")
            .arg(self.path("site/keyring.gpg"))
            .arg(signature)
            .arg(bytes)
            .output()
            .unwrap()
    }

    fn openssl_verifies(&self, key: &Path, signature: &Path, bytes: &Path) -> Output {
        let mut command = self.command("openssl");
        command.args(["dgst", "-sha256", "-verify"]).arg(key).arg("-signature").arg(signature).arg(bytes);
        command.output().unwrap()
    }
}

pub(super) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        .unwrap()
}

#[test]
fn everything_is_told_with_its_digest_where_it_came_from_and_by_whom() {
    let bench = Bench::new();
    bench.key(RELEASE, "ed25519");
    bench.ecdsa_key();
    bench.repository();
    let commit = bench.git(&["rev-parse", "HEAD"]);
    let to_site = [&["--to", "site"][..], SIGNED].concat();
    taken(&bench.publish(&[&["chart"][..], &to_site[..]].concat()));
    taken(
        &bench.publish_program(&[PROGRAM, &to_site[..], &["--builder", "https://ci.example.com/1"]].concat()),
    );

    let checked = taken(&bench.sums_hold("site"));
    let program = "web-2.1.0-linux-amd64";
    for name in ["web-1.0.0.tgz", "web-1.0.0.tgz.prov", program, &format!("{program}.asc")] {
        assert!(checked.contains(&format!("{name}: OK\n")), "{checked}");
    }
    let key = fs::read_dir(bench.path("site")).unwrap().map(|entry| entry.unwrap().path());
    let key = key.filter(|path| path.extension().is_some_and(|ending| ending == "pub")).last().unwrap();
    assert_eq!(fs::read(bench.path("site").join(program)).unwrap(), b"the program");
    taken(&bench.gnupg_verifies(&bench.path(&format!("site/{program}.asc")), &bench.path("build/web")));

    for (package, folder, builder) in [
        ("web-1.0.0.tgz", "chart", "https://gift.dev/publish/local"),
        (program, "program", "https://ci.example.com/1"),
    ] {
        let at = |ending: &str| bench.path(&format!("site/{package}{ending}"));
        for ending in [".cdx.json", ".provenance.json", ".intoto.jsonl"] {
            assert!(checked.contains(&format!("{package}{ending}: OK\n")), "{checked}");
        }
        check_statement(&json(&at(".provenance.json")), &checked_digests(&bench), package);
        let statement = json(&at(".provenance.json"));
        let definition = &statement["predicate"]["buildDefinition"];
        assert_eq!(definition["externalParameters"]["folder"], folder);
        assert_eq!(definition["resolvedDependencies"][0]["digest"]["gitCommit"], commit.trim());
        assert_eq!(statement["predicate"]["runDetails"]["builder"]["id"], builder);

        let envelope = json(&at(".intoto.jsonl"));
        let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
        assert_eq!(payload, fs::read(at(".provenance.json")).unwrap());
        let kind = envelope["payloadType"].as_str().unwrap();
        assert_eq!(kind, "application/vnd.in-toto+json");
        // The pre-authentication encoding of DSSE.
        let mut message = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
        message.extend_from_slice(&payload);
        let [ecdsa, gnupg] = [0, 1].map(|number| {
            let path = bench.path(&format!("signature-{number}"));
            let signature = envelope["signatures"][number]["sig"].as_str().unwrap();
            fs::write(&path, STANDARD.decode(signature).unwrap()).unwrap();
            path
        });
        let (good, bad) = (bench.path("message"), bench.path("other"));
        fs::write(&good, &message).unwrap();
        *message.last_mut().unwrap() ^= 1;
        fs::write(&bad, &message).unwrap();
        taken(&bench.openssl_verifies(&key, &ecdsa, &good));
        refused(&bench.openssl_verifies(&key, &ecdsa, &bad));
        taken(&bench.gnupg_verifies(&gnupg, &good));
        refused(&bench.gnupg_verifies(&gnupg, &bad));
    }

    // One letter of any of it, and the sums tell.
    let path = bench.path("site/web-1.0.0.tgz.cdx.json");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("1.0.0", "1.0.1")).unwrap();
    assert!(refused(&bench.sums_hold("site")).contains("web-1.0.0.tgz.cdx.json: FAILED"));
    // Nor does publishing again make what was tampered with good.
    taken(&bench.publish(&[&["chart"][..], &to_site[..]].concat()));
    assert!(refused(&bench.sums_hold("site")).contains("web-1.0.0.tgz.cdx.json: FAILED"));
}

/// Names and digests, as `sha256sum` tells them.
fn checked_digests(bench: &Bench) -> Vec<(String, String)> {
    let mut command = bench.command("sh");
    let told =
        taken(&command.current_dir(bench.path("site")).args(["-c", "sha256sum -- *"]).output().unwrap());
    told.lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(sum, name)| (name.into(), sum.into()))
        .collect()
}

/// What in-toto's Statement and SLSA's provenance require: fields, types, and nothing that they do not know.
fn check_statement(statement: &Value, digests: &[(String, String)], package: &str) {
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(statement), ["_type", "predicate", "predicateType", "subject"]);
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    let subjects = statement["subject"].as_array().unwrap();
    let names: Vec<_> = subjects.iter().map(|subject| subject["name"].as_str().unwrap()).collect();
    assert_eq!(names, [package, &format!("{package}.cdx.json")]);
    for subject in subjects {
        let digest = subject["digest"]["sha256"].as_str().unwrap();
        assert!(digests.contains(&(subject["name"].as_str().unwrap().to_owned(), digest.to_owned())));
    }
    let predicate = &statement["predicate"];
    assert_eq!(keys(predicate), ["buildDefinition", "runDetails"]);
    let definition = &predicate["buildDefinition"];
    assert_eq!(keys(definition), ["buildType", "externalParameters", "resolvedDependencies"]);
    let is_address = |value: &Value| value.as_str().is_some_and(|text| text.starts_with("https://"));
    assert!(is_address(&definition["buildType"]) && is_address(&predicate["runDetails"]["builder"]["id"]));
    assert!(definition["externalParameters"].is_object());
    for resource in definition["resolvedDependencies"].as_array().unwrap() {
        for key in keys(resource) {
            assert!(["name", "uri", "digest"].contains(&key.as_str()), "{key}");
        }
        for digest in resource["digest"].as_object().unwrap().values() {
            let digest = digest.as_str().unwrap();
            assert!([40, 64].contains(&digest.len()) && digest.bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
    }
}

#[test]
fn a_commit_has_the_same_documents_and_what_is_published_keeps_them() {
    let bench = Bench::new();
    bench.repository();
    bench.git(&["clone", "--quiet", ".", "clone"]);
    taken(&bench.publish(&["chart", "--to", "site"]));
    taken(&bench.publish(&["clone/chart", "--to", "other"]));
    let read = |site: &str| {
        let documents = ["tgz", "tgz.cdx.json", "tgz.provenance.json"];
        let mut read: Vec<_> = documents
            .map(|ending| fs::read(bench.path(&format!("{site}/web-1.0.0.{ending}"))).unwrap())
            .into();
        read.push(fs::read(bench.path(site).join("SHA256SUMS")).unwrap());
        read
    };
    let first = read("site");
    assert_eq!(first, read("other"));
    // The commit is another one, the chart is not.
    bench.git(&["commit", "--quiet", "--allow-empty", "--message=two"]);
    assert!(taken(&bench.publish(&["chart", "--to", "site"])).contains("published already\n"));
    assert_eq!(read("site"), first);
    // What was lost is made again, by the commit there is, and told as it is.
    fs::remove_file(bench.path("site/web-1.0.0.tgz.provenance.json")).unwrap();
    taken(&bench.publish(&["chart", "--to", "site"]));
    assert_ne!(read("site"), first);
    taken(&bench.sums_hold("site"));
}

#[test]
fn what_is_in_no_commit_is_not_said_to_come_from_one() {
    let bench = Bench::new();
    bench.repository();
    bench.chart("1.0.0", "changed");
    taken(&bench.publish(&["chart", "--to", "site", "--allow-dirty"]));
    assert!(!bench.path("site/web-1.0.0.tgz.provenance.json").exists());
    fs::write(bench.path("program/src/main.rs"), "fn main() { loop {} }\n").unwrap();
    let told = refused(&bench.publish_program(&[PROGRAM, &["--to", "site"]].concat()));
    assert!(told.contains("program/src/main.rs") && told.contains("is not as it was committed"), "{told}");
    assert!(!bench.path("site/web-2.1.0-linux-amd64").exists());
}

#[test]
fn every_document_is_shown_before_it_is_there() {
    let bench = Bench::new();
    bench.key(RELEASE, "ed25519");
    bench.ecdsa_key();
    bench.repository();
    let shown = taken(&bench.publish_program(&[PROGRAM, &["--to", "site", "--dry-run"], SIGNED].concat()));
    for name in ["", ".asc", ".cdx.json", ".provenance.json", ".intoto.jsonl"] {
        assert!(shown.contains(&format!("web-2.1.0-linux-amd64{name}")), "{name}: {shown}");
    }
    assert!(!bench.path("site").exists());
    let told = refused(&bench.publish_program(&["build/web", "--to", "site", "--platform", "linux-amd64"]));
    assert!(told.contains("help: Name its Cargo.toml by --manifest"), "{told}");
    fs::write(bench.path("key.pem"), "nothing of a key, and not to be shown").unwrap();
    let told = refused(&bench.publish(&["chart", "--to", "site", "--cosign-key", "key.pem"]));
    assert!(
        told.contains("error: OpenSSL cannot sign with key.pem") && !told.contains("to be shown"),
        "{told}"
    );
}
