//! The program around the API server's own packages, `tests/cel-reference`.

use serde::Deserialize;
use serde_json::Value;
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;

/// A running reference, which is asked and answers.
pub(super) struct Reference {
    process: Child,
    pipes: RefCell<(ChildStdin, BufReader<ChildStdout>)>,
}

/// What the reference says to a request; see its `request.go`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) fault: String,
    pub(super) variables: Vec<String>,
    pub(super) expressions: Vec<Evaluation>,
    pub(super) policy: Verdict,
}

/// What becomes of an expression: why it is refused, or its type and each result that was seen.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Evaluation {
    pub(super) refused: String,
    #[serde(rename = "type")]
    pub(super) of: String,
    pub(super) results: Vec<Outcome>,
}

/// A value or an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Outcome {
    pub(super) value: String,
    pub(super) error: String,
}

/// What becomes of a policy: the fields it is refused for, or each list of decisions that was seen.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Verdict {
    pub(super) refused: Vec<Refusal>,
    pub(super) decisions: Vec<Vec<Decision>>,
}

/// A field of a policy, and what is wrong with it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Refusal {
    pub(super) path: String,
    pub(super) message: String,
}

/// What a validation says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Decision {
    pub(super) denied: bool,
    pub(super) message: String,
}

impl Reference {
    pub(super) fn start(program: &Path) -> Self {
        let mut process = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let pipes = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Self { process, pipes: RefCell::new(pipes) }
    }

    /// The answers to some requests, in their order.
    pub(super) fn ask(&self, requests: &[Value]) -> Vec<Answer> {
        let mut pipes = self.pipes.borrow_mut();
        let (input, output) = &mut *pipes;
        thread::scope(|scope| {
            scope.spawn(move || {
                let text: String = requests.iter().map(|request| format!("{request}\n")).collect();
                input.write_all(text.as_bytes()).unwrap();
                input.flush().unwrap();
            });
            requests
                .iter()
                .map(|request| {
                    let mut line = String::new();
                    output.read_line(&mut line).unwrap();
                    let answer: Answer = serde_json::from_str(&line)
                        .unwrap_or_else(|error| panic!("{error}: {line:?} to {request}"));
                    assert!(answer.fault.is_empty(), "{} to {request}", answer.fault);
                    answer
                })
                .collect()
        })
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
