//! A system brought up, reached and taken away by `gift up`, `gift forward` and `gift down`: on the embedded
//! control plane, and by docker and kind.
//!
//! Docker and kind are scripts that write down what they are called with; the cluster kind hands over is the
//! embedded one, so that what comes after is done on a real API server. Which system is brought up is told by
//! the values: the first environment whose `operations` describe a cluster, images and smoke checks.

use super::Own;
use crate::workplace::{Workplace, repository, text};
use assert_cmd::assert::Assert;
use gift_harness::chart::{Chart, Environments, Rendered, compose};
use gift_harness::cluster::{Cluster, State};
use gift_harness::operations::Operations;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::thread;

/// An environment that is brought up, and the cluster it goes to.
struct Case {
    workplace: Workplace,
    own: Own,
    system: String,
    environment: String,
    operations: Operations,
    rendered: Rendered,
}

impl Case {
    fn new() -> Self {
        let is_whole = |operations: &Operations| {
            operations.cluster.is_some()
                && operations.builds().next().is_some()
                && !operations.smoke.is_empty()
        };
        let mut found = operated().into_iter().filter(|(_, _, operations, _)| is_whole(operations));
        let (system, environment, operations, chart) = found.next().expect("there is one");
        let rendered = chart.render().unwrap();
        let (own, _) = Own::up("operations");
        own.0.down(&mut |_| {}).unwrap();
        Self { workplace: Workplace::new(4), own, system, environment, operations, rendered }
    }

    /// A verb about this system, on the cluster of this test.
    fn gift(&self, verb: &str, arguments: &[&str]) -> Assert {
        let about = ["--system", &self.system, "--env", &self.environment, "--name", self.own.0.name()];
        let mut command = self.workplace.gift(&[&[verb], &about[..], arguments].concat());
        for program in ["docker", "kind"] {
            command.env(format!("GIFT_{}", program.to_uppercase()), self.workplace.path().join(program));
        }
        command.env("CASE_KUBECONFIG", self.own.0.kubeconfig()).env("CASE_LOG", self.log()).assert()
    }

    fn log(&self) -> std::path::PathBuf {
        self.workplace.path().join("called")
    }

    /// What docker and kind were called with since the last time.
    fn called(&self) -> Vec<String> {
        let called = fs::read_to_string(self.log()).unwrap_or_default();
        let _ = fs::remove_file(self.log());
        called.lines().map(str::to_owned).collect()
    }

    /// Scripts in the place of docker and kind.
    fn write_programs(&self) {
        let record = r#"printf '%s\n' "$(basename "$0") $*" >>"$CASE_LOG""#;
        let kind = r#"
here=$(dirname "$0")
case "$1 $2" in
    'get clusters') cat "$here/clusters" 2>/dev/null || true ;;
    'create cluster')
        cat >"$here/configuration"
        for last; do :; done
        cp "$CASE_KUBECONFIG" "$last"
        sed -n 's/.*"name":"\([^"]*\)".*/\1/p' "$here/configuration" >"$here/clusters" ;;
    'export kubeconfig') for last; do :; done; cp "$CASE_KUBECONFIG" "$last" ;;
    'delete cluster') rm -f "$here/clusters" ;;
esac
"#;
        for (program, script) in [("docker", ""), ("kind", kind)] {
            let path = self.workplace.write(program, format!("#!/bin/sh\nset -eu\n{record}\n{script}"));
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    /// Lays values over those of the environment, in this test's copy.
    fn change(&self, operations: &Value) {
        let path = self.workplace.path().join(format!("values/{}/{}.yaml", self.system, self.environment));
        let mut values: Value = serde_yaml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        for (key, value) in operations.as_object().unwrap() {
            values[&self.system]["operations"][key] = value.clone();
        }
        fs::write(path, values.to_string()).unwrap();
    }

    /// `deployment/web`, and so on, of everything that is waited for.
    fn workloads(&self) -> Vec<String> {
        let objects = self.rendered.objects().unwrap();
        let running = objects.pod_templates().filter(|pods| !pods.object.is_hook());
        running.map(|pods| format!("{}/{}", pods.object.kind().to_lowercase(), pods.object.name())).collect()
    }

    fn release_is_there(&self) -> bool {
        let status = self.own.0.status().unwrap();
        status.releases.iter().any(|release| release.name == self.system)
    }
}

