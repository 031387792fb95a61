//! The processes of a cluster, known by the program they run and not by numbers in files: after a reboot
//! such a number is somebody else's.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::error::ClusterError;
use super::location::Location;

/// What a control plane consists of, under the names kwokctl gives.
pub(super) const COMPONENTS: [&str; 5] =
    ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok-controller"];

/// One running process of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) component: &'static str,
}

/// Those that run now.
pub(super) fn of(location: &Location) -> Result<Vec<Process>, ClusterError> {
    let programs = location.directory().join("bin");
    Ok(running()?
        .into_iter()
        .filter_map(|(pid, program)| {
            let component = component(&programs, &program)?;
            Some(Process { pid, component })
        })
        .collect())
}

/// The components that do not run.
pub(super) fn missing(location: &Location) -> Result<Vec<&'static str>, ClusterError> {
    let running = of(location)?;
    Ok(COMPONENTS
        .into_iter()
        .filter(|component| running.iter().all(|process| process.component != *component))
        .collect())
}

/// Ends all of them, and forgets their numbers, so that kwokctl neither takes a stranger's process for
/// one of its own nor kills it. They are not asked first: what they keep is either removed next or in
/// etcd's log, which is made for this.
pub(super) fn stop(location: &Location) -> Result<(), ClusterError> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let left = of(location)?;
        if left.is_empty() {
            break;
        }
        if Instant::now() > deadline {
            return Err(ClusterError::StillRunning {
                name: location.name().to_owned(),
                processes: numbers(&left).join(" "),
            });
        }
        kill(&left)?;
        sleep(Duration::from_millis(20));
    }
    match fs::remove_dir_all(location.pids()) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(ClusterError::File { path: location.pids(), action: "removed", source })
        }
        _ if location.directory().is_dir() => fs::create_dir_all(location.pids())
            .map_err(|source| ClusterError::File { path: location.pids(), action: "created", source }),
        _ => Ok(()),
    }
}

fn numbers(processes: &[Process]) -> Vec<String> {
    processes.iter().map(|process| process.pid.to_string()).collect()
}

/// Through the shell, whose `kill` is there wherever a shell is.
fn kill(processes: &[Process]) -> Result<(), ClusterError> {
    Command::new("sh")
        .args(["-c", "kill -KILL \"$@\"", "sh"])
        .args(numbers(processes))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map(drop)
        .map_err(|source| ClusterError::Run { program: "sh".into(), source })
}

/// Which component it is, when the program is one of this folder.
fn component(programs: &Path, program: &str) -> Option<&'static str> {
    let name = Path::new(program).strip_prefix(programs).ok()?;
    COMPONENTS.into_iter().find(|component| name == Path::new(component))
}

/// Number and first word of the command line of every process.
fn running() -> Result<Vec<(u32, String)>, ClusterError> {
    if Path::new("/proc/self/cmdline").exists() { from_proc() } else { from_ps() }
}

fn from_proc() -> Result<Vec<(u32, String)>, ClusterError> {
    let entries = fs::read_dir("/proc").map_err(|source| ClusterError::File {
        path: "/proc".into(),
        action: "read",
        source,
    })?;
    Ok(entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            // Gone by now, or a zombie: not running either way.
            let command = fs::read(entry.path().join("cmdline")).ok()?;
            let program = command.split(|byte| *byte == 0).next()?;
            Some((pid, String::from_utf8_lossy(program).into_owned()))
        })
        .collect())
}

fn from_ps() -> Result<Vec<(u32, String)>, ClusterError> {
    let output = Command::new("ps")
        .args(["-axo", "pid=,args="])
        .stdin(Stdio::null())
        .output()
        .map_err(|source| ClusterError::Run { program: "ps".into(), source })?;
    Ok(parse_ps(&String::from_utf8_lossy(&output.stdout)))
}

/// `  123 /path/of/program --with=arguments`. A folder with a space in its name cannot be told from an
/// argument, so everything up to the first ` --` is the program.
fn parse_ps(text: &str) -> Vec<(u32, String)> {
    text.lines()
        .filter_map(|line| {
            let (pid, command) = line.trim_start().split_once(' ')?;
            let program = command.split(" --").next()?;
            Some((pid.parse().ok()?, program.trim().to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_cluster_s_own_programs_are_its_processes() {
        let programs = Path::new("/cache/clusters/one/bin");
        assert_eq!(component(programs, "/cache/clusters/one/bin/etcd"), Some("etcd"));
        for other in
            ["/cache/clusters/one-2/bin/etcd", "/cache/clusters/one/bin/sh", "/usr/bin/etcd", "etcd", ""]
        {
            assert_eq!(component(programs, other), None, "{other}");
        }
    }

    #[test]
    fn this_process_is_among_the_running() {
        let pid = std::process::id();
        assert!(running().unwrap().iter().any(|(number, _)| *number == pid));
    }

    #[test]
    fn ps_is_read() {
        let text = "    1 /sbin/init\n  987 /a folder/bin/etcd --name=node0 --data-dir=/x\n";
        assert_eq!(parse_ps(text), [(1, "/sbin/init".to_owned()), (987, "/a folder/bin/etcd".to_owned())]);
    }
}
