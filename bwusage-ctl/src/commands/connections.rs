//! `connections`: who talks to whom; and `top` by remote host, service or interface.

use std::time::Duration;

use bwusage_proto::{
    client::Client,
    connection::ConnectionsQuery,
    csv,
    report::{ConnectionRecord, ConnectionsReport},
    talk::{Query, rows, table},
    users::Users,
};

use crate::{
    cli::{
        Look,
        connections::{Connections, Format},
    },
    connection::Connection,
    failure::{Exit, Failure},
    output,
    render::{
        connections::{Asked, Layout, Reverse, draw},
        quality::{Wire, footnote},
    },
};

mod resolve;

/// So long all reverse lookups together may take.
const RESOLVE_WITHIN: Duration = Duration::from_secs(1);

pub(super) async fn run(connection: &Connection, arguments: &Connections) -> Result<Exit, Failure> {
    let filter = arguments.filter();
    let wish = Wish {
        question: arguments.question(),
        query: arguments.query(&filter),
        look: &arguments.look,
        format: arguments.format(),
        resolve: arguments.names.resolve,
        fail_empty: arguments.fail_empty,
    };
    print(connection, &wish).await
}

/// What is to be printed, and how.
pub(super) struct Wish<'a> {
    pub(super) question: ConnectionsQuery,
    pub(super) query: Query<'a>,
    pub(super) look: &'a Look,
    pub(super) format: Format,
    /// Look up names also where nobody reads along.
    pub(super) resolve: bool,
    pub(super) fail_empty: bool,
}

pub(super) async fn print(connection: &Connection, wish: &Wish<'_>) -> Result<Exit, Failure> {
    let question = async |client: &mut Client| {
        // Connections first: every process that they name is in the snapshot that is younger.
        let connections = client.connections(wish.question).await?;
        Ok((connections, client.snapshot().await?, client.daemon().version.clone()))
    };
    let (connections, mirror, daemon_version) = connection.ask(question).await?;
    let query = &wish.query;
    let table = table(&rows(&connections, &mirror, &Users::new()), query);

    let report = || ConnectionsReport::new(&connections, &mirror, &table, query.by, &daemon_version);
    match wish.format {
        Format::Json => output::json(&report())?,
        Format::Ndjson => {
            let mut report = report();
            for row in std::mem::take(&mut report.rows) {
                output::json(&ConnectionRecord::Row(&row))?;
            }
            output::json(&ConnectionRecord::End(report))?;
        }
        Format::Csv => output::plain_lines(csv::connections(&report(), !wish.look.no_header))?,
        Format::Table => {
            let wanted = !query.numeric && (wish.resolve || output::is_terminal());
            let unnamed =
                table.rows.iter().filter(|row| row.remote_name.is_none()).filter_map(|row| row.remote);
            let reverse = if wanted { resolve::names(unnamed, RESOLVE_WITHIN).await } else { Reverse::new() };
            let asked = Asked {
                units: wish.look.units.into(),
                numeric: query.numeric,
                now_unix_ms: connections.taken_at_unix_ms,
                reverse: &reverse,
            };
            let width = if wish.look.no_trunc { None } else { output::width() };
            let (header, estimate) = (!wish.look.no_header, mirror.coverage.estimate());
            let layout = Layout { by: query.by, width, header, wire: Wire::of(estimate) };
            let note = footnote(estimate.filter(|_| header), width);
            output::styled(&(draw(&table, layout, asked) + &note))?;
            if connections.hidden > 0 {
                anstream::eprintln!(
                    "{} connections and remote hosts of other users are hidden; root and the group bwusage see them",
                    connections.hidden
                );
            }
        }
    }
    if table.rows.is_empty() && wish.fail_empty {
        return Err(Failure::Empty);
    }
    Ok(Exit::Done)
}