/// The environments whose values have `operations`: system, environment, what they are, and the chart.
fn operated() -> Vec<(String, String, Operations, Chart)> {
    let values = repository().join("values");
    let environments = Environments::new(&values);
    let all = environments.systems().into_iter().flat_map(|system| {
        environments.of(&system).into_iter().map(move |environment| (system.clone(), environment))
    });
    let operated = all.filter_map(|(system, environment)| {
        let chart = Chart::open(repository().join("chart")).unwrap();
        let chart = chart.environment(&values, &format!("{system}/{environment}")).unwrap();
        let composed = compose(chart.request()).unwrap().unwrap();
        let operations = Operations::of(&composed, &system).unwrap();
        (operations != Operations::default()).then_some((system, environment, operations, chart))
    });
    operated.collect()
}

/// Names and ports under `operations` are those of what is rendered, and addresses lead into the cluster.
#[test]
fn operations_name_what_is_rendered() {
    let operated = operated();
    assert!(!operated.is_empty());
    for (system, environment, operations, chart) in operated {
        let rendered = chart.render().unwrap();
        let objects = rendered.objects().unwrap();
        let at = format!("{system}/{environment}");
        for (service, _) in operations.builds() {
            let runs = |name: &str| objects.pod_templates().any(|pods| pods.object.name() == name);
            assert!(runs(service), "{at}: images.{service}");
        }
        let ports = |field: &str| -> Vec<(String, Value)> {
            let services = objects.kind("Service").map(|service| service.to_json());
            let listed = services.flat_map(|service| {
                let name = service["metadata"]["name"].as_str().unwrap().to_owned();
                let ports = service["spec"]["ports"].as_array().unwrap().clone();
                ports.into_iter().map(move |port| (name.clone(), port[field].clone()))
            });
            listed.collect()
        };
        for (service, target) in operations.targets() {
            let wanted = (service.to_owned(), json!(target.port));
            assert!(ports("port").contains(&wanted), "{at}: forward.{service}");
        }
        let cluster = operations.cluster.clone().unwrap_or_default();
        let nodes = cluster["nodes"].as_array().cloned().unwrap_or_default();
        let mappings: Vec<Value> = nodes
            .iter()
            .flat_map(|node| node["extraPortMappings"].as_array().cloned().unwrap_or_default())
            .collect();
        for mapping in &mappings {
            let port = &mapping["containerPort"];
            assert!(ports("nodePort").iter().any(|(_, open)| open == port), "{at}: cluster, {mapping}");
        }
        let urls = operations.smoke.values().map(|check| &check.url).chain(operations.addresses.values());
        for url in urls {
            let reached = |mapping: &Value| {
                let place = format!("http://localhost:{}", mapping["hostPort"]);
                url.strip_prefix(&place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            assert!(mappings.iter().any(reached), "{at}: nothing leads to {url}");
        }
    }
}

fn told(assert: &Assert) -> String {
    text(&assert.get_output().stderr)
}

/// Answers each request with a status, for as long as the test runs.
fn serve(status: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let _ = write!(stream, "HTTP/1.1 {status} Told\r\nContent-Length: 0\r\n\r\n");
        }
    });
    port
}

#[test]
fn a_system_is_brought_up_reached_and_taken_away() {
    let case = Case::new();
    case.write_programs();

    // Nothing is started while a secret is missing; the key is named.
    let missing = case.gift("up", &["--cluster", "embedded"]).code(2);
    assert!(told(&missing).contains("no secret source has "), "{}", told(&missing));
    assert_eq!(case.own.0.status().unwrap().state, State::Absent);

    on_the_embedded_control_plane(&case);
    by_docker_and_kind(&case);

    // Uninstalled, and the cluster is still there; then that is gone as well, and there is nothing to remove.
    case.gift("down", &["--cluster", "embedded"]).success();
    assert!(!case.release_is_there());
    assert_eq!(case.own.0.status().unwrap().state, State::Running);
    let again = case.gift("down", &["--cluster", "embedded", "--delete-cluster"]).success();
    assert!(told(&again).contains("there is no release"), "{}", told(&again));
    assert_eq!(Cluster::named(case.own.0.name()).unwrap().status().unwrap().state, State::Absent);
}

fn on_the_embedded_control_plane(case: &Case) {
    let up = case.gift("up", &["--cluster", "embedded", "--secrets", "example"]).success();
    let kubeconfig = text(&up.get_output().stdout);
    assert_eq!(kubeconfig.trim(), case.own.0.kubeconfig().to_str().unwrap());
    let told_up = told(&up);
    for workload in case.workloads() {
        assert!(told_up.contains(&format!("rolled out: {workload}\n")), "{workload}: {told_up}");
    }
    for left_out in ["building and loading images", "smoke checks"] {
        assert!(told_up.contains(&format!("left out: {left_out}; no container runs")), "{told_up}");
    }
    assert_eq!(case.called(), Vec::<String>::new());
    assert!(case.release_is_there());
    let status = case.own.0.status().unwrap();
    let of_pods = case.workloads().iter().filter(|workload| !workload.starts_with("job/")).count();
    assert_eq!(status.workloads.len(), of_pods);
    assert!(status.workloads.iter().all(|workload| workload.ready == workload.desired));

    let refused = case.gift("forward", &["--cluster", "embedded", "--once"]).code(2);
    assert!(told(&refused).contains("no container runs"), "{}", told(&refused));
}

