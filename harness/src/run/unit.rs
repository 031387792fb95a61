//! Cells that have their values in common: what is the same for several of them is done once.
//!
//! They differ in Helm and in the version of Kubernetes. Most of what they give is the same, byte for byte; a
//! stream is finished and looked at once, and once for each version of Kubernetes where that has a say.

use super::cell::{CellResult, Failure, Looked, judge};
use super::chart_version::NextVersion;
use super::documents::are_same;
use super::renderings::{Counts, Renderings};
use super::verdicts::{Opened, Verdicts};
use super::{Plan, versions};
use crate::assertions::{self, Change, Context, Scope, Variations};
use crate::chart::compose;
use crate::matrix::Cell;
use crate::objects::Objects;
use crate::post_render::today;
use crate::render::{RenderError, RenderRequest};
use crate::schema::Unknown;
use crate::tools::HelmVersion;
use gift_plugin::protocol::Finding;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::Instant;

/// The places in a plan of cells that have environment and values in common, in the order of the plan.
pub(super) fn units(cells: &[Cell]) -> Vec<Vec<usize>> {
    let mut places: HashMap<(Option<&str>, String), usize> = HashMap::new();
    let mut units: Vec<Vec<usize>> = Vec::new();
    for (index, cell) in cells.iter().enumerate() {
        let values = Value::Array(cell.values.clone()).to_string();
        let place = *places.entry((cell.environment.as_deref(), values)).or_insert(units.len());
        match units.get_mut(place) {
            Some(unit) => unit.push(index),
            None => units.push(vec![index]),
        }
    }
    units
}

/// What all units of a run share.
pub(super) struct Bench<'p> {
    pub(super) plan: &'p Plan,
    pub(super) counts: Counts,
    pub(super) chart_version: NextVersion,
    pub(super) today: String,
    pub(super) verdicts: Option<Verdicts>,
    /// Whether somebody has told of the first request that is rendered.
    is_told: AtomicBool,
}

impl<'p> Bench<'p> {
    pub(super) fn of(plan: &'p Plan) -> Self {
        let chart_version = NextVersion::of(&plan.chart);
        let today = today();
        let verdicts = Verdicts::of(plan, &today);
        let is_told = AtomicBool::new(false);
        Self { plan, counts: Counts::default(), chart_version, today, verdicts, is_told }
    }
}

/// A unit while its cells are run, one after the other.
pub(super) struct Unit<'b> {
    bench: &'b Bench<'b>,
    /// Where to tell of the first request of the run that is rendered.
    first: &'b Sender<RenderRequest>,
    /// What earlier runs saw, for each Helm once it is asked for.
    known: BTreeMap<HelmVersion, Option<Opened<'b>>>,
    renderings: Renderings<'b>,
    values: Option<Result<Arc<Option<Value>>, Failure>>,
    streams: Vec<Stream>,
    /// The first stream of the same documents, by the number of a rendering.
    places: BTreeMap<usize, usize>,
    /// What was found about the renderings of both Helms, by their numbers.
    of_pairs: BTreeMap<(usize, usize), Result<Vec<Finding>, Failure>>,
}

/// One stream Helm gave, and what was seen in it.
struct Stream {
    rendered: Arc<Vec<u8>>,
    looked: Result<Seen, Failure>,
    /// What was found about how Helm came to it. Asked of the Helm that gave it first: another that gives the
    /// same documents has rendered them once more.
    of_rendering: Option<Result<Vec<Finding>, Failure>>,
}

#[derive(Default)]
struct Seen {
    findings: Vec<Finding>,
    objects: usize,
    unknown: Unknown,
    /// What reaches the cluster; absent when nothing could be read there.
    finished: Option<Arc<Vec<u8>>>,
    of_kubernetes: BTreeMap<Option<String>, Vec<Finding>>,
}

impl<'b> Unit<'b> {
    pub(super) fn of(bench: &'b Bench<'b>, cells: &[usize], first: &'b Sender<RenderRequest>) -> Self {
        let mut versions: Vec<String> = Vec::new();
        for cell in cells.iter().filter_map(|index| bench.plan.cells.get(*index)) {
            if let Some(version) = &cell.kubernetes
                && !versions.contains(version)
            {
                versions.push(version.clone());
            }
        }
        Self {
            bench,
            first,
            renderings: Renderings::new(bench.plan.renderer.as_ref(), &bench.counts, versions),
            known: BTreeMap::new(),
            values: None,
            streams: Vec::new(),
            places: BTreeMap::new(),
            of_pairs: BTreeMap::new(),
        }
    }

    /// Runs one of its cells.
    pub(super) fn run(&mut self, cell: &Cell) -> CellResult {
        let begun = Instant::now();
        let looked = self.recall_or_look(cell);
        judge(cell, looked, begun.elapsed())
    }

