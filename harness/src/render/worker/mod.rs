//! The fast renderer: Helm's library in a process that stays, one for each Helm.
//!
//! What it gives is byte for byte what `helm template` gives. Whatever the worker cannot do as the command
//! does it, and every request a worker was lost with, goes to the command. Depends on the command renderer
//! and [`crate::tools`].

mod frame;
mod process;

use super::command::understood;
use super::environment::HelmHome;
use super::{HelmCommand, RenderError, RenderRequest, RenderedStream, Renderer, Setting, inputs};
use crate::tools::{self, HelmVersion, Tool};
use frame::Request;
use process::{Lost, Process};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// How many workers of one Helm may be lost before the command does the rest: a fault of the machine is
/// not mended by trying on.
const MOST_LOST: u32 = 5;

/// Renders in a worker process, many requests at once, and by [`HelmCommand`] where it has to.
#[derive(Debug)]
pub struct HelmWorker {
    command: HelmCommand,
    home: HelmHome,
    slots: [Mutex<Slot>; 2],
    directory: Option<PathBuf>,
    /// The program of every worker; looked for when `None`.
    program: Option<PathBuf>,
}

/// The worker of one Helm.
#[derive(Debug, Default)]
struct Slot {
    process: Option<Arc<Process>>,
    lost: u32,
    /// Why there is no worker and will be none.
    absent: Option<String>,
}

impl HelmWorker {
    /// Workers are started when they are first needed.
    ///
    /// # Errors
    ///
    /// [`RenderError::Directory`] when no temporary directory can be made.
    pub fn new() -> Result<Self, RenderError> {
        Ok(Self {
            command: HelmCommand::new()?,
            home: HelmHome::new()?,
            slots: Default::default(),
            directory: std::env::current_dir().ok(),
            program: None,
        })
    }

    /// Whether there is a worker for a Helm; where there is none, the command renders.
    ///
    /// # Errors
    ///
    /// The reason why not, in a sentence.
    pub fn available(&self, helm: HelmVersion) -> Result<(), String> {
        self.process(helm).map(drop)
    }

    fn slot(&self, helm: HelmVersion) -> &Mutex<Slot> {
        &self.slots[match helm {
            HelmVersion::V3 => 0,
            HelmVersion::V4 => 1,
        }]
    }

    fn process(&self, helm: HelmVersion) -> Result<Arc<Process>, String> {
        let mut slot = self.slot(helm).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(absent) = &slot.absent {
            return Err(absent.clone());
        }
        if let Some(process) = &slot.process {
            if !process.is_lost() {
                return Ok(Arc::clone(process));
            }
            slot.process = None;
            slot.lost += 1;
        }
        if slot.lost >= MOST_LOST {
            let reason =
                format!("the worker of {helm} ended {} times; `helm template` does the rest", slot.lost);
            slot.absent = Some(reason.clone());
            return Err(reason);
        }
        match self.start(helm) {
            Ok(process) => {
                let process = Arc::new(process);
                slot.process = Some(Arc::clone(&process));
                Ok(process)
            }
            Err(reason) => {
                slot.absent = Some(reason.clone());
                Err(reason)
            }
        }
    }

    fn start(&self, helm: HelmVersion) -> Result<Process, String> {
        let program = match &self.program {
            Some(program) => program.clone(),
            None => looked_for(helm)?,
        };
        let mut command = self.home.command(&program);
        command.env("HELM_NO_PLUGINS", "1").env("HELM_PLUGINS", self.home.path().join("plugins"));
        let process = Process::start(command).map_err(|error| {
            format!("{} cannot be used, so `helm template` renders: {error}", program.display())
        })?;
        // Another Helm may render otherwise, and it is the user's Helm that counts.
        match tools::find(Tool::Helm(helm)) {
            Ok(own) if own.version.is_none_or(|version| version.to_string() != process.helm()) => {
                let version = own.version.map(|version| version.to_string()).unwrap_or_default();
                Err(format!(
                    "{} renders as Helm {} and {} is Helm {version}, so `helm template` renders",
                    program.display(),
                    process.helm(),
                    own.path.display(),
                ))
            }
            _ => Ok(process),
        }
    }

