//! A system's environment as a release of Helm on some cluster: applied, waited for, removed.

use super::process::run;
use super::{OperationError, Operations, Step, status_of};
use crate::objects::Objects;
use crate::tools::{self, HelmVersion, Tool};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long an address may take to answer after everything is rolled out: rules for node ports come a moment
/// after the pods behind them.
const SETTLING: Duration = Duration::from_secs(30);

/// What is deployed, and where.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The chart's folder.
    pub chart: PathBuf,
    /// Values files, the later ones over the earlier ones.
    pub values_files: Vec<PathBuf>,
    /// The release's name.
    pub release: String,
    /// The namespace the release is kept in; one it brings along is none for it.
    pub namespace: String,
    /// The cluster.
    pub kubeconfig: PathBuf,
    /// The `gift` command, which Helm calls to fill in secrets and to judge.
    pub gift: PathBuf,
    /// Its arguments there, such as `--secrets FILE`.
    pub post_render: Vec<String>,
}

impl Deployment {
    /// Installs or upgrades the release. Hooks are waited for, as Helm does; rollouts are not.
    ///
    /// # Errors
    ///
    /// Helm missing, or its own words.
    pub fn apply(&self, patience: Duration, on_step: &mut dyn FnMut(Step)) -> Result<(), OperationError> {
        let helm = self.helm()?;
        let failed = |source| OperationError::File { path: std::env::temp_dir(), source };
        let plugins = tempfile::tempdir().map_err(failed)?;
        let mut arguments = vec!["upgrade".to_owned(), "--install".to_owned(), self.release.clone()];
        arguments.push(self.chart.display().to_string());
        for file in &self.values_files {
            arguments.extend(["--values".to_owned(), file.display().to_string()]);
        }
        arguments.extend(["--namespace".to_owned(), self.namespace.clone()]);
        arguments.extend(["--create-namespace".to_owned(), format!("--timeout={}s", patience.as_secs())]);
        let mut post_render = self.post_render.clone();
        if helm.0 == HelmVersion::V4 {
            // Helm 4 runs plugins alone, and this one is none the user has to have installed.
            self.write_plugin(plugins.path())?;
            arguments.push("--post-renderer=gift".to_owned());
        } else {
            arguments.push(format!("--post-renderer={}", self.gift.display()));
            post_render.insert(0, "post-render".to_owned());
        }
        arguments.extend(post_render.iter().map(|argument| format!("--post-renderer-args={argument}")));
        let kubeconfig = format!("KUBECONFIG={}", self.kubeconfig.display());
        let plugins = format!("HELM_PLUGINS={}", plugins.path().display());
        self.run(&helm.1, &arguments, &[&kubeconfig, &plugins], on_step)
    }

    fn write_plugin(&self, folder: &Path) -> Result<(), OperationError> {
        let folder = folder.join("gift");
        let failed = |source| OperationError::File { path: folder.clone(), source };
        let plugin = serde_json::json!({
            "apiVersion": "v1",
            "type": "postrenderer/v1",
            "name": "gift",
            "version": env!("CARGO_PKG_VERSION"),
            "runtime": "subprocess",
            "runtimeConfig": {"platformCommand": [{"command": self.gift, "args": ["post-render"]}]},
        });
        fs::create_dir(&folder).map_err(failed)?;
        fs::write(folder.join("plugin.yaml"), plugin.to_string()).map_err(failed)
    }

