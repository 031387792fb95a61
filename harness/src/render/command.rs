//! The reference renderer: the `helm template` command, in an environment of its own.

use super::{HelmMessage, RenderError, RenderRequest, RenderedStream, Renderer};
use crate::tools::{self, HelmVersion, Tool};
use gift_plugin::yaml::{Limits, Lines, Value, load_stream};
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Instant;

/// Renders with the `helm template` command.
///
/// Helm runs with none of the user's settings, repositories or plugins, without a cluster and
/// without a network, so the result depends on the request and on Helm's version alone. Values
/// given in place go through a pipe, never through a file.
#[derive(Debug)]
pub struct HelmCommand {
    home: tempfile::TempDir,
}

impl HelmCommand {
    /// Prepares the environment Helm will run in.
    ///
    /// # Errors
    ///
    /// [`RenderError::Directory`] when no temporary directory can be made.
    pub fn new() -> Result<Self, RenderError> {
        let home = tempfile::Builder::new().prefix("gift-helm-").tempdir().map_err(RenderError::Directory)?;
        Ok(Self { home })
    }

    fn command(&self, program: &Path, request: &RenderRequest) -> Command {
        let home = self.home.path();
        let mut command = Command::new(program);
        command.env_clear();
        // Whatever a post-renderer needs to find its own programs, and a temporary directory.
        for name in ["PATH", "TMPDIR", "TEMP", "TMP", "SystemRoot", "GIFT_CACHE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", home).env("KUBECONFIG", home.join("no-cluster"));
        for name in ["HELM_CONFIG_HOME", "HELM_CACHE_HOME", "HELM_DATA_HOME"] {
            command.env(name, home.join(name));
        }
        // A schema may refer to a web page; nothing answers on this port.
        for name in ["HTTP_PROXY", "HTTPS_PROXY"] {
            command.env(name, "http://127.0.0.1:9");
        }
        match request.post_renderer.as_ref().and_then(|renderer| renderer.plugins.as_ref()) {
            Some(plugins) => command.env("HELM_PLUGINS", plugins),
            None => command.env("HELM_NO_PLUGINS", "1").env("HELM_PLUGINS", home.join("plugins")),
        };
        command.arg("template").arg(&request.release).arg(&request.chart);
        command.arg("--namespace").arg(&request.namespace);
        for file in &request.values_files {
            command.arg("--values").arg(file);
        }
        if !request.values.is_empty() {
            command.args(["--values", "-"]);
        }
        for setting in &request.settings {
            command.args(setting.arguments());
        }
        if let Some(version) = &request.kubernetes {
            command.arg("--kube-version").arg(version);
        }
        for version in &request.api_versions {
            command.arg("--api-versions").arg(version);
        }
        if request.include_crds {
            command.arg("--include-crds");
        }
        if !request.include_tests {
            command.arg("--skip-tests");
        }
        if let Some(renderer) = &request.post_renderer {
            command.arg("--post-renderer").arg(&renderer.program);
            for argument in &renderer.arguments {
                command.arg("--post-renderer-args").arg(argument);
            }
        }
        command
    }
}

impl Renderer for HelmCommand {
    fn render(&self, request: &RenderRequest) -> Result<RenderedStream, RenderError> {
        check_chart(&request.chart)?;
        for file in &request.values_files {
            check_values_file(file)?;
        }
        let helm = tools::find(Tool::Helm(request.helm))?;
        let values = merged(&request.values);
        let run = |source| RenderError::Run { program: helm.path.clone(), source };
        let mut child = self
            .command(&helm.path, request)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(run)?;
        let ended = wait(&mut child, values.to_string().into_bytes(), request).map_err(run)?;
        let Some(output) = ended else {
            return Err(RenderError::Timeout { chart: request.chart.clone(), limit: request.timeout });
        };
        let stderr = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            let warnings = stderr.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
            Ok(RenderedStream { stream: output.stdout, warnings })
        } else {
            Err(refusal(request.helm, &request.chart, &stderr))
        }
    }
}

fn refusal(helm: HelmVersion, chart: &Path, stderr: &str) -> RenderError {
    RenderError::Helm { helm, chart: chart.to_owned(), message: HelmMessage::parse(stderr) }
}

