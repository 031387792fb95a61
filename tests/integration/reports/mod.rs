//! What `gift` writes for programs, held against the schemas of the formats.
//!
//! The documents are those of the command itself: one for each kind of thing there is to report.

mod json;
mod junit;
mod sarif;
pub(crate) mod schema;

use crate::policies::deployment;
use crate::workplace::{Workplace, text};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

const CLEAN: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  COLOUR: blue\n";

/// A Secret with what built-in rules mind, then something that is not YAML.
const BUILT_IN: &str = "\
---
# Source: shop/templates/secret.yaml
apiVersion: v1
kind: Secret
metadata:
  name: token
data:
  TOKEN: not Base64 at all
  TOKEN: bm90IEJhc2U2NA==
---
# Source: shop/templates/broken.yaml
kind: [ConfigMap
";

/// What no policy looks at: a Service without pods, and pods that read what is not there.
const ASSERTIONS: &str = "\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: shop, namespace: shop}
spec: {containers: [{name: shop, image: 'shop:1', envFrom: [{secretRef: {name: none}}]}]}
";

/// Names that formats have to escape, or may not hold at all.
const CHARACTERS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: \"<a href='x'>&amp; \\\"quoted\\\" ]]> \\u0001\\u001b[31m \\u202e \\ufffe \\U0001F600\"}
data: {\"line\\nbreak\\ttab\\r\": CHANGE_ME, percent%20: CHANGE_ME}
";

/// An exception, which is told in a note.
const EXCEPTION: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  annotations:
    policies.gift.dev/exceptions: '[{\"rule\": \"placeholder\", \"reason\": \"a game\", \"expires\": \"2999-12-31\"}]'
data: {COLOUR: CHANGE_ME}
";

const MATRIX: &str = "\
chart: ../shop
values: ../values
matrix:
  environment: [default]
  helm: [3, 4]
  kubernetes: ['1.34']
  toggle: [plain, breach, failure]
toggles:
  breach: {token: not Base64 at all}
  failure: {token: ''}
";

/// What only warns, where nothing is encoded.
const WARNING: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\nstringData: {TOKEN: a}\n";

/// A report: what it is about, and how it reads.
#[derive(Clone)]
struct Written {
    about: &'static str,
    text: String,
}

/// The reports by format.
type Reports = BTreeMap<String, Vec<Written>>;

/// Everything there is to report, in a format.
fn written(format: &str) -> Vec<Written> {
    static WRITTEN: Mutex<Reports> = Mutex::new(Reports::new());
    let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    written.entry(format.to_owned()).or_insert_with(|| write(format)).clone()
}

fn write(format: &str) -> Vec<Written> {
    let workplace = Workplace::new(4);
    let mut all = Vec::new();
    let breach = deployment("image: example.com/web:2.1", "image: example.com/web:latest");
    workplace.write("with space/ä%.yaml", BUILT_IN);
    workplace.write("shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 0.1.0\n");
    workplace.write("shop/values.yaml", "token: aGVsbG8=\n");
    workplace.write(
        "shop/templates/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\ndata: {TOKEN: {{ required \"no token\" .Values.token | quote }}}\n",
    );
    workplace.write("tests/shop.yaml", MATRIX);
    let mut add = |about, code, arguments: &[&str], input: &str| {
        let arguments = [arguments, &["--format", format]].concat();
        let output = workplace.gift(&arguments).write_stdin(input).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{about}: {}", text(&output.stderr));
        all.push(Written { about, text: String::from_utf8(output.stdout).unwrap() });
    };
    add("nothing", 0, &["check", "-", "--policy", "none"], CLEAN);
    add("a policy", 1, &["check", "-", "--system", "gift", "--only", "pinned-image-tag"], &breach);
    add("built-in rules", 1, &["check", "with space/ä%.yaml", "--policy", "none"], "");
    add("a stream without templates", 1, &["check", "-", "--policy", "none"], BUILT_IN);
    add("assertions", 1, &["check", "-", "--policy", "none"], ASSERTIONS);
    add("other characters", 1, &["check", "-", "--policy", "none"], CHARACTERS);
    add("a warning", 0, &["check", "-", "--policy", "none"], WARNING);
    add("an exception", 0, &["check", "-", "--policy", "none"], EXCEPTION);
    add("rules not judged", 1, &["check", "-"], &breach);
    // Helm could not render two of them, which is the worst there is.
    add("cells", 3, &["test", "--matrix", "tests/shop.yaml", "--policy", "none"], "");
    all
}
