//! One thing that was looked at, and all of them together.

use std::borrow::Cow;

use bwusage_proto::{text, version::PACKAGE_VERSION};
use serde::Serialize;

use crate::render::{HEADING, paint};

/// What was looked at and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// Its name, for scripts.
    pub(super) id: Cow<'static, str>,
    pub(super) verdict: Verdict,
    /// What was found, a sentence.
    pub(super) found: String,
    /// What to do about it.
    pub(super) fix: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Ok,
    /// Good to know, and as it should be.
    Note,
    /// Works, but not as well as it could.
    Warning,
    Failed,
    /// Could not be looked up.
    Unknown,
}

impl Verdict {
    const fn sign(self) -> char {
        match self {
            Self::Ok => '✓',
            Self::Note => '·',
            Self::Warning => '!',
            Self::Failed => '✗',
            Self::Unknown => '?',
        }
    }

    const fn style(self) -> anstyle::Style {
        match self {
            Self::Ok => anstyle::AnsiColor::Green.on_default(),
            Self::Note => anstyle::Style::new(),
            Self::Warning | Self::Unknown => anstyle::AnsiColor::Yellow.on_default(),
            Self::Failed => anstyle::AnsiColor::Red.on_default(),
        }
    }
}

impl Check {
    pub(super) fn ok(id: impl Into<Cow<'static, str>>, found: impl Into<String>) -> Self {
        Self { id: id.into(), verdict: Verdict::Ok, found: found.into(), fix: None }
    }

    pub(super) fn note(
        id: impl Into<Cow<'static, str>>,
        found: impl Into<String>,
        fix: Option<String>,
    ) -> Self {
        Self { id: id.into(), verdict: Verdict::Note, found: found.into(), fix }
    }

    pub(super) fn warning(
        id: impl Into<Cow<'static, str>>,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { id: id.into(), verdict: Verdict::Warning, found: found.into(), fix: Some(fix.into()) }
    }

    pub(super) fn failed(
        id: impl Into<Cow<'static, str>>,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { id: id.into(), verdict: Verdict::Failed, found: found.into(), fix: Some(fix.into()) }
    }

    pub(super) fn unknown(id: impl Into<Cow<'static, str>>, found: impl Into<String>) -> Self {
        Self { id: id.into(), verdict: Verdict::Unknown, found: found.into(), fix: None }
    }
}

/// `bwusage.doctor/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Report {
    schema: &'static str,
    client_version: &'static str,
    socket: String,
    /// Whether nothing failed.
    pub(super) healthy: bool,
    checks: Vec<Check>,
}

impl Report {
    pub(super) fn new(socket: String, checks: Vec<Check>) -> Self {
        let healthy = checks.iter().all(|check| check.verdict != Verdict::Failed);
        Self { schema: "bwusage.doctor/1", client_version: PACKAGE_VERSION, socket, healthy, checks }
    }

    /// A line for each check, and one below it where there is something to do.
    pub(super) fn draw(&self) -> String {
        let width = self.checks.iter().map(|check| check.id.len()).max().unwrap_or(0);
        let mut drawn = String::new();
        for check in &self.checks {
            let sign = paint(check.verdict.style(), &check.verdict.sign().to_string());
            drawn.push_str(&format_line(&sign, &check.id, width, &check.found));
            for line in check.fix.iter().flat_map(|fix| fix.lines()) {
                drawn.push_str(&format_line(" ", "", width, &format!("-> {line}")));
            }
        }
        let failed = self.checks.iter().filter(|check| check.verdict == Verdict::Failed).count();
        let summary = match failed {
            0 => "nothing is in the way".into(),
            1 => "1 thing is in the way".into(),
            failed => format!("{failed} things are in the way"),
        };
        drawn.push_str(&paint(HEADING, &summary));
        drawn.push('\n');
        drawn
    }
}

fn format_line(sign: &str, id: &str, width: usize, text: &str) -> String {
    format!("{sign} {id:<width$}  {}\n", text::escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(checks: Vec<Check>) -> (bool, String) {
        let report = Report::new("/s".into(), checks);
        (report.healthy, anstream::adapter::strip_str(&report.draw()).to_string())
    }

    #[test]
    fn what_fails_comes_with_what_to_do() {
        let checks = vec![Check::ok("kernel", "6.18"), Check::failed("btf", "missing", "do this\nor that")];
        let expected = "\
✓ kernel  6.18
✗ btf     missing
          -> do this
          -> or that
1 thing is in the way
";
        assert_eq!(report(checks), (false, expected.into()));
    }

    #[test]
    fn a_warning_is_not_in_the_way() {
        let (healthy, drawn) =
            report(vec![Check::warning("version", "older", "restart"), Check::unknown("jit", "?")]);
        assert!(healthy && drawn.ends_with("nothing is in the way\n"), "{drawn}");
    }
}
