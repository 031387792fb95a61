//! What is found again, what is not kept, and what a broken directory does.

use super::*;
use crate::render::HelmMessage;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

/// Gives what it was told to, and counts.
#[derive(Default)]
struct Counting {
    count: AtomicUsize,
    refuses: bool,
    /// Whether each rendering is another.
    is_fickle: bool,
    prepared: AtomicUsize,
}

impl Renderer for Counting {
    fn render(&self, request: &RenderRequest) -> Result<RenderedStream, RenderError> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        if self.refuses {
            let message = HelmMessage::parse("Error: execution error at (web/templates/web.yaml:3:4): no\n");
            return Err(RenderError::Helm { helm: request.helm, chart: request.chart.clone(), message });
        }
        let count = if self.is_fickle { count } else { 0 };
        let stream = format!("release: {} {count}\n", request.release).into_bytes();
        Ok(RenderedStream { stream, warnings: vec!["old".to_owned(), "older".to_owned()] })
    }

    fn prepare(&self, _request: &RenderRequest) {
        self.prepared.fetch_add(1, Ordering::Relaxed);
    }
}

struct Place {
    root: tempfile::TempDir,
    request: RenderRequest,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let chart = root.path().join("chart");
        std::fs::create_dir_all(chart.join("templates")).unwrap();
        std::fs::write(chart.join("Chart.yaml"), "name: web\n").unwrap();
        std::fs::write(chart.join("templates/web.yaml"), "a: {{ .Values.a }}\n").unwrap();
        std::fs::write(root.path().join("values.yaml"), "a: 1\n").unwrap();
        let mut request = RenderRequest::new(chart);
        request.values_files.push(root.path().join("values.yaml"));
        Self { root, request }
    }

    fn store(&self) -> std::path::PathBuf {
        self.root.path().join("cache/rendered")
    }

    fn stored(&self, renderer: &Arc<Counting>) -> Stored {
        Stored::new(Arc::clone(renderer) as Arc<dyn Renderer>, StoreDirectory::at(self.store()))
    }

    /// How often a fresh run renders this request, which another run has rendered before.
    fn rendered_anew(&self, request: &RenderRequest) -> usize {
        let counting = Arc::new(Counting::default());
        self.stored(&counting).render(request).unwrap();
        counting.count.load(Ordering::Relaxed)
    }
}

fn entries(directory: &Path) -> Vec<std::path::PathBuf> {
    let folders = std::fs::read_dir(directory).unwrap().map(|folder| folder.unwrap().path());
    folders.flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path())).collect()
}

#[test]
fn what_is_kept_needs_nothing_to_be_ready() {
    let place = Place::new();
    let counting = Arc::new(Counting::default());
    let stored = place.stored(&counting);
    stored.prepare(&place.request);
    assert_eq!(counting.prepared.load(Ordering::Relaxed), 1);
    stored.render(&place.request).unwrap();
    stored.prepare(&place.request);
    assert_eq!(counting.prepared.load(Ordering::Relaxed), 1);
}

#[test]
fn a_result_is_found_until_something_that_counts_changes() {
    let place = Place::new();
    let request = &place.request;
    assert_eq!(place.rendered_anew(request), 1);
    assert_eq!(place.rendered_anew(request), 0);
    // How long Helm may take is no part of the result.
    assert_eq!(place.rendered_anew(&RenderRequest { timeout: Duration::from_secs(1), ..request.clone() }), 0);
    let setting = super::super::Setting::Set("a".into(), "1".into());
    let as_text = super::super::Setting::SetString("a".into(), "1".into());
    let changed = [
        RenderRequest { release: "other".into(), ..request.clone() },
        RenderRequest { namespace: "other".into(), ..request.clone() },
        RenderRequest { kubernetes: Some("1.34".into()), ..request.clone() },
        RenderRequest { api_versions: vec!["1.34".into()], ..request.clone() },
        RenderRequest { include_crds: true, ..request.clone() },
        RenderRequest { include_tests: false, ..request.clone() },
        RenderRequest { helm: crate::tools::HelmVersion::V3, ..request.clone() },
        RenderRequest { values: vec![serde_json::json!({"a": 2})], ..request.clone() },
        RenderRequest { values: vec![serde_json::json!({})], ..request.clone() },
        RenderRequest { settings: vec![setting], ..request.clone() },
        RenderRequest { settings: vec![as_text], ..request.clone() },
        RenderRequest { values_files: Vec::new(), ..request.clone() },
        RenderRequest { values_files: [&request.values_files[..]; 2].concat(), ..request.clone() },
    ];
    for request in &changed {
        assert_eq!(place.rendered_anew(request), 1, "{request:?}");
        assert_eq!(place.rendered_anew(request), 0, "{request:?}");
    }
    std::fs::write(&request.values_files[0], "a: 2\n").unwrap();
    assert_eq!(place.rendered_anew(request), 1);
    std::fs::write(request.chart.join("templates/more.yaml"), "").unwrap();
    assert_eq!(place.rendered_anew(request), 1);
    assert_eq!(place.rendered_anew(request), 0);
}

