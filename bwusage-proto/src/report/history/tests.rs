use super::*;
use crate::history::{Meaning, Per, Series};

/// Three days in Berlin, of which the second is a gap and the third is not over.
fn history() -> History {
    let start = "2026-10-24T00:00:00+02:00".parse::<Timestamp>().unwrap().as_second();
    let span = |day: i64, covered_s| BucketSpan { start_unix_s: start + day * 86_400, covered_s };
    let amount = |rx_bytes| Amount { rx_bytes, tx_bytes: 1, rx_packets: Some(3), tx_packets: None };
    let series = |key, points: [Option<Amount>; 3]| {
        let mut total = Amount::ZERO;
        points.iter().flatten().for_each(|point| total += *point);
        Series { key, total, points: points.to_vec() }
    };
    History {
        head: Some(HistoryHead {
            bucket: Bucket::Day,
            per: Per::App,
            buckets: vec![
                span(0, 86_400),
                span(1, 0),
                BucketSpan { start_unix_s: start + 86_400 + 90_000, covered_s: 60 },
            ],
            end_unix_s: start + 86_400 + 90_000 + 86_400,
            time_zone: "Europe/Berlin".into(),
            billing_day: 1,
            resolution: Bucket::Minute,
            meaning: Meaning::Wire,
            oldest_unix_s: Some(start),
            notes: vec!["a note".into()],
        }),
        series: vec![
            series(SeriesKey::App("fire\u{1b}fox".into()), [Some(amount(1000)), None, Some(amount(5))]),
            series(SeriesKey::Other(4), [Some(amount(10)), None, Some(Amount::ZERO)]),
        ],
        host: Vec::new(),
    }
}

fn with_report<T>(history: &History, look: impl FnOnce(&HistoryReport<'_>) -> T) -> T {
    look(&HistoryReport::new(history, &Users::new(), "1.2.3").unwrap())
}

#[test]
fn a_day_is_named_in_its_zone_and_a_gap_is_null() {
    let report = with_report(&history(), |report| serde_json::to_value(report).unwrap());
    assert_eq!(report["buckets"][0]["label"], "2026-10-24 Sat");
    assert_eq!(report["buckets"][1]["start_at"], "2026-10-24T22:00:00.000Z");
    assert_eq!(report["buckets"][1]["length_s"], 90_000, "the clocks are set back");
    assert_eq!(report["series"][0]["points"][1], serde_json::Value::Null);
    assert_eq!(
        (&report["series"][0]["rx_bytes"], &report["series"][0]["tx_packets"]),
        (&1005.into(), &serde_json::Value::Null)
    );
    assert_eq!(
        (&report["series"][1]["kind"], &report["series"][1]["name"]),
        (&"other".into(), &serde_json::Value::Null)
    );
}

#[test]
fn as_a_stream_a_gap_is_one_record_and_never_an_amount() {
    let kinds = with_report(&history(), |report| {
        let records = report.records().map(|record| serde_json::to_value(record).unwrap());
        records.map(|record| record["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(kinds, ["point", "point", "gap", "point", "point"]);
}

#[test]
fn the_stream_adds_up_to_the_totals() {
    with_report(&history(), |report| {
        let mut sum = 0;
        for record in report.records() {
            if let HistoryRecord::Point { amount, .. } = record {
                sum += amount.bytes();
            }
        }
        assert_eq!(sum, report.series.iter().map(|series| series.total.bytes()).sum::<u64>());
    });
}

#[test]
fn the_hour_that_comes_twice_has_two_names() {
    let mut head = history().head.unwrap();
    head.bucket = Bucket::Hour;
    let calendar = Calendar::new(&head);
    let at = |text: &str| calendar.label(text.parse::<Timestamp>().unwrap().as_second());
    assert_eq!(at("2026-10-25T00:00:00Z"), "2026-10-25 02:00 +02:00");
    assert_eq!(at("2026-10-25T01:00:00Z"), "2026-10-25 02:00 +01:00");
    assert_eq!(at("2026-10-25T02:00:00Z"), "2026-10-25 03:00");
}

#[test]
fn a_month_from_a_billing_day_is_named_by_its_first_day() {
    let mut head = history().head.unwrap();
    head.bucket = Bucket::Month;
    let first = "2026-11-15T00:00:00+01:00".parse::<Timestamp>().unwrap().as_second();
    assert_eq!(Calendar::new(&head).label(first), "2026-11");
    head.billing_day = 15;
    assert_eq!(Calendar::new(&head).label(first), "from 2026-11-15");
}

#[test]
fn without_a_head_there_is_no_report() {
    assert_eq!(HistoryReport::new(&History::default(), &Users::new(), ""), None);
}
