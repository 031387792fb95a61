//! Workers that crash, hang, refuse and come back. They need what `ci/setup worker` builds.

use super::*;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

const HELMS: [HelmVersion; 2] = [HelmVersion::V3, HelmVersion::V4];

const TEMPLATE: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Values.name }}, namespace: {{ .Release.Namespace }}}
data:
  kubernetes: {{ .Capabilities.KubeVersion.Version }}
  helm: {{ .Capabilities.HelmVersion | toJson | quote }}
  versions: {{ .Capabilities.APIVersions | toJson | quote }}
  chart: {{ .Chart | toJson | quote }}
  values: {{ tpl \"{{ .Values | toYaml }}\" . | quote }}
{{- if .Values.broken }}{{ fail \"on purpose\" }}{{ end }}
{{- if .Values.silent }}{{ regexMatch \"(a?){900}z\" (repeat 20000000 \"a\") }}{{ end }}
{{- if .Values.endless }}{{ range until 1000000 }}{{ range until 1000000 }}x{{ end }}{{ end }}{{ end }}
";

fn chart() -> (tempfile::TempDir, RenderRequest) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(directory.path().join("templates")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    write(
        "Chart.yaml",
        "apiVersion: v2\nname: web\nversion: 0.1.0\nkubeVersion: '>=1.20.0-0'\ndeprecated: true\n",
    );
    write("values.yaml", "name: web\nbroken: false\nlimits: {cpu: 1, memory: 1e6}\n");
    write("values.schema.json", r#"{"properties": {"name": {"type": "string"}}}"#);
    write("templates/web.yaml", TEMPLATE);
    let mut request = RenderRequest::new(directory.path());
    request.timeout = Duration::from_secs(60);
    (directory, request)
}

fn with(request: &RenderRequest, values: serde_json::Value) -> RenderRequest {
    RenderRequest { values: vec![values], ..request.clone() }
}

/// A result with what Helm said, to be compared.
fn told(result: Result<RenderedStream, RenderError>) -> Result<RenderedStream, String> {
    result.map_err(|error| error.to_string())
}

#[test]
fn it_gives_what_the_command_gives() {
    let (_directory, request) = chart();
    let (command, worker) = (HelmCommand::new().unwrap(), HelmWorker::new().unwrap());
    let set = |setting| RenderRequest { settings: vec![setting], ..request.clone() };
    let requests = [
        request.clone(),
        RenderRequest {
            kubernetes: Some("1.31.4".into()),
            api_versions: vec!["a/v1/B".into()],
            ..request.clone()
        },
        RenderRequest { include_crds: true, include_tests: false, ..request.clone() },
        with(&request, serde_json::json!({"name": "other", "limits": {"cpu": null, "more": [1, 1.5, "x"]}})),
        set(Setting::Set("limits.cpu".into(), "2".into())),
        set(Setting::SetString("limits.cpu".into(), "2".into())),
        set(Setting::SetJson("limits".into(), "[1, {\"a\": null}]".into())),
        // Refusals: by a template, the schema, the chart's Kubernetes, the version's form, a setting, a name.
        with(&request, serde_json::json!({"broken": true})),
        with(&request, serde_json::json!({"name": 1})),
        RenderRequest { kubernetes: Some("1.19".into()), ..request.clone() },
        RenderRequest { kubernetes: Some("one".into()), ..request.clone() },
        set(Setting::Set("limits[x]".into(), "2".into())),
        RenderRequest { release: "No Name".into(), ..request.clone() },
    ];
    let mut refusals = 0;
    for helm in HELMS {
        for request in &requests {
            let request = RenderRequest { helm, ..request.clone() };
            let expected = told(command.render(&request));
            refusals += usize::from(expected.is_err());
            assert_eq!(told(worker.render(&request)), expected, "{request:?}");
        }
        assert_eq!(worker.available(helm), Ok(()));
    }
    assert_eq!(refusals, 12, "each Helm refuses six of them");
    assert_eq!(worker.notes(), [] as [String; 0]);
}

#[test]
fn many_at_once_do_not_mix() {
    let (_directory, request) = chart();
    let worker = HelmWorker::new().unwrap();
    std::thread::scope(|scope| {
        for number in 0..32 {
            let (worker, request) = (&worker, &request);
            scope.spawn(move || {
                let name = format!("web-{number}");
                let request = with(request, serde_json::json!({ "name": name, "broken": number % 4 == 0 }));
                match worker.render(&request) {
                    Ok(rendered) => {
                        assert!(
                            String::from_utf8_lossy(&rendered.stream).contains(&format!("name: {name},"))
                        );
                        assert_eq!(rendered.warnings.len(), 1, "{:?}", rendered.warnings);
                    }
                    Err(error) => {
                        assert!(number % 4 == 0 && error.to_string().contains("on purpose"), "{error}")
                    }
                }
            });
        }
    });
}

fn kill(process: &Process) {
    let status = std::process::Command::new("kill").args(["-9", &process.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_worker_that_is_killed_loses_nothing_and_another_takes_over() {
    let (_directory, request) = chart();
    let worker = HelmWorker::new().unwrap();
    let expected = worker.render(&request).unwrap();
    let first = worker.process(HelmVersion::V4).unwrap();
    // In the middle of a rendering: the command has the rest of the time, and is stopped as well.
    let slow = RenderRequest {
        timeout: Duration::from_secs(4),
        ..with(&request, serde_json::json!({"silent": true}))
    };
    std::thread::scope(|scope| {
        let lost = scope.spawn(|| worker.render(&slow));
        std::thread::sleep(Duration::from_millis(500));
        kill(&first);
        assert!(matches!(lost.join().unwrap(), Err(RenderError::Timeout { .. })));
    });
    assert!(first.is_lost());
    assert_eq!(worker.render(&request).unwrap(), expected);
    assert_ne!(worker.process(HelmVersion::V4).unwrap().id(), first.id());
    for _ in 1..MOST_LOST {
        let process = worker.process(HelmVersion::V4).unwrap();
        kill(&process);
        assert_eq!(worker.render(&request).unwrap(), expected);
    }
    assert_eq!(worker.render(&request).unwrap(), expected, "by the command");
    assert!(worker.notes()[0].contains("ended 5 times"), "{:?}", worker.notes());
}

#[test]
fn a_rendering_without_end_is_given_up() {
    let (_directory, request) = chart();
    let worker = HelmWorker::new().unwrap();
    let expected = worker.render(&request).unwrap();
    let first = worker.process(HelmVersion::V4).unwrap();
    let within = |values| RenderRequest { timeout: Duration::from_secs(1), ..with(&request, values) };
    // Templates can be stopped; one function that does not come back takes its worker with it.
    let result = worker.render(&within(serde_json::json!({"endless": true})));
    assert!(matches!(result, Err(RenderError::Timeout { .. })), "{result:?}");
    assert!(!first.is_lost());
    let result = worker.render(&within(serde_json::json!({"silent": true})));
    assert!(matches!(result, Err(RenderError::Timeout { .. })), "{result:?}");
    assert!(first.is_lost());
    assert_eq!(worker.render(&request).unwrap(), expected);
}

#[test]
fn a_program_that_is_no_worker_is_told_and_the_command_renders() {
    let (directory, request) = chart();
    let expected = HelmCommand::new().unwrap().render(&request).unwrap();
    let greeting = |text: &str| {
        let length = text.len();
        format!(
            "printf '\\{length:03o}\\000\\000\\000\\000\\000\\000\\000{}'; cat >/dev/null",
            text.replace('"', "\\042")
        )
    };
    let programs = [
        (greeting(r#"{"protocol":2,"helm":"4.0.7","atOnce":1}"#), "renders as Helm 4.0.7"),
        (greeting(r#"{"protocol":9,"helm":"4.3.1","atOnce":1}"#), "protocol 9"),
        ("exit 1".to_owned(), "cannot be used"),
    ];
    for (script, reason) in programs {
        let program = directory.path().join("worker");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let worker = HelmWorker { program: Some(program.clone()), ..HelmWorker::new().unwrap() };
        std::fs::write(directory.path().join(".helmignore"), "worker\n").unwrap();
        assert_eq!(worker.render(&request).unwrap(), expected);
        assert!(worker.notes()[0].contains(reason), "{:?}", worker.notes());
    }
}
