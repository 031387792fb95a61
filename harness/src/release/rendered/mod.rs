//! What is rendered: every cell of the matrix, by the version that was published and by the tree.
//!
//! The published chart renders the values that were published with it, the tree its own; and the tree renders the
//! published values too, for these are what operators go on with. Depends on [`crate::render`] for renderings.

mod immutable;
mod objects;

use super::published::Published;
use super::{Area, Bump, Event, Reason, ReleaseError, copy};
use crate::chart::Environments;
use crate::matrix::Cell;
use crate::render::RenderError;
use crate::run::{Plan, jobs, together};
use objects::Difference;
use semver::Version;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

/// What was found in the cells.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) reasons: Vec<Reason>,
    /// How many both versions rendered.
    pub(super) cells: usize,
}

/// A difference, and the cells it was seen in.
#[derive(Debug)]
struct Seen {
    first: usize,
    cells: usize,
}

/// Compares what both versions render.
pub(super) fn compare(
    plan: &Plan,
    published: &Published,
    values: Option<&Published>,
    tell: &mut dyn FnMut(Event),
) -> Result<Comparison, ReleaseError> {
    let next = other_version(&published.version);
    let copy = copy::with(&plan.chart, &next)?;
    let old_values = values.map_or(plan.values_directory.as_path(), Published::folder);
    let sides = Sides {
        before: Plan {
            chart: published.folder().to_owned(),
            values_directory: old_values.to_owned(),
            ..plan.clone()
        },
        after: Plan { chart: copy.path().to_owned(), ..plan.clone() },
        kept: values.map(|values| Plan {
            chart: copy.path().to_owned(),
            values_directory: values.folder().to_owned(),
            ..plan.clone()
        }),
        versions: (published.version.to_string(), next.to_string()),
    };
    let mut comparison = cells(plan, &sides, tell)?;
    if let Some(values) = values {
        comparison.reasons.extend(environments(values.folder(), &plan.values_directory));
    }
    Ok(comparison)
}

/// A version no chart of this name has had.
fn other_version(published: &Version) -> Version {
    Version::new(published.major + 1, published.minor, published.patch)
}

/// The charts and the values that are compared.
struct Sides {
    before: Plan,
    after: Plan,
    /// The tree's chart with the values that were published.
    kept: Option<Plan>,
    /// What stands in `Chart.yaml` of the two.
    versions: (String, String),
}

type Stream = Result<Arc<Vec<u8>>, Arc<RenderError>>;

