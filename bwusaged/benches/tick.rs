//! What a tick costs the daemon.
//!
//! - `advance`: the store takes in a tick in which every process changed.
//! - `full`: everything that a tick does, with 500 processes beside those of this machine: the counters of the kernel (as
//!   root; without it the bench says so and leaves them out), the host's metrics, the store. Budget: 2 ms.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use bwusage_proto::{
    process::{ProcessId, UserId},
    units::{Counters, Scope},
};
use bwusaged::{
    engine::{self, Engine, Identity, ProcessSample, Sample},
    host::{Host as _, HostTick, live::LiveHost},
    service,
    usage::{Moment, store::Store},
};
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};

const PROCESSES: usize = 500;

fn sample(processes: u32, tick: u64) -> Sample {
    let process = |pid| {
        let mut counters = Counters::default();
        counters[Scope::Internet].wire.rx_bytes = tick * 1_000_000;
        let identity =
            Identity { name: format!("p{pid}"), user: Some(UserId::Uid(pid % 7)), ..Identity::default() };
        let identity = (tick == 1).then_some(identity);
        ProcessSample { id: ProcessId::new(pid, 1), counters, identity, ended: false }
    };
    Sample { processes: (1..=processes).map(process).collect(), ..Sample::default() }
}

fn moment(tick: u64) -> Moment {
    Moment { unix_ms: tick * 1000, steady_ms: tick * 1000 }
}

fn advance(criterion: &mut Criterion) {
    for processes in [500, 5_000, 50_000] {
        let mut store = Store::default();
        let mut tick = 1;
        store.advance(moment(tick), sample(processes, tick), HostTick::default());
        criterion.bench_with_input(
            BenchmarkId::new("advance", processes),
            &processes,
            |bencher, &processes| {
                bencher.iter_batched(
                    || {
                        tick += 1;
                        (tick, sample(processes, tick))
                    },
                    |(tick, sample)| store.advance(moment(tick), sample, HostTick::default()),
                    BatchSize::LargeInput,
                );
            },
        );
    }
}

/// Processes that do nothing. Killed when dropped.
struct Sleepers(Vec<Child>);

impl Sleepers {
    fn start() -> Self {
        let sleeper =
            || Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().expect("sleep is there");
        Self((0..PROCESSES).map(|_| sleeper()).collect())
    }
}

impl Drop for Sleepers {
    fn drop(&mut self) {
        for sleeper in &mut self.0 {
            // One that has ended already is gone all the same.
            let _ = sleeper.kill();
            let _ = sleeper.wait();
        }
    }
}

fn full(criterion: &mut Criterion) {
    let _sleepers = Sleepers::start();
    let mut engine: Option<Box<dyn Engine>> = engine::open(engine::Wanted::default())
        .inspect_err(|error| eprintln!("the kernel's counters are left out of `full`: {error}"))
        .ok();
    let mut host = LiveHost::open().expect("the system's metrics");
    let mut store = Store::default();
    let mut tick = 0;
    let mut group = criterion.benchmark_group("full");
    // A round of ticks visits every process once: fewer samples would miss some.
    group.measurement_time(Duration::from_secs(10));
    group.bench_function(BenchmarkId::from_parameter(PROCESSES), |bencher| {
        // Processor time, not the clock: other programs of the machine must not count.
        bencher.iter_custom(|ticks| {
            let before = service::own_cpu().expect("the system says");
            for _ in 0..ticks {
                tick += 1;
                let sample = engine.as_mut().map(|engine| engine.sample().expect("counters"));
                let host = host.sample(&store.busy());
                store.advance(moment(tick), sample.unwrap_or_default(), host);
            }
            service::own_cpu().expect("the system says").saturating_sub(before)
        });
    });
}

criterion_group!(benches, advance, full);
criterion_main!(benches);
