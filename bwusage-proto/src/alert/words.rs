//! Events and states in words, for people.

use jiff::{Timestamp, Zoned, tz::TimeZone};

use super::{
    AlertEvent, AlertRule, Condition, EventKind, Gauge, Measured, News, Period, Rule, Scope, Summed, Trial,
    Unit, number,
};
use crate::{
    format::{self, Units},
    text,
};

impl AlertEvent {
    /// What happened, as a sentence in which nothing acts on a terminal. Amounts are in the units of the rule, days and hours
    /// are those of `zone`.
    #[must_use]
    pub fn sentence(&self, zone: &TimeZone) -> String {
        let rule = text::escape(&self.text);
        if self.kind == EventKind::Resolved {
            let what = self.subject.as_deref().map_or(rule.clone(), text::escape);
            let lasted = self.lasted_ms.map(|ms| format::duration(std::time::Duration::from_millis(ms)));
            return match lasted {
                Some(lasted) => format!("over after {lasted}: {what}"),
                None => format!("over: {what}"),
            };
        }
        let Ok(read) = Rule::parse(&self.text) else {
            // Of a newer daemon.
            return rule.into_owned();
        };
        let units = read.units();
        let Rule { scope, condition } = read;
        let (who, value) = (who(&scope), self.measured);
        match condition {
            Condition::Sum { of, limit, period, .. } => {
                let moved = value.map_or_else(String::new, |value| format!(" {}", value.words(units)));
                let verb = match of {
                    Summed::Rx => "received",
                    Summed::Tx => "sent",
                    Summed::Total => "moved",
                    Summed::Lost => "could not attribute",
                };
                let whole = format::bytes_with_unit(limit.bytes, units);
                let bound = match self.reached_percent {
                    Some(percent) => format!("{percent}% of {whole} is reached"),
                    None => format!("more than {whole}"),
                };
                format!("{who} {verb}{moved} {}: {bound}{}", within(period), self.forecast(period, zone))
            }
            Condition::Level { of, held_s, .. } => {
                let held = if held_s > 0 { format!(" for {}", number::span(held_s)) } else { String::new() };
                let verb = match of {
                    Gauge::RxRate => "receives",
                    Gauge::TxRate => "sends",
                    Gauge::TotalRate => "moves",
                    Gauge::Cpu => "uses processors by",
                    Gauge::MemoryShare => "uses memory by",
                    Gauge::MemoryBytes => "uses memory of",
                };
                match value {
                    Some(value) => {
                        let threshold = Measured { value: value.threshold, ..value }.words(units);
                        format!("{who} {verb} {}: more than {threshold}{held}", value.words(units))
                    }
                    None => rule.into_owned(),
                }
            }
            Condition::News { of, .. } => {
                let subject = self.subject.as_deref().map_or("an application".into(), text::escape);
                match of {
                    News::NewApplication => format!("{subject} moves data for the first time"),
                    News::BackgroundTraffic => format!("{subject} moves data in the background"),
                }
            }
        }
    }

    fn forecast(&self, period: Period, zone: &TimeZone) -> String {
        self.forecast_at_unix_ms
            .and_then(|at| moment(at, zone))
            .map_or_else(String::new, |at| format!("; at this pace the cap is reached {}", when(&at, period)))
    }
}

impl Rule {
    /// The units in which its amounts are written: a plan of 50 GB is not one of 46.6 GiB to whoever pays for it.
    #[must_use]
    pub fn units(&self) -> Units {
        match &self.condition {
            Condition::Sum { limit, .. } => number::units(limit.bytes),
            Condition::Level { of: Gauge::Cpu | Gauge::MemoryShare, .. } | Condition::News { .. } => {
                Units::Iec
            }
            Condition::Level { above, .. } => number::units(*above),
        }
    }
}

/// As [`Rule::units`], of a rule that may be a newer version's.
#[must_use]
pub fn units_of(text: &str) -> Units {
    Rule::parse(text).map_or(Units::Iec, |rule| rule.units())
}

impl AlertRule {
    /// When the cap is reached at the pace so far: `on the 24th`, `on Thursday`, `at 18:30`.
    #[must_use]
    pub fn forecast(&self, zone: &TimeZone) -> Option<String> {
        forecast(&self.text, self.status.forecast_at_unix_ms?, zone)
    }
}

impl Trial {
    /// As [`AlertRule::forecast`].
    #[must_use]
    pub fn forecast(&self, zone: &TimeZone) -> Option<String> {
        forecast(&self.text, self.status.forecast_at_unix_ms?, zone)
    }
}

impl Measured {
    /// The value with its unit: `1.02 GiB`, `6.10 MiB/s`, `95.1%`.
    #[must_use]
    pub fn words(&self, units: Units) -> String {
        match self.unit {
            Unit::Bytes => format::bytes_with_unit(self.value, units),
            Unit::BytesPerSecond => format::rate_with_unit(self.value, units),
            Unit::Centipercent => {
                let share = u32::try_from(self.value).unwrap_or(u32::MAX);
                format!("{}%", format::percent(share).trim_start())
            }
        }
    }
}

fn forecast(text: &str, at_unix_ms: u64, zone: &TimeZone) -> Option<String> {
    let Condition::Sum { period, .. } = Rule::parse(text).ok()?.condition else { return None };
    Some(when(&moment(at_unix_ms, zone)?, period))
}

