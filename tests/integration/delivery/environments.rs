//! What each environment of the matrix renders.

use crate::workplace::repository;
use gift_harness::chart::Chart;
use gift_harness::matrix::{Cell, Matrix};
use gift_harness::tools::HelmVersion;
use std::collections::BTreeMap;

fn matrix() -> Matrix {
    Matrix::load(repository().join("tests/matrix.yaml")).unwrap()
}

/// One cell of each environment: with nothing switched on, the newest Helm and the newest Kubernetes.
pub(super) fn environments() -> BTreeMap<String, Cell> {
    let plain = matrix()
        .cells()
        .into_iter()
        .filter(|cell| cell.toggles.is_empty() && cell.expect.is_none() && cell.helm == HelmVersion::V4);
    plain.filter_map(|cell| Some((cell.environment.clone()?, cell))).collect()
}

/// The stream of such a cell, as Helm prints it.
pub(super) fn rendered(cell: &Cell) -> Vec<u8> {
    let (matrix, environment) = (matrix(), cell.environment.as_deref().unwrap());
    let chart = Chart::open(matrix.chart()).unwrap().environment(matrix.values_directory(), environment);
    chart.unwrap().kubernetes(cell.kubernetes.clone().unwrap()).render().unwrap().stream
}
