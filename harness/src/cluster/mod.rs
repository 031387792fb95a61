//! A real control plane on this machine, without containers: etcd, API server, controllers and
//! scheduler as they run anywhere, with machines that [KWOK] simulates.
//!
//! What it proves: admission, defaulting, policies, controllers, scheduling, quotas, Helm's waiting
//! and hooks. What it does not: no container runs, no packet flows.
//!
//! ```no_run
//! use gift_harness::cluster::{Cluster, Options};
//!
//! let cluster = Cluster::up(&Options::named("gift"), &mut |_event| {})?;
//! assert!(cluster.kubectl()?.args(["get", "nodes"]).status()?.success());
//! cluster.down(&mut |_event| {})?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every cluster has a name and a folder of its own below the user cache; the user's kubeconfig and
//! kubectl's cache are never touched, and everything listens on the loopback interface alone.
//! Depends on the pinned tools that `ci/setup cluster` brings, on [`crate::objects`] for what a stream
//! takes for granted, and on the diagnosis of errors.
//!
//! [KWOK]: https://kwok.sigs.k8s.io

mod control_plane;
mod definitions;
mod error;
mod location;
mod lock;
mod nodes;
mod prerequisites;
mod processes;
mod programs;
mod request;
mod status;
mod volumes;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

pub use error::ClusterError;
pub use prerequisites::Prerequisites;
pub use status::{Component, Node, Release, State, Status, Workload};

use crate::tools::Tool;
use location::Location;
use lock::Lock;
use programs::Programs;
use request::Server;

/// How long a cluster that was there before may take to be ready again; it takes some seconds.
const RESTART: Duration = Duration::from_secs(60);

/// What a cluster is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Its name, a DNS label of at most 40 characters. Clusters of different names live side by side.
    pub name: String,
    /// How many simulated machines it has, each with 8 CPUs, 32 GiB of memory and room for 110 pods,
    /// spread over three zones.
    pub nodes: usize,
    /// How long the control plane may take to be ready.
    pub timeout: Duration,
}

impl Options {
    /// The usual cluster under a name of its own.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

impl Default for Options {
    /// Three nodes, two minutes, and the name `gift`.
    fn default() -> Self {
        Self { name: "gift".to_owned(), nodes: 3, timeout: Duration::from_secs(120) }
    }
}

/// What happens while a cluster comes up or goes down, for whoever shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Another process is starting or stopping a cluster; this one waits for it.
    Waiting,
    /// It is there and healthy; nothing is to be done.
    AlreadyRunning,
    /// It was there before, but some of its processes are gone (as after a reboot): it is started again
    /// with everything that was in it.
    Restarting {
        /// The processes that were gone.
        missing: Vec<&'static str>,
    },
    /// What was left of it could not be started: it is made anew, empty.
    Recreating {
        /// Why it could not be started.
        reason: String,
    },
    /// etcd, API server, controllers and scheduler are being started.
    Starting,
    /// The API server answers.
    ControlPlaneReady {
        /// Since `up` was called.
        after: Duration,
    },
    /// All nodes are ready.
    NodesReady {
        /// How many.
        nodes: usize,
        /// Since `up` was called.
        after: Duration,
    },
    /// Its processes are being stopped.
    Stopping {
        /// How many there are.
        processes: usize,
    },
    /// Processes and files are gone.
    Removed,
    /// There was nothing to remove.
    Absent,
}

/// A cluster that has a folder on this machine, running or not.
#[derive(Clone, Debug)]
pub struct Cluster {
    location: Location,
}

impl Cluster {
    /// Brings a cluster up, or finds it up already; returns once the API server answers and every node
    /// is ready. What a reboot or a crash left behind is started again, or made anew.
    ///
    /// # Errors
    ///
    /// A name that is none, a tool that is missing, or a control plane that does not come up in time.
    pub fn up(options: &Options, on_event: &mut dyn FnMut(Event)) -> Result<Self, ClusterError> {
        let began = Instant::now();
        let location = Location::of(&options.name)?;
        let programs = Programs::find()?;
        let _lock = Lock::acquire(location.lock(), || on_event(Event::Waiting))?;
        let cluster = Self { location };
        let location = &cluster.location;

        let missing = processes::missing(location)?;
        if missing.is_empty() && control_plane::is_ready(location, &programs) {
            on_event(Event::AlreadyRunning);
        } else {
            // Whatever still runs belongs to a control plane that is not whole.
            processes::stop(location)?;
            let outcome = if !location.directory().exists() {
                on_event(Event::Starting);
                control_plane::create(location, &programs, options.timeout)?;
                Ok(())
            } else if location.is_whole() {
                on_event(Event::Restarting { missing });
                control_plane::restart(location, &programs, options.timeout.min(RESTART))
                    .map_err(|error| error.to_string())
            } else {
                Err("some of its files are missing".to_owned())
            };
            if let Err(reason) = outcome {
                on_event(Event::Recreating { reason });
                processes::stop(location)?;
                location.remove()?;
                control_plane::create(location, &programs, options.timeout)?;
            }
        }
        on_event(Event::ControlPlaneReady { after: began.elapsed() });
        let server = Server { location, kubectl: &programs.kubectl };
        nodes::provide(server, options.nodes, options.timeout)?;
        on_event(Event::NodesReady { nodes: options.nodes, after: began.elapsed() });
        Ok(cluster)
    }