fn moment(unix_ms: u64, zone: &TimeZone) -> Option<Zoned> {
    let at = Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()?;
    Some(at.to_zoned(zone.clone()))
}

fn when(at: &Zoned, period: Period) -> String {
    match period {
        Period::Day | Period::Trailing { .. } => format!("at {:02}:{:02}", at.hour(), at.minute()),
        Period::Week => at.strftime("on %A").to_string(),
        Period::Month => {
            let day = at.day();
            let ending = match (day % 10, day / 10) {
                (1, tens) if tens != 1 => "st",
                (2, tens) if tens != 1 => "nd",
                (3, tens) if tens != 1 => "rd",
                _ => "th",
            };
            format!("on the {day}{ending}")
        }
    }
}

fn within(period: Period) -> String {
    match period {
        Period::Trailing { seconds } => format!("in the last {}", number::span(seconds)),
        Period::Day => "since midnight".into(),
        Period::Week => "since Monday".into(),
        Period::Month => "since the month began".into(),
    }
}

fn who(scope: &Scope) -> String {
    match scope {
        Scope::Host => "this machine".into(),
        Scope::App(name) | Scope::Unit(name) => text::escape(name).into_owned(),
        Scope::User(name) | Scope::Container(name) | Scope::Interface(name) => {
            format!("{} {}", scope.word(), text::escape(name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        alert::{RuleId, Severity},
        process::UserId,
    };

    fn event(text: &str, unit: Unit, value: u64, threshold: u64) -> AlertEvent {
        AlertEvent {
            number: 1,
            at_unix_ms: 1_793_000_000_000,
            kind: EventKind::Firing,
            rule: RuleId(1),
            text: text.into(),
            note: None,
            owner: UserId::Uid(0),
            severity: Severity::Warning,
            subject: None,
            measured: Some(Measured { unit, value, threshold }),
            reached_percent: None,
            forecast_at_unix_ms: None,
            lasted_ms: None,
        }
    }

    fn said(event: &AlertEvent) -> String {
        event.sentence(&TimeZone::UTC)
    }

    /// 2026-11-24 18:30 UTC.
    const FORECAST: u64 = 1_795_545_000_000;

    #[test]
    fn a_cap_is_told_with_the_day_on_which_it_will_be_reached() {
        let cap = AlertEvent {
            reached_percent: Some(80),
            forecast_at_unix_ms: Some(FORECAST),
            ..event("total > 80%, 90% of 50GB / month", Unit::Bytes, 40_100_000_000, 40_000_000_000)
        };
        assert_eq!(
            said(&cap),
            "this machine moved 40.1 GB since the month began: 80% of 50.0 GB is reached; at this pace the cap is reached on the 24th"
        );
        let of = |period: &str| AlertEvent { text: format!("rx > 1GB / {period}"), ..cap.clone() };
        assert!(said(&of("week")).ends_with(
            "since Monday: 80% of 1.00 GB is reached; at this pace the cap is reached on Tuesday"
        ));
        assert!(said(&of("day")).ends_with("at 18:30"));
    }

    #[test]
    fn every_form_has_its_sentence() {
        let cases = [
            (
                event("app firefox: rx > 1GB / 1d", Unit::Bytes, 1_020_000_000, 1_000_000_000),
                "firefox received 1.02 GB in the last 1d: more than 1.00 GB",
            ),
            (
                event("user alice: rate.tx > 5MB/s for 30s", Unit::BytesPerSecond, 6_100_000, 5_000_000),
                "user alice sends 6.10 MB/s: more than 5.00 MB/s for 30s",
            ),
            (
                event("app firefox: rx > 1GiB / 1d", Unit::Bytes, 1_100_000_000, 1 << 30),
                "firefox received 1.02 GiB in the last 1d: more than 1.00 GiB",
            ),
            (
                event("cpu > 90%", Unit::Centipercent, 9510, 9000),
                "this machine uses processors by 95.1%: more than 90.0%",
            ),
            (
                event("ledger.lost > 0", Unit::Bytes, 1500, 0),
                "this machine could not attribute 1.46 KiB in the last 10m: more than 0 B",
            ),
        ];
        for (event, expected) in cases {
            assert_eq!(said(&event), expected);
        }
        let news = |text: &str| {
            let subject = Some("st\x1b[2Jeam".into());
            said(&AlertEvent { subject, measured: None, ..event(text, Unit::Bytes, 0, 0) })
        };
        assert_eq!(news("new application"), r"st\x1b[2Jeam moves data for the first time");
        assert_eq!(news("background application moves data"), r"st\x1b[2Jeam moves data in the background");
        assert_eq!(news("something newer > 7"), "something newer > 7");
    }

    #[test]
    fn an_end_tells_how_long_it_was() {
        let over = AlertEvent {
            kind: EventKind::Resolved,
            lasted_ms: Some(125_000),
            ..event("cpu > 90%", Unit::Centipercent, 100, 9000)
        };
        assert_eq!(said(&over), "over after 2m 05s: cpu > 90%");
    }

    #[test]
    fn days_have_the_endings_that_people_say() {
        let day =
            |day: i8| when(&jiff::civil::date(2026, 1, day).to_zoned(TimeZone::UTC).unwrap(), Period::Month);
        let said = [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 31].map(|n| day(n).split_off("on the ".len()));
        assert_eq!(
            said,
            ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "31st"]
        );
    }
}
