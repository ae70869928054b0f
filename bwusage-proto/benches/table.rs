//! From a mirror to the rows on a screen: grouping, filtering, sorting and cutting.
//!
//! Budget: a screenful out of 5,000 processes within 2 ms, with everything that a client draws.

use std::hint::black_box;

use bwusage_proto::{
    filter::Filter,
    mirror::{Mirror, Process},
    process::UserId,
    snapshot::{Activity, ProcessInfo},
    table::{Grouping, Query, table},
    users::Users,
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

#[path = "../tests/samples/mod.rs"]
mod samples;

fn mirror(rows: u64) -> Mirror {
    let process = |row| {
        let Activity { counters, rates, resources, exited_at_unix_ms, .. } = samples::activity(row);
        let info = ProcessInfo { app: format!("app{}", row % 50), ..samples::info(row) };
        (info.row, Process { info, counters, rates, resources, exited_at_unix_ms })
    };
    Mirror { processes: (0..rows).map(process).collect(), ..Mirror::default() }
}

fn rows(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("table");
    let users: Users = (0..2_000).map(|uid| (UserId::Uid(uid), format!("user{uid}"))).collect();
    let filter = Filter::parse("app1 | cpu>50").expect("a good filter");
    for rows in [500, 5_000, 50_000] {
        let mirror = mirror(rows);
        let mut bench = |name: &str, query: Query| {
            group.bench_function(BenchmarkId::new(name, rows), |bencher| {
                bencher.iter(|| black_box(table(&mirror, &users, &query)));
            });
        };
        let screen = Query { by: Grouping::Process, limit: Some(60), ..Query::default() };
        bench("screen", screen);
        bench("screen, filtered", Query { filter: Some(&filter), ..screen });
        bench("applications", Query { by: Grouping::App, ..screen });
        bench("every row", Query { limit: None, ..screen });
    }
    group.finish();
}

criterion_group!(benches, rows);
criterion_main!(benches);
