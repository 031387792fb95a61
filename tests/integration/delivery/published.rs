//! What Argo CD deploys from a published chart is what the matrix tests.
//!
//! Argo CD itself is not here. What it runs is: its commands are those of `util/helm/cmd.go` (`helm pull`, then
//! `helm template` in the unpacked chart) and `cmpserver/plugin/plugin.go` (the plugin's `generate`, in the folder
//! of the Application, with the variables of its parameters) of Argo CD 3.

use super::environments::environments;
use crate::publish::servers::Server;
use crate::publish::{Bench, taken};
use crate::workplace::{Workplace, repository, text};
use gift_harness::chart::{Chart, Environments};
use gift_harness::objects::Objects;
use gift_harness::tools::HelmVersion;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const KUBERNETES: &str = "1.36";

/// Some of what an API server with Argo CD serves.
const API_VERSIONS: [&str; 6] = [
    "v1",
    "v1/Secret",
    "apps/v1",
    "apps/v1/Deployment",
    "networking.k8s.io/v1/NetworkPolicy",
    "argoproj.io/v1alpha1",
];

fn file(name: &str) -> PathBuf {
    repository().join("ci/argocd/published").join(name)
}

fn object(name: &str) -> Value {
    serde_yaml::from_str(&fs::read_to_string(file(name)).unwrap()).unwrap()
}

fn word<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} of {value}"))
}

/// The objects of a stream, in an order of their own.
fn objects(stream: &[u8]) -> Vec<String> {
    let mut objects: Vec<String> =
        Objects::read(stream).unwrap().iter().map(|object| object.to_json().to_string()).collect();
    objects.sort();
    objects
}

fn assert_same(found: &[u8], wanted: &[u8]) {
    let (found, wanted) = (objects(found), objects(wanted));
    assert!(wanted.len() > 20, "{}", wanted.len());
    for (found, wanted) in found.iter().zip(&wanted) {
        assert_eq!(found, wanted);
    }
    assert_eq!(found.len(), wanted.len());
}

/// A published chart, signed, and the key.
fn publish(bench: &Bench, destinations: &[&str]) -> PathBuf {
    bench.key("release@example.com", "ed25519");
    let chart = repository().join("chart").display().to_string();
    let signed = ["--allow-dirty", "--sign-key", "release@example.com", "--passphrase-file", "passphrase"];
    bench.published(&[&[chart.as_str()], &signed[..], destinations].concat());
    bench.keyring("release@example.com")
}

#[test]
fn a_chart_of_a_repository_with_values_of_git_renders_what_is_tested() {
    let bench = Bench::new();
    let registry = Server::of_images(&bench.path("registry"));
    let oci = format!("oci://{}/charts", registry.address());
    publish(&bench, &["--to", "site", "--to", &oci, "--plain-http"]);
    let server = Server::of_files(&bench.path("site"), &bench.path("nginx"));

    let application = object("application.yaml");
    let source = &application["spec"]["sources"][0];
    let reference = format!("${}/", word(&application, "/spec/sources/1/ref"));
    let namespace = word(&application, "/spec/destination/namespace");
    let release = word(source, "/helm/releaseName");
    let (name, version) = (word(source, "/chart"), word(source, "/targetRevision"));
    let values: Vec<PathBuf> = source["helm"]["valueFiles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|path| repository().join(path.as_str().unwrap().strip_prefix(&reference).unwrap()))
        .collect();
    // They are those of an environment that is tested, all of them and in that order.
    let file = values.last().unwrap().strip_prefix(repository().join("values")).unwrap().with_extension("");
    let environment = file.to_str().unwrap();
    assert!(environments().contains_key(environment), "{environment} is not tested");
    assert_eq!(values, Environments::new(repository().join("values")).files(environment).unwrap());
    let extra = bench.path("extra");
    fs::write(&extra, word(source, "/helm/values")).unwrap();

    let tested = |helm: HelmVersion| {
        let mut chart = Chart::open(repository().join("chart")).unwrap();
        for file in &values {
            chart = chart.values(file);
        }
        let chart = chart.values(&extra).helm(helm).kubernetes(KUBERNETES).include_crds();
        chart.release(release, namespace).render().unwrap().stream
    };
    for helm in HelmVersion::ALL {
        for from in ["repository", "registry"] {
            let place = bench.path(&format!("{helm}-{from}"));
            fs::create_dir(&place).unwrap();
            let destination = place.display().to_string();
            let mut pull = vec!["pull", "--destination", &destination, "--version", version];
            let (url, chart) = (server.url(), format!("{oci}/{name}"));
            match from {
                "repository" => pull.extend(["--repo", &url, name]),
                _ => pull.extend([chart.as_str(), "--plain-http"]),
            }
            taken(&bench.helm(helm, &pull));
            let packages: Vec<PathBuf> =
                fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path()).collect();
            let [package] = &packages[..] else { panic!("{packages:?}") };
            taken(&bench.command("tar").arg("-xzf").arg(package).arg("-C").arg(&place).output().unwrap());

            let mut template = bench.command(crate::workplace::helm(helm));
            template.current_dir(place.join(name)).args(["template", ".", "--name-template", release]);
            template.args(["--namespace", namespace, "--kube-version", KUBERNETES]);
            for file in values.iter().chain([&extra]) {
                template.arg("--values").arg(file);
            }
            for api in API_VERSIONS {
                template.args(["--api-versions", api]);
            }
            let rendered = taken(&template.arg("--include-crds").output().unwrap());
            assert_same(rendered.as_bytes(), &tested(helm));
        }
    }
}

