//! With the real command: without it these tests fail, and say what brings it.

use crate::diagnosis::Diagnose as _;
use crate::secrets::{SecretError, SecretSelection, resolve};
use crate::tools::{self, Tool};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder of values, and the keys of somebody who may read them, in a folder of their own.
struct House {
    values: tempfile::TempDir,
    keys: tempfile::TempDir,
    sops: PathBuf,
}

/// A private key, and the public one a file is encrypted for.
struct Key {
    file: PathBuf,
    public: String,
}

impl House {
    fn new() -> Self {
        let sops =
            tools::find(Tool::Sops).unwrap_or_else(|error| panic!("{error}. {}", error.help().unwrap()));
        let house = Self {
            values: tempfile::tempdir().unwrap(),
            keys: tempfile::tempdir().unwrap(),
            sops: sops.path,
        };
        std::fs::create_dir(house.values.path().join("shop")).unwrap();
        house
    }

    fn key(&self, name: &str) -> Key {
        let file = self.keys.path().join(name);
        let keygen = self.sops.canonicalize().unwrap().with_file_name("age-keygen");
        let made = Command::new(&keygen).arg("-o").arg(&file).output();
        let made = made.unwrap_or_else(|error| panic!("{}: {error}; run ci/setup sops", keygen.display()));
        assert!(made.status.success());
        let text = std::fs::read_to_string(&file).unwrap();
        let public = text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap().to_owned();
        Key { file, public }
    }

