//! The matrix, one test for each cell: `cargo test --test cells gift/prod::helm4`.
//!
//! A cell here is what it is for `gift test`; the name has `::` where that has blanks.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails panics")]

use gift_harness::matrix::{Cell, Matrix};
use gift_harness::policies::PolicySelection;
use gift_harness::post_render::PostRenderOptions;
use gift_harness::report::text::{self, Appearance};
use gift_harness::report::{CellReport, Run};
use gift_harness::run::{self, Plan, Plugin};
use gift_harness::secrets::SecretSelection;
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = match Matrix::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("matrix.yaml")) {
        Ok(matrix) => trials(matrix),
        Err(error) => vec![Trial::test("matrix", move || Err(error.to_string().into()))],
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trials(matrix: Matrix) -> Vec<Trial> {
    let cells = matrix.cells();
    let shared = Arc::new(Shared { matrix, plan: OnceLock::new() });
    let trial = |cell: Cell| {
        let shared = Arc::clone(&shared);
        Trial::test(cell.id.replace(' ', "::"), move || shared.run(cell))
    };
    cells.into_iter().map(trial).collect()
}

/// What the cells share; made when the first of them runs, for a listing needs none of it.
struct Shared {
    matrix: Matrix,
    plan: OnceLock<Result<Plan, String>>,
}

impl Shared {
    fn run(&self, cell: Cell) -> Result<(), Failed> {
        let plan = self.plan.get_or_init(|| self.plan()).clone()?;
        let summary = run::run(&Plan { cells: vec![cell], jobs: 1, ..plan }, &mut |_| {})
            .map_err(|error| error.to_string())?;
        if summary.is_good() { Ok(()) } else { Err(told(&summary).into()) }
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

fn told(summary: &run::Summary) -> String {
    let report = |result: &run::CellResult| CellReport {
        id: result.id.clone(),
        findings: result.findings.clone(),
        failure: result.failure.as_ref().map(|failure| failure.message.clone()),
        duration: result.duration,
    };
    let cells: Vec<_> = summary.results.iter().map(report).collect();
    let rules = run::rules();
    let run =
        Run { cells: &cells, duration: summary.duration, chart_directory: Some("chart"), rules: &rules };
    let mut out = Vec::new();
    text::write_run(&mut out, &run, Appearance::default()).expect("memory takes all");
    String::from_utf8_lossy(&out).into_owned()
}