fn busybox() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("busybox")).find(|program| program.exists())
}

/// The plugin as Argo CD runs it.
struct Plugin {
    workplace: Workplace,
    application: Value,
    url: String,
}

impl Plugin {
    /// `generate`, with these variables over those of the Application.
    fn generate(&self, variables: &[(&str, &str)]) -> (bool, Vec<u8>, String) {
        let plugin = object("plugin.yaml");
        let generate = &plugin["spec"]["generate"];
        let words = |key: &str| generate[key].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
        let mut words = words("command").chain(words("args"));
        let mut command: Command = self.workplace.command(words.next().unwrap());
        let source = &self.application["spec"]["source"];
        command
            .args(words)
            .current_dir(repository().join(word(source, "/path")))
            .env("ARGOCD_APP_NAME", word(&self.application, "/metadata/name"))
            .env("ARGOCD_APP_NAMESPACE", word(&self.application, "/spec/destination/namespace"))
            .env("KUBE_VERSION", KUBERNETES)
            .env("KUBE_API_VERSIONS", API_VERSIONS.join(","));
        for parameter in source["plugin"]["parameters"].as_array().unwrap() {
            let name = word(parameter, "/name").to_uppercase().replace('-', "_");
            command.env(format!("PARAM_{name}"), word(parameter, "/string"));
        }
        command.env("PARAM_REPOSITORY", &self.url).envs(variables.iter().copied());
        let output = command.output().unwrap();
        (output.status.success(), output.stdout, text(&output.stderr))
    }
}

#[test]
fn the_plugin_gives_what_reaches_the_cluster_and_nothing_that_breaks_a_policy() {
    let bench = Bench::new();
    let keyring = publish(&bench, &["--to", "site"]);
    let server = Server::of_files(&bench.path("site"), &bench.path("nginx"));
    bench.key("other@example.com", "ed25519");
    let other = bench.keyring("other@example.com").display().to_string();
    let application = object("plugin-application.yaml");
    let parameter = |wanted: &str| {
        let parameters = application["spec"]["source"]["plugin"]["parameters"].as_array().unwrap();
        let found = parameters.iter().find(|parameter| parameter["name"] == wanted).unwrap();
        word(found, "/string").to_owned()
    };
    let system = word(&application, "/spec/source/path").strip_prefix("values/").unwrap().to_owned();
    let environment = format!("{system}/{}", parameter("environment"));
    assert!(environments().contains_key(&environment), "{environment} is not tested");
    // Placeholders are refused, so somebody has filled them in.
    let example = repository().join(format!("values/{environment}.secrets.env.example"));
    let secrets = fs::read_to_string(example).unwrap().replace("placeholder", "mine-0001");
    let mut variables: Vec<(&str, &str)> = secrets
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .collect();
    let keyring = keyring.display().to_string();
    variables.push(("GIFT_KEYRING", &keyring));

    for major in [4, 3] {
        let workplace = Workplace::new(major);
        let file = workplace.write("filled.env", &secrets);
        let mut render = workplace.command("gift");
        render.args(["render", &environment, "--refresh-checksums", "--kubernetes", KUBERNETES]);
        render
            .args(["--helm", &major.to_string(), "--release", &parameter("release"), "--secrets"])
            .arg(file);
        let reached = taken(&render.output().unwrap());

        // In the image, the shell is busybox'.
        if let (3, Some(busybox)) = (major, busybox()) {
            std::os::unix::fs::symlink(busybox, workplace.path().join("bin/sh")).unwrap();
        }
        let plugin = Plugin { workplace, application: application.clone(), url: server.url() };
        let (good, stream, said) = plugin.generate(&variables);
        assert!(good, "{said}");
        assert_same(&stream, reached.as_bytes());
        assert!(
            !text(&stream).contains(&format!("secretRef:{system}/")) && !text(&stream).contains("stringData")
        );
        if major == 3 {
            continue;
        }

        // A secret that is missing, a chart that another signed, a name that is a path: nothing is deployed.
        let refused = |variables: &[(&str, &str)], expected: &str| {
            let (good, stream, said) = plugin.generate(variables);
            assert!(!good && stream.is_empty() && said.contains(expected), "{said}");
        };
        let (key, rest) = variables.split_first().unwrap();
        refused(rest, key.0);
        refused(&[&variables[..], &[("GIFT_KEYRING", &other)]].concat(), "Error:");
        for name in ["../other/prod", "--debug"] {
            refused(&[&variables[..], &[("PARAM_ENVIRONMENT", name)]].concat(), "is no name");
        }
        refused(&[&variables[..], &[("PARAM_VERSION", "99.0.0")]].concat(), "99.0.0");
    }
}