    /// Writes a file and encrypts it where it stands.
    fn encrypt(&self, name: &str, text: &str, key: &Key) -> PathBuf {
        let path = self.values.path().join(name);
        std::fs::write(&path, text).unwrap();
        let done = Command::new(&self.sops)
            .args(["encrypt", "--in-place", "--age", &key.public])
            .arg(&path)
            .current_dir(self.values.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert!(!std::fs::read_to_string(&path).unwrap().contains("hunter2"));
        path
    }

    /// Resolves in a process of its own, which alone has the key; `Err` holds the error and its help.
    fn resolve(
        &self,
        key: Option<&Key>,
        selection: &SecretSelection,
        names: &[&str],
    ) -> Result<Vec<String>, String> {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([
                "--exact",
                "secrets::sops::tests::resolves_what_the_environment_asks_for",
                "--ignored",
                "--nocapture",
            ])
            .env("GIFT_TEST_VALUES", self.values.path())
            .env("GIFT_TEST_NAMES", names.join(","))
            .env("GIFT_SOPS", &self.sops)
            .env("HOME", self.keys.path())
            .env("XDG_CONFIG_HOME", self.keys.path());
        for variable in ["SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "SOPS_AGE_KEY_CMD", "GIFT_TEST_FILE"] {
            command.env_remove(variable);
        }
        if let Some(key) = key {
            command.env("SOPS_AGE_KEY_FILE", &key.file);
        }
        if let SecretSelection::File(file) = selection {
            command.env("GIFT_TEST_FILE", file);
        }
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = |mark: &str| -> Vec<String> {
            text.lines().filter_map(|line| line.split_once(mark)).map(|(_, rest)| rest.to_owned()).collect()
        };
        match lines("error=").pop() {
            Some(error) => Err(error),
            None => Ok(lines("found=")),
        }
    }
}

/// Not a test of its own: the others call it, for a process has but one environment.
#[test]
#[ignore = "called by the others, with an environment of its own"]
#[allow(clippy::print_stdout, reason = "its answer")]
fn resolves_what_the_environment_asks_for() {
    let names: BTreeSet<String> = std::env::var("GIFT_TEST_NAMES")
        .unwrap()
        .split(',')
        .map(|name| format!("shop/prod/{name}"))
        .collect();
    let selection = std::env::var_os("GIFT_TEST_FILE")
        .map_or(SecretSelection::Default, |file| SecretSelection::File(file.into()));
    match resolve(&names, &selection, Path::new(&std::env::var_os("GIFT_TEST_VALUES").unwrap())) {
        Ok(found) => found.values().for_each(|value| println!("\nfound={value}")),
        Err(error) => println!("\nerror={error} | {}", error.help().unwrap()),
    }
}

#[test]
fn each_format_gives_the_same_values() {
    let house = House::new();
    let key = house.key("mine");
    let lines = STANDARD.encode("two\nlines");
    let expected = vec![STANDARD.encode("hunter2 # all"), STANDARD.encode("007"), lines];
    for (name, text) in [
        ("shop/prod.secrets.sops.env", "A='hunter2 # all'\nB=007\nC=\"two\\nlines\"\n"),
        ("shop/prod.secrets.sops.yaml", "A: 'hunter2 # all'\nB: \"007\"\nC: |-\n  two\n  lines\n"),
        ("shop/prod.secrets.sops.json", r#"{"A": "hunter2 # all", "B": "007", "C": "two\nlines"}"#),
    ] {
        let path = house.encrypt(name, text, &key);
        assert_eq!(
            house.resolve(Some(&key), &SecretSelection::Default, &["A", "B", "C"]),
            Ok(expected.clone()),
            "{name}"
        );
        let moved = house.values.path().join(name.replace("shop/prod.secrets.sops", "mine"));
        std::fs::rename(&path, &moved).unwrap();
        let selection = SecretSelection::File(moved);
        assert_eq!(house.resolve(Some(&key), &selection, &["A", "B", "C"]), Ok(expected.clone()), "{name}");
    }
}

#[test]
fn plain_files_come_first_and_sops_fills_what_they_lack() {
    let house = House::new();
    let key = house.key("mine");
    house.encrypt("shop/prod.secrets.sops.yaml", "A: hunter2\nB: hunter2\n", &key);
    std::fs::write(house.values.path().join("shop/prod.secrets.env"), "A=plain\n").unwrap();
    let expected = vec![STANDARD.encode("plain"), STANDARD.encode("hunter2")];
    assert_eq!(house.resolve(Some(&key), &SecretSelection::Default, &["A", "B"]), Ok(expected));
    // A file nobody asks has no need of a key.
    assert_eq!(house.resolve(None, &SecretSelection::Default, &["A"]), Ok(vec![STANDARD.encode("plain")]));
}

#[test]
fn what_is_wrong_is_said_without_a_value() {
    let house = House::new();
    let (key, other) = (house.key("mine"), house.key("other"));
    let path = house.encrypt("shop/prod.secrets.sops.yaml", "A: hunter2\nB: 83\nC: {D: hunter2}\n", &key);
    let said =
        |key: Option<&Key>, name: &str| house.resolve(key, &SecretSelection::Default, &[name]).unwrap_err();

    for key in [None, Some(&other)] {
        let error = said(key, "A");
        assert!(error.contains("prod.secrets.sops.yaml cannot be decrypted: none of the keys"), "{error}");
        assert!(error.contains("SOPS_AGE_KEY_FILE"), "{error}");
    }
    for name in ["B", "C"] {
        let error = said(Some(&key), name);
        assert!(
            error.starts_with(&format!("the value of {name} in ")) && error.contains("is not text | Quote"),
            "{error}"
        );
    }
    assert!(
        said(Some(&key), "NOWHERE")
            .contains("shop/prod.secrets.sops.yaml, then in the environment variable NOWHERE")
    );

    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\nC:", "\nE: hunter2\nC:")).unwrap();
    let error = said(Some(&key), "A");
    assert!(error.contains("it was changed after it was encrypted"), "{error}");

    std::fs::write(&path, "A: hunter2\n").unwrap();
    let error = said(Some(&key), "A");
    assert!(error.contains("is not encrypted by SOPS | Encrypt it with `sops encrypt"), "{error}");
    for name in ["A", "B"] {
        assert!(!said(Some(&key), name).contains("hunter2"));
    }
}

#[test]
fn nothing_decrypted_is_left_behind() {
    let house = House::new();
    let key = house.key("mine");
    house.encrypt("shop/prod.secrets.sops.env", "A=hunter2\n", &key);
    house.resolve(Some(&key), &SecretSelection::Default, &["A"]).unwrap();
    for folder in [house.values.path().join("shop"), house.keys.path().to_owned()] {
        for file in std::fs::read_dir(folder).unwrap().flatten().filter(|file| file.path().is_file()) {
            assert!(!std::fs::read_to_string(file.path()).unwrap().contains("hunter2"), "{file:?}");
        }
    }
}

#[test]
fn without_the_command_the_file_and_the_way_out_are_named() {
    let tool = tools::ToolError { tool: Tool::Sops, tried: Vec::new() };
    let error = SecretError::NoSops { path: PathBuf::from("a.sops.env"), tool };
    assert_eq!(error.to_string(), "the secret source a.sops.env is encrypted by SOPS: sops was not found");
    assert!(error.help().unwrap().contains("Run `ci/setup sops`"));
}
