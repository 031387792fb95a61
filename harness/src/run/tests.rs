//! Runs of a small chart, with real Helm.

use super::*;
use crate::matrix::Expectation;
use std::path::Path;

const TEMPLATE: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Values.name }}
  labels: {helm.sh/chart: '{{ .Chart.Name }}-{{ .Chart.Version }}'}
data:
  version: {{ .Capabilities.KubeVersion.Minor | quote }}
{{- if .Values.broken }}
  broken: {{ fail \"there is no system depot; there are: web\" }}
{{- end }}
";

fn chart(directory: &Path, template: &str) {
    std::fs::create_dir_all(directory.join("templates")).unwrap();
    std::fs::write(directory.join("Chart.yaml"), "apiVersion: v2\nname: web\nversion: 0.1.0\n").unwrap();
    std::fs::write(directory.join("values.yaml"), "name: web\nbroken: false\n").unwrap();
    std::fs::write(directory.join("templates/web.yaml"), template).unwrap();
}

fn plan(directory: &Path, include: &str) -> Plan {
    let text = format!(
        "chart: .\nvalues: values\nmatrix:\n  helm: [3, 4]\n  kubernetes: ['1.30', '1.36']\n  toggle: [plain]\n  include: [{include}]\ntoggles: {{broken: {{broken: true}}, upper: {{name: WEB}}}}\n"
    );
    let matrix = Matrix::parse(&text, Path::new("matrix.yaml"), directory).unwrap();
    Plan::of(&matrix).unwrap()
}

fn finished(plan: &Plan) -> Summary {
    run(plan, &mut |_| {}).unwrap()
}

#[test]
fn results_are_in_the_order_of_the_plan_whatever_the_jobs() {
    let directory = tempfile::tempdir().unwrap();
    chart(directory.path(), TEMPLATE);
    let mut plan = plan(directory.path(), "{helm: 4, kubernetes: '1.36', toggle: upper}");
    let outcome = |summary: Summary| {
        summary.results.into_iter().map(|result| (result.id, result.findings)).collect::<Vec<_>>()
    };
    plan.jobs = 1;
    let one = outcome(finished(&plan));
    plan.jobs = 4;
    assert_eq!(outcome(finished(&plan)), one);
    let ids: Vec<_> = one.iter().map(|(id, findings)| (id.as_str(), findings.len())).collect();
    assert_eq!(
        ids,
        [
            ("default helm3 k8s1.30", 0),
            ("default helm3 k8s1.36", 0),
            ("default helm4 k8s1.30", 0),
            ("default helm4 k8s1.36", 0),
            ("default helm4 k8s1.36 +upper", 1),
        ]
    );
}

#[test]
fn every_cell_is_told_once_and_the_run_ends_with_its_summary() {
    let directory = tempfile::tempdir().unwrap();
    chart(directory.path(), TEMPLATE);
    let plan = plan(directory.path(), "");
    let (mut begun, mut ended, mut last) = (0, 0, false);
    let summary = run(&plan, &mut |event| {
        assert!(!last);
        match event {
            Event::Started { cells } => assert_eq!(cells, 4),
            Event::CellStarted { .. } => begun += 1,
            Event::CellFinished { cell, result } => {
                assert_eq!(cell.id, result.id);
                assert_eq!(result.objects, 1);
                ended += 1;
            }
            Event::Finished { summary } => last = summary.is_good(),
        }
    })
    .unwrap();
    assert_eq!((begun, ended, last, summary.exit_code()), (4, 4, true, 0));
    assert!(summary.reused > 0, "the other Helm's rendering is used twice");
}

/// Notes what it is to prepare.
struct Prepared {
    helm: HelmWorker,
    prepared: std::sync::Mutex<Vec<(HelmVersion, Option<String>)>>,
}

impl Renderer for Prepared {
    fn render(&self, request: &RenderRequest) -> Result<crate::render::RenderedStream, RenderError> {
        self.helm.render(request)
    }

    fn prepare(&self, request: &RenderRequest) {
        self.prepared.lock().unwrap().push((request.helm, request.kubernetes.clone()));
    }
}

#[test]
fn the_other_helm_is_prepared_once_when_something_is_rendered() {
    let directory = tempfile::tempdir().unwrap();
    chart(directory.path(), TEMPLATE);
    let mut plan = plan(directory.path(), "");
    let prepared = Arc::new(Prepared { helm: HelmWorker::new().unwrap(), prepared: Default::default() });
    plan.renderer = Arc::clone(&prepared) as Arc<dyn Renderer>;
    let store = tempfile::tempdir().unwrap();
    plan.verdicts = Some(StoreDirectory::at(store.path().join("kept")));
    finished(&plan);
    let expected = [(HelmVersion::V4, Some("1.30".to_owned()))];
    assert_eq!(*prepared.prepared.lock().unwrap(), expected);
    // Nothing is rendered, so nothing need be ready.
    assert_eq!(finished(&plan).known, 4);
    assert_eq!(*prepared.prepared.lock().unwrap(), expected);
}

/// Renders, and changes the chart as soon as it was.
struct Changing {
    helm: HelmWorker,
    template: PathBuf,
}

impl Renderer for Changing {
    fn render(&self, request: &RenderRequest) -> Result<crate::render::RenderedStream, RenderError> {
        let rendered = self.helm.render(request);
        std::fs::write(&self.template, TEMPLATE.replace("data:", "data:\n  more: x")).unwrap();
        rendered
    }
}

#[test]
fn nothing_is_kept_of_a_chart_that_changes_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    chart(directory.path(), TEMPLATE);
    let template = directory.path().join("templates/web.yaml");
    let mut plan = plan(directory.path(), "");
    let store = tempfile::tempdir().unwrap();
    plan.verdicts = Some(StoreDirectory::at(store.path().join("kept")));
    let steady = Arc::clone(&plan.renderer);
    plan.renderer = Arc::new(Changing { helm: HelmWorker::new().unwrap(), template: template.clone() });
    finished(&plan);
    plan.renderer = steady;
    std::fs::write(&template, TEMPLATE).unwrap();
    assert_eq!(finished(&plan).known, 0, "what was seen may be of either");
    assert_eq!(finished(&plan).known, 4);
}

#[test]
fn a_cell_that_was_to_fail_must_fail_with_its_message() {
    let directory = tempfile::tempdir().unwrap();
    chart(directory.path(), TEMPLATE);
    let cell = |text: &str| format!("{{helm: 4, toggle: broken, expect: {{failure: {text}}}}}");
    let last = |include: &str| finished(&plan(directory.path(), include)).results.pop().unwrap();
    assert!(last(&cell("no system depot")).is_good());
    let other = last(&cell("something else"));
    assert!(other.findings[0].message.contains("was to fail with `something else`, but said: "));
    let rendered = last("{helm: 4, toggle: upper, expect: {failure: x}}");
    assert!(
        rendered
            .findings
            .iter()
            .any(|finding| finding.message.ends_with("was to fail with `x`, but rendered"))
    );
    let failed = last("{helm: 3, toggle: broken}");
    assert_eq!(failed.failure.as_ref().map(|failure| failure.category), Some(Category::Render));
    assert!(!failed.is_good());
}

#[test]
fn a_cell_that_was_to_find_something_must_find_exactly_that() {
    let directory = tempfile::tempdir().unwrap();
    chart(directory.path(), TEMPLATE);
    let mut plan = plan(directory.path(), "{helm: 4, kubernetes: '1.36', toggle: upper}");
    plan.cells.drain(..4);
    for (rules, findings) in
        [(vec!["valid-name"], 0), (vec!["valid-label"], 2), (vec!["valid-name", "valid-label"], 1)]
    {
        let rules: Vec<_> = rules.into_iter().map(str::to_owned).collect();
        plan.cells[0].expect = Some(Expectation::Findings(rules.clone()));
        assert_eq!(finished(&plan).results[0].findings.len(), findings, "{rules:?}");
    }
}

#[test]
fn helms_that_differ_are_found() {
    let directory = tempfile::tempdir().unwrap();
    let template = TEMPLATE
        .replace("\ndata:\n", "\ndata:\n  helm: '{{ .Capabilities.HelmVersion.Version | trunc 2 }}'\n");
    chart(directory.path(), &template);
    let summary = finished(&plan(directory.path(), ""));
    let found: Vec<_> = summary
        .results
        .iter()
        .map(|result| result.findings.iter().map(|finding| finding.path.as_str()).collect::<Vec<_>>())
        .collect();
    assert_eq!(found, [vec![], vec![], vec!["data.helm"], vec!["data.helm"]]);
    assert_eq!(summary.exit_code(), 1);
}

#[test]
fn what_is_no_plan_is_refused_before_it_runs() {
    let directory = tempfile::tempdir().unwrap();
    chart(directory.path(), TEMPLATE);
    let mut plan = plan(directory.path(), "");
    plan.skip = vec!["valid-nam".to_owned()];
    let error = run(&plan, &mut |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "there is no assertion `valid-nam`");
    assert!(error.help().unwrap().contains("valid-name"));
    plan.cells.clear();
    assert!(matches!(run(&plan, &mut |_| {}), Err(RunError::NoCells)));
}

#[test]
fn nothing_begins_after_a_failure_when_that_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    chart(directory.path(), &TEMPLATE.replace("{{ .Values.name }}", "WEB"));
    let mut plan = plan(directory.path(), "");
    (plan.jobs, plan.fail_fast) = (1, true);
    let summary = finished(&plan);
    assert_eq!((summary.results.len(), summary.not_run), (1, 3));
    assert_eq!(summary.exit_code(), 1);
    plan.fail_fast = false;
    assert_eq!(finished(&plan).not_run, 0);
}

