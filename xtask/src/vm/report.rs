//! What the guest reports, as a table. The lines are described where they are written: `report.rs` of the conformance cases;
//! the guest's first process adds `kernel RELEASE` before them and `over CODE` after.

use std::fmt;

/// Longer than any name of a case.
const NAME_WIDTH: usize = 44;

/// What was heard so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// How many cases there are; `None` until the guest says it.
    cases: Option<usize>,
    /// The case that began last, and did not end.
    playing: Option<String>,
    exact: usize,
    absent: usize,
    failed: usize,
    ended: bool,
}

/// What became of all cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Totals {
    exact: usize,
    absent: usize,
    failed: usize,
    /// They were never played, or did not end.
    unplayed: usize,
    /// The guest came to its end.
    ended: bool,
}

impl Report {
    /// Takes a line in, and gives what a person reads instead of it.
    pub(super) fn take(&mut self, line: &str) -> Option<String> {
        let fields: Vec<&str> = line.split('\t').collect();
        match *fields {
            ["kernel", release] => Some(format!("kernel {release}")),
            ["cases", number, header] => {
                self.cases = number.parse().ok();
                Some(format!("{header}      time"))
            }
            ["playing", name] => {
                self.playing = Some(name.into());
                None
            }
            ["case", verdict, milliseconds, name, figures, why] => {
                self.playing = None;
                let seconds = milliseconds.parse::<f64>().unwrap_or_default() / 1e3;
                Some(match verdict {
                    "exact" => {
                        self.exact += 1;
                        format!("{name:<NAME_WIDTH$} {figures} {seconds:>6.1} s")
                    }
                    "absent" => {
                        self.absent += 1;
                        format!("{name:<NAME_WIDTH$} not offered by this kernel")
                    }
                    _ => {
                        self.failed += 1;
                        format!("{name:<NAME_WIDTH$} {figures} {seconds:>6.1} s\n    FAILED: {why}")
                    }
                })
            }
            ["end"] => {
                self.ended = true;
                None
            }
            _ => None,
        }
    }

    /// Where the guest did not come to its end, the place where it stopped.
    pub(super) fn broken_off(&self) -> Option<String> {
        match &self.playing {
            _ if self.ended => None,
            Some(name) => Some(format!("broke off in \"{name}\"")),
            None => Some("broke off".into()),
        }
    }

    pub(super) fn totals(&self) -> Totals {
        let Self { exact, absent, failed, ended, .. } = *self;
        let unplayed = self.cases.unwrap_or_default().saturating_sub(exact + absent + failed);
        Totals { exact, absent, failed, unplayed, ended }
    }
}

impl Totals {
    /// Nothing failed, everything was played, and it was not nothing.
    pub(super) fn is_success(&self) -> bool {
        self.ended && self.failed == 0 && self.unplayed == 0 && self.exact > 0
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { exact, absent, failed, unplayed, ended } = self;
        write!(f, "{exact} exact, {absent} not offered by this kernel, {failed} failed")?;
        if *unplayed > 0 {
            write!(f, ", {unplayed} not played")?;
        }
        if *ended { Ok(()) } else { write!(f, ", broken off") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(lines: &[&str]) -> Report {
        let mut report = Report::default();
        for line in lines {
            report.take(line);
        }
        report
    }

    const WHOLE: &[&str] = &[
        "kernel\t6.1.0-1-cloud-amd64",
        "cases\t2\tcase  truth",
        "playing\tsendfile",
        "case\texact\t1500\tsendfile\t20 20\t",
        "playing\tDCCP",
        "case\tabsent\t0\tDCCP\t\t",
        "end",
        "over\t0",
    ];

    #[test]
    fn a_report_that_came_to_its_end_succeeds() {
        let report = heard(WHOLE);
        assert_eq!(report.totals(), Totals { exact: 1, absent: 1, failed: 0, unplayed: 0, ended: true });
        assert!(report.totals().is_success());
        assert_eq!(report.broken_off(), None);
    }

    #[test]
    fn a_failed_case_is_shown_with_its_reason() {
        let mut report = heard(&WHOLE[..3]);
        let shown = report.take("case\tfailed\t1500\tsendfile\t20 10\tpayload that is off: 10 of 20 bytes");
        let shown = shown.expect("a row");
        assert!(shown.contains("20 10") && shown.contains("FAILED: payload that is off"), "{shown}");
        assert!(!report.totals().is_success());
    }

    #[test]
    fn a_machine_that_stops_in_a_case_has_failed_and_names_it() {
        let report = heard(&WHOLE[..5]);
        assert_eq!(report.totals(), Totals { exact: 1, absent: 0, failed: 0, unplayed: 1, ended: false });
        assert!(!report.totals().is_success());
        assert_eq!(report.broken_off().as_deref(), Some("broke off in \"DCCP\""));
    }

    #[test]
    fn a_machine_that_says_nothing_has_failed() {
        assert!(!heard(&[]).totals().is_success());
        assert!(!heard(&["kernel\tx", "cases\t0\theader", "end"]).totals().is_success());
    }

    #[test]
    fn cases_that_never_came_are_missed_even_at_the_end() {
        let report = heard(&["cases\t3\theader", "case\texact\t1\ta\t1 1\t", "end"]);
        assert_eq!(report.totals().unplayed, 2);
        assert!(!report.totals().is_success());
    }

    #[test]
    fn noise_on_the_line_is_passed_over() {
        let mut report = Report::default();
        assert_eq!(report.take("[    0.1] a kernel speaks"), None);
        assert_eq!(report.take(""), None);
        assert_eq!(report.totals(), heard(&[]).totals());
    }
}
