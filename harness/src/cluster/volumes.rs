//! The folders behind volumes. The controller manager makes one for each volume, always below one place,
//! and removes it with the volume; those of a cluster that is taken down as a whole are removed here.

use std::fs;
use std::path::PathBuf;

use super::location::Location;
use super::programs;
use super::request::Server;
use crate::tools::Tool;

/// Where the controller manager puts them; it cannot be told otherwise.
const PLACE: &str = "/tmp/hostpath_pv/";

/// Those of a cluster, as long as its API server answers.
pub(super) fn folders(location: &Location) -> Vec<PathBuf> {
    let Ok(kubectl) = programs::find(Tool::Kubectl) else { return Vec::new() };
    let paths = "--output=jsonpath={range .items[*]}{.spec.hostPath.path}{\"\\n\"}{end}";
    let arguments = ["get", "persistentvolumes", paths, "--request-timeout=5s"];
    let told = Server { location, kubectl: &kubectl }.ask("get", &arguments).unwrap_or_default();
    told.lines().filter(|path| path.starts_with(PLACE)).map(PathBuf::from).collect()
}

/// No container ever wrote to them, so they are empty; one that is not is somebody else's and stays.
pub(super) fn remove(folders: &[PathBuf]) {
    for folder in folders {
        let _ = fs::remove_dir(folder);
    }
}
