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
    publish("plugin", &["--platform", "linux-amd64", "--with", &command]);
    let server = Server::of_files(&bench.path("site"), &bench.path("nginx"));

    let workplace = Workplace::empty(4);
    let kubeconfig = workplace.path().join("home/no-cluster");
    fs::create_dir_all(kubeconfig.parent().unwrap()).unwrap();
    fs::copy(shared().kubeconfig(), &kubeconfig).unwrap();
    assert!(run_published_blocks("README.md", &workplace, &server.url()) > 5);

    // The values are those of the repository, and no secret of anybody's is among them.
    let pulled = workplace.path().join("gift-values/urr/prod.yaml");
    assert_eq!(fs::read(pulled).unwrap(), fs::read(repository().join("values/urr/prod.yaml")).unwrap());
    let packed =
        bench.published(&[&repository().join("values").display().to_string(), "--dry-run", "--allow-dirty"]);
    assert!(packed.contains(".secrets.env.example") && !packed.contains(".secrets.env\n"), "{packed}");
}
