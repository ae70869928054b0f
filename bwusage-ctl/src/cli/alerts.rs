//! What can be said to `alerts`.

use std::time::Duration;

use bwusage_proto::alert::{MAX_COOLDOWN_S, NewRule, RuleError, RuleId, Scope, Severity};
use clap::{Args, Subcommand, ValueEnum};

use super::duration;

#[derive(Debug, Args)]
pub(crate) struct Alerts {
    #[command(subcommand)]
    pub(crate) action: Action,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Print your rules and what they say now; administrators see everybody's
    List(List),
    /// Keep a rule
    ///
    /// Examples:
    ///   bwusage-ctl alerts add 'app steam: tx > 1GiB / 1d'
    ///   bwusage-ctl alerts add 'total > 80%, 90%, 100% of 50GB / month' --severity critical
    ///   bwusage-ctl alerts add 'rx > 5GB / day' --dry-run
    ///   bwusage-ctl alerts add --app 'Web Content' 'rate.rx > 5MB/s for 30s' --cooldown 1h
    #[command(verbatim_doc_comment)]
    Add(Add),
    /// Say what a rule would say now, and keep nothing; status 7 when it holds
    Test(Try),
    /// Forget rules
    Remove(Chosen),
    /// Let rules make events again
    Enable(Chosen),
    /// Let rules make no events
    Disable(Chosen),
    /// Let rules not fire for some time
    Snooze(Snooze),
    /// Print what happened, newest first
    Log(Log),
}

