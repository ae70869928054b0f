//! `/api/v1/process/{pid}`: one row with everything that is known of it, and what its application moved before.

use axum::{
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::Response,
};
use bwusage_proto::{
    client::{Client, ClientError},
    filter::Filter,
    history::{Amount, Bucket, HistoryFilter, HistoryQuery, Per},
    message::RefusalCode,
    process::Pid,
    report::{Moment as Time, RowReport, TopReport},
    table::{self, Grouping, Query as TableQuery, Row},
    when::When,
};
use jiff::{Timestamp, Zoned, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{App, json};
use crate::{access::Access, events, failure::Failure, moment::Seen};

/// Which run of a program: a number alone can be used again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    /// As in the table, in RFC 3339.
    started_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct ProcessReport<'a> {
    schema: &'static str,
    host: &'a str,
    daemon_version: &'a str,
    quality: &'a str,
    taken_at: Time,
    window_ms: u32,
    /// The row of `bwusage.top/1` by pid.
    row: RowReport<'a>,
    /// What its application moved, as far as it is remembered.
    app_totals: AppTotals,
}

/// Totals on the wire; `null` where nothing is remembered.
#[derive(Debug, Default, Serialize)]
struct AppTotals {
    /// Since midnight of the server's time zone.
    today: Option<Amount>,
    last_7d: Option<Amount>,
    last_30d: Option<Amount>,
}

pub(super) async fn process(
    State(app): State<App>,
    access: Access,
    pid: Result<Path<Pid>, PathRejection>,
    run: Result<Query<Run>, QueryRejection>,
) -> Result<Response, Failure> {
    let Path(pid) = pid.map_err(|_| Failure::bad_request("the number of a process is expected"))?;
    let Query(run) = run.map_err(|rejection| Failure::bad_request(rejection.body_text()))?;
    let moment = std::sync::Arc::clone(&app.moments.borrow());
    let live = moment.live()?;
    let started_at = run.started_at.map(|at| at.parse::<Timestamp>()).transpose();
    let started_at = started_at.map_err(|_| Failure::bad_request("started_at must be a time of RFC 3339"))?;
    let seen = live.seen_by(access.sight());
    let mut table = find(&seen, &app, pid, started_at).ok_or_else(|| Failure::no_process(pid))?;
    if access.is_own_user() {
        for row in &mut table.rows {
            row.command_line = live.command_line(&row.key).map(<[_]>::to_vec);
        }
    }
    let app_name = table.rows.first().map(|row| row.app.clone()).unwrap_or_default();
    let app_totals = totals(&app, &access, app_name).await?;
    let mirror = seen.mirror();
    let top = TopReport::new(mirror, &table, Grouping::Process, seen.daemon_version());
    let row = top.rows.into_iter().next().ok_or_else(|| Failure::no_process(pid))?;
    let report = ProcessReport {
        schema: "bwusage.process/1",
        host: &mirror.host.hostname,
        daemon_version: seen.daemon_version(),
        quality: &mirror.coverage.quality,
        taken_at: Time(mirror.taken_at_unix_ms),
        window_ms: mirror.window_ms,
        row,
        app_totals,
    };
    Ok(json(events::json(&report).into()))
}

/// A table of that process alone: of several that had the number the one that was asked for, else the one that lives, else the
/// newest.
fn find(seen: &Seen, app: &App, pid: Pid, started_at: Option<Timestamp>) -> Option<table::Table> {
    let filter = Filter::parse(&format!("pid:{pid}")).ok()?;
    let query = TableQuery {
        by: Grouping::Process,
        idle: true,
        limit: None,
        filter: Some(&filter),
        ..TableQuery::default()
    };
    let mut table = table::table(seen.mirror(), &app.users, &query);
    let started_ms = started_at.map(|at| at.as_millisecond().max(0).unsigned_abs());
    table.rows.retain(|row| {
        row.pid == Some(pid) && started_ms.is_none_or(|started| row.started_at_unix_ms == Some(started))
    });
    let newest = |row: &Row| (row.exited_at_unix_ms.is_none(), row.started_at_unix_ms);
    let index = (0..table.rows.len()).max_by_key(|&index| newest(&table.rows[index]))?;
    table.rows = vec![table.rows.swap_remove(index)];
    Some(table)
}

/// A daemon that remembers nothing is no failure: then nothing is known.
async fn totals(app: &App, access: &Access, name: String) -> Result<AppTotals, Failure> {
    let now = Timestamp::now().to_zoned(TimeZone::system());
    let (_line, mut client) = App::client(&app.past).await?;
    let totals = async {
        Ok(AppTotals {
            today: total(&mut client, access, &name, "today", &now).await?,
            last_7d: total(&mut client, access, &name, "7d", &now).await?,
            last_30d: total(&mut client, access, &name, "30d", &now).await?,
        })
    };
    match totals.await {
        Err(ClientError::Refused(refusal)) if refusal.code == RefusalCode::Unavailable as u16 => {
            Ok(AppTotals::default())
        }
        outcome => Ok(outcome?),
    }
}

async fn total(
    client: &mut Client,
    access: &Access,
    app: &str,
    range: &str,
    now: &Zoned,
) -> Result<Option<Amount>, ClientError> {
    let when = if range == "today" { When::parse(range, now) } else { When::last(range, now) };
    let Ok(When { start_unix_s, .. }) = when else { return Ok(None) };
    let mut query = HistoryQuery {
        from_unix_s: start_unix_s,
        to_unix_s: bwusage_proto::when::after(now),
        bucket: Bucket::Whole,
        per: Per::Total,
        filter: HistoryFilter { apps: vec![app.to_owned()], ..HistoryFilter::default() },
        top: 1,
        time_zone: now.time_zone().iana_name().map(str::to_owned),
        billing_day: None,
    };
    if !access.sight().restrict(&mut query) {
        return Ok(None);
    }
    let history = client.history(query).await?;
    let point = history.series.first().and_then(|series| series.points.first().copied().flatten());
    Ok(point)
}
