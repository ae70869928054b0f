//! `watch`: the table again and again, for as long as anybody looks.

use bwusage_proto::client::{Event, Follow};

use crate::{
    cli::Watch,
    connection::{Connection, NAME},
    failure::{Exit, Failure},
    output,
};

mod in_place;
mod screen;
mod stream;

pub(super) async fn run(connection: &Connection, arguments: &Watch) -> Result<Exit, Failure> {
    if let Some(query) = arguments.rows.talk_query()? {
        return Err(Failure::NotOfConnections { what: "watch".into(), by: query.by.name() });
    }
    let mut follow = Follow::new(connection.endpoint.clone(), NAME, arguments.interval);
    // A daemon that is not there at all is told like any other failure; one that goes away is waited for.
    let first = follow.next().await;
    if let Event::Down { error, .. } = first {
        return Err(error.into());
    }
    if arguments.json || !output::is_terminal() {
        stream::run(follow, first, arguments).await
    } else {
        in_place::run(follow, first, arguments).await
    }
}
