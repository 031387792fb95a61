//! What `up`, `down` and `forward` share when they are about a system: which one, where, and on which cluster.

use super::failure::Failure;
use super::judgement::SecretArguments;
use clap::ValueEnum;
use gift_harness::chart::{Chart, Rendered, compose};
use gift_harness::cluster::{Cluster, ClusterError};
use gift_harness::directories;
use gift_harness::operations::{Deployment, KindCluster, OperationError, Operations};
use std::path::PathBuf;

/// A system, and the release it is deployed as.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "System")]
pub(crate) struct SystemArguments {
    /// The system, as in values/SYSTEM/
    #[arg(long, value_name = "SYSTEM", requires = "environment")]
    pub(crate) system: Option<String>,
    /// One of its environments, as in values/SYSTEM/ENV.yaml
    #[arg(long = "env", id = "environment", value_name = "ENV", requires = "system")]
    pub(crate) environment: Option<String>,
    /// The cluster; without it, kind where the system's values describe a cluster of kind and kind and docker
    /// are there, else the embedded one
    #[arg(long, value_name = "embedded|kind", conflicts_with = "kubeconfig", requires = "system")]
    pub(crate) cluster: Option<ClusterChoice>,
    /// Another cluster, by a kubeconfig that leads to it
    #[arg(long, value_name = "FILE", requires = "system")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The chart's folder
    #[arg(long, value_name = "PATH", default_value = "chart", requires = "system")]
    pub(crate) chart: PathBuf,
    /// The release's name; the system's otherwise
    #[arg(long, value_name = "NAME", requires = "system")]
    pub(crate) release: Option<String>,
    /// Where the release is kept; no namespace the system brings along
    #[arg(long, short, value_name = "NAMESPACE", default_value = "default", requires = "system")]
    pub(crate) namespace: String,
}

/// Where a system goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClusterChoice {
    /// A control plane on this machine, where no container runs
    Embedded,
    /// The cluster of kind that the system's values describe
    Kind,
}

/// The cluster a system goes to.
pub(crate) enum Place {
    /// The embedded one of that name.
    Embedded(String),
    /// One that kind runs.
    Kind(KindCluster),
    /// The user's, which is neither made nor removed here.
    Other(PathBuf),
}

impl Place {
    /// The kubeconfig that leads to it.
    pub(crate) fn kubeconfig(&self) -> Result<PathBuf, ClusterError> {
        Ok(match self {
            Self::Embedded(name) => Cluster::named(name)?.kubeconfig().to_owned(),
            Self::Kind(kind) => kind.kubeconfig().to_owned(),
            Self::Other(kubeconfig) => kubeconfig.clone(),
        })
    }
}

/// A system that was chosen, rendered.
pub(crate) struct Chosen {
    pub(crate) system: String,
    pub(crate) operations: Operations,
    pub(crate) rendered: Rendered,
    pub(crate) place: Place,
    pub(crate) deployment: Deployment,
}

impl SystemArguments {
    /// The system, if one was named; `name` is the embedded cluster's.
    pub(crate) fn chosen(
        &self,
        values_directory: &std::path::Path,
        name: &str,
    ) -> Result<Option<Chosen>, Failure> {
        let (Some(system), Some(environment)) = (&self.system, &self.environment) else { return Ok(None) };
        let release = self.release.clone().unwrap_or_else(|| system.clone());
        let chart = Chart::open(&self.chart)?
            .environment(values_directory, &format!("{system}/{environment}"))?
            .release(&release, &self.namespace);
        let values = compose(chart.request())?.unwrap_or_default();
        let operations = Operations::of(&values, system)?;
        let place = self.place(&operations, system, name)?;
        let gift = std::env::current_exe()
            .map_err(|source| OperationError::Run { program: "gift".to_owned(), source })?;
        let deployment = Deployment {
            chart: self.chart.clone(),
            values_files: chart.request().values_files.clone(),
            release,
            namespace: self.namespace.clone(),
            kubeconfig: place.kubeconfig()?,
            gift,
            post_render: Vec::new(),
        };
        let rendered = chart.render()?;
        Ok(Some(Chosen { system: system.clone(), operations, rendered, place, deployment }))
    }

    fn place(&self, operations: &Operations, system: &str, name: &str) -> Result<Place, Failure> {
        let is_kind = match (&self.kubeconfig, self.cluster) {
            (Some(kubeconfig), _) => return Ok(Place::Other(kubeconfig.clone())),
            (None, Some(choice)) => choice == ClusterChoice::Kind,
            (None, None) => operations.cluster.is_some() && KindCluster::is_possible(),
        };
        if !is_kind {
            return Ok(Place::Embedded(name.to_owned()));
        }
        let folder = directories::state().unwrap_or_else(directories::cache_or_temporary).join("clusters");
        Ok(Place::Kind(KindCluster::of(operations, system, &folder)?))
    }
}

/// The arguments by which `post-render` finds the same secrets.
pub(crate) fn post_render_arguments(secrets: &SecretArguments) -> Vec<String> {
    let mut arguments = vec!["--values-directory".to_owned(), secrets.values_directory.display().to_string()];
    if let Some(source) = &secrets.secrets {
        arguments.extend(["--secrets".to_owned(), source.display().to_string()]);
    }
    if secrets.refresh_checksums {
        arguments.push("--refresh-checksums".to_owned());
    }
    arguments
}
