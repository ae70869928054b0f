//! `export`: history into a file that is whole or not there.
//!
//! The daemon is asked for one stretch of time after the other, as the user who exports: the file holds what they may see.

use bwusage_proto::{
    client::Client,
    history::{Bucket, History, HistoryFilter, HistoryQuery, Per},
    report::HistoryReport,
    users::Users,
};
use jiff::Timestamp;

use crate::{
    cli::export::{Export, ExportFormat},
    connection::Connection,
    failure::{Exit, Failure},
};

mod progress;
mod sink;
mod stretch;
use progress::Progress;
use sink::Sink;

/// What is asked of the daemon, but for the time.
struct Plan {
    from_unix_s: i64,
    to_unix_s: i64,
    bucket: Bucket,
    per: Vec<Per>,
    filter: HistoryFilter,
    zone: Option<String>,
    billing_day: Option<u8>,
}

pub(super) async fn run(connection: &Connection, arguments: &Export) -> Result<Exit, Failure> {
    let format = arguments.format().ok_or(Failure::NoFormat)?;
    let plan = plan(connection, arguments, format).await?;
    let mut sink = Sink::create(arguments, format)?;
    let progress = Progress::new(plan.per.len(), plan.from_unix_s, plan.to_unix_s, arguments.quiet);
    let users = Users::new();
    for (round, &per) in plan.per.iter().enumerate() {
        let mut from = plan.from_unix_s;
        while from < plan.to_unix_s {
            let (history, version) = ask(connection, &plan, per, from).await?;
            let report = HistoryReport::new(&history, &users, &version).ok_or(Failure::NoHistory)?;
            sink.write(&report)?;
            // Where the last bucket ends the next stretch begins, so that no bucket is in two of them.
            let end = history.head.as_ref().map_or(plan.to_unix_s, |head| head.end_unix_s);
            from = end.max(from.saturating_add(1));
            progress.at(round, from);
        }
    }
    progress.end();
    sink.finish()?;
    Ok(Exit::Done)
}

async fn plan(connection: &Connection, arguments: &Export, format: ExportFormat) -> Result<Plan, Failure> {
    let name = if format == ExportFormat::Csv { "CSV" } else { "NDJSON" };
    let per = arguments.per(format).ok_or(Failure::OnePer { format: name })?;
    let now = Timestamp::now().to_zoned(arguments.range.zone()?);
    let typed = arguments.range.read(&now)?;
    let filter = arguments.only.filter()?;
    sink::check(arguments, format)?;
    let to_unix_s = typed.map_or_else(|| bwusage_proto::when::after(&now), |typed| typed.end_unix_s);
    let from = typed.map(|typed| typed.start_unix_s);
    let status = connection.ask(async |client: &mut Client| client.status().await).await?;
    let oldest = status.history.ok_or(Failure::NoHistory)?.oldest_unix_s;
    // Before the oldest there is nothing but one long gap.
    let oldest = oldest.unwrap_or(to_unix_s);
    let from_unix_s = from.map_or(oldest, |from| from.max(oldest)).min(to_unix_s);
    Ok(Plan {
        from_unix_s,
        to_unix_s,
        bucket: arguments.bucket(),
        per,
        filter,
        zone: now.time_zone().iana_name().map(str::to_owned),
        billing_day: arguments.range.billing_day(),
    })
}

async fn ask(
    connection: &Connection,
    plan: &Plan,
    per: Per,
    from: i64,
) -> Result<(History, String), Failure> {
    let query = HistoryQuery {
        from_unix_s: from,
        to_unix_s: stretch::end(plan.bucket, from, plan.to_unix_s),
        bucket: plan.bucket,
        per,
        filter: filter_for(&plan.filter, per),
        top: 0,
        time_zone: plan.zone.clone(),
        billing_day: plan.billing_day,
    };
    let question = async |client: &mut Client| {
        Ok((client.history(query.clone()).await?, client.daemon().version.clone()))
    };
    connection.ask(question).await
}

/// Interfaces and applications are counted apart: each kind of series gets the part of the filter that it knows.
fn filter_for(filter: &HistoryFilter, per: Per) -> HistoryFilter {
    match per {
        Per::Interface => HistoryFilter { interfaces: filter.interfaces.clone(), ..HistoryFilter::default() },
        Per::Host => HistoryFilter::default(),
        _ => HistoryFilter { interfaces: Vec::new(), ..filter.clone() },
    }
}
