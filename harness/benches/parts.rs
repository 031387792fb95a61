//! What the parts cost on one stream, that of the chart with its default values: reading, each assertion,
//! encoding and judging in the sandbox, reading the policies, composing values, rendering by a worker.
//!
//! `cargo bench -p gift-harness --bench parts [-- FILTER]`; criterion compares with the run before.

use criterion::{Criterion, Throughput};
use gift_harness::assertions::{self, Context};
use gift_harness::chart::{Chart, compose};
use gift_harness::objects::Objects;
use gift_harness::policies::{Policies, PolicySelection};
use gift_harness::post_render::{PostRenderOptions, PostRenderer};
use gift_harness::render::{HelmWorker, Renderer};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../chart");
    let chart = Chart::open(chart)?;
    let worker = HelmWorker::new()?;
    let stream = worker.render(chart.request())?.stream;
    let objects = Objects::read(&stream)?;
    let mut criterion = Criterion::default().configure_from_args();

    let mut group = criterion.benchmark_group("stream");
    group.throughput(Throughput::Elements(objects.len() as u64));
    group.bench_function("objects read", |bencher| bencher.iter(|| Objects::read(&stream).map(drop)));
    let every = PostRenderer::new()?;
    for (name, policies) in
        [("encoded", PolicySelection::None), ("encoded and judged", PolicySelection::Embedded)]
    {
        let options = PostRenderOptions { policies, ..PostRenderOptions::default() };
        // What goes wrong would be quick.
        every.run(&stream, &options)?;
        group.bench_function(name, |bencher| bencher.iter(|| every.run(&stream, &options).map(drop)));
    }
    group.finish();

    let mut group = criterion.benchmark_group("assertion");
    for assertion in assertions::all() {
        let only = [assertion.id().to_owned()];
        let context = Context { only: &only, ..Context::default() };
        group
            .bench_function(assertion.id(), |bencher| bencher.iter(|| assertions::check(&objects, &context)));
    }
    group.finish();

    let mut group = criterion.benchmark_group("before");
    group.bench_function("values composed", |bencher| bencher.iter(|| compose(chart.request()).map(drop)));
    group.bench_function("rendered by a worker", |bencher| {
        bencher.iter(|| worker.render(chart.request()).map(drop));
    });
    group.bench_function("policies read", |bencher| {
        bencher.iter(|| Policies::read(&PolicySelection::Embedded).map(drop));
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
