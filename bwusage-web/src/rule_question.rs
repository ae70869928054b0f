//! A rule that somebody wants, as the body of a request.

use bwusage_proto::alert::{NewRule, Scope, Severity};
use serde::Deserialize;

/// The members of the body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleWords {
    /// The rule, in the language of `bwusage-ctl alerts add`.
    rule: String,
    /// Of whom, for names that are awkward to quote inside a rule.
    of: Option<Of>,
    /// What its owner wants to be reminded of.
    note: Option<String>,
    severity: Option<Severity>,
    cooldown_s: Option<u32>,
    enabled: Option<bool>,
}

/// Whose use a rule watches: one member, such as `{"app": "firefox"}`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Of {
    App(String),
    User(String),
    Unit(String),
    Container(String),
    Interface(String),
}

impl From<Of> for Scope {
    fn from(of: Of) -> Self {
        match of {
            Of::App(name) => Self::App(name),
            Of::User(name) => Self::User(name),
            Of::Unit(name) => Self::Unit(name),
            Of::Container(name) => Self::Container(name),
            Of::Interface(name) => Self::Interface(name),
        }
    }
}

impl RuleWords {
    /// The rule, checked, or a sentence that says what is wrong.
    pub(crate) fn read(self) -> Result<NewRule, String> {
        let rule = match self.of {
            Some(of) => NewRule::of(of.into(), &self.rule),
            None => NewRule::new(&self.rule),
        };
        let rule = rule.map_err(|error| error.to_string())?;
        Ok(NewRule {
            note: self.note,
            severity: self.severity.unwrap_or(rule.severity),
            cooldown_s: self.cooldown_s.unwrap_or(rule.cooldown_s),
            enabled: self.enabled.unwrap_or(rule.enabled),
            ..rule
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(body: Value) -> Result<NewRule, String> {
        serde_json::from_value::<RuleWords>(body).map_err(|error| error.to_string())?.read()
    }

    #[test]
    fn what_is_not_said_is_as_on_the_command_line() {
        let rule = read(json!({ "rule": "rx>1GiB/1d" })).unwrap();
        assert_eq!(rule, NewRule::new("rx > 1GiB / 1d").unwrap());
    }

    #[test]
    fn a_name_beside_the_rule_needs_no_quoting() {
        let body = json!({ "rule": "cpu > 90% for 60s", "of": { "app": "Web: \"x\"" }, "note": "n",
            "severity": "critical", "cooldown_s": 60, "enabled": false });
        let rule = read(body).unwrap();
        assert_eq!(
            rule.text.parse::<bwusage_proto::alert::Rule>().unwrap().scope,
            Scope::App("Web: \"x\"".into())
        );
        assert_eq!((rule.note.as_deref(), rule.severity), (Some("n"), Severity::Critical));
        assert_eq!((rule.cooldown_s, rule.enabled), (60, false));
    }

    #[test]
    fn a_mistake_is_said_with_its_place() {
        assert!(read(json!({ "rule": "rx > 1GiB" })).is_err());
        assert!(read(json!({ "rule": "rx > 1GiB / 1d", "colour": 1 })).unwrap_err().contains("colour"));
        assert!(read(json!({ "rule": "rx > 1GiB / 1d", "of": { "pid": "1" } })).unwrap_err().contains("app"));
    }
}