    /// The cluster of that name, whether it runs or not; nothing is started.
    ///
    /// # Errors
    ///
    /// A name that is none, or a user cache that cannot be told.
    pub fn named(name: &str) -> Result<Self, ClusterError> {
        Ok(Self { location: Location::of(name)? })
    }

    /// The names of all clusters on this machine, sorted.
    ///
    /// # Errors
    ///
    /// A folder that cannot be read.
    pub fn names() -> Result<Vec<String>, ClusterError> {
        location::names()
    }

    /// Stops all its processes and removes all its files. Whether there was anything.
    ///
    /// # Errors
    ///
    /// A process that does not stop, or a file that cannot be removed.
    pub fn down(&self, on_event: &mut dyn FnMut(Event)) -> Result<bool, ClusterError> {
        let _lock = Lock::acquire(self.location.lock(), || on_event(Event::Waiting))?;
        let running = processes::of(&self.location)?.len();
        if running == 0 && !self.location.directory().exists() {
            on_event(Event::Absent);
            return Ok(false);
        }
        let volumes = volumes::folders(&self.location);
        on_event(Event::Stopping { processes: running });
        processes::stop(&self.location)?;
        volumes::remove(&volumes);
        self.location.remove()?;
        on_event(Event::Removed);
        Ok(true)
    }

    /// Sees to it that there is what objects take for granted, and tells which namespaces were made for
    /// it. Labels are put on every node; whatever is there already stays.
    ///
    /// # Errors
    ///
    /// A custom resource nothing defines, or an API server that refuses.
    pub fn provide(&self, needed: &Prerequisites) -> Result<BTreeSet<String>, ClusterError> {
        let kubectl = programs::find(Tool::Kubectl)?;
        let server = Server { location: &self.location, kubectl: &kubectl };
        let there = server.ask("get", &["get", "namespaces,storageclasses", "--output=name"])?;
        let is_there = |name: &str| there.lines().any(|known| known == name);
        let namespaces: BTreeSet<String> = needed
            .namespaces
            .iter()
            .filter(|name| !is_there(&format!("namespace/{name}")))
            .cloned()
            .collect();
        let classes = needed
            .storage_classes
            .iter()
            .filter(|name| !is_there(&format!("storageclass.storage.k8s.io/{name}")));

        let definitions = definitions::find(&needed.custom_resources)?;
        let established: Vec<String> = definitions
            .iter()
            .filter_map(|definition| definition["metadata"]["name"].as_str())
            .map(|name| format!("customresourcedefinition/{name}"))
            .collect();
        let mut objects = definitions;
        objects.extend(namespaces.iter().map(|name| {
            serde_json::json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } })
        }));
        objects.extend(classes.map(|name| nodes::storage_class(name)));
        if !objects.is_empty() {
            server.apply("apply of what is taken for granted", &objects)?;
        }
        if !established.is_empty() {
            let names = established.iter().map(String::as_str);
            let arguments = ["wait", "--for=condition=Established", "--timeout=60s"];
            server.ask("wait", &arguments.into_iter().chain(names).collect::<Vec<_>>())?;
        }
        if !needed.node_labels.is_empty() {
            let labels: Vec<String> =
                needed.node_labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let arguments = ["label", "nodes", "--all", "--overwrite"];
            let labels = labels.iter().map(String::as_str);
            server.ask("label", &arguments.into_iter().chain(labels).collect::<Vec<_>>())?;
        }
        Ok(namespaces)
    }

    /// Its processes, nodes, Helm releases and workloads.
    ///
    /// # Errors
    ///
    /// kubectl is missing, or answers something that cannot be read.
    pub fn status(&self) -> Result<Status, ClusterError> {
        status::read(&self.location)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.location.name()
    }

    /// The kubeconfig that leads to it; exists while the cluster does.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        self.location.kubeconfig()
    }

    /// The folder of its logs, one file per process.
    #[must_use]
    pub fn logs(&self) -> std::path::PathBuf {
        self.location.logs()
    }

    /// kubectl, pointed at this cluster, with a discovery cache of its own.
    ///
    /// # Errors
    ///
    /// kubectl is missing.
    pub fn kubectl(&self) -> Result<Command, ClusterError> {
        Ok(control_plane::kubectl(&self.location, &programs::find(Tool::Kubectl)?))
    }
}