    fn recall_or_look(&mut self, cell: &Cell) -> Result<Looked, Failure> {
        let bench = self.bench;
        let request = bench.plan.request(cell)?;
        let open = || bench.verdicts.as_ref().and_then(|verdicts| verdicts.open(&request));
        let known = self.known.entry(cell.helm).or_insert_with(open);
        if let Some(looked) = known.as_ref().and_then(|known| known.get(cell)) {
            bench.counts.known.fetch_add(1, Ordering::Relaxed);
            return Ok(looked);
        }
        let looked = self.look(cell, &request)?;
        if let Some(Some(known)) = self.known.get_mut(&cell.helm) {
            known.put(cell, &looked);
        }
        Ok(looked)
    }

    fn look(&mut self, cell: &Cell, request: &RenderRequest) -> Result<Looked, Failure> {
        let plan = self.bench.plan;
        if !self.bench.is_told.swap(true, Ordering::Relaxed) {
            // Nobody may be interested.
            self.first.send(request.clone()).ok();
        }
        let number = self.renderings.of(request);
        let rendered = Arc::clone(self.renderings.get(number).stream()?);
        let values = self.values(request)?;
        let context = Context {
            namespace: Some(&plan.namespace),
            kubernetes: None,
            schemas: Some(&plan.schemas),
            today: Some(&self.bench.today),
            values: values.as_ref().as_ref(),
            rendered: Some(&rendered),
            variations: None,
            only: &plan.only,
            skip: &plan.skip,
        };
        let mut looked = self.look_in(&rendered, number, cell, request, &context)?;
        if context.selects(versions::RULE) && request.helm == HelmVersion::V4 && plan.compare_versions {
            looked.findings.extend(self.of_pair(number, request, &rendered)?);
        }
        Ok(looked)
    }

    /// What is seen in a stream for a cell, or in one of the same documents when nothing is wrong there: what is
    /// wrong has a line.
    fn look_in(
        &mut self,
        rendered: &Arc<Vec<u8>>,
        number: usize,
        cell: &Cell,
        request: &RenderRequest,
        context: &Context<'_>,
    ) -> Result<Looked, Failure> {
        let first = || self.streams.iter().position(|stream| are_same(&stream.rendered, rendered));
        if let Some(at) = self.places.get(&number).copied().or_else(first) {
            self.places.insert(number, at);
            let looked = self.look_at(at, cell, request, context);
            let is_good = looked.as_ref().is_ok_and(|looked| looked.findings.is_empty());
            if is_good || self.streams[at].rendered == *rendered {
                return looked;
            }
        }
        let at = self.stream(rendered, number, context);
        self.look_at(at, cell, request, context)
    }

    fn look_at(
        &mut self,
        at: usize,
        cell: &Cell,
        request: &RenderRequest,
        context: &Context<'_>,
    ) -> Result<Looked, Failure> {
        let mut looked = self.seen(at, cell.kubernetes.as_ref(), context)?;
        if self.streams[at].looked.as_ref().is_ok_and(|seen| seen.finished.is_some()) {
            looked.findings.extend(self.of_rendering(at, request, context)?);
        }
        Ok(looked)
    }

    /// The values templates see, composed once for all cells: neither Helm nor Kubernetes changes them.
    fn values(&mut self, request: &RenderRequest) -> Result<Arc<Option<Value>>, Failure> {
        let composed = || compose(request).map(Arc::new).map_err(|error| Failure::from(&error));
        self.values.get_or_insert_with(composed).clone()
    }

    /// The place of a stream among those looked at.
    fn stream(&mut self, rendered: &Arc<Vec<u8>>, number: usize, context: &Context<'_>) -> usize {
        if let Some(at) = self.streams.iter().position(|stream| stream.rendered == *rendered) {
            return at;
        }
        let versions = &self.renderings.get(number).kubernetes;
        let looked = look_at(self.bench.plan, rendered, versions, context);
        self.streams.push(Stream { rendered: Arc::clone(rendered), looked, of_rendering: None });
        self.streams.len() - 1
    }

    /// What is seen in a stream for one version of Kubernetes.
    fn seen(
        &mut self,
        at: usize,
        kubernetes: Option<&String>,
        context: &Context<'_>,
    ) -> Result<Looked, Failure> {
        let seen = self.streams[at].looked.as_mut().map_err(|failure| failure.clone())?;
        let mut findings = seen.findings.clone();
        if let Some(finished) = &seen.finished {
            let kubernetes = kubernetes.cloned();
            if !seen.of_kubernetes.contains_key(&kubernetes) {
                let objects = Objects::read(finished).map_err(|error| Failure::from(&error))?;
                let found = of_kubernetes(&objects, kubernetes.as_deref(), context);
                seen.of_kubernetes.insert(kubernetes.clone(), found);
            }
            findings.extend(seen.of_kubernetes.get(&kubernetes).into_iter().flatten().cloned());
        }
        Ok(Looked { findings, objects: seen.objects, unknown: seen.unknown.clone() })
    }

