//! Starts the control plane with kwokctl's binary runtime, and asks whether it is ready.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::error::ClusterError;
use super::location::Location;
use super::processes::{self, COMPONENTS};
use super::programs::Programs;

/// How the control plane is to be run, and what the simulated machines do.
const CONFIGURATION: &str = concat!(include_str!("kwok.yaml"), "---\n", include_str!("stages.yaml"));

/// Makes a new, empty cluster. Its folder must not exist.
pub(super) fn create(
    location: &Location,
    programs: &Programs,
    timeout: Duration,
) -> Result<(), ClusterError> {
    let configuration = location.configuration();
    let pod_log = location.logs().join("pods.log");
    write(&configuration, &format!("{CONFIGURATION}---\n{}\n", log_of_every_pod(&pod_log)))?;
    let mut command = kwokctl(location, programs);
    command
        .args(["create", "cluster", "--name", location.name()])
        // Its own copy is in the cluster's folder; the user's is left alone.
        .arg("--kubeconfig=")
        .arg("--config")
        .arg(&configuration)
        .args(["--timeout", &seconds(timeout)]);
    for (option, program) in [
        ("--etcd-binary", &programs.etcd),
        ("--kube-apiserver-binary", &programs.apiserver),
        ("--kube-controller-manager-binary", &programs.controller_manager),
        ("--kube-scheduler-binary", &programs.scheduler),
        ("--kwok-controller-binary", &programs.kwok),
    ] {
        command.arg(option).arg(program);
    }
    start(location, programs, command, timeout)?;
    write(&pod_log, POD_LOG)
}

/// What `kubectl logs` and `helm test --logs` show, in the form a container runtime writes it, whose time
/// and stream are taken off on the way.
const POD_LOG: &str =
    "2026-01-01T00:00:00.000000000Z stdout F This pod is simulated: no container runs in this cluster.\n";

fn log_of_every_pod(file: &Path) -> serde_json::Value {
    serde_json::json!({
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "ClusterLogs",
        "metadata": {"name": "every-pod"},
        "spec": {"logs": [{"logsFile": file}]},
    })
}

fn write(path: &Path, text: &str) -> Result<(), ClusterError> {
    fs::write(path, text).map_err(|source| ClusterError::File {
        path: path.to_owned(),
        action: "written",
        source,
    })
}

/// Starts the processes of a cluster that was there before, with all that was in it.
pub(super) fn restart(
    location: &Location,
    programs: &Programs,
    timeout: Duration,
) -> Result<(), ClusterError> {
    let mut command = kwokctl(location, programs);
    command.args(["start", "cluster", "--name", location.name()]).args(["--timeout", &seconds(timeout)]);
    start(location, programs, command, timeout)
}

/// Whether the API server says it is.
pub(super) fn is_ready(location: &Location, programs: &Programs) -> bool {
    kubectl(location, &programs.kubectl)
        .args(["get", "--raw=/readyz", "--request-timeout=5s"])
        .output()
        .is_ok_and(|output| output.status.success())
}

/// kubectl for this cluster, without input, without the user's kubeconfig and cache.
pub(super) fn kubectl(location: &Location, program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env("KUBECONFIG", location.kubeconfig())
        .env("KUBECACHEDIR", location.directory().join("kubectl"))
        .stdin(Stdio::null());
    command
}

fn kwokctl(location: &Location, programs: &Programs) -> Command {
    let mut command = Command::new(&programs.kwokctl);
    // Settings of the user's for clusters of their own.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("KWOK_") {
            command.env_remove(name);
        }
    }
    command
        .env("KWOK_WORKDIR", location.cache())
        .env("KUBECONFIG", location.kubeconfig())
        .stdin(Stdio::null());
    command
}

fn seconds(duration: Duration) -> String {
    format!("{}s", duration.as_secs().max(1))
}

/// kwokctl returns as soon as the processes are started; readiness is asked for here, because its own
/// waiting says nothing when it was in vain, and is coarser.
fn start(
    location: &Location,
    programs: &Programs,
    mut command: Command,
    timeout: Duration,
) -> Result<(), ClusterError> {
    let began = Instant::now();
    let output =
        command.output().map_err(|source| ClusterError::Run { program: programs.kwokctl.clone(), source })?;
    if !output.status.success() {
        return Err(failure(location, said(&output)));
    }
    while !is_ready(location, programs) {
        let missing = processes::missing(location)?;
        if !missing.is_empty() {
            return Err(failure(location, format!("{} ended", missing.join(" and "))));
        }
        if began.elapsed() > timeout {
            return Err(ClusterError::NotReady {
                name: location.name().to_owned(),
                after: timeout,
                logs: location.logs(),
            });
        }
        sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// The reason, and the last line of every log that has an error in it.
fn failure(location: &Location, mut detail: String) -> ClusterError {
    for component in COMPONENTS {
        let log = location.logs().join(format!("{component}.log"));
        let last = fs::read(&log).ok().and_then(|bytes| {
            String::from_utf8_lossy(&bytes)
                .lines()
                .rev()
                .find(|line| is_error(line))
                .map(|line| line.chars().take(300).collect::<String>())
        });
        if let Some(last) = last {
            // Writing to a String cannot fail.
            let _ = write!(detail, "\n  {component}: {last}");
        }
    }
    ClusterError::Start { name: location.name().to_owned(), detail, logs: location.logs() }
}

/// klog's `E0102 ...` and `F0102 ...`, zap's and slog's JSON levels, and cobra's `Error: ...`.
fn is_error(line: &str) -> bool {
    let mut characters = line.chars();
    let klog =
        matches!(characters.next(), Some('E' | 'F')) && characters.next().is_some_and(|c| c.is_ascii_digit());
    let lower = line.to_ascii_lowercase();
    klog || lower.starts_with("error:")
        || ["error", "fatal", "panic"].iter().any(|level| lower.contains(&format!("\"level\":\"{level}\"")))
}

/// The message of the last line that kwokctl printed as JSON, or its last line.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let Some(last) = text.lines().rev().find(|line| !line.trim().is_empty()) else {
        return format!("kwokctl ended with {}", output.status);
    };
    let Ok(line) = serde_json::from_str::<serde_json::Value>(last) else {
        return last.to_owned();
    };
    ["msg", "err"].iter().filter_map(|key| line.get(*key)?.as_str()).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_found_in_every_kind_of_log() {
        for line in [
            "E1121 07:04:09.4 7 run.go:72] \"command failed\" err=\"x\"",
            "Error: bind: address already in use",
            "{\"level\":\"fatal\",\"msg\":\"x\"}",
            "{\"time\":\"2026\",\"level\":\"ERROR\",\"msg\":\"x\"}",
        ] {
            assert!(is_error(line), "{line}");
        }
        for line in ["I1121 07:04:09 x", "Every day", "{\"level\":\"info\"}", ""] {
            assert!(!is_error(line), "{line}");
        }
    }

    #[test]
    fn the_configuration_is_made_of_whole_documents() {
        let kinds: Vec<&str> = CONFIGURATION.lines().filter_map(|line| line.strip_prefix("kind: ")).collect();
        assert_eq!(kinds.first(), Some(&"KwokctlConfiguration"));
        assert_eq!(CONFIGURATION.lines().filter(|line| *line == "---").count() + 1, kinds.len());
    }
}
