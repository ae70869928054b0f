//! What a look at the rules costs, once a second.
//!
//! - `no rules`: what everybody pays.
//! - `64 rules`, `256 rules`: every form of the language in turn, the most of one user and the most of all. Budget: 1 ms, which is
//!   0.1 % of a core.

use bwusage_proto::{
    alert::NewRule,
    process::{ProcessId, UserId},
    units::{Counters, Scope},
};
use bwusaged::{
    alerts::{Alerts, Asker},
    calendar::Calendar,
    engine::{Identity, ProcessSample, Sample},
    host::HostTick,
    server::access::Policy,
    usage::{Moment, store::Store},
};
use criterion::{Criterion, criterion_group, criterion_main};

const FORMS: [&str; 8] = [
    "app p7: rx > 1GiB / 1d",
    "user 3: total > 80%, 90%, 100% of 50GB / month",
    "rate.tx > 5GB/s for 30s",
    "app p9: cpu > 90% for 60s",
    "mem > 90%",
    "new application",
    "background application moves data",
    "ledger.lost > 0",
];

fn sample(processes: u32, tick: u64) -> Sample {
    let process = |pid| {
        let mut counters = Counters::default();
        counters[Scope::Internet].wire.rx_bytes = tick;
        let identity = Identity {
            name: format!("p{pid}"),
            exe: Some(format!("/usr/bin/p{pid}")),
            user: Some(UserId::Uid(pid % 7)),
            ..Identity::default()
        };
        let identity = (tick == 1).then_some(identity);
        ProcessSample { id: ProcessId::new(pid, 1), counters, identity, ended: false }
    };
    Sample { processes: (1..=processes).map(process).collect(), ..Sample::default() }
}

fn moment(tick: u64) -> Moment {
    Moment { unix_ms: 1_793_491_200_000 + tick * 1000, steady_ms: tick * 1000 }
}

fn look(criterion: &mut Criterion) {
    let asker = Asker { user: UserId::Uid(0), administrator: true };
    for (processes, rules) in [(500, 0), (500, 64), (500, 256), (5000, 256)] {
        let calendar = Calendar::new(jiff::tz::TimeZone::UTC, 1);
        let mut alerts = Alerts::new(None, 1, Policy::default(), calendar);
        for text in FORMS.iter().cycle().take(rules) {
            let new = NewRule::new(text).expect("a rule");
            alerts.add(&asker, new, 0).expect("there is room");
        }
        let mut store = Store::default();
        let mut tick = 0;
        criterion.bench_function(&format!("{rules} rules/{processes}"), |bencher| {
            bencher.iter_custom(|looks| {
                let mut spent = std::time::Duration::ZERO;
                for _ in 0..looks {
                    tick += 1;
                    store.advance(moment(tick), sample(processes, tick), HostTick::default());
                    let begun = std::time::Instant::now();
                    alerts.look(moment(tick), &store);
                    spent += begun.elapsed();
                }
                spent
            });
        });
    }
}

criterion_group!(benches, look);
criterion_main!(benches);