struct Output {
    status: ExitStatus,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Feeds the values and collects the output, `None` when the time is over.
fn wait(child: &mut Child, input: Vec<u8>, request: &RenderRequest) -> std::io::Result<Option<Output>> {
    let deadline = Instant::now() + request.timeout;
    if let Some(mut stdin) = child.stdin.take() {
        // Helm may end without reading its values, when a flag is wrong for instance.
        std::thread::spawn(move || stdin.write_all(&input).ok());
    }
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let mut texts = Vec::new();
    for text in [stdout, stderr] {
        match text.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(text) => texts.push(text),
            Err(_) => {
                child.kill().ok();
                child.wait()?;
                return Ok(None);
            }
        }
    }
    let status = child.wait()?;
    let stderr = texts.pop().unwrap_or_default();
    let stdout = texts.pop().unwrap_or_default();
    Ok(Some(Output { status, stdout, stderr }))
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut text).ok();
        }
        sender.send(text).ok();
    });
    receiver
}

fn check_chart(path: &Path) -> Result<(), RenderError> {
    let refuse = |reason: &str| Err(RenderError::Chart { path: path.to_owned(), reason: reason.to_owned() });
    match path.metadata() {
        Err(error) => refuse(&error.to_string()),
        Ok(metadata) if metadata.is_file() => Ok(()),
        Ok(_) if path.join("Chart.yaml").is_file() => Ok(()),
        Ok(_) => refuse("the directory has no Chart.yaml"),
    }
}

/// Helm's own messages about a values file name the line at best; this names the column too.
fn check_values_file(path: &PathBuf) -> Result<(), RenderError> {
    let text =
        std::fs::read(path).map_err(|source| RenderError::ValuesFile { path: path.clone(), source })?;
    let refuse = |(line, column): (usize, usize), message: String| {
        Err(RenderError::ValuesYaml { path: path.clone(), line, column, message })
    };
    let text = match std::str::from_utf8(&text) {
        Ok(text) => text,
        Err(error) => {
            let good = std::str::from_utf8(&text[..error.valid_up_to()]).unwrap_or_default();
            return refuse(Lines::new(good).position(good.len()), "not UTF-8".to_owned());
        }
    };
    match load_stream(text, &Limits::default()) {
        Err(error) => refuse(Lines::new(text).position(error.at), error.to_string()),
        Ok(documents) => match documents.first() {
            Some(document) if !matches!(document.root.value, Value::Mapping(_) | Value::Null) => refuse(
                Lines::new(text).position(document.root.span.start),
                "not a mapping of keys to values".to_owned(),
            ),
            _ => Ok(()),
        },
    }
}

/// Helm reads one stream from its standard input, so values given in place are joined before.
/// A null stays: it takes away what is below it.
fn merged(values: &[serde_json::Value]) -> serde_json::Value {
    let mut all = serde_json::Value::Object(serde_json::Map::new());
    for value in values {
        merge(&mut all, value);
    }
    all
}

fn merge(below: &mut serde_json::Value, above: &serde_json::Value) {
    match (below, above) {
        (serde_json::Value::Object(below), serde_json::Value::Object(above)) => {
            for (key, value) in above {
                merge(below.entry(key.clone()).or_insert(serde_json::Value::Null), value);
            }
        }
        (below, above) => below.clone_from(above),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_in_place_are_joined_key_by_key() {
        let all = merged(&[json!({"a": {"b": 1, "c": 2}}), json!({"a": {"c": null, "d": [1]}})]);
        assert_eq!(all, json!({"a": {"b": 1, "c": null, "d": [1]}}));
    }

    #[test]
    fn a_values_file_that_is_not_yaml_is_named_with_line_and_column() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("values.yaml");
        std::fs::write(&path, "a: 1\nb: [1\nc: 2\n").unwrap();
        let error = check_values_file(&path).unwrap_err();
        assert!(error.to_string().contains("values.yaml:3:"), "{error}");
        std::fs::write(&path, "hello\n").unwrap();
        assert!(check_values_file(&path).unwrap_err().to_string().contains("not a mapping"));
        std::fs::write(&path, "# nothing\n").unwrap();
        check_values_file(&path).unwrap();
    }
}
