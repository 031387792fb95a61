//! The container image: its definition is linted, and it is built and run as a container runtime would: as its user,
//! without capabilities, on a root file system that cannot be written to, without a network.
//!
//! Building takes buildah (`ci/setup delivery`), and running takes root, for there is no container runtime here: what
//! a runtime does is done by util-linux' `unshare`.

use super::linters::is_read;
use crate::publish::{Bench, taken};
use crate::workplace::{helm, repository, text};
use gift_harness::directories;
use gift_harness::tools::HelmVersion;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[test]
fn the_linter_has_nothing_to_say() {
    let file = repository().join("ci/image/Containerfile");
    let mistakes = [
        ("FROM scratch", "FROM debian:latest", "DL3007"),
        ("USER 65532:65532", "USER root", "DL3002"),
        ("CMD [\"--help\"]", "CMD --help", "DL3025"),
        ("WORKDIR /work", "WORKDIR work", "DL3000"),
    ];
    is_read("hadolint", &["--no-color"], &file, &mistakes);
}

/// What a runtime does with the mounts of a container, and then runs as the image's user.
const RUNTIME: &str = r#"set -eu
root=$1 work=$2
shift 2
mount --bind "$root" "$root"
mount --bind "$work" "$root/work"
mount -t tmpfs -o mode=1777 none "$root/tmp"
mount -t proc none "$root/proc"
mount -t tmpfs -o mode=755 none "$root/dev"
for device in null zero random urandom; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,ro,bind "$root/work"
mount -o remount,ro,bind "$root"
exec setpriv --no-new-privs --clear-groups -- unshare --root "$root" --wd /work --setgid 65532 --setuid 65532 -- "$@"
"#;

/// An image, its layers unpacked.
struct Image {
    bench: Bench,
    root: PathBuf,
    config: Value,
}

/// The machine code there is of this command's plugin: its files have a name that is in the command.
fn modules(bench: &Bench, gift: &Path) -> PathBuf {
    let folder = bench.path("modules");
    fs::create_dir_all(&folder).unwrap();
    for entry in fs::read_dir(directories::cache().unwrap().join("modules")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let id: Vec<&str> = name.split('-').take(2).collect();
        let mut search = bench.command("grep");
        search.args(["--quiet", "--text", "--fixed-strings", &id.join("-")]).arg(gift);
        if search.status().unwrap().success() {
            fs::copy(entry.path(), folder.join(name)).unwrap();
        }
    }
    folder
}

/// A blob of an image's layout.
fn blob(bench: &Bench, layout: &str, digest: &Value) -> PathBuf {
    bench.path(layout).join("blobs/sha256").join(&digest.as_str().unwrap()["sha256:".len()..])
}

impl Image {
    /// Builds `--target shell`, which has everything in it.
    fn build() -> Self {
        let bench = Bench::new();
        let storage = format!(
            "[storage]\ndriver = \"vfs\"\ngraphroot = \"{0}/graph\"\nrunroot = \"{0}/run\"\n",
            bench.path("storage").display()
        );
        fs::write(bench.path("storage.conf"), storage).unwrap();
        let gift = bench.stripped_command();
        let programs = bench.path("cache/bin");
        fs::create_dir_all(&programs).unwrap();
        for (name, program) in [
            ("helm3", helm(HelmVersion::V3)),
            ("helm4", helm(HelmVersion::V4)),
            ("helm3-worker", directories::cache().unwrap().join("bin/helm3-worker")),
            ("helm4-worker", directories::cache().unwrap().join("bin/helm4-worker")),
        ] {
            std::os::unix::fs::symlink(program, programs.join(name)).unwrap();
        }
        let modules = modules(&bench, &gift);
        let command = |program: &Path| {
            let mut command = bench.command(program);
            command
                .env("CONTAINERS_STORAGE_CONF", bench.path("storage.conf"))
                .env("GIFT_CACHE", bench.path("cache"))
                .env("SOURCE_DATE_EPOCH", "1700000000");
            command
        };
        let build = |target: &str| -> (Value, Value) {
            let mut build = command(&repository().join("ci/image/build"));
            build.args(["--target", target, "--tag", target, "--gift"]).arg(&gift);
            taken(&build.arg("--modules").arg(&modules).output().unwrap());
            let layout = format!("oci:{target}:image");
            let push = ["push", "--quiet", "--disable-compression", target, &layout];
            taken(&command(Path::new("buildah")).args(push).output().unwrap());
            let json = |path: PathBuf| -> Value { serde_json::from_slice(&fs::read(path).unwrap()).unwrap() };
            let index = json(bench.path(&format!("{target}/index.json")));
            let manifest = json(blob(&bench, target, &index["manifests"][0]["digest"]));
            let config = json(blob(&bench, target, &manifest["config"]["digest"]));
            (manifest["layers"].clone(), config["config"].clone())
        };
        // The smaller image is the beginning of the larger, which was made at another time from other copies.
        let (small, _) = build("gift");
        let (layers, config) = build("shell");
        let small = small.as_array().unwrap();
        assert!(small.len() == 1 && layers.as_array().unwrap().starts_with(small), "{small:?} {layers}");

        let root = bench.path("root");
        // Where a runtime mounts, it makes folders.
        for made in ["proc", "dev"] {
            fs::create_dir_all(root.join(made)).unwrap();
        }
        for layer in layers.as_array().unwrap() {
            let mut unpack = bench.command("tar");
            unpack.args(["--extract", "--numeric-owner", "--file"]).arg(blob(
                &bench,
                "shell",
                &layer["digest"],
            ));
            taken(&unpack.arg("--directory").arg(&root).output().unwrap());
        }
        Self { bench, root, config }
    }