fn by_docker_and_kind(case: &Case) {
    let cluster = case.operations.cluster.as_ref().unwrap()["name"].as_str().unwrap();
    let reached = serve(200);
    case.change(
        &json!({"smoke": {"front": {"url": format!("http://localhost:{reached}/a"), "status": 200}}}),
    );
    let sources = case.workplace.path().join("sources").display().to_string();
    let arguments = ["--cluster", "kind", "--secrets", "example", "--source", &sources];
    let up = case.gift("up", &arguments).success();
    assert!(told(&up).contains(&format!("front: http://localhost:{reached}/a answers 200")), "{}", told(&up));
    for address in case.operations.addresses.values() {
        assert!(told(&up).contains(address), "{}", told(&up));
    }
    let configuration = fs::read_to_string(case.workplace.path().join("configuration")).unwrap();
    let configuration: Value = serde_json::from_str(&configuration).unwrap();
    assert_eq!(Some(&configuration), case.operations.cluster.as_ref());

    // A cluster, then each image, built and loaded one after the other under the name that is rendered.
    let called = case.called();
    let (first, images) = called.split_at(3);
    assert_eq!(first[..2], ["docker info", "kind get clusters"]);
    assert!(first[2].starts_with(&format!("kind create cluster --config - --name {cluster} ")), "{first:?}");
    let objects = case.rendered.objects().unwrap();
    let builds: Vec<_> = case.operations.builds().collect();
    assert_eq!(images.len(), 2 * builds.len());
    for ((service, build), pair) in builds.iter().zip(images.chunks(2)) {
        let workload = objects.pod_templates().find(|pods| pods.object.name() == *service).unwrap();
        let containers = workload.object.to_json()["spec"]["template"]["spec"]["containers"].clone();
        let image = containers[0]["image"].as_str().unwrap();
        let settings: String =
            build.args.iter().map(|(name, value)| format!("--build-arg {name}={value} ")).collect();
        assert_eq!(
            pair,
            [
                format!("docker build --tag {image} {settings}{sources}/{}", build.context),
                format!("kind load docker-image {image} --name {cluster}"),
            ]
        );
    }

    // The next time the cluster is found, or made anew, and no image is built where none is asked for. What
    // answers something else than it must is a failure.
    let other = serve(500);
    case.change(&json!({"smoke": {"front": {"url": format!("http://localhost:{other}/"), "status": 200}}}));
    let arguments = ["--cluster", "kind", "--secrets", "example", "--skip-build"];
    let failed = case.gift("up", &[&arguments[..], &["--recreate-cluster"]].concat()).code(1);
    assert!(told(&failed).contains("answers 500, and 200 is expected"), "{}", told(&failed));
    let verbs: Vec<String> = case
        .called()
        .iter()
        .map(|command| command.split(' ').take(3).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(verbs, ["docker info", "kind get clusters", "kind delete cluster", "kind create cluster"]);

    // What kind listens on is asked, and not forwarded.
    let mapped = json!({"apiVersion": "kind.x-k8s.io/v1alpha4", "kind": "Cluster", "name": cluster, "nodes": [
        {"role": "control-plane", "extraPortMappings": [{"containerPort": 30000, "hostPort": reached}]},
    ]});
    let (service, target) = case.operations.targets().next().unwrap();
    let only = json!({service: {"port": target.port, "localPort": reached, "path": "/"}});
    let forward: Value = case
        .operations
        .targets()
        .map(|(name, _)| (name.to_owned(), only[name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into();
    case.change(&json!({"cluster": mapped, "forward": forward}));
    let forwarded = case.gift("forward", &["--cluster", "kind", "--once"]).success();
    assert!(told(&forwarded).contains(&format!("{service}: http://localhost:{reached}/ answers 200")));

    // What the API server cannot forward is told in kubectl's own words: no container runs behind it.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let forward = json!({service: {"port": target.port, "localPort": free, "path": "/"}});
    case.change(&json!({"forward": forward}));
    let kubeconfig = case.own.0.kubeconfig().display().to_string();
    let failed = case.gift("forward", &["--kubeconfig", &kubeconfig, "--once"]);
    let code = failed.get_output().status.code();
    assert!(matches!(code, Some(1 | 2)), "{code:?} {}", told(&failed));
    case.called();
}
