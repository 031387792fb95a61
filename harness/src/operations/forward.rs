//! Ports of this machine that lead to Services, as long as this process lives.

use super::{OperationError, Operations, Step, status_of};
use crate::objects::Objects;
use crate::tools::{self, Tool};
use std::collections::BTreeSet;
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a port may take to be open, and a service to answer.
const LIMIT: Duration = Duration::from_secs(30);

/// The forwarded ports; they close when this is dropped.
#[derive(Debug)]
pub struct Forwarding {
    children: Vec<(String, Child)>,
}

/// Opens a port for each of `operations.forward`, and asks those with a path whether they answer 200. A port
/// in `reached` leads there already, and is only asked. `only` chooses Services; all of them when empty.
///
/// # Errors
///
/// A Service that is not rendered, a port that is taken, or kubectl's own words.
pub fn forward(
    operations: &Operations,
    objects: &Objects<'_>,
    kubeconfig: &Path,
    reached: &BTreeSet<u16>,
    only: &[String],
    on_step: &mut dyn FnMut(Step),
) -> Result<Forwarding, OperationError> {
    let mut known: Vec<String> = operations.targets().map(|(service, _)| service.to_owned()).collect();
    if let Some(name) = only.iter().find(|name| !known.contains(name)) {
        let path = "operations.forward".to_owned();
        return Err(OperationError::Unknown { path, kind: "forwarded Service", name: name.clone(), known });
    }
    known.retain(|name| only.is_empty() || only.contains(name));
    let chosen: Vec<_> =
        operations.targets().filter(|(service, _)| known.iter().any(|name| name == service)).collect();

    // Nothing is opened unless everything can be.
    let mut namespaces = Vec::new();
    for (service, target) in &chosen {
        namespaces.push(namespace_of(objects, service)?);
        let is_free = || TcpListener::bind((Ipv4Addr::LOCALHOST, target.local())).is_ok();
        if !reached.contains(&target.local()) && !is_free() {
            return Err(OperationError::PortTaken { port: target.local(), service: (*service).to_owned() });
        }
    }

    let mut forwarding = Forwarding { children: Vec::new() };
    for ((service, target), namespace) in chosen.iter().zip(namespaces) {
        if reached.contains(&target.local()) {
            let why = format!("the cluster itself is reached at port {}", target.local());
            on_step(Step::LeftOut { what: format!("forwarding to {service}"), why });
        } else {
            let ports = format!("{}:{}", target.local(), target.port);
            forwarding.open(service, &namespace, &ports, target.local(), kubeconfig)?;
            on_step(Step::Runs(format!("kubectl port-forward service/{service} {ports}")));
        }
        if let Some(path) = &target.path {
            let url = format!("http://localhost:{}{path}", target.local());
            let status = status_of(&url)?;
            if status != 200 {
                return Err(OperationError::Answer {
                    name: (*service).to_owned(),
                    url,
                    found: status,
                    expected: 200,
                });
            }
            on_step(Step::Answered { name: (*service).to_owned(), url, status });
        }
    }
    Ok(forwarding)
}

/// The namespace a Service is rendered in, empty where it states none.
fn namespace_of(objects: &Objects<'_>, service: &str) -> Result<String, OperationError> {
    let found = objects.find("Service", service).map(|object| object.namespace().to_owned());
    found.ok_or_else(|| OperationError::Unknown {
        path: format!("operations.forward.{service}"),
        kind: "Service",
        name: service.to_owned(),
        known: objects.kind("Service").map(|object| object.name().to_owned()).collect(),
    })
}

