//! Numbers in words. Nothing in them was chosen by anybody, so they are markup as they are.

use bwusage_proto::{
    format::{self, Units},
    ledger::{Reason, Side},
    table::Grouping,
};
use jiff::{Timestamp, fmt::strtime};

/// A moment in UTC: the server does not know where its reader is.
pub(super) fn moment(unix_ms: u64) -> String {
    let timestamp = i64::try_from(unix_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    // A moment beyond what a date can be is not known.
    let written = timestamp.and_then(|at| strtime::format("%Y-%m-%d %H:%M:%S UTC", at).ok());
    written.unwrap_or_else(|| super::columns::UNKNOWN.into())
}

/// Hundredths of a percent: `8.4 %`.
pub(super) fn percent(centipercent: u32) -> String {
    format!("{} %", format::percent(centipercent).trim_start())
}

/// `10 apps`
pub(super) fn count(rows: usize, by: Grouping) -> String {
    let (one, many) = match by {
        Grouping::App => ("app", "apps"),
        Grouping::Process => ("process", "processes"),
        Grouping::User => ("user", "users"),
        Grouping::Unit => ("unit", "units"),
        Grouping::Container => ("container", "containers"),
        Grouping::Category => ("category", "categories"),
    };
    format!("{rows} {}", if rows == 1 { one } else { many })
}

/// What the interfaces counted in one direction, and what every byte of it was.
pub(super) fn side(side: &Side, moved: &str) -> String {
    let before = side.bytes(Reason::BeforeStart);
    let since = i64::try_from(side.counter).unwrap_or(i64::MAX).saturating_sub(before);
    let lines = side.lines.iter().filter(|line| line.reason != Reason::BeforeStart);
    let mut words: Vec<_> =
        lines.map(|line| format!("{} {}", line.reason.title(), signed(line.bytes))).collect();
    words.push(match side.unnamed() {
        0 => "every byte has a name".into(),
        unnamed => format!("{} without a name", signed(unnamed)),
    });
    format!("{} {moved} by the interfaces that lead out: {}", signed(since), words.join(" · "))
}

/// An amount that can be below nothing.
fn signed(bytes: i64) -> String {
    let sign = if bytes < 0 { "−" } else { "" };
    format!("{sign}{}", format::bytes_with_unit(bytes.unsigned_abs(), Units::Iec))
}

#[cfg(test)]
mod tests {
    use bwusage_proto::ledger::Line;

    use super::*;

    #[test]
    fn a_side_names_every_reason_and_what_none_explains() {
        let line = |(reason, bytes)| Line { reason, bytes };
        let lines = [(Reason::Processes, 2048), (Reason::Segmentation, -22), (Reason::BeforeStart, 1000)];
        let one = Side { counter: 3026, lines: lines.map(line).into() };
        assert_eq!(
            side(&one, "sent"),
            "1.98 KiB sent by the interfaces that lead out: processes 2.00 KiB · segmentation −22 B · every byte has a name"
        );
        let short = Side { counter: 3030, ..one };
        assert!(side(&short, "sent").ends_with(" · 4 B without a name"), "{}", side(&short, "sent"));
    }

    #[test]
    fn a_moment_that_no_date_can_be_is_not_known() {
        assert_eq!(moment(1_795_291_200_123), "2026-11-21 20:00:00 UTC");
        assert_eq!(moment(u64::MAX), "–");
    }
}
