//! Questions about a year of 300 applications, what it takes on the disk, and what rolling up a full hour costs.
//! Budget: 20 ms for any question that makes a chart.

use std::{hint::black_box, time::Instant};

use bwusage_proto::history::{Bucket, HistoryFilter, HistoryQuery, Per};
use bwusaged::history::{
    book::{self, Numbers},
    fault,
    query::{Asker, Terms, answer},
    rollup,
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

#[path = "support/year.rs"]
mod year;

const DAY_S: i64 = 86_400;
/// 22 November 2026, 08:30 UTC.
const NOW: i64 = 1_795_336_200;

fn question(days: i64, bucket: Bucket, per: Per) -> HistoryQuery {
    HistoryQuery {
        from_unix_s: NOW - days * DAY_S,
        to_unix_s: NOW,
        bucket,
        per,
        filter: HistoryFilter::default(),
        top: 20,
        time_zone: None,
        billing_day: None,
    }
}

fn questions(c: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("history.sqlite3");
    let begun = Instant::now();
    let mut writer = year::load(&file, NOW).expect("the year is loaded");
    let size_mib = fault::size_bytes(&file).unwrap_or(0) as f64 / f64::from(1 << 20);
    println!(
        "a year of {} applications: {size_mib:.1} MiB, loaded in {:.1?}",
        year::APPLICATIONS,
        begun.elapsed()
    );

    let settings = year::settings(&file);
    let terms = Terms { home: settings.home(), retention: settings.retention.clone(), now: NOW };
    let reader = fault::open_for_reading(&file).expect("it can be read");
    let billing = HistoryQuery { billing_day: Some(17), ..question(365, Bucket::Month, Per::App) };
    let one = HistoryFilter { apps: vec!["application-7".into()], ..HistoryFilter::default() };
    let elsewhere =
        HistoryQuery { time_zone: Some("Asia/Kolkata".into()), ..question(85, Bucket::Day, Per::App) };
    let asked = [
        ("year/day/app", question(365, Bucket::Day, Per::App)),
        ("year/month/app", question(365, Bucket::Month, Per::App)),
        ("year/month/app/billing_day_17", billing),
        ("year/whole/app", question(365, Bucket::Whole, Per::App)),
        ("year/day/user", question(365, Bucket::Day, Per::User)),
        ("year/day/scope", question(365, Bucket::Day, Per::Scope)),
        ("year/day/interface", question(365, Bucket::Day, Per::Interface)),
        ("year/day/remote", question(365, Bucket::Day, Per::Remote)),
        ("year/month/remote", question(365, Bucket::Month, Per::Remote)),
        ("week/hour/remote", question(7, Bucket::Hour, Per::Remote)),
        ("year/day/host", question(365, Bucket::Day, Per::Host)),
        ("year/day/one_app", HistoryQuery { filter: one, ..question(365, Bucket::Day, Per::Total) }),
        ("month/day/app", question(30, Bucket::Day, Per::App)),
        ("85_days/day/app/other_zone", elsewhere),
        ("week/hour/app", question(7, Bucket::Hour, Per::App)),
        ("month/hour/app", question(30, Bucket::Hour, Per::App)),
        ("day/minute/app", question(1, Bucket::Minute, Per::App)),
        ("day/hour/app", question(1, Bucket::Hour, Per::App)),
    ];
    let mut group = c.benchmark_group("history");
    group.sample_size(20);
    for (name, query) in &asked {
        let ask = || answer(&reader, black_box(query), &Asker::default(), &terms).expect("an answer");
        assert!(ask().series.len() + ask().host.len() > 0, "{name} has no answer");
        group.bench_function(*name, |bencher| bencher.iter(ask));
    }

    let (mut numbers, mut flush) = (Numbers::default(), 0);
    let mut hour = NOW - NOW % 3600;
    group.bench_function("roll_up/300_applications_every_minute", |bencher| {
        bencher.iter_batched(
            || {
                hour += 3600;
                (hour, year::full_hour(hour))
            },
            |(hour, pending)| {
                flush += 1;
                book::book(&mut writer, &mut numbers, [8; 16], flush, &pending).expect("booked");
                rollup::roll_up(&mut writer, &mut numbers, &settings.home(), hour + 3600).expect("rolled up")
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, questions);
criterion_main!(benches);
