//! The real API server's verdict on an object: a creation that is tried and not carried out.
//!
//! Speaks HTTP through `kubectl proxy`, which knows how to authenticate. A binding whose action is `Warn`
//! makes the API server judge by every validation and put each message into a `Warning` header.

use super::super::shared::shared;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

/// A way to the API server that needs no credentials.
pub(in super::super) struct Proxy {
    process: Child,
    address: String,
}

impl Proxy {
    pub(in super::super) fn start() -> Self {
        let mut process = shared()
            .kubectl()
            .unwrap()
            .args(["proxy", "--port=0", "--keepalive=30s"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().unwrap().to_owned();
        Self { process, address }
    }

    pub(in super::super) fn connect(&self) -> Connection {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_nodelay(true).unwrap();
        Connection { reader: BufReader::new(stream) }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the API server says to the creation of an object.
#[derive(Clone, Debug)]
pub(in super::super) struct Answer {
    pub(in super::super) status: u16,
    /// The object as admission saw it, or why it was refused.
    pub(in super::super) body: Value,
    /// Texts of the warnings, each once.
    pub(in super::super) warnings: BTreeSet<String>,
}

/// One connection, used for one request after the other.
pub(in super::super) struct Connection {
    reader: BufReader<TcpStream>,
}

impl Connection {
    /// Tries to create an object in a namespace. Nothing is stored.
    pub(in super::super) fn create(&mut self, object: &Value, namespace: &str) -> Answer {
        let path = format!("{}?dryRun=All&fieldValidation=Ignore", path(object, namespace));
        self.send("POST", &path, "application/json", &object.to_string())
    }

    /// Asks for anything.
    pub(in super::super) fn send(&mut self, method: &str, path: &str, kind: &str, body: &str) -> Answer {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.reader.get_mut().write_all(request.as_bytes()).unwrap();
        self.answer()
    }

    fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line).unwrap();
        String::from_utf8(line).unwrap().trim_end().to_owned()
    }

    fn answer(&mut self) -> Answer {
        let status = self.line().split(' ').nth(1).unwrap().parse().unwrap();
        let mut warnings = BTreeSet::new();
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").unwrap();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "transfer-encoding" => chunked = value == "chunked",
                "warning" => drop(warnings.insert(unquoted(value))),
                _ => {}
            }
        }
        let mut body = Vec::new();
        if chunked {
            loop {
                let size = usize::from_str_radix(&self.line(), 16).unwrap();
                let start = body.len();
                body.resize(start + size, 0);
                self.reader.read_exact(&mut body[start..]).unwrap();
                self.line();
                if size == 0 {
                    break;
                }
            }
        } else {
            body.resize(length, 0);
            self.reader.read_exact(&mut body).unwrap();
        }
        Answer { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null), warnings }
    }
}

/// `299 - "text"`, with `"` and `\` escaped.
fn unquoted(warning: &str) -> String {
    let quoted = warning.split_once(" \"").unwrap().1;
    let quoted = quoted.strip_suffix('"').unwrap();
    let mut text = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        text.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    text
}

fn path(object: &Value, namespace: &str) -> String {
    let version = object["apiVersion"].as_str().unwrap();
    let root = if version.contains('/') { "apis" } else { "api" };
    let identity = gift_plugin::yaml::load_stream(
        &serde_json::json!({"apiVersion": version, "kind": object["kind"]}).to_string(),
        &gift_plugin::yaml::Limits::default(),
    )
    .map(|documents| {
        let resource = gift_plugin::policy::Resource::of(&documents[0].root).unwrap();
        (resource.plural, resource.namespaced)
    });
    match identity.unwrap() {
        (plural, true) => format!("/{root}/{version}/namespaces/{namespace}/{plural}"),
        (plural, false) => format!("/{root}/{version}/{plural}"),
    }
}
