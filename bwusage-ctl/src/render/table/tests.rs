use bwusage_proto::{
    snapshot::{Residual, ResidualReason, RowId},
    text,
    units::Scope,
};

use super::*;

fn row(pid: u32, name: &str, rx: u64) -> Row {
    let mut row = extra_row(name);
    row.key = RowKey::Process(RowId(pid.into()));
    row.pid = Some(pid);
    row.app = name.into();
    row.users = vec!["alice".into()];
    row.counters[Scope::Internet].wire.rx_bytes = rx;
    row.rates = Rates { rx_bytes_per_s: 3_303_014, tx_bytes_per_s: 12 };
    row.cpu_centipercent = Some(840);
    row.rss_bytes = Some(200_278_016);
    row.processes = 1;
    row
}

fn layout(by: Grouping, width: Option<usize>) -> Layout {
    Layout {
        by,
        units: Units::Iec,
        width,
        header: true,
        first_seen: false,
        wire: Wire::Counted,
        steady: false,
    }
}

fn drawn(rows: Vec<Row>, layout: &Layout) -> String {
    let table = Table { total: rows.len(), matched: rows.len(), rows };
    anstream::adapter::strip_str(&draw(&table, layout)).to_string()
}

#[test]
fn columns_are_as_wide_as_their_content() {
    let mut ended = row(7, "curl", 1_000_341_504);
    ended.exited_at_unix_ms = Some(1);
    (ended.cpu_centipercent, ended.rss_bytes) = (None, None);
    let expected = "
    PID  NAME     APP      USER         RX/s    TX/s  RX TOTAL  TX TOTAL  CPU%      MEM
1234567  firefox  firefox  alice  3.15 MiB/s  12 B/s       5 B       0 B   8.4  191 MiB
      7  curl †   curl     alice  3.15 MiB/s  12 B/s   954 MiB       0 B     -        -
";
    let drawn = drawn(vec![row(1_234_567, "firefox", 5), ended], &layout(Grouping::Process, None));
    assert_eq!(drawn, &expected[1..]);
}

#[test]
fn every_line_fits_the_terminal_and_the_name_is_always_there() {
    let rows = || vec![row(4242, "日本語-a-very-long-name-of-a-program", 5), row(1, "b", 5)];
    for (by, title) in Grouping::ALL.into_iter().zip(["APP", "NAME", "USER", "UNIT", "CONTAINER", "CATEGORY"])
    {
        for width in 1..140 {
            let drawn = drawn(rows(), &layout(by, Some(width)));
            assert_eq!(drawn.lines().count(), 3);
            assert!(drawn.lines().all(|line| text::width(line) <= width), "{width}\n{drawn}");
            assert!(width < title.len() || drawn.contains(title), "{width}\n{drawn}");
        }
    }
}

#[test]
fn the_least_important_columns_go_first() {
    let narrow = drawn(vec![row(4242, "firefox", 5)], &layout(Grouping::Process, Some(55)));
    assert_eq!(narrow.lines().next(), Some(" PID  NAME           RX/s    TX/s  RX TOTAL  TX TOTAL"));
}

#[test]
fn when_a_row_was_first_seen_is_said_to_the_second_where_it_is_of_interest() {
    let mut seen = row(4242, "beacon", 5);
    seen.first_traffic_at_unix_ms = Some(1_795_291_200_999);
    let drawn = drawn(
        vec![seen, row(1, "never", 0)],
        &Layout { first_seen: true, ..layout(Grouping::Process, None) },
    );
    let words: Vec<Vec<&str>> = drawn.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words[0][3..6], ["USER", "FIRST", "SEEN"]);
    assert_eq!((words[1][4], words[2][4]), ("2026-11-21T20:00:00Z", "-"));
}

#[test]
fn headings_of_estimated_bytes_are_marked_and_no_other() {
    let layout = Layout { wire: Wire::Estimated, ..layout(Grouping::Process, None) };
    let drawn = drawn(vec![row(1, "a", 5)], &layout);
    let marked = drawn.lines().next().unwrap_or_default().matches('~').count();
    assert!(marked == 4 && drawn.contains("~RX/s") && drawn.contains("~TX TOTAL"), "{drawn}");
}

#[test]
fn a_name_cannot_act_on_the_terminal() {
    let drawn = drawn(vec![row(1, "\x1b]0;owned\x07\u{202e}", 5)], &layout(Grouping::App, None));
    assert!(drawn.contains(r"\x1b]0;owned\x07\u{202e}"), "{drawn}");
}

#[test]
fn bytes_without_a_process_have_their_own_line() {
    let mut counters = Counters::default();
    counters[Scope::Lan].wire.rx_bytes = 42;
    let residual = Residual { reason: ResidualReason::KernelIcmp, counters, rates: Rates::default() };
    let mirror = Mirror { residuals: vec![residual], ..Mirror::default() };
    let table = Table { rows: vec![row(1, "a", 5)], total: 1, matched: 1 };
    let whole = draw_whole(&table, &mirror, &Layout { header: false, ..layout(Grouping::App, None) });
    let last: Vec<&str> = whole.lines().last().unwrap_or_default().split_whitespace().collect();
    assert_eq!(last, ["(unattributed)", "-", "-", "0", "B/s", "0", "B/s", "42", "B", "0", "B", "-", "-"]);
    assert_eq!(draw_whole(&table, &Mirror::default(), &layout(Grouping::App, None)).lines().count(), 2);
}

#[test]
fn steady_columns_do_not_move_when_numbers_change() {
    let drawn = |rx| {
        let mut row = row(1, "a", rx);
        (row.rates.rx_bytes_per_s, row.rss_bytes) = (rx, Some(rx));
        let line = drawn(vec![row], &Layout { steady: true, ..layout(Grouping::Process, None) });
        text::width(line.lines().last().unwrap_or_default())
    };
    assert_eq!(drawn(0), drawn(1023 * 1024));
}
