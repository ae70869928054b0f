//! `alerts`: rules, what they say, and what happened.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bwusage_proto::{
    alert::{AlertRule, LogQuery, NewRule, RuleId},
    client::{Client, ClientError},
    csv,
    report::{AlertLogReport, AlertsReport, DryRunReport, RuleReport, TrialReport},
    text,
    users::Users,
};
use jiff::tz::TimeZone;

use crate::{
    cli::alerts::{Action, Add, Chosen, List, Log, Snooze, Try},
    connection::Connection,
    failure::{Exit, Failure},
    output,
    render::alerts::{self, Layout},
};

pub(super) async fn run(connection: &Connection, action: &Action) -> Result<Exit, Failure> {
    match action {
        Action::List(arguments) => list(connection, arguments).await,
        Action::Add(arguments) => add(connection, arguments).await,
        Action::Test(arguments) => test(connection, arguments).await,
        Action::Remove(chosen) => remove(connection, chosen).await,
        Action::Enable(chosen) => {
            change(connection, chosen, async |client, rule| client.enable_alert(rule, true).await).await
        }
        Action::Disable(chosen) => {
            change(connection, chosen, async |client, rule| client.enable_alert(rule, false).await).await
        }
        Action::Snooze(arguments) => snooze(connection, arguments).await,
        Action::Log(arguments) => log(connection, arguments).await,
    }
}

async fn list(connection: &Connection, arguments: &List) -> Result<Exit, Failure> {
    let rules = connection.ask(async |client: &mut Client| client.alert_rules().await).await?;
    let users = Users::new();
    if arguments.json {
        output::json(&AlertsReport::new(&rules, &users))?;
        return Ok(Exit::Done);
    }
    let zone = TimeZone::system();
    output::styled(&alerts::list(&rules, layout(&zone, &users)))?;
    if let Some(fault) = &rules.fault {
        anstream::eprintln!("{}", text::escape(fault));
    }
    if rules.rules.is_empty() && output::is_terminal() {
        anstream::eprintln!("no rules yet; to keep one:   bwusage-ctl alerts add 'total > 50GB / month'");
    }
    Ok(Exit::Done)
}

async fn add(connection: &Connection, arguments: &Add) -> Result<Exit, Failure> {
    let new = arguments.read().map_err(Failure::Rule)?;
    if arguments.dry_run {
        return dry_run(connection, new, arguments.json).await;
    }
    // Asked once: a second time it would be a second rule.
    let rule = connection.ask_once(async |client: &mut Client| client.add_alert(new.clone()).await).await?;
    if arguments.json {
        output::json(&RuleReport::new(&rule, &Users::new()))?;
    } else {
        output::plain(alerts::rule(&rule, now_unix_ms()).as_bytes())?;
    }
    Ok(Exit::Done)
}

async fn dry_run(connection: &Connection, new: NewRule, json: bool) -> Result<Exit, Failure> {
    let run = connection.ask(async |client: &mut Client| client.dry_run_alert(new.clone()).await).await?;
    if json {
        output::json(&DryRunReport::new(&run))?;
        return Ok(Exit::Done);
    }
    output::plain(alerts::dry_run(&run, &TimeZone::system()).as_bytes())?;
    if output::is_terminal() {
        anstream::eprintln!(
            "{}",
            if run.fired.is_some() {
                "nothing is kept; to keep the rule, leave out --dry-run"
            } else {
                "nothing is kept; to see what the rule says now:   bwusage-ctl alerts test RULE"
            }
        );
    }
    Ok(Exit::Done)
}

async fn test(connection: &Connection, arguments: &Try) -> Result<Exit, Failure> {
    let new = arguments.words.read().map_err(Failure::Rule)?;
    let trial = connection.ask(async |client: &mut Client| client.test_alert(new.clone()).await).await?;
    if arguments.json {
        output::json(&TrialReport::new(&trial))?;
    } else {
        output::plain(alerts::trial(&trial, &TimeZone::system()).as_bytes())?;
    }
    Ok(if trial.holds == Some(true) { Exit::Holds } else { Exit::Done })
}

async fn remove(connection: &Connection, chosen: &Chosen) -> Result<Exit, Failure> {
    for &rule in &chosen.rules {
        connection.ask(async |client: &mut Client| client.remove_alert(rule).await).await?;
        output::plain(format!("rule {rule} is removed\n").as_bytes())?;
    }
    Ok(Exit::Done)
}

async fn snooze(connection: &Connection, arguments: &Snooze) -> Result<Exit, Failure> {
    let span = u64::try_from(arguments.span.as_millis()).unwrap_or(u64::MAX);
    let until = (!arguments.end).then(|| now_unix_ms().saturating_add(span));
    change(connection, &arguments.chosen, async |client, rule| client.snooze_alert(rule, until).await).await
}

/// Does the same to each rule and prints what became of it.
async fn change(
    connection: &Connection,
    chosen: &Chosen,
    change: impl AsyncFn(&mut Client, RuleId) -> Result<AlertRule, ClientError>,
) -> Result<Exit, Failure> {
    for &rule in &chosen.rules {
        let changed = connection.ask(async |client: &mut Client| change(client, rule).await).await?;
        output::plain(alerts::rule(&changed, now_unix_ms()).as_bytes())?;
    }
    Ok(Exit::Done)
}

async fn log(connection: &Connection, arguments: &Log) -> Result<Exit, Failure> {
    let query = LogQuery { rule: arguments.rule, before: None, limit: arguments.limit };
    let question = async |client: &mut Client| {
        let log = client.alert_log(query).await?;
        Ok((log, client.snapshot().await?.host.hostname))
    };
    let (log, host) = connection.ask(question).await?;
    let (users, zone) = (Users::new(), TimeZone::system());
    let report = AlertLogReport::new(&log, &host, &users, &zone);
    let shape = &arguments.shape;
    if shape.json {
        output::json(&report)?;
    } else if shape.ndjson {
        report.events.iter().try_for_each(output::json)?;
    } else if shape.csv {
        output::plain_lines(csv::alert_log(&report, true))?;
    } else {
        output::styled(&alerts::log(&log, layout(&zone, &users)))?;
        if log.more {
            anstream::eprintln!("there are older ones:   --limit 1000");
        }
    }
    Ok(Exit::Done)
}

fn layout<'a>(zone: &'a TimeZone, users: &'a Users) -> Layout<'a> {
    Layout { width: output::width(), now_unix_ms: now_unix_ms(), zone, users }
}

fn now_unix_ms() -> u64 {
    let since_epoch: Duration = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