    /// What is found about how Helm came to a stream.
    fn of_rendering(
        &mut self,
        at: usize,
        request: &RenderRequest,
        context: &Context<'_>,
    ) -> Result<Vec<Finding>, Failure> {
        let bench = self.bench;
        let own = &self.streams[at];
        let is_steady =
            |stream: &Stream| stream.of_rendering.as_ref().is_some_and(|found| *found == Ok(Vec::new()));
        if own.of_rendering.is_none()
            && self.streams.iter().any(|other| is_steady(other) && are_same(&other.rendered, &own.rendered))
        {
            self.streams[at].of_rendering = Some(Ok(Vec::new()));
        }
        let look = || {
            let variations = Again { bench, request };
            let context = Context { variations: Some(&variations), ..*context };
            if assertions::selected(&context, Scope::Rendering).next().is_none()
                || assertions::is_steady(&context)
            {
                return Ok(Vec::new());
            }
            let rendered = context.rendered.unwrap_or_default();
            let objects = Objects::read(rendered).map_err(|error| Failure::from(&error))?;
            Ok(assertions::check_scope(&objects, &context, Scope::Rendering))
        };
        self.streams[at].of_rendering.get_or_insert_with(look).clone()
    }

    /// What is found about a stream of Helm 4 and the one Helm 3 gives for the same.
    fn of_pair(
        &mut self,
        number: usize,
        request: &RenderRequest,
        rendered: &[u8],
    ) -> Result<Vec<Finding>, Failure> {
        // Said once for the pair, in the cell of the newer one.
        let other = self.renderings.of(&RenderRequest { helm: HelmVersion::V3, ..request.clone() });
        let theirs = Arc::clone(self.renderings.get(other).stream()?);
        let compare = || {
            if are_same(&theirs, rendered) {
                return Ok(Vec::new());
            }
            let here = Objects::read(rendered).map_err(|error| Failure::from(&error))?;
            let there = Objects::read(&theirs).map_err(|error| Failure::from(&error))?;
            Ok(versions::compare(&here, &there, HelmVersion::V3))
        };
        self.of_pairs.entry((number, other)).or_insert_with(compare).clone()
    }
}

/// Finishes a stream and looks at it, for some versions of Kubernetes at once.
fn look_at(
    plan: &Plan,
    rendered: &[u8],
    versions: &[Option<String>],
    context: &Context<'_>,
) -> Result<Seen, Failure> {
    let (finished, mut findings) = match &plan.post_render {
        Some(post_render) => {
            let finished = post_render.post_render(rendered, &plan.namespace)?;
            (finished.stream, finished.findings)
        }
        None => (rendered.to_vec(), Vec::new()),
    };
    let objects = match Objects::read(&finished) {
        Ok(objects) => objects,
        // The post-renderer has found the same, in its own words.
        Err(_) if !findings.is_empty() => {
            return Ok(Seen { findings, ..Seen::default() });
        }
        Err(error) => return Err(Failure::from(&error)),
    };
    findings.extend(assertions::check_scope(&objects, context, Scope::Stream));
    let of_kubernetes = versions
        .iter()
        .map(|version| (version.clone(), of_kubernetes(&objects, version.as_deref(), context)))
        .collect();
    let unknown = Unknown::of(&objects, &plan.schemas);
    let objects = objects.len();
    Ok(Seen { findings, objects, unknown, finished: Some(Arc::new(finished)), of_kubernetes })
}

fn of_kubernetes(objects: &Objects<'_>, kubernetes: Option<&str>, context: &Context<'_>) -> Vec<Finding> {
    let context = Context { kubernetes, ..*context };
    assertions::check_scope(objects, &context, Scope::Kubernetes)
}

/// The same request with a change.
struct Again<'b> {
    bench: &'b Bench<'b>,
    request: &'b RenderRequest,
}

impl Variations for Again<'_> {
    fn render(&self, change: &Change) -> Result<Vec<u8>, RenderError> {
        let mut request = self.request.clone();
        if let Change::Values(values) | Change::ValuesAndChartVersion(values) = change {
            request.values.push(values.clone());
        }
        if let Change::ChartVersion | Change::ValuesAndChartVersion(_) = change {
            match self.bench.chart_version.directory() {
                Some(Ok(directory)) => directory.clone_into(&mut request.chart),
                Some(Err(error)) => return Err(RenderError::Directory(std::io::Error::other(error))),
                None => {}
            }
        }
        self.bench.counts.rendered.fetch_add(1, Ordering::Relaxed);
        let renderer = &self.bench.plan.renderer;
        let rendered = match change {
            Change::Nothing => renderer.render_again(&request),
            _ => renderer.render(&request),
        };
        rendered.map(|rendered| rendered.stream)
    }

    fn chart_versions(&self) -> Option<(String, String)> {
        self.bench.chart_version.versions()
    }
}