/// Renders by the workers, and counts.
fn counted(template: &str, kubernetes: &str) -> (usize, usize, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    chart(directory.path(), template);
    let text = format!(
        "chart: .\nvalues: values\nmatrix: {{helm: [3, 4], kubernetes: {kubernetes}, toggle: [plain]}}\ntoggles: {{}}\n"
    );
    let matrix = Matrix::parse(&text, Path::new("matrix.yaml"), directory.path()).unwrap();
    let summary = finished(&Plan::of(&matrix).unwrap());
    let found = summary.results.iter().flat_map(|result| {
        result.findings.iter().map(|finding| format!("{}: {}", finding.rule, finding.message))
    });
    (summary.rendered, summary.results.len(), found.collect())
}

#[test]
fn what_does_not_depend_on_kubernetes_is_rendered_once_for_all_its_versions() {
    let versions = "['1.30', '1.31', '1.32', '1.33']";
    let plain = TEMPLATE.replace(".Capabilities.KubeVersion.Minor", "\"any\"");
    // By each Helm, and once more with every change at once.
    assert_eq!(counted(&plain, versions), (3, 8, Vec::new()));
    let compared = TEMPLATE.replace(
        "{{ .Capabilities.KubeVersion.Minor | quote }}",
        "{{ semverCompare \">=1.32-0\" .Capabilities.KubeVersion.Version | quote }}",
    );
    assert_eq!(counted(&compared, versions), (6, 8, Vec::new()));
    assert_eq!(counted(TEMPLATE, versions), (12, 8, Vec::new()));
}