fn cells(plan: &Plan, sides: &Sides, tell: &mut dyn FnMut(Event)) -> Result<Comparison, ReleaseError> {
    let units = together(&plan.cells);
    let next = AtomicUsize::new(0);
    let mut seen: BTreeMap<Difference, Seen> = BTreeMap::new();
    let mut comparison = Comparison::default();
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..jobs(plan).min(units.len()) {
            let sender = sender.clone();
            let (next, units) = (&next, &units);
            scope.spawn(move || {
                while let Some(unit) = units.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // The receiver lives as long as this scope, unless it has an error to tell already.
                    if sender.send(unit_of(plan, sides, unit)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut done = 0;
        for found in receiver {
            for (index, found) in found? {
                done += 1;
                let Some(found) = found else { continue };
                comparison.cells += 1;
                for difference in found {
                    let entry = seen.entry(difference).or_insert(Seen { first: index, cells: 0 });
                    entry.first = entry.first.min(index);
                    entry.cells += 1;
                }
            }
            tell(Event::Rendering { done, cells: plan.cells.len() });
        }
        Ok::<_, ReleaseError>(())
    })?;
    let id = |index: usize| plan.cells.get(index).map(|cell| cell.id.as_str()).unwrap_or_default();
    comparison.reasons = seen
        .into_iter()
        .map(|(difference, Seen { first, cells })| {
            let more = if cells > 1 { format!(" and {} more", cells - 1) } else { String::new() };
            let template = if difference.template.is_empty() {
                String::new()
            } else {
                format!("{}, ", difference.template)
            };
            let place = format!("{template}in {}{more}", id(first));
            Reason { bump: difference.bump, area: Area::Rendered, place, message: difference.message }
        })
        .collect();
    Ok(comparison)
}

/// The differences in the cells of one unit; `None` for a cell that neither renders.
type Found = Vec<(usize, Option<Vec<Difference>>)>;

fn unit_of(plan: &Plan, sides: &Sides, unit: &[usize]) -> Result<Found, ReleaseError> {
    let cells: Vec<(usize, &Cell)> =
        unit.iter().filter_map(|index| Some((*index, plan.cells.get(*index)?))).collect();
    let before = renderings(&sides.before, &cells);
    let after = renderings(&sides.after, &cells);
    let kept = sides.kept.as_ref().map(|kept| renderings(kept, &cells));
    // Most versions of Kubernetes, and both Helms, give the same.
    let mut compared: BTreeMap<(usize, usize), Vec<Difference>> = BTreeMap::new();
    let mut found = Vec::new();
    for (at, (index, cell)) in cells.iter().enumerate() {
        let mut differences = match (&before[at], &after[at]) {
            (None, _) => vec![new_environment(cell)],
            (Some(Err(_)), Some(Ok(_))) => vec![taken(cell)],
            (Some(Ok(_)), Some(Err(error))) => {
                vec![refused(cell, &sides.after.chart, error, "the tree does not render it")]
            }
            (Some(Ok(old)), Some(Ok(new))) => {
                let key = (Arc::as_ptr(old) as usize, Arc::as_ptr(new) as usize);
                match compared.get(&key) {
                    Some(known) => known.clone(),
                    None => {
                        let (old_version, new_version) = &sides.versions;
                        let found = objects::compare(old, new, (old_version, new_version))
                            .map_err(|source| ReleaseError::Rendered { cell: cell.id.clone(), source })?;
                        compared.insert(key, found.clone());
                        found
                    }
                }
            }
            _ => {
                found.push((*index, None));
                continue;
            }
        };
        let keeps = kept.as_ref().and_then(|kept| kept[at].as_ref());
        if let (Some(Ok(_)), Some(Ok(_)), Some(Err(error))) = (&before[at], &after[at], keeps) {
            let what = "values as they were published are not taken any more";
            differences.push(refused(cell, &sides.after.chart, error, what));
        }
        found.push((*index, Some(differences)));
    }
    Ok(found)
}

/// What each cell gives; `None` where its environment is not among the values. The same bytes are the same `Arc`.
fn renderings(plan: &Plan, cells: &[(usize, &Cell)]) -> Vec<Option<Stream>> {
    let mut streams: Vec<Option<Stream>> = vec![None; cells.len()];
    let mut is_done = vec![false; cells.len()];
    for at in 0..cells.len() {
        let cell = cells[at].1;
        if is_done[at] {
            continue;
        }
        let Ok(request) = plan.request(cell) else { continue };
        let is_alike = |other: &Cell| other.helm == cell.helm && other.kubernetes != cell.kubernetes;
        let others: Vec<String> = cells
            .iter()
            .filter(|(_, other)| is_alike(other))
            .filter_map(|(_, other)| other.kubernetes.clone())
            .collect();
        let (stream, also_for): (Stream, Vec<String>) = match plan.renderer.render_for(&request, &others) {
            Ok((rendered, also_for)) => {
                let same =
                    streams.iter().flatten().flatten().find(|known| ***known == rendered.stream).cloned();
                (Ok(same.unwrap_or_else(|| Arc::new(rendered.stream))), also_for)
            }
            Err(error) => (Err(Arc::new(error)), Vec::new()),
        };
        for (other_at, (_, other)) in cells.iter().enumerate() {
            let is_answered = other_at == at
                || (is_alike(other)
                    && other.kubernetes.as_ref().is_some_and(|version| also_for.contains(version)));
            if is_answered && !is_done[other_at] {
                is_done[other_at] = true;
                streams[other_at] = Some(stream.clone());
            }
        }
    }
    streams
}

fn new_environment(cell: &Cell) -> Difference {
    let message = format!("{}: a new environment", cell.environment.as_deref().unwrap_or("default"));
    Difference { bump: Bump::Minor, template: String::new(), message }
}

fn taken(cell: &Cell) -> Difference {
    let message = format!("{}: rendered now, and was refused", named(cell));
    Difference { bump: Bump::Minor, template: String::new(), message }
}

/// What Helm said, without where the chart was for the moment.
fn refused(cell: &Cell, chart: &Path, error: &RenderError, what: &str) -> Difference {
    let place = chart.display().to_string();
    let told = error.to_string().replace(&format!("{} could not render {place}: ", cell.helm), "");
    let told = told.replace(&format!("{place}/"), "").replace(&place, "the chart");
    let line = told.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    Difference {
        bump: Bump::Major,
        template: String::new(),
        message: format!("{}: {what}: {line}", named(cell)),
    }
}

/// The cell without the versions of Helm and Kubernetes, which mostly all tell the same.
fn named(cell: &Cell) -> String {
    let environment = cell.environment.as_deref().unwrap_or("default");
    cell.toggles.iter().fold(environment.to_owned(), |name, toggle| format!("{name} +{toggle}"))
}

/// Environments that were published and are gone.
fn environments(before: &Path, after: &Path) -> Vec<Reason> {
    let of = |folder: &Path| -> HashSet<String> {
        let environments = Environments::new(folder);
        let systems = environments.systems().into_iter();
        systems
            .flat_map(|system| {
                environments
                    .of(&system)
                    .into_iter()
                    .map(move |name| format!("{system}/{name}"))
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    let after = of(after);
    let mut gone: Vec<String> = of(before).into_iter().filter(|name| !after.contains(name)).collect();
    gone.sort();
    gone.into_iter()
        .map(|name| Reason {
            bump: Bump::Major,
            area: Area::Rendered,
            place: format!("values/{name}"),
            message: format!("{name}: the environment is gone"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_that_goes_breaks() {
        let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for (folder, names) in [(&before, &["dev", "prod"][..]), (&after, &["dev", "stage"])] {
            std::fs::create_dir(folder.path().join("shop")).unwrap();
            for name in names {
                std::fs::write(folder.path().join(format!("shop/{name}.yaml")), "").unwrap();
            }
        }
        let reasons = environments(before.path(), after.path());
        let told: Vec<_> = reasons.iter().map(|reason| (reason.bump, reason.message.as_str())).collect();
        assert_eq!(told, [(Bump::Major, "shop/prod: the environment is gone")]);
    }

    #[test]
    fn both_sides_are_of_different_versions() {
        for version in ["0.1.0", "1.2.3-rc.1"] {
            let version: Version = version.parse().unwrap();
            assert_ne!(other_version(&version), version);
        }
    }
}