    /// Runs a command in the image, with a folder as /work.
    fn run(&self, work: &Path, words: &[&str]) -> Output {
        let environment = self.config["Env"].as_array().unwrap().iter().map(|entry| entry.as_str().unwrap());
        let mut command: Command = self.bench.command("env");
        command
            .args(["unshare", "--mount", "--net", "--ipc", "--pid", "--fork", "sh", "-c", RUNTIME, "runtime"])
            .arg(&self.root)
            .arg(work)
            .args(["/bin/env", "-i"])
            .args(environment)
            .args(words);
        command.output().unwrap()
    }
}

#[test]
fn the_image_runs_as_nobody_on_a_root_that_cannot_be_written() {
    let has = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let id = Command::new("id").arg("-u").output().unwrap();
    if !has("buildah") || !has("busybox") || text(&id.stdout).trim() != "0" {
        eprintln!("left out: buildah and busybox (ci/setup delivery), and root, are not all there");
        return;
    }
    // What is in the image as machine code has to be there.
    let warm = repository().join("chart/values.yaml");
    let _ = Command::new(crate::workplace::gift()).arg("check").arg(warm).output().unwrap();
    let image = Image::build();

    assert_eq!(image.config["User"], "65532:65532");
    assert_eq!(image.config["WorkingDir"], "/work");
    let label = |name: &str| image.config["Labels"][format!("org.opencontainers.image.{name}")].as_str();
    assert_eq!(label("title"), Some("gift"));
    assert_eq!(label("licenses"), Some("Apache-2.0"));
    assert_eq!(label("version"), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(label("revision").map(str::len), Some(40));

    // Nothing in it can be changed by its user, but /tmp and what its user owns: machine code of the plugin.
    let mut find = image.bench.command("find");
    find.arg(&image.root)
        .args(["-not", "-type", "l", "(", "-perm", "/6022", "-o", "-uid", "65532", ")"])
        .args(["-not", "-path", "*/var/cache/gift*"]);
    assert_eq!(taken(&find.output().unwrap()).trim(), image.root.join("tmp").display().to_string());

    let shell = taken(&image.run(
        repository(),
        &["sh", "-c", "id -u; id -g; pwd; grep -E '^(CapEff|CapPrm|NoNewPrivs)' /proc/self/status; ls /sys/class/net /etc/shadow 2>&1 | wc -l; for file in /x /work/x /var/cache/gift/x; do touch $file 2>&1 || true; done"],
    ));
    let lines: Vec<&str> = shell.lines().map(str::trim).collect();
    assert_eq!(lines[..3], ["65532", "65532", "/work"], "{shell}");
    assert!(shell.contains("CapPrm:\t0000000000000000") && shell.contains("NoNewPrivs:\t1"), "{shell}");
    assert_eq!(shell.matches("Read-only file system").count(), 3, "{shell}");

    // What the project does with gift, the image does: with workers, with commands, and with the plugin's machine code.
    let cells = taken(&image.run(
        repository(),
        &["gift", "test", "--filter", "default", "--filter", "k8s1.36", "--policy", "chart/policies"],
    ));
    assert!(cells.contains("pass  default helm3 k8s1.36 ") && cells.contains("0 failed"), "{cells}");
    let command = ["gift", "test", "--renderer", "command", "--filter", "default helm4 k8s1.36 +mirror"];
    assert!(taken(&image.run(repository(), &command)).contains("1 passed"));
    let folder = image.bench.path("streams");
    fs::create_dir_all(&folder).unwrap();
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\ndata: {TOKEN: not Base64}\n";
    fs::write(folder.join("token.yaml"), secret).unwrap();
    let found = image.run(&folder, &["gift", "check", "token.yaml", "--policy", "none"]);
    assert_eq!(found.status.code(), Some(1), "{}", text(&found.stderr));
    assert!(text(&found.stdout).contains("P10 secret-data-base64"));
}