impl Forwarding {
    fn open(
        &mut self,
        service: &str,
        namespace: &str,
        ports: &str,
        port: u16,
        kubeconfig: &Path,
    ) -> Result<(), OperationError> {
        let failed = |source| OperationError::Run { program: "kubectl".to_owned(), source };
        let kubectl =
            tools::find(Tool::Kubectl).map_err(|error| failed(std::io::Error::other(error.to_string())))?;
        let mut command = Command::new(kubectl.path);
        command.env("KUBECONFIG", kubeconfig).args(["port-forward", &format!("service/{service}"), ports]);
        if !namespace.is_empty() {
            command.args(["--namespace", namespace]);
        }
        let streams = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = streams.spawn().map_err(failed)?;
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let has_ended = child.try_wait().map_err(failed)?.is_some();
            if has_ended || began.elapsed() > LIMIT {
                return Err(ended(service, &mut child));
            }
            sleep(Duration::from_millis(50));
        }
        self.children.push((service.to_owned(), child));
        Ok(())
    }

    /// Returns when one of them ends, which none does by itself while the cluster is there.
    ///
    /// # Errors
    ///
    /// Always, with kubectl's own words; nothing at once when nothing is forwarded.
    pub fn wait(mut self) -> Result<(), OperationError> {
        while !self.children.is_empty() {
            for (service, child) in &mut self.children {
                if !matches!(child.try_wait(), Ok(None)) {
                    return Err(ended(service, child));
                }
            }
            sleep(Duration::from_millis(200));
        }
        Ok(())
    }
}

impl Drop for Forwarding {
    fn drop(&mut self) {
        for (_, child) in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn ended(service: &str, child: &mut Child) -> OperationError {
    let _ = child.kill();
    let mut said = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        let _ = stderr.read_to_string(&mut said);
    }
    let _ = child.wait();
    OperationError::Failed {
        command: format!("kubectl port-forward service/{service}"),
        detail: said.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SERVICES: &[u8] =
        b"{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {ports: [{port: 80}]}}";

    fn attempt(forwarded: serde_json::Value, only: &[&str]) -> Result<Vec<String>, OperationError> {
        let operations =
            Operations::of(&json!({"shop": {"operations": {"forward": forwarded}}}), "shop").unwrap();
        let objects = Objects::read(SERVICES).unwrap();
        let reached: BTreeSet<u16> = operations.targets().map(|(_, target)| target.local()).collect();
        let only: Vec<String> = only.iter().map(|name| (*name).to_owned()).collect();
        let mut told = Vec::new();
        let nowhere = Path::new("nowhere");
        let step = &mut |step: Step| told.push(step.to_string());
        forward(&operations, &objects, nowhere, &reached, &only, step).map(|_| told)
    }

    #[test]
    fn a_port_that_leads_there_already_is_asked_and_not_forwarded() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer = std::thread::spawn(move || {
            use std::io::Write as _;
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let _ = stream.read(&mut [0; 1]);
        });
        let told = attempt(json!({"web": {"port": 80, "localPort": port, "path": "/health"}}), &[]).unwrap();
        answer.join().unwrap();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("left out: forwarding to web"), "{told:?}");
        assert!(told[1].ends_with(&format!("http://localhost:{port}/health answers 200")), "{told:?}");
    }

    #[test]
    fn services_nobody_renders_or_forwards_are_refused_with_those_there_are() {
        let error = attempt(json!({"wbe": {"port": 80}}), &[]).unwrap_err();
        assert!(error.to_string().contains("operations.forward.wbe"), "{error}");
        let error = attempt(json!({"web": {"port": 80}}), &["front"]).unwrap_err();
        assert!(error.to_string().contains("`front`"), "{error}");
    }

    #[test]
    fn a_port_that_is_taken_is_named_before_anything_is_opened() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let values = json!({"shop": {"operations": {"forward": {"web": {"port": port}}}}});
        let operations = Operations::of(&values, "shop").unwrap();
        let objects = Objects::read(SERVICES).unwrap();
        let error =
            forward(&operations, &objects, Path::new("x"), &BTreeSet::new(), &[], &mut |_| {}).unwrap_err();
        assert!(matches!(error, OperationError::PortTaken { port: taken, .. } if taken == port), "{error}");
    }
}