impl Action {
    pub(super) fn speaks_json(&self) -> bool {
        match self {
            Self::List(list) => list.json,
            Self::Add(add) => add.json,
            Self::Test(test) => test.json,
            Self::Log(log) => log.shape.json || log.shape.ndjson,
            Self::Remove(_) | Self::Enable(_) | Self::Disable(_) | Self::Snooze(_) => false,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Print JSON (schema bwusage.alerts/1)
    #[arg(long)]
    pub(crate) json: bool,
}

/// A rule as it is typed.
#[derive(Debug, Args)]
pub(crate) struct Words {
    /// What must hold, such as 'rx > 1GiB / 1d', 'rate.tx > 5MB/s for 30s', 'total > 80% of 50GB / month', 'cpu > 90% for 60s',
    /// 'mem > 90%', 'new application', 'background application moves data', 'ledger.lost > 0'; before it can stand of whom:
    /// 'app firefox: rx > 1GiB / 1d'
    #[arg(value_name = "RULE")]
    rule: String,

    #[command(flatten)]
    of: Of,
}

/// Of whom, for names that are awkward to quote inside the rule.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct Of {
    /// Of this application, such as firefox
    #[arg(long, value_name = "NAME")]
    app: Option<String>,

    /// Of this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    /// Of this systemd unit, such as nginx.service
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,

    /// Of this container
    #[arg(long, value_name = "NAME")]
    container: Option<String>,

    /// Of this network interface, such as eth0
    #[arg(long, value_name = "NAME")]
    interface: Option<String>,
}

impl Words {
    /// The rule, checked.
    pub(crate) fn read(&self) -> Result<NewRule, RuleError> {
        let Of { app, user, unit, container, interface } = &self.of;
        let named = |name: &Option<String>, scope: fn(String) -> Scope| name.clone().map(scope);
        let scope = named(app, Scope::App)
            .or_else(|| named(user, Scope::User))
            .or_else(|| named(unit, Scope::Unit))
            .or_else(|| named(container, Scope::Container))
            .or_else(|| named(interface, Scope::Interface));
        match scope {
            None => NewRule::new(&self.rule),
            Some(scope) => NewRule::of(scope, &self.rule),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    #[command(flatten)]
    pub(crate) words: Words,

    /// What you want to be reminded of when it fires
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,

    /// How much it matters
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    severity: SeverityName,

    /// Time after it fired in which it does not fire again, such as 90s, 15m or 1h
    #[arg(long, value_name = "SPAN", default_value = "5m", value_parser = cooldown)]
    cooldown: Duration,

    /// Keep it, but let it make no events
    #[arg(long)]
    disabled: bool,

    /// Keep nothing, and say how often it would have fired in the last 30 days
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print the rule as JSON, as in alerts list; with --dry-run what it would have done (schema bwusage.alert_dry_run/1)
    #[arg(long)]
    pub(crate) json: bool,
}

impl Add {
    /// What is asked of the daemon.
    pub(crate) fn read(&self) -> Result<NewRule, RuleError> {
        Ok(NewRule {
            note: self.note.clone(),
            severity: self.severity.into(),
            cooldown_s: u32::try_from(self.cooldown.as_secs()).unwrap_or(MAX_COOLDOWN_S),
            enabled: !self.disabled,
            ..self.words.read()?
        })
    }
}

#[derive(Debug, Args)]
pub(crate) struct Try {
    #[command(flatten)]
    pub(crate) words: Words,

    /// Print JSON (schema bwusage.alert_trial/1)
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Chosen {
    /// Numbers of rules, as in alerts list
    #[arg(value_name = "RULE", required = true, value_parser = rule_id)]
    pub(crate) rules: Vec<RuleId>,
}

#[derive(Debug, Args)]
pub(crate) struct Snooze {
    #[command(flatten)]
    pub(crate) chosen: Chosen,

    /// For how long, such as 30m or 8h
    #[arg(long = "for", value_name = "SPAN", default_value = "1h", value_parser = duration::parse)]
    pub(crate) span: Duration,

    /// Let them fire again now
    #[arg(long, conflicts_with = "span")]
    pub(crate) end: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Log {
    /// Only of this rule, by its number in alerts list
    #[arg(long, value_name = "RULE", value_parser = rule_id)]
    pub(crate) rule: Option<RuleId>,

    /// At most this many events, up to 1000
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,

    #[command(flatten)]
    pub(crate) shape: LogShape,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct LogShape {
    /// Print JSON (schema bwusage.alert_log/1)
    #[arg(long)]
    pub(crate) json: bool,

    /// Print JSON, one event a line (schema bwusage.alert_event/1)
    #[arg(long)]
    pub(crate) ndjson: bool,

    /// Print comma-separated values with the names of the JSON
    #[arg(long)]
    pub(crate) csv: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SeverityName {
    Info,
    Warning,
    Critical,
}

impl From<SeverityName> for Severity {
    fn from(name: SeverityName) -> Self {
        match name {
            SeverityName::Info => Self::Info,
            SeverityName::Warning => Self::Warning,
            SeverityName::Critical => Self::Critical,
        }
    }
}

fn rule_id(text: &str) -> Result<RuleId, &'static str> {
    text.trim_start_matches('#')
        .parse()
        .map(RuleId)
        .map_err(|_| "the number of a rule is expected, see: alerts list")
}

fn cooldown(text: &str) -> Result<Duration, &'static str> {
    let span = duration::parse(text)?;
    if span <= Duration::from_secs(MAX_COOLDOWN_S.into()) {
        Ok(span)
    } else {
        Err("the longest is 744h, 31 days")
    }
}

#[cfg(test)]
mod tests {
    use bwusage_proto::alert::Rule;

    use super::*;

    fn words(rule: &str, app: Option<&str>) -> Words {
        let of = Of { app: app.map(str::to_owned), user: None, unit: None, container: None, interface: None };
        Words { rule: rule.into(), of }
    }

    #[test]
    fn a_name_beside_the_rule_needs_no_quoting() {
        let rule = |app| words("rx > 1GiB / 1d", app).read().unwrap().text;
        assert_eq!(rule(None), "rx > 1GiB / 1d");
        assert_eq!(rule(Some("steam")), "app steam: rx > 1GiB / 1d");
        let odd = "Web: \"x\"\u{1b}";
        let read = Rule::parse(&rule(Some(odd))).unwrap();
        assert_eq!(read.scope, Scope::App(odd.into()));
    }

    #[test]
    fn a_mistake_is_counted_from_what_was_typed() {
        let (alone, beside) = (words("rx > 1GiB", None), words("rx > 1GiB", Some("steam")));
        assert_eq!(alone.read().unwrap_err(), beside.read().unwrap_err());
    }

    #[test]
    fn rules_are_named_by_number() {
        assert_eq!((rule_id("7"), rule_id("#7")), (Ok(RuleId(7)), Ok(RuleId(7))));
        assert!(rule_id("steam").is_err());
        assert!(cooldown("745h").is_err());
    }
}
