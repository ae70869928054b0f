//! `doctor`: everything that decides whether counting works, and what to do where it does not.
//!
//! The daemon knows best what it could attach; what this machine allows at all is looked up here, so that there is an
//! answer also while no daemon runs.

use bwusage_proto::{client::Client, snapshot::Coverage};

use crate::{
    cli::Doctor,
    connection::Connection,
    failure::{Exit, Failure},
    output,
};

mod check;
mod daemon;
mod ladder;

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
use elsewhere as machine;
#[cfg(target_os = "linux")]
use linux as machine;

use check::Report;

pub(super) async fn run(connection: &Connection, arguments: &Doctor) -> Result<Exit, Failure> {
    let question = async |client: &mut Client| client.status().await;
    let answer = connection.ask(question).await;
    let mut checks = daemon::checks(&connection.endpoint, answer.as_ref());
    checks.extend(machine::checks(answer.is_ok()));
    // A daemon that counts has tried them: what it says is more than can be told from here.
    let told = |coverage: &Coverage| !coverage.is_recorded() && !coverage.rungs.is_empty();
    if !answer.as_ref().is_ok_and(|status| told(&status.coverage)) {
        checks.extend(machine::rungs());
    }
    let report = Report::new(connection.endpoint.to_string(), checks);
    if arguments.json {
        output::json(&report)?;
    } else {
        output::styled(&report.draw())?;
    }
    Ok(if report.healthy { Exit::Done } else { Exit::Failed })
}
