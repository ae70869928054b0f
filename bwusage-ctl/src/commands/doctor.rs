//! `doctor`: everything that decides whether counting works, and what to do where it does not.
//!
//! The daemon knows best what it could attach; what this machine allows at all is looked up here, so that there is an
//! answer also while no daemon runs.

use bwusage_proto::client::Client;

use crate::{
    cli::Doctor,
    connection::Connection,
    failure::{Exit, Failure},
    output,
};

mod check;
mod daemon;
#[cfg(target_os = "linux")]
#[path = "doctor/linux.rs"]
mod machine;
#[cfg(not(target_os = "linux"))]
#[path = "doctor/elsewhere.rs"]
mod machine;

use check::Report;

pub(super) async fn run(connection: &Connection, arguments: &Doctor) -> Result<Exit, Failure> {
    let question = async |client: &mut Client| client.status().await;
    let answer = connection.ask(question).await;
    let mut checks = daemon::checks(&connection.endpoint, answer.as_ref());
    checks.extend(machine::checks(answer.is_ok()));
    let report = Report::new(connection.endpoint.to_string(), checks);
    if arguments.json {
        output::json(&report)?;
    } else {
        output::styled(&report.draw())?;
    }
    Ok(if report.healthy { Exit::Done } else { Exit::Failed })
}
