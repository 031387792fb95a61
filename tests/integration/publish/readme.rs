//! What the README says to whoever has nothing but Helm and a cluster.

use super::Bench;
use super::servers::Server;
use crate::cluster::shared;
use crate::command::run_published_blocks;
use crate::workplace::{Workplace, repository};
use std::fs;

const RELEASE: &str = "release@example.com";

#[test]
fn from_an_empty_folder_to_a_verified_release() {
    let bench = Bench::new();
    bench.key(RELEASE, "ed25519");
    let publish = |folder: &str, more: &[&str]| {
        let folder = repository().join(folder).display().to_string();
        let signed =
            ["--to", "site", "--allow-dirty", "--sign-key", RELEASE, "--passphrase-file", "passphrase"];
        bench.published(&[&[folder.as_str()], &signed[..], more].concat());
    };
    publish("chart", &[]);
    publish("values", &[]);
    let command = format!("gift={}", bench.stripped_command().display());
    let platform = format!("linux-{}", if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" });
    publish("plugin", &["--platform", &platform, "--with", &command]);
    let server = Server::of_files(&bench.path("site"), &bench.path("nginx"));

    let workplace = Workplace::empty(4);
    let kubeconfig = workplace.path().join("home/no-cluster");
    fs::create_dir_all(kubeconfig.parent().unwrap()).unwrap();
    fs::copy(shared().kubeconfig(), &kubeconfig).unwrap();
    let address = server.url();
    let replacements = [("https://charts.example.com", address.as_str()), ("linux-amd64", &platform)];
    assert!(run_published_blocks("README.md", &workplace, &replacements) > 5);

    // The values are those of the repository, and no secret of anybody's is among them.
    let pulled = workplace.path().join("gift-values/urr/prod.yaml");
    assert_eq!(fs::read(pulled).unwrap(), fs::read(repository().join("values/urr/prod.yaml")).unwrap());
    let packed =
        bench.published(&[&repository().join("values").display().to_string(), "--dry-run", "--allow-dirty"]);
    assert!(packed.contains(".secrets.env.example") && !packed.contains(".secrets.env\n"), "{packed}");
}

#[test]
fn packages_are_named_in_the_version_there_is() {
    let version = |folder: &str, file: &str| {
        let text = fs::read_to_string(repository().join(folder).join(file)).unwrap();
        let version = text.lines().find_map(|line| line.strip_prefix("version: ")).unwrap();
        version.trim().trim_matches('"').to_owned()
    };
    let known = ["", "-linux-amd64"].map(|platform| match platform {
        "" => format!("gift-{}.tgz", version("chart", "Chart.yaml")),
        _ => format!("gift-{}{platform}.tgz", version("plugin", "plugin.yaml")),
    });
    for document in ["README.md", "docs/publishing.md"] {
        let text = fs::read_to_string(repository().join(document)).unwrap();
        let named: Vec<_> = text
            .split(|letter: char| letter.is_whitespace() || "/`:".contains(letter))
            .filter(|word| word.starts_with("gift-") && word.ends_with(".tgz"))
            .collect();
        assert!(!named.is_empty(), "{document}");
        for name in named {
            assert!(known.iter().any(|known| known == name), "{document} names {name}; there is {known:?}");
        }
    }
}
