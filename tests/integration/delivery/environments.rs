//! What each environment of the matrix renders.

use crate::workplace::repository;
use gift_harness::chart::Chart;
use gift_harness::matrix::Matrix;
use gift_harness::tools::HelmVersion;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// The stream of each environment, as Helm prints it: with nothing switched on, the newest Helm and the newest
/// Kubernetes. Rendered once for all tests.
pub(super) fn environments() -> &'static BTreeMap<String, Vec<u8>> {
    static STREAMS: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    STREAMS.get_or_init(|| {
        let matrix = Matrix::load(repository().join("tests/matrix.yaml")).unwrap();
        let mut newest = BTreeMap::new();
        for cell in matrix.cells() {
            let is_plain = cell.toggles.is_empty() && cell.expect.is_none() && cell.helm == HelmVersion::V4;
            if let (true, Some(environment)) = (is_plain, cell.environment) {
                newest.insert(environment, cell.kubernetes.unwrap());
            }
        }
        let rendered = newest.into_iter().map(|(environment, kubernetes)| {
            let chart = Chart::open(matrix.chart()).unwrap();
            let chart = chart.environment(matrix.values_directory(), &environment).unwrap();
            (environment, chart.kubernetes(kubernetes).render().unwrap().stream)
        });
        rendered.collect()
    })
}
