//! How often a rule would have fired, for people.

use std::{fmt::Write as _, time::Duration};

use bwusage_proto::{
    alert::{DryRun, Firing, units_of},
    format::{self, Units},
    text,
};
use jiff::{Timestamp, tz::TimeZone};

/// How often, when, and how it was looked for.
pub(crate) fn dry_run(run: &DryRun, zone: &TimeZone) -> String {
    let rule = text::escape(&run.text);
    let Some(fired) = run.fired else {
        let reason = run.unknown.as_deref().map_or("nobody says why".into(), text::escape);
        return format!("{rule}: how often it would have fired is not known: {reason}\n");
    };
    let often = match fired {
        0 => "never have fired".into(),
        1 => "have fired once".into(),
        times => format!("have fired {times} times"),
    };
    let span_ms = run.to_unix_ms.saturating_sub(run.from_unix_ms);
    let (from, span) = (minute(run.from_unix_ms, zone), duration(span_ms));
    let mut said = format!("{rule}: would {often} since {from}, in {span}\n");
    let untold = fired.saturating_sub(run.firings.len() as u64);
    if untold > 0 {
        let _ = writeln!(said, "  {untold} earlier ones");
    }
    for firing in &run.firings {
        let _ =
            writeln!(said, "  {}  {}", minute(firing.at_unix_ms, zone), what(firing, units_of(&run.text)));
    }
    let steps: Vec<&str> = run.steps.iter().map(|step| step.name()).collect();
    let _ = write!(said, "looked for by the {}", steps.join(", then by the "));
    let uncounted_ms = span_ms.saturating_sub(run.counted_s.saturating_mul(1000));
    // What was counted in the last minute may not be stored yet.
    if uncounted_ms > 60_000 {
        let _ = write!(said, "; nobody counted for {} of that time", duration(uncounted_ms));
    }
    said.push('\n');
    for note in &run.notes {
        let _ = writeln!(said, "{}", text::escape(note));
    }
    said
}

fn what(firing: &Firing, units: Units) -> String {
    let subject = firing.subject.as_deref().map(|subject| text::escape(subject).into_owned());
    let measured = firing.measured.map(|measured| measured.words(units));
    let reached = firing.reached_percent.map(|percent| format!("{percent}% of the cap"));
    [subject, measured, reached].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn duration(ms: u64) -> String {
    format::duration(Duration::from_millis(ms))
}

/// A step is no shorter than a minute.
fn minute(unix_ms: u64, zone: &TimeZone) -> String {
    let at = i64::try_from(unix_ms).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    at.map_or_else(|| "?".into(), |at| at.to_zoned(zone.clone()).strftime("%F %R").to_string())
}

#[cfg(test)]
mod tests {
    use bwusage_proto::{
        alert::{Measured, Unit},
        history::Bucket,
    };

    use super::*;

    /// 2026-11-24 18:30 UTC.
    const NOW: u64 = 1_795_545_000_000;
    const DAY_MS: u64 = 86_400_000;

    fn run(fired: Option<u64>, firings: Vec<Firing>) -> DryRun {
        DryRun {
            text: "total > 80% of 50GB / month".into(),
            fired,
            unknown: fired.is_none().then(|| "too fine\u{1b}".into()),
            from_unix_ms: NOW - 30 * DAY_MS,
            to_unix_ms: NOW,
            counted_s: 28 * 86_400,
            steps: vec![Bucket::Hour, Bucket::Minute],
            firings,
            notes: vec![],
        }
    }

    fn said(run: &DryRun) -> String {
        dry_run(run, &TimeZone::UTC)
    }

    #[test]
    fn it_says_how_often_when_and_how_well_that_is_known() {
        let firing = Firing {
            at_unix_ms: NOW - DAY_MS,
            subject: None,
            measured: Some(Measured { unit: Unit::Bytes, value: 42 << 30, threshold: 40 << 30 }),
            reached_percent: Some(80),
        };
        assert_eq!(
            said(&run(Some(3), vec![firing])),
            "total > 80% of 50GB / month: would have fired 3 times since 2026-10-25 18:30, in 30d 00h\n  \
             2 earlier ones\n  \
             2026-11-23 18:30  45.1 GB, 80% of the cap\n\
             looked for by the hour, then by the minute; nobody counted for 2d 00h of that time\n"
        );
        assert!(said(&run(Some(1), vec![])).contains("would have fired once since"));
        let whole = DryRun { counted_s: 30 * 86_400 - 59, ..run(Some(0), vec![]) };
        assert!(said(&whole).contains("would never have fired since"), "{}", said(&whole));
        assert!(said(&whole).ends_with("by the minute\n"), "{}", said(&whole));
    }

    #[test]
    fn what_is_not_known_has_a_reason_and_no_number() {
        let said = said(&run(None, vec![]));
        assert_eq!(
            said,
            "total > 80% of 50GB / month: how often it would have fired is not known: too fine\\x1b\n"
        );
    }

    #[test]
    fn a_name_that_a_program_chose_acts_on_nothing() {
        let firing = Firing {
            at_unix_ms: NOW,
            subject: Some("=2+2,\u{1b}[2J\u{202e}\n".into()),
            measured: None,
            reached_percent: None,
        };
        let said = said(&run(Some(1), vec![firing]));
        assert_eq!(said.lines().count(), 3, "{said}");
        assert!(!said.replace('\n', "").chars().any(text::is_unsafe), "{said}");
    }
}
