//! The matrix, one test for each cell: `cargo test --test cells gift/prod::helm4`.
//!
//! A cell here is what it is for `gift test`; the name has `::` where that has blanks.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails panics")]

use gift_harness::matrix::{Cell, Matrix};
use gift_harness::policies::PolicySelection;
use gift_harness::post_render::PostRenderOptions;
use gift_harness::report::text::{self, Appearance};
use gift_harness::report::{CellReport, Run};
use gift_harness::run::{self, CellResult, Plan, Plugin};
use gift_harness::secrets::SecretSelection;
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = match Matrix::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("matrix.yaml")) {
        // One process for each test gains nothing from what cells have in common.
        Ok(matrix) => trials(matrix, !arguments.exact),
        Err(error) => vec![Trial::test("matrix", move || Err(error.to_string().into()))],
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trials(matrix: Matrix, is_shared: bool) -> Vec<Trial> {
    let cells = matrix.cells();
    let groups =
        if is_shared { run::together(&cells) } else { (0..cells.len()).map(|index| vec![index]).collect() };
    let shared = Arc::new(Shared { matrix, plan: OnceLock::new() });
    let mut trials: Vec<(usize, Trial)> = Vec::new();
    for group in groups {
        let members: Vec<_> = group.iter().map(|index| cells[*index].clone()).collect();
        let together = Arc::new(Together { cells: members, results: OnceLock::new() });
        for (place, index) in group.into_iter().enumerate() {
            let (shared, together) = (Arc::clone(&shared), Arc::clone(&together));
            let name = cells[index].id.replace(' ', "::");
            trials.push((index, Trial::test(name, move || together.run(place, &shared))));
        }
    }
    trials.sort_by_key(|(index, _)| *index);
    trials.into_iter().map(|(_, trial)| trial).collect()
}

/// Cells that are run together when the first of them is.
struct Together {
    cells: Vec<Cell>,
    results: OnceLock<Result<Vec<CellResult>, String>>,
}

impl Together {
    fn run(&self, place: usize, shared: &Shared) -> Result<(), Failed> {
        let results = self.results.get_or_init(|| shared.run(&self.cells));
        let result = &results.as_ref().map_err(Clone::clone)?[place];
        if result.is_good() { Ok(()) } else { Err(told(result).into()) }
    }
}

/// What the cells share; made when the first of them runs, for a listing needs none of it.
struct Shared {
    matrix: Matrix,
    plan: OnceLock<Result<Plan, String>>,
}

impl Shared {
    fn run(&self, cells: &[Cell]) -> Result<Vec<CellResult>, String> {
        let plan = self.plan.get_or_init(|| self.plan()).clone()?;
        let plan = Plan { cells: cells.to_vec(), jobs: 1, ..plan };
        run::run(&plan, &mut |_| {}).map(|summary| summary.results).map_err(|error| error.to_string())
    }

    fn plan(&self) -> Result<Plan, String> {
        let options = PostRenderOptions {
            policies: PolicySelection::Directory(self.matrix.chart().join("policies")),
            secrets: SecretSelection::Example,
            values_directory: self.matrix.values_directory().to_owned(),
            ..PostRenderOptions::default()
        };
        let plugin = Plugin::new(options).map_err(|error| error.to_string())?;
        let plan = Plan::of(&self.matrix).map_err(|error| error.to_string())?;
        Ok(Plan { post_render: Some(Arc::new(plugin)), ..plan })
    }
}

fn told(result: &CellResult) -> String {
    let cells = [CellReport {
        id: result.id.clone(),
        findings: result.findings.clone(),
        failure: result.failure.as_ref().map(|failure| failure.message.clone()),
        duration: result.duration,
    }];
    let rules = run::rules();
    let run = Run { cells: &cells, duration: result.duration, chart_directory: Some("chart"), rules: &rules };
    let mut out = Vec::new();
    text::write_run(&mut out, &run, Appearance::default()).expect("memory takes all");
    String::from_utf8_lossy(&out).into_owned()
}