#[test]
fn streams_and_refusals_come_back_as_they_were() {
    for refuses in [false, true] {
        let place = Place::new();
        let counting = Arc::new(Counting { refuses, ..Counting::default() });
        let told = |result: Result<RenderedStream, RenderError>| result.map_err(|error| format!("{error:?}"));
        let first = told(place.stored(&counting).render(&place.request));
        let stored = place.stored(&counting);
        assert_eq!(told(stored.render(&place.request)), first);
        assert_eq!((stored.found(), counting.count.load(Ordering::Relaxed)), (1, 1));
    }
}

#[test]
fn a_second_rendering_is_real_until_it_gave_the_same() {
    let place = Place::new();
    let counting = Arc::new(Counting::default());
    for expected in [2, 2] {
        let stored = place.stored(&counting);
        let first = stored.render(&place.request).unwrap();
        assert_eq!(stored.render_again(&place.request).unwrap(), first);
        assert_eq!(counting.count.load(Ordering::Relaxed), expected);
    }
    let place = Place::new();
    let counting = Arc::new(Counting { is_fickle: true, ..Counting::default() });
    for expected in [2, 3] {
        let stored = place.stored(&counting);
        let first = stored.render(&place.request).unwrap();
        assert_ne!(stored.render_again(&place.request).unwrap(), first);
        assert_eq!(counting.count.load(Ordering::Relaxed), expected);
    }
}

#[test]
fn what_the_time_or_chance_decides_is_not_kept() {
    let place = Place::new();
    let tpl = RenderRequest {
        values: vec![serde_json::json!({"a": "{{ randAlphaNum 5 }}"})],
        ..place.request.clone()
    };
    assert_eq!((place.rendered_anew(&tpl), place.rendered_anew(&tpl)), (1, 1));
    std::fs::write(place.request.chart.join("templates/web.yaml"), "a: {{ now }}\n").unwrap();
    assert_eq!((place.rendered_anew(&place.request), place.rendered_anew(&place.request)), (1, 1));
}

#[test]
fn entries_are_for_their_owner_alone() {
    let place = Place::new();
    place.rendered_anew(&place.request);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.store()), 0o700);
    let entries = entries(&place.store());
    assert_eq!(entries.iter().map(|entry| mode(entry)).collect::<Vec<_>>(), [0o600]);
    std::fs::set_permissions(place.store(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let counting = Arc::new(Counting::default());
    let stored = place.stored(&counting);
    stored.render(&place.request).unwrap();
    assert_eq!(counting.count.load(Ordering::Relaxed), 1, "a directory open to others is not used");
    assert!(stored.notes()[0].contains("is open to others"), "{:?}", stored.notes());
}

#[test]
fn a_torn_entry_counts_as_absent_and_is_written_anew() {
    let place = Place::new();
    place.rendered_anew(&place.request);
    let entry = entries(&place.store()).remove(0);
    let whole = std::fs::read(&entry).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for torn in [&whole[..whole.len() - 1], &whole[..20], &[], &flipped] {
        std::fs::write(&entry, torn).unwrap();
        assert_eq!(place.rendered_anew(&place.request), 1);
        assert_eq!(std::fs::read(&entry).unwrap(), whole);
    }
}

#[test]
fn a_directory_that_cannot_be_written_is_a_note() {
    let place = Place::new();
    std::fs::create_dir_all(place.store().parent().unwrap()).unwrap();
    std::fs::write(place.store(), "a file in its place").unwrap();
    let counting = Arc::new(Counting::default());
    let stored = place.stored(&counting);
    stored.render(&place.request).unwrap();
    stored.render(&place.request).unwrap();
    assert_eq!(counting.count.load(Ordering::Relaxed), 2);
    assert_eq!(stored.notes().len(), 1);
    assert!(stored.notes()[0].starts_with("renderings are not kept: "), "{:?}", stored.notes());
}

#[test]
fn several_processes_may_write_the_same() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let counting = Arc::new(Counting::default());
                    let rendered = place.stored(&counting).render(&place.request).unwrap();
                    assert_eq!(rendered.stream, b"release: release 0\n");
                }
            });
        }
    });
    assert_eq!(entries(&place.store()).len(), 1, "nothing half written is left");
}

#[test]
fn the_oldest_go_first() {
    let place = Place::new();
    let directory = StoreDirectory::at(place.store());
    assert_eq!(directory.inventory().unwrap(), Inventory::default());
    for release in ["one", "two", "three"] {
        place.rendered_anew(&RenderRequest { release: release.into(), ..place.request.clone() });
    }
    let all = directory.inventory().unwrap();
    assert_eq!(all.entries, 3);
    let old = entries(&place.store()).remove(1);
    let day = Duration::from_secs(86_400);
    let file = std::fs::File::options().append(true).open(&old).unwrap();
    file.set_modified(std::time::SystemTime::now() - day * 3).unwrap();
    assert_eq!(directory.shrink(all.bytes - 1).unwrap().entries, 1);
    assert!(!old.exists());
    assert_eq!(directory.forget(day).unwrap().entries, 0);
    assert_eq!(directory.forget(Duration::ZERO).unwrap().entries, 2);
    assert_eq!(directory.inventory().unwrap().entries, 0);
}
