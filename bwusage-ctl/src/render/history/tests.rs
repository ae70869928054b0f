use bwusage_proto::{
    history::{Bucket, BucketSpan, History, HistoryHead, HostPoint, Per, Series, SeriesKey},
    users::Users,
};

use super::*;

/// 2026-11-20, 00:00 in UTC.
const START: i64 = 1_795_132_800;
const DAY: i64 = 86_400;

fn amount(rx_bytes: u64, tx_bytes: u64) -> Amount {
    Amount { rx_bytes, tx_bytes, rx_packets: Some(1), tx_packets: None }
}

/// Three days: one that was counted for half of it, a gap, and today.
fn history(per: Per, series: Vec<(SeriesKey, [Option<Amount>; 3])>) -> History {
    let covered = [43_200, 0, 3_600];
    let buckets =
        (0..).zip(covered).map(|(day, covered_s)| BucketSpan { start_unix_s: START + day * DAY, covered_s });
    let sum = |points: &[Option<Amount>; 3]| {
        let mut total = Amount::ZERO;
        points.iter().flatten().for_each(|point| total += *point);
        total
    };
    History {
        head: Some(HistoryHead {
            bucket: Bucket::Day,
            per,
            buckets: buckets.collect(),
            end_unix_s: START + 3 * DAY,
            time_zone: "UTC".into(),
            billing_day: 1,
            resolution: Bucket::Minute,
            meaning: Meaning::Wire,
            oldest_unix_s: Some(START),
            notes: vec![],
        }),
        series: series
            .into_iter()
            .map(|(key, points)| Series { key, total: sum(&points), points: points.to_vec() })
            .collect(),
        host: vec![],
    }
}

fn apps() -> History {
    history(
        Per::App,
        vec![
            (
                SeriesKey::App("=2+2,\u{1b}[2J\u{202e}".into()),
                [Some(amount(3 << 20, 1 << 20)), None, Some(amount(0, 0))],
            ),
            (SeriesKey::Other(3), [Some(amount(10, 10)), None, Some(amount(1 << 20, 0))]),
            (SeriesKey::User(None), [Some(amount(0, 0)), None, Some(amount(0, 0))]),
        ],
    )
}

fn total() -> History {
    history(
        Per::Total,
        vec![(SeriesKey::Total, [Some(amount(3 << 20, 1 << 20)), None, Some(amount(1 << 20, 0))])],
    )
}

fn drawn(history: &History, width: Option<usize>) -> String {
    let users = Users::new();
    let report = HistoryReport::new(history, &users, "1.2.3").unwrap();
    let now_unix_ms = (START + 2 * DAY + 7200).unsigned_abs() * 1000;
    let layout = Layout { units: Units::Iec, width, header: true, now_unix_ms };
    anstream::adapter::strip_str(&draw(&report, layout)).to_string()
}

#[test]
fn a_gap_is_drawn_and_never_a_zero() {
    let expected = "\
2026-11-20 00:00 to 2026-11-23 00:00, UTC, by day, bytes from the IP header on
WHEN                  RX        TX     TOTAL
2026-11-20 Fri  3.00 MiB  1.00 MiB  4.00 MiB  ████████████████████████  counted 12h 00m of 1d 00h
2026-11-21 Sat         ┊         ┊         ┊  ┊                         nobody counted
2026-11-22 Sun  1.00 MiB       0 B  1.00 MiB  ▒▒▒▒▒▒                    so far
total           4.00 MiB  1.00 MiB  5.00 MiB
";
    assert_eq!(drawn(&total(), None), expected);
}

#[test]
fn what_was_before_the_first_that_is_known_is_left_out() {
    let mut history = total();
    history.head.as_mut().unwrap().oldest_unix_s = Some(START + DAY + 5);
    let drawn = drawn(&history, None);
    assert!(drawn.starts_with("2026-11-21 00:00 to 2026-11-23 00:00, UTC, by day, "), "{drawn}");
    assert!(drawn.contains("; nothing is known before\n") && !drawn.contains("2026-11-20"), "{drawn}");
    assert!(drawn.contains("2026-11-21 Sat         ┊"), "{drawn}");
}

#[test]
fn several_series_are_a_line_each_and_add_up() {
    let expected = r"
NAME                        RX        TX     TOTAL     %  COURSE
=2+2,\x1b[2J\u{202e}  3.00 MiB  1.00 MiB  4.00 MiB  79.9  █┊·
(other)               1.00 MiB      10 B  1.00 MiB  20.0  ▁┊█
(unknown user)             0 B       0 B       0 B   0.0  ·┊·
total                 4.00 MiB  1.00 MiB  5.00 MiB        █┊▂
";
    let drawn = drawn(&apps(), None);
    let (_, table) = drawn.split_once('\n').unwrap();
    assert_eq!(table, expected.trim_start_matches('\n'));
}

#[test]
fn a_narrow_terminal_keeps_names_and_sums() {
    let drawn = drawn(&apps(), Some(30));
    for line in drawn.lines().skip(1) {
        assert!(text::width(line) <= 30, "{line}");
    }
    assert!(drawn.contains("TOTAL") && !drawn.contains("COURSE"), "{drawn}");
}

#[test]
fn a_spreadsheet_gets_numbers_no_formula_and_a_line_for_a_gap() {
    let history = apps();
    let users = Users::new();
    let report = HistoryReport::new(&history, &users, "1.2.3").unwrap();
    let csv: String = bwusage_proto::csv::history(&report, true).collect();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "start_at,end_at,label,length_s,covered_s,kind,name,rx_bytes,tx_bytes,rx_packets,tx_packets"
    );
    assert!(lines[1].ends_with(r#",app,"'=2+2,\x1b[2J\u{202e}",3145728,1048576,1,"#), "{}", lines[1]);
    assert_eq!(lines[4], "2026-11-21T00:00:00.000Z,2026-11-22T00:00:00.000Z,2026-11-21 Sat,86400,0,gap,,,,,");
    assert_eq!(lines.len(), 1 + 3 + 1 + 3);
}

#[test]
fn the_machine_has_its_own_columns_and_what_is_unknown_is_a_dash() {
    let mut history = history(Per::Host, vec![]);
    let point = HostPoint {
        cpu_centipercent: Some(1250),
        memory_used_bytes: None,
        rx_bytes: Some(2048),
        ..HostPoint::default()
    };
    history.host = vec![Some(point), None, Some(HostPoint::default())];
    let drawn = drawn(&history, None);
    let lines: Vec<&str> = drawn.lines().collect();
    assert!(lines[2].starts_with("2026-11-20 Fri  12.5      -    -"), "{}", lines[2]);
    assert_eq!(lines[3].matches('┊').count(), 8, "{}", lines[3]);
}