    /// Waits for every workload of the release, one after the other.
    ///
    /// # Errors
    ///
    /// A rollout that takes longer than it may; kubectl missing.
    pub fn wait(
        &self,
        objects: &Objects<'_>,
        patience: Duration,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<(), OperationError> {
        let timeout = format!("--timeout={}s", patience.as_secs());
        for pods in objects.pod_templates().filter(|pods| !pods.object.is_hook()) {
            let object = pods.object;
            let workload = format!("{}/{}", object.kind().to_lowercase(), object.name());
            let namespace = if object.namespace().is_empty() { &self.namespace } else { object.namespace() };
            let wait: &[&str] = match object.kind() {
                "Deployment" | "StatefulSet" | "DaemonSet" => &["rollout", "status"],
                "Job" => &["wait", "--for=condition=Complete"],
                "Pod" => &["wait", "--for=condition=Ready"],
                _ => continue,
            };
            let arguments = [wait, &[&workload, "--namespace", namespace, &timeout]].concat();
            self.kubectl(&arguments)?;
            on_step(Step::RolledOut(workload));
        }
        Ok(())
    }

    /// Asks every address of `operations.smoke` for its status.
    ///
    /// # Errors
    ///
    /// The first that does not answer, or answers something else.
    pub fn smoke(
        &self,
        operations: &Operations,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<(), OperationError> {
        let began = Instant::now();
        for (name, check) in &operations.smoke {
            let status = loop {
                let asked = status_of(&check.url);
                let is_good = asked.as_ref().is_ok_and(|status| *status == check.status);
                if is_good || began.elapsed() > SETTLING {
                    break asked?;
                }
                sleep(Duration::from_millis(500));
            };
            if status != check.status {
                return Err(OperationError::Answer {
                    name: name.clone(),
                    url: check.url.clone(),
                    found: status,
                    expected: check.status,
                });
            }
            on_step(Step::Answered { name: name.clone(), url: check.url.clone(), status });
        }
        Ok(())
    }

    /// Uninstalls the release and waits until its objects are gone. Whether there was one.
    ///
    /// # Errors
    ///
    /// Helm missing, or its own words.
    pub fn remove(&self, on_step: &mut dyn FnMut(Step)) -> Result<bool, OperationError> {
        let helm = self.helm()?;
        let kubeconfig = format!("KUBECONFIG={}", self.kubeconfig.display());
        let listed = self.ask(&helm.1, &["list", "--all-namespaces", "--output=json"], &[&kubeconfig])?;
        let releases: serde_json::Value = serde_json::from_str(&listed).unwrap_or_default();
        let is_this = |release: &serde_json::Value| {
            release["name"] == *self.release && release["namespace"] == *self.namespace
        };
        if !releases.as_array().is_some_and(|releases| releases.iter().any(is_this)) {
            return Ok(false);
        }
        let arguments = ["uninstall", &self.release, "--namespace", &self.namespace, "--wait"];
        self.run(&helm.1, &arguments.map(str::to_owned), &[&kubeconfig], on_step)?;
        Ok(true)
    }

    /// Helm 4, or Helm 3 where there is no other.
    fn helm(&self) -> Result<(HelmVersion, PathBuf), OperationError> {
        let found = |version| tools::find(Tool::Helm(version)).map(|found| (version, found.path));
        found(HelmVersion::V4).or_else(|_| found(HelmVersion::V3)).map_err(missing("helm"))
    }

    fn kubectl(&self, arguments: &[&str]) -> Result<String, OperationError> {
        let kubectl = tools::find(Tool::Kubectl).map_err(missing("kubectl"))?;
        self.ask(&kubectl.path, arguments, &[&format!("KUBECONFIG={}", self.kubeconfig.display())])
    }

    fn ask(&self, program: &Path, arguments: &[&str], settings: &[&str]) -> Result<String, OperationError> {
        run(program.as_os_str(), arguments, settings, None, &mut |_| {})
    }

    fn run(
        &self,
        program: &Path,
        arguments: &[String],
        settings: &[&str],
        on_step: &mut dyn FnMut(Step),
    ) -> Result<(), OperationError> {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        run(program.as_os_str(), &arguments, settings, None, on_step).map(drop)
    }
}

fn missing(program: &'static str) -> impl Fn(tools::ToolError) -> OperationError {
    move |error| OperationError::Run {
        program: program.to_owned(),
        source: std::io::Error::new(std::io::ErrorKind::NotFound, error.to_string()),
    }
}
