//! Encoding and decoding a whole table, and applying it: what one tick costs when everything changed.
//!
//! Budget: 5,000 rows encoded and decoded within 1 ms.

use std::hint::black_box;

use bwusage_proto::{
    frame::{self, DAEMON_TO_CLIENT_MAX, Frame},
    message::{Encoded, Reply, Tick},
    mirror::Mirror,
    snapshot::Activity,
    units::{Scope, Traffic},
};
use bytes::BytesMut;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

#[path = "../tests/samples/rows.rs"]
mod rows;

/// Rows in a page, as the daemon sends them.
const PAGE_ROWS: u64 = 4096;

fn tick(infos: std::ops::Range<u64>, changed: std::ops::Range<u64>) -> Reply {
    Reply::Tick(Box::new(Tick {
        seq: 1,
        taken_at_unix_ms: 1_700_000_000_000,
        window_ms: 1000,
        host: None,
        infos: infos.map(rows::info).collect(),
        changed: changed.map(activity).collect(),
        gone: Vec::new(),
        residuals: Vec::new(),
        fault: None,
        ledger: None,
        retired: Vec::new(),
    }))
}

/// A row as most are: traffic in one scope.
fn activity(row: u64) -> Activity {
    let mut activity = rows::activity(row);
    activity.counters[Scope::Loopback] = Traffic::default();
    activity.counters[Scope::Lan] = Traffic::default();
    activity.exited_at_unix_ms = None;
    activity
}

/// A tick in which every row changed; the descriptions were sent before.
fn changes(rows: u64) -> Vec<Reply> {
    (0..rows)
        .step_by(PAGE_ROWS as usize)
        .map(|first| tick(0..0, first..(first + PAGE_ROWS).min(rows)))
        .collect()
}

/// The first tick of a client: every row is described too.
fn everything(rows: u64) -> Vec<Reply> {
    let half = PAGE_ROWS / 2;
    let page = |first: u64| tick(first..(first + half).min(rows), first..(first + half).min(rows));
    (0..rows).step_by(half as usize).map(page).collect()
}

fn encode(pages: &[Reply]) -> Vec<Encoded> {
    pages.iter().map(|page| page.encode(false).expect("a page fits")).collect()
}

fn frames(pages: &[Encoded]) -> Vec<Frame> {
    let frame = |page: &Encoded| {
        let mut bytes = BytesMut::from(&page.header(1)[..]);
        bytes.extend_from_slice(page.body());
        frame::take(&mut bytes, DAEMON_TO_CLIENT_MAX).expect("a frame").expect("a whole one")
    };
    pages.iter().map(frame).collect()
}

fn snapshot(criterion: &mut Criterion) {
    for rows in [300, 5_000, 50_000] {
        for (what, pages) in [("changes", changes(rows)), ("everything", everything(rows))] {
            let encoded = encode(&pages);
            let frames = frames(&encoded);
            let bytes: usize = encoded.iter().map(|page| page.body().len()).sum();
            let mut group = criterion.benchmark_group(what);
            group.throughput(Throughput::Bytes(bytes as u64));
            group.bench_with_input(BenchmarkId::new("encode", rows), &pages, |bencher, pages| {
                bencher.iter(|| encode(black_box(pages)));
            });
            group.bench_with_input(BenchmarkId::new("decode", rows), &frames, |bencher, frames| {
                bencher.iter(|| {
                    frames.iter().map(|frame| Reply::decode(frame).expect("a tick")).collect::<Vec<_>>()
                });
            });
            group.finish();
        }
        let everything = everything(rows);
        criterion.bench_with_input(BenchmarkId::new("apply", rows), &everything, |bencher, pages| {
            bencher.iter_batched(
                || pages.clone(),
                |pages| {
                    let mut mirror = Mirror::default();
                    for page in pages {
                        let Reply::Tick(tick) = page else { unreachable!("only ticks") };
                        mirror.apply(*tick).expect("every row is described");
                    }
                    mirror
                },
                criterion::BatchSize::LargeInput,
            );
        });
    }
}

criterion_group!(benches, snapshot);
criterion_main!(benches);