    /// Whether the worker would read a request as the command reads its arguments.
    fn takes(&self, request: &RenderRequest) -> bool {
        let is_plain = |text: &str| !text.is_empty() && !text.contains([',', '"', '\n', '\r']);
        let is_argument = |text: &str| !text.is_empty() && !text.starts_with('-') && text.trim() == text;
        let is_file = |path: &Path| {
            // Commas and quotes part a list of files, a colon may make an address of a path, and a
            // percent sign one that is wrong.
            path.to_str().is_some_and(|path| {
                is_plain(path) && is_argument(path) && !path.contains([':', '%', '?', '#'])
            })
        };
        request.post_renderer.is_none()
            && is_argument(&request.release)
            && is_argument(&request.namespace)
            && request.chart.to_str().is_some_and(is_argument)
            && request.values_files.iter().all(|file| is_file(file))
            && request.kubernetes.as_deref() != Some("")
            && request.api_versions.iter().all(|version| is_plain(version))
            // The worker lives where this process was when it began.
            && (std::env::current_dir().ok() == self.directory)
    }
}

impl Renderer for HelmWorker {
    fn render(&self, request: &RenderRequest) -> Result<RenderedStream, RenderError> {
        self.render_for(request, &[]).map(|(rendered, _)| rendered)
    }

    fn render_for(
        &self,
        request: &RenderRequest,
        others: &[String],
    ) -> Result<(RenderedStream, Vec<String>), RenderError> {
        if !self.takes(request) {
            return self.command.render_for(request, others);
        }
        inputs::check(request)?;
        let Ok(process) = self.process(request.helm) else {
            return self.command.render_for(request, others);
        };
        let (header, values) = framed(request, others);
        match process.ask(header, &values, Instant::now() + request.timeout) {
            Ok(answer) => {
                let rendered = understood(request, !answer.failed, answer.stdout, &answer.stderr)?;
                Ok((rendered, answer.also_for))
            }
            Err(Lost::Time) => {
                Err(RenderError::Timeout { chart: request.chart.clone(), limit: request.timeout })
            }
            Err(Lost::Worker | Lost::Declined) => self.command.render_for(request, others),
        }
    }

    /// Starts the worker and has it read the chart.
    fn prepare(&self, request: &RenderRequest) {
        if self.takes(request) && self.process(request.helm).is_ok() {
            // What is wrong with the request is told when it comes.
            self.render(request).ok();
        }
    }

    fn notes(&self) -> Vec<String> {
        let reason = |slot: &Mutex<Slot>| slot.lock().unwrap_or_else(PoisonError::into_inner).absent.clone();
        self.slots.iter().filter_map(reason).collect()
    }
}

fn looked_for(helm: HelmVersion) -> Result<PathBuf, String> {
    let tool = Tool::HelmWorker(helm);
    tools::find(tool).map(|found| found.path).map_err(|_| {
        let name = tool.name();
        format!(
            "there is no {name}, so `helm template` renders, which is slower; `ci/setup worker` builds it"
        )
    })
}

fn framed<'r>(request: &'r RenderRequest, others: &'r [String]) -> (Request<'r>, Vec<u8>) {
    let (mut set, mut set_string, mut set_json) = (Vec::new(), Vec::new(), Vec::new());
    for setting in &request.settings {
        let [_, text] = setting.arguments();
        match setting {
            Setting::Set(..) => set.push(text),
            Setting::SetString(..) => set_string.push(text),
            Setting::SetJson(..) => set_json.push(text),
        }
    }
    let header = Request {
        id: 0,
        chart: &request.chart,
        release: &request.release,
        namespace: &request.namespace,
        values_files: &request.values_files,
        values: !request.values.is_empty(),
        set,
        set_string,
        set_json,
        kube_version: request.kubernetes.as_deref().unwrap_or_default(),
        other_kube_versions: others,
        api_versions: &request.api_versions,
        include_crds: request.include_crds,
        skip_tests: !request.include_tests,
    };
    let values = if request.values.is_empty() {
        Vec::new()
    } else {
        inputs::merged(&request.values).to_string().into_bytes()
    };
    (header, values)
}

#[cfg(all(test, unix))]
mod tests;
