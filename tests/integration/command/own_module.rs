//! A module of the user's own in place of the one the command carries, and what becomes of bad ones.

use crate::workplace::{Workplace, text};

/// The module the command carries would encode it.
const STREAM: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: settings\nstringData: {A: a}\n";

const FINDING: &str = r#"{"rule": "house-rule", "severity": "error", "object": {"apiVersion": "v1",
    "kind": "Secret", "namespace": "", "name": "settings"}, "path": "metadata.name", "line": 4, "column": 9,
    "source": "", "message": "no setting may be called settings", "help": "Choose another name."}"#;

/// A module that hands the stream back as it came, with these findings. The answer is written over the end
/// of the request's header, in front of the stream.
fn module(findings: &str) -> Vec<u8> {
    let header = format!(
        r#"{{"findings": [{findings}], "notes": [], "statistics": {{"documents": 1, "objects": 1, "changed": 0,
            "encoded": 0, "resolved": 0, "policies": 0}}}}"#
    );
    let length = header.len();
    let escaped: String = header.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    wat::parse_str(format!(
        r#"(module
            (memory (export "memory") 32)
            (data (i32.const 16) "{escaped}")
            (func (export "abi_version") (result i32) (i32.const 1))
            (func (export "alloc") (param i32) (result i32) (i32.const 65536))
            (func (export "render") (param $at i32) (param $length i32) (result i64)
                (local $stream i32) (local $answer i32)
                (local.set $stream
                    (i32.add (i32.add (local.get $at) (i32.const 4)) (i32.load (local.get $at))))
                (local.set $answer (i32.sub (local.get $stream) (i32.const {total})))
                (i32.store (local.get $answer) (i32.const {length}))
                (memory.copy
                    (i32.add (local.get $answer) (i32.const 4)) (i32.const 16) (i32.const {length}))
                (i64.or
                    (i64.shl (i64.extend_i32_u (local.get $answer)) (i64.const 32))
                    (i64.extend_i32_u
                        (i32.sub (i32.add (local.get $at) (local.get $length)) (local.get $answer))))))"#,
        total = length + 4,
    ))
    .unwrap()
}

/// Runs `gift` with a module and gives exit code, stdout and stderr.
fn run(verb: &[&str], module: &[u8]) -> (i32, String, String) {
    let workplace = Workplace::new(4);
    workplace.write("own.wasm", module);
    let arguments = [verb, &["--module", "own.wasm"]].concat();
    let output = workplace.gift(&arguments).write_stdin(STREAM).output().unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn its_stream_is_what_reaches_the_cluster() {
    assert_eq!(run(&["post-render"], &module("")), (0, STREAM.to_owned(), String::new()));
}

#[test]
fn its_findings_are_told_and_stop_the_release() {
    let (code, stdout, stderr) = run(&["post-render"], &module(FINDING));
    assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
    assert!(
        stderr.contains("house-rule") && stderr.contains("no setting may be called settings"),
        "{stderr}"
    );
    let (code, stdout, _) = run(&["check", "-"], &module(FINDING));
    assert_eq!(code, 1);
    assert!(stdout.contains("house-rule"), "{stdout}");
}

#[test]
fn a_bad_one_is_named_with_the_way_out_and_nothing_is_printed() {
    let with =
        |exports: &str| wat::parse_str(format!("(module (memory (export \"memory\") 2) {exports})")).unwrap();
    let exports = |version: u32, render: &str| {
        format!(
            "(func (export \"abi_version\") (result i32) (i32.const {version}))
             (func (export \"alloc\") (param i32) (result i32) (i32.const 1024))
             (func (export \"render\") (param i32 i32) (result i64) {render})"
        )
    };
    let contract = |render: &str| with(&exports(1, render));
    let garbage = "(data (i32.const 16) \"\\04\\00\\00\\00abcd\")";
    for (module, expected) in [
        (b"kind: ConfigMap".to_vec(), "is not a WASM module"),
        (wat::parse_str("(module (import \"env\" \"now\" (func)))").unwrap(), "imports env.now"),
        (with(""), "does not export abi_version"),
        (contract("unreachable"), "the plugin failed"),
        (contract("(drop (memory.grow (i32.const 40000))) (i64.const 0)"), "more memory than it may"),
        (contract("(i64.const -1)"), "makes no sense"),
        (
            with(&format!("{garbage} {}", exports(1, "(i64.const 0x1000000008)"))),
            "the header of the frame is not",
        ),
        (with(&exports(9, "(i64.const 0)")), "speaks version 9 of the protocol"),
    ] {
        let (code, stdout, stderr) = run(&["post-render"], &module);
        assert_eq!((code, stdout.as_str()), (2, ""), "{expected}: {stderr}");
        assert!(stderr.starts_with("error: own.wasm"), "{stderr}");
        assert!(stderr.contains(expected), "{stderr} does not say {expected}");
        assert!(stderr.contains("\nhelp: ") && !stderr.contains("panicked"), "{stderr}");
    }
}

#[test]
fn one_that_is_not_there_is_named() {
    let workplace = Workplace::new(4);
    let output =
        workplace.gift(&["post-render", "--module", "none.wasm"]).write_stdin(STREAM).output().unwrap();
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.starts_with("error: none.wasm"), "{stderr}");
}
