//! Alerts, as a client asks about them.

use super::{Client, ClientError, ProtocolError};
use crate::{
    alert::{
        AlertLog, AlertRule, Alerts, AlertsRequest, DryRun, Events, EventsQuery, LogQuery, NewRule, RuleId,
        RuleList, Trial,
    },
    message::{Reply, Request},
};

impl Client {
    /// Every rule that you may see, with its state.
    ///
    /// # Errors
    ///
    /// Fails when the connection does, or the daemon refuses.
    pub async fn alert_rules(&mut self) -> Result<RuleList, ClientError> {
        match self.alerts(AlertsRequest::List).await? {
            Alerts::Rules(rules) => Ok(rules),
            _ => Err(unexpected()),
        }
    }

    /// What happened, newest first.
    ///
    /// # Errors
    ///
    /// Fails when the connection does, or the daemon refuses.
    pub async fn alert_log(&mut self, query: LogQuery) -> Result<AlertLog, ClientError> {
        match self.alerts(AlertsRequest::Log(query)).await? {
            Alerts::Log(log) => Ok(log),
            _ => Err(unexpected()),
        }
    }

    /// Lets the daemon keep a rule.
    ///
    /// # Errors
    ///
    /// Fails when the connection does, or the daemon refuses: it says what is wrong with the rule.
    pub async fn add_alert(&mut self, rule: NewRule) -> Result<AlertRule, ClientError> {
        self.one_rule(AlertsRequest::Add(rule)).await
    }

    /// What a rule would say now. Takes until the daemon's next tick where it needs two readings.
    ///
    /// # Errors
    ///
    /// Fails when the connection does, or the daemon refuses: it says what is wrong with the rule.
    pub async fn test_alert(&mut self, rule: NewRule) -> Result<Trial, ClientError> {
        match self.alerts(AlertsRequest::Test(rule)).await? {
            Alerts::Trial(trial) => Ok(*trial),
            _ => Err(unexpected()),
        }
    }

    /// How often a rule would have fired.
    ///
    /// # Errors
    ///
    /// Fails when the connection does, or the daemon refuses: it says what is wrong with the rule, or that it remembers nothing.
    pub async fn dry_run_alert(&mut self, rule: NewRule) -> Result<DryRun, ClientError> {
        match self.alerts(AlertsRequest::DryRun(rule)).await? {
            Alerts::DryRun(run) => Ok(*run),
            _ => Err(unexpected()),
        }
    }

    /// Lets the daemon forget a rule.
    ///
    /// # Errors
    ///
    /// Fails when the connection does, or the daemon refuses.
    pub async fn remove_alert(&mut self, rule: RuleId) -> Result<(), ClientError> {
        match self.alerts(AlertsRequest::Remove(rule)).await? {
            Alerts::Removed(_) => Ok(()),
            _ => Err(unexpected()),
        }
    }

    /// Lets a rule make events, or not.
    ///
    /// # Errors
    ///
    /// Fails when the connection does, or the daemon refuses.
    pub async fn enable_alert(&mut self, rule: RuleId, enabled: bool) -> Result<AlertRule, ClientError> {
        self.one_rule(AlertsRequest::Enable { rule, enabled }).await
    }

    /// Lets a rule not fire until then, in milliseconds of Unix time; `None` ends that.
    ///
    /// # Errors
    ///
    /// Fails when the connection does, or the daemon refuses.
    pub async fn snooze_alert(
        &mut self,
        rule: RuleId,
        until_unix_ms: Option<u64>,
    ) -> Result<AlertRule, ClientError> {
        self.one_rule(AlertsRequest::Snooze { rule, until_unix_ms }).await
    }

    /// Events from some number on, and every further one as it happens.
    ///
    /// # Errors
    ///
    /// Fails when the connection does, or the daemon refuses.
    pub async fn events(mut self, query: EventsQuery) -> Result<EventStream, ClientError> {
        match self.ask(&Request::Events(query)).await? {
            Reply::Events(events) => Ok(EventStream { client: self, first: Some(*events) }),
            _ => Err(unexpected()),
        }
    }

    async fn one_rule(&mut self, request: AlertsRequest) -> Result<AlertRule, ClientError> {
        match self.alerts(request).await? {
            Alerts::Rule(rule) => Ok(*rule),
            _ => Err(unexpected()),
        }
    }

    async fn alerts(&mut self, request: AlertsRequest) -> Result<Alerts, ClientError> {
        match self.ask(&Request::Alerts(Box::new(request))).await? {
            Reply::Alerts(alerts) => Ok(*alerts),
            _ => Err(unexpected()),
        }
    }
}

fn unexpected() -> ClientError {
    ClientError::Protocol(ProtocolError::Unexpected)
}

/// A connection on which events come.
#[derive(Debug)]
pub struct EventStream {
    client: Client,
    first: Option<Events>,
}

impl EventStream {
    /// Waits for further events; the first call answers at once, perhaps with none. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// Fails when the connection does. Go on after it with what [`Events::log`] and [`Events::last`] said.
    pub async fn next(&mut self) -> Result<Events, ClientError> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        match self.client.receive().await? {
            (_, _, Reply::Events(events)) => Ok(*events),
            (_, _, Reply::Goodbye) => Err(ClientError::Goodbye),
            (_, _, Reply::Error(refusal)) => Err(ClientError::Refused(refusal)),
            _ => Err(unexpected()),
        }
    }
}
