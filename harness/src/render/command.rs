//! The reference renderer: the `helm template` command, in an environment of its own.

use super::environment::HelmHome;
use super::{HelmMessage, RenderError, RenderRequest, RenderedStream, Renderer, inputs};
use crate::tools::{self, Tool};
use std::io::{Read, Write as _};
use std::path::Path;
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
    home: HelmHome,
}

impl HelmCommand {
    /// Prepares the environment Helm will run in.
    ///
    /// # Errors
    ///
    /// [`RenderError::Directory`] when no temporary directory can be made.
    pub fn new() -> Result<Self, RenderError> {
        Ok(Self { home: HelmHome::new()? })
    }

    fn command(&self, program: &Path, request: &RenderRequest) -> Command {
        let home = self.home.path();
        let mut command = self.home.command(program);
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
        inputs::check(request)?;
        let helm = tools::find(Tool::Helm(request.helm))?;
        let values = inputs::merged(&request.values);
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
        understood(request, output.status.success(), output.stdout, &output.stderr)
    }
}

/// What Helm wrote, taken as a stream or as a refusal.
pub(super) fn understood(
    request: &RenderRequest,
    is_good: bool,
    stdout: Vec<u8>,
    stderr: &[u8],
) -> Result<RenderedStream, RenderError> {
    let stderr = String::from_utf8_lossy(stderr);
    if is_good {
        let warnings = stderr.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
        return Ok(RenderedStream { stream: stdout, warnings });
    }
    let message = HelmMessage::parse(&stderr);
    Err(RenderError::Helm { helm: request.helm, chart: request.chart.clone(), message })
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
