//! A cluster of kind, from the configuration in a system's values, and images built for it.

use super::process::run;
use super::{OperationError, Operations, Step};
use crate::objects::{Objects, PodTemplate};
use gift_plugin::yaml::Node;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

/// A cluster that kind runs in containers of this machine.
#[derive(Clone, Debug)]
pub struct KindCluster {
    name: String,
    configuration: Value,
    kubeconfig: PathBuf,
}

impl KindCluster {
    /// The one a system's values describe. Its kubeconfig is kept in `folder`, apart from the user's.
    ///
    /// # Errors
    ///
    /// [`OperationError::Nothing`] when they describe none.
    pub fn of(operations: &Operations, system: &str, folder: &Path) -> Result<Self, OperationError> {
        let nothing = |what| OperationError::Nothing { system: system.to_owned(), what };
        let configuration = operations.cluster.clone().ok_or_else(|| nothing("cluster"))?;
        let name = configuration["name"].as_str().ok_or_else(|| nothing("cluster.name"))?.to_owned();
        let kubeconfig = folder.join(format!("kind-{name}.yaml"));
        Ok(Self { name, configuration, kubeconfig })
    }

    /// Whether docker answers and kind is there.
    #[must_use]
    pub fn is_possible() -> bool {
        let works = |program: OsString, argument: &str| {
            let mut command = Command::new(program);
            command.arg(argument).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        works(docker(), "info") && works(kind(), "version")
    }

    /// The kubeconfig that leads to it, once it is up.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The ports of this machine that lead into it.
    #[must_use]
    pub fn host_ports(&self) -> BTreeSet<u16> {
        let nodes = self.configuration["nodes"].as_array().into_iter().flatten();
        nodes
            .flat_map(|node| node["extraPortMappings"].as_array().into_iter().flatten())
            .filter_map(|mapping| u16::try_from(mapping["hostPort"].as_u64()?).ok())
            .collect()
    }

    /// Sees to it that it runs; `recreate` removes one of that name first.
    ///
    /// # Errors
    ///
    /// kind or docker missing, or kind's own words about why it does not come up.
    pub fn up(&self, recreate: bool, on_step: &mut dyn FnMut(Step)) -> Result<(), OperationError> {
        run(&docker(), &["info"], &[], None, &mut |_| {})?;
        let there = run(&kind(), &["get", "clusters"], &[], None, &mut |_| {})?;
        let is_there = there.lines().any(|name| name == self.name);
        if is_there && recreate {
            self.down(on_step)?;
        }
        if let Some(folder) = self.kubeconfig.parent() {
            let failed = |source| OperationError::File { path: folder.to_owned(), source };
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let kubeconfig = self.kubeconfig.display().to_string();
        let named = ["--name", &self.name, "--kubeconfig", &kubeconfig];
        if is_there && !recreate {
            run(&kind(), &[&["export", "kubeconfig"], &named[..]].concat(), &[], None, on_step)?;
        } else {
            let arguments = [&["create", "cluster", "--config", "-"], &named[..]].concat();
            run(&kind(), &arguments, &[], Some(&self.configuration.to_string()), on_step)?;
        }
        Ok(())
    }

    /// Removes it.
    ///
    /// # Errors
    ///
    /// kind's own words.
    pub fn down(&self, on_step: &mut dyn FnMut(Step)) -> Result<(), OperationError> {
        run(&kind(), &["delete", "cluster", "--name", &self.name], &[], None, on_step)?;
        let _ = fs::remove_file(&self.kubeconfig);
        Ok(())
    }

    /// Builds the images of `operations.images` one after the other, from the folder of the system's sources,
    /// under the names that are rendered, and loads each into the cluster's nodes.
    ///
    /// # Errors
    ///
    /// An image of a service that is not rendered, or docker's own words.
    pub fn build_and_load(
        &self,
        operations: &Operations,
        objects: &Objects<'_>,
        sources: &Path,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<(), OperationError> {
        for (service, build) in operations.builds() {
            let image = image_of(objects, service)?;
            let context = sources.join(&build.context).display().to_string();
            let settings: Vec<String> =
                build.args.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let mut arguments = vec!["build", "--tag", &image];
            for setting in &settings {
                arguments.extend(["--build-arg", setting]);
            }
            arguments.push(&context);
            run(&docker(), &arguments, &[], None, on_step)?;
            run(&kind(), &["load", "docker-image", &image, "--name", &self.name], &[], None, on_step)?;
        }
        Ok(())
    }
}

/// The image of a workload's first container.
fn image_of(objects: &Objects<'_>, service: &str) -> Result<String, OperationError> {
    let workloads = || objects.pod_templates().filter(|pods| !pods.object.is_hook());
    let workload = workloads().find(|pods| pods.object.name() == service);
    let image = workload.as_ref().and_then(|pods| {
        let containers = pods.containers();
        containers.iter().find(|container| !container.is_init)?.node.get("image").and_then(Node::as_str)
    });
    image.map(str::to_owned).ok_or_else(|| OperationError::Unknown {
        path: format!("operations.images.{service}"),
        kind: "workload",
        name: service.to_owned(),
        known: workloads().map(|pods: PodTemplate<'_, '_>| pods.object.name().to_owned()).collect(),
    })
}

/// `GIFT_DOCKER` may name another program that understands the same, such as podman.
fn docker() -> OsString {
    env::var_os("GIFT_DOCKER").unwrap_or_else(|| "docker".into())
}

fn kind() -> OsString {
    env::var_os("GIFT_KIND").unwrap_or_else(|| "kind".into())
}
