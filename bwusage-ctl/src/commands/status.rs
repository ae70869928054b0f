//! `status`: the daemon about itself.

use std::time::Duration;

use bwusage_proto::{
    client::{Client, ClientError},
    report::StatusReport,
};
use tokio::time::{Instant, sleep};

use crate::{
    cli::Status,
    connection::Connection,
    failure::{Exit, Failure},
    output,
    render::status,
};

/// Pause between two looks for a daemon that is coming up.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) async fn run(connection: &Connection, arguments: &Status) -> Result<Exit, Failure> {
    let question = async |client: &mut Client| {
        let status = client.status().await?;
        // A daemon of an earlier version does not know the question.
        Ok((status, client.bounds().await.ok(), client.daemon().chosen))
    };
    let deadline = Instant::now() + arguments.wait.unwrap_or_default();
    let (status, bounds, protocol) = loop {
        match connection.ask(question).await {
            Err(failure) if is_coming_up(&failure) && Instant::now() + PAUSE < deadline => sleep(PAUSE).await,
            outcome => break outcome?,
        }
    };
    if arguments.json {
        let socket = connection.endpoint.to_string();
        output::json(&StatusReport::new(&status, bounds.as_ref(), socket, protocol))?;
    } else {
        output::styled(&status::draw(&status, bounds.as_ref(), &connection.endpoint))?;
    }
    Ok(Exit::Done)
}

/// Whether a daemon that is just starting, or just restarting, can look like this.
fn is_coming_up(failure: &Failure) -> bool {
    match failure {
        Failure::Client(error) => match error {
            ClientError::Unreachable { .. } => failure.exit() != Exit::Denied,
            ClientError::Greeting { .. }
            | ClientError::Goodbye
            | ClientError::Lost(_)
            | ClientError::Timeout(_) => true,
            _ => false,
        },
        Failure::Timeout(_) => true,
        _ => false,
    }
}