#[test]
fn applications_are_what_argo_cds_own_definition_says() {
    let workplace = Workplace::new(4);
    for (name, right, wrong) in [
        ("application.yaml", "valueFiles:", "valuesFiles:"),
        ("application.yaml", "ref:", "reference:"),
        ("plugin-application.yaml", "parameters:", "params:"),
    ] {
        let written = fs::read_to_string(file(name)).unwrap();
        assert!(written.contains(right), "{name}: {right}");
        for (text, code) in [(written.clone(), 0), (written.replacen(right, wrong, 1), 1)] {
            let path = workplace.write("application.yaml", text);
            let path = path.to_str().unwrap();
            workplace.gift(&["check", path, "--policy", "none", "--only", "schema"]).assert().code(code);
        }
    }
    // What the Application sets, the plugin announces, and what it asks for is set.
    let (plugin, application) = (object("plugin.yaml"), object("plugin-application.yaml"));
    let names = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|item| word(item, "/name").to_owned()).collect()
    };
    let announced = &plugin["spec"]["parameters"]["static"];
    let set = names(&application["spec"]["source"]["plugin"]["parameters"]);
    assert!(set.iter().all(|name| names(announced).contains(name)), "{set:?}");
    for item in announced.as_array().unwrap().iter().filter(|item| item["required"] == true) {
        assert!(set.contains(&word(item, "/name").to_owned()), "{item}");
    }
    assert_eq!(application["spec"]["source"]["plugin"]["name"], plugin["metadata"]["name"]);
}

/// The patch makes a Deployment that an API server takes, and that keeps the restricted standard.
#[test]
fn the_sidecar_is_one_and_restricted() {
    let workplace = Workplace::new(4);
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: argocd-repo-server, namespace: argocd}\nspec:\n  \
         selector: {matchLabels: {app: server}}\n  template:\n    metadata: {labels: {app: server}}\n    spec:\n      volumes:\n      \
         - {name: var-files, emptyDir: {}}\n      - {name: plugins, emptyDir: {}}\n      containers: []\n";
    let base = workplace.write("deployment.yaml", deployment);
    let kubectl = gift_harness::directories::cache().unwrap().join("bin/kubectl");
    let mut patch = workplace.command(kubectl.to_str().unwrap());
    patch.args(["patch", "--local", "--output", "yaml", "--filename"]).arg(base).arg("--patch-file");
    let patched = taken(&patch.arg(file("repo-server.yaml")).output().unwrap());
    assert!(patched.contains("name: gift-plugin") && patched.contains("name: var-files"), "{patched}");
    for (stream, code) in [
        (patched.clone(), 0),
        (patched.replace("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"), 1),
    ] {
        let path = workplace.write("patched.yaml", stream);
        let arguments = [
            "check",
            path.to_str().unwrap(),
            "--policy",
            "pod-security-restricted",
            "--skip",
            "reference-exists",
        ];
        let output = workplace.gift(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}{}", text(&output.stdout), text(&output.stderr));
    }
}
