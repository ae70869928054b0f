//! A question about the past and its answer, with every field off its default.

use bwusage_proto::{
    history::{
        Amount, Bucket, BucketSpan, History, HistoryFilter, HistoryHead, HistoryQuery, HistoryState,
        HostPoint, Meaning, Per, Series, SeriesKey,
    },
    process::{Category, UserId},
    snapshot::ResidualReason,
    units::Scope,
};

/// One question.
pub(crate) fn query() -> HistoryQuery {
    HistoryQuery {
        from_unix_s: 1_700_000_000,
        to_unix_s: 1_700_086_400,
        bucket: Bucket::Hour,
        per: Per::App,
        filter: HistoryFilter {
            apps: vec!["firefox".into()],
            users: vec![UserId::Uid(1000)],
            scopes: vec![Scope::Internet],
            categories: vec![Category::Background],
            interfaces: vec!["eth0".into()],
        },
        top: 20,
        time_zone: Some("Europe/Berlin".into()),
        billing_day: Some(17),
    }
}

/// Its answer, with a series of every kind.
pub(crate) fn answer() -> History {
    let amount = Amount { rx_bytes: 5_000_000, tx_bytes: 70_000, rx_packets: Some(4000), tx_packets: None };
    let keys = [
        SeriesKey::Total,
        SeriesKey::App("firefox".into()),
        SeriesKey::Residual(ResidualReason::KernelIcmp),
        SeriesKey::User(Some(UserId::Uid(1000))),
        SeriesKey::Scope(Scope::Lan),
        SeriesKey::Category(Some(Category::Service)),
        SeriesKey::Interface("eth0".into()),
        SeriesKey::Imported("eth0".into()),
        SeriesKey::Remote(Some("example.org".into())),
        SeriesKey::Other(12),
        SeriesKey::OtherUsers,
    ];
    let series = |key| Series { key, total: amount, points: vec![None, Some(amount)] };
    History {
        head: Some(HistoryHead {
            bucket: Bucket::Hour,
            per: Per::App,
            buckets: vec![
                BucketSpan { start_unix_s: 1_700_000_000, covered_s: 0 },
                BucketSpan { start_unix_s: 1_700_003_600, covered_s: 3599 },
            ],
            end_unix_s: 1_700_007_200,
            time_zone: "Europe/Berlin".into(),
            billing_day: 17,
            resolution: Bucket::Minute,
            meaning: Meaning::Link,
            oldest_unix_s: Some(1_690_000_000),
            notes: vec!["imported".into()],
        }),
        series: keys.into_iter().map(series).collect(),
        host: vec![
            None,
            Some(HostPoint {
                cpu_centipercent: Some(1200),
                cpu_peak_centipercent: Some(9900),
                memory_used_bytes: Some(1 << 33),
                memory_peak_bytes: Some(1 << 34),
                disk_read_bytes: Some(1),
                disk_write_bytes: Some(2),
                rx_bytes: Some(3),
                tx_bytes: Some(4),
            }),
        ],
    }
}

/// The memory of the past, with something to tell.
pub(crate) fn state() -> HistoryState {
    HistoryState {
        file: "/var/lib/bwusage/history.sqlite3".into(),
        size_bytes: Some(1 << 20),
        oldest_unix_s: Some(1_690_000_000),
        stored_until_unix_s: Some(1_700_000_000),
        fault: Some("the disk is full".into()),
        notes: vec!["the clock was set back".into()],
    }
}