#[test]
fn what_changes_with_every_rendering_is_told_in_each_cell() {
    let template = TEMPLATE.replace("\ndata:\n", "\ndata:\n  random: {{ randAlphaNum 9 | quote }}\n");
    let (_, cells, found) = counted(&template, "['1.30', '1.31']");
    let reproducible = found.iter().filter(|finding| finding.contains("reproducible")).count();
    assert_eq!((cells, reproducible), (4, 4), "{found:?}");
}

/// A post-renderer that passes streams on, and what it says it depends on.
struct PassOn(Option<&'static str>);

impl PostRender for PassOn {
    fn post_render(&self, stream: &[u8], _namespace: &str) -> Result<PostRendered, Failure> {
        Ok(PostRendered { stream: stream.to_vec(), findings: Vec::new() })
    }

    fn identity(&self) -> Option<String> {
        self.0.map(str::to_owned)
    }
}

#[test]
fn a_cell_is_looked_at_again_only_when_something_changed_that_has_a_say_in_it() {
    let directory = tempfile::tempdir().unwrap();
    chart(directory.path(), TEMPLATE);
    let mut plan = plan(
        directory.path(),
        "{helm: 4, kubernetes: '1.36', toggle: upper}, {helm: 3, toggle: broken, expect: {failure: depot}}",
    );
    let kept = tempfile::tempdir().unwrap();
    plan.verdicts = Some(StoreDirectory::at(kept.path().join("kept")));
    let known = |plan: &Plan| {
        let summary = finished(plan);
        let results = summary.results.into_iter();
        let results: Vec<_> =
            results.map(|result| (result.id, result.findings, result.objects, result.failure)).collect();
        (summary.known, results)
    };
    let (none, first) = known(&plan);
    assert_eq!((none, first.len()), (0, 6));
    // What Helm refuses it is asked again.
    assert_eq!(known(&plan), (5, first.clone()));
    plan.post_render = Some(Arc::new(PassOn(Some("policies"))));
    assert_eq!(known(&plan), (0, first.clone()));
    assert_eq!(known(&plan).0, 5);
    plan.post_render = Some(Arc::new(PassOn(Some("other policies"))));
    assert_eq!(known(&plan).0, 0);
    // Nobody knows what it depends on.
    plan.post_render = Some(Arc::new(PassOn(None)));
    assert_eq!((known(&plan).0, known(&plan).0), (0, 0));
    plan.post_render = None;
    plan.skip = vec!["valid-name".to_owned()];
    assert_eq!(known(&plan).0, 0);
    plan.skip.clear();
    let text = TEMPLATE.replace("data:", "data:\n  more: text");
    std::fs::write(directory.path().join("templates/web.yaml"), text).unwrap();
    assert_eq!(known(&plan).0, 0);
    assert_eq!(known(&plan).0, 5);
}

#[test]
fn what_is_kept_of_a_run_holds_no_stream() {
    let directory = tempfile::tempdir().unwrap();
    chart(directory.path(), &TEMPLATE.replace("\ndata:\n", "\ndata:\n  word: hush\n"));
    let mut plan = plan(directory.path(), "");
    let kept = tempfile::tempdir().unwrap();
    plan.verdicts = Some(StoreDirectory::at(kept.path().join("kept")));
    finished(&plan);
    let mut files = 0;
    for folder in std::fs::read_dir(kept.path().join("kept")).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains("hush"));
            files += 1;
        }
    }
    assert_eq!(files, 2, "one for each Helm");
}
