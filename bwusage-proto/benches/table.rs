//! From a mirror to the rows on a screen: grouping, filtering, sorting and cutting.
//!
//! Budget: the rows of a screen out of 5,000 processes within 1 ms, half of what a client may take to draw.

use std::hint::black_box;

use bwusage_proto::{
    filter::Filter,
    mirror::{Mirror, Process},
    process::{Pid, ProcessId, UserId},
    snapshot::{ProcessInfo, Resources, RowId},
    table::{Grouping, Query, table},
    units::{Counters, Rates, Scope},
    users::Users,
};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

/// Spread evenly, and the same in every run.
fn scattered(row: u64) -> u64 {
    row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 34
}

fn process(row: u64) -> (RowId, Process) {
    let app = format!("app{}", row % 50);
    let info = ProcessInfo {
        id: Some(ProcessId::new(row as Pid, row)),
        parent: Some(1),
        name: format!("{app}-worker"),
        exe: Some(format!("/usr/lib/{app}/{app}")),
        command_line: Some(vec![app.clone(), "--serve".into()]),
        app,
        user: Some(UserId::Uid(row as u32 % 20)),
        started_at_unix_ms: Some(row),
        ..ProcessInfo::unknown(RowId(row))
    };
    let mut counters = Counters::default();
    counters[Scope::Internet].wire.rx_bytes = scattered(row) + 1;
    let rates = Rates { rx_bytes_per_s: scattered(row) >> 8, tx_bytes_per_s: 1 };
    let resources = Resources { cpu_centipercent: Some(row as u32 % 10_000), ..Resources::default() };
    (RowId(row), Process { info, counters, rates, resources: Some(resources), exited_at_unix_ms: None })
}

fn rows(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("table");
    let users: Users = (0..20).map(|uid| (UserId::Uid(uid), format!("user{uid}"))).collect();
    let filter = Filter::parse("app1 | cpu>50").expect("a good filter");
    for rows in [500, 5_000, 50_000] {
        let mirror = Mirror { processes: (0..rows).map(process).collect(), ..Mirror::default() };
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
