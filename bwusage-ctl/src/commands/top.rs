//! `top`: the table, once.

use bwusage_proto::{
    client::Client, connection::ConnectionsQuery, csv, report::TopReport, table::table, users::Users,
};

use super::connections::{self, Wish};
use crate::{
    cli::{Format, Top},
    connection::Connection,
    failure::{Exit, Failure},
    output,
    render::{
        quality::{Wire, footnote},
        table::{Layout, draw, draw_whole},
    },
};

pub(super) async fn run(connection: &Connection, arguments: &Top) -> Result<Exit, Failure> {
    if let Some(query) = arguments.rows.talk_query()? {
        let wish = Wish {
            question: ConnectionsQuery::default(),
            query,
            look: &arguments.look,
            format: arguments.format().into(),
            resolve: false,
            fail_empty: arguments.fail_empty,
        };
        return connections::print(connection, &wish).await;
    }
    let question =
        async |client: &mut Client| Ok((client.snapshot().await?, client.daemon().version.clone()));
    let (mirror, daemon_version) = connection.ask(question).await?;
    let query = arguments.rows.query();
    let table = table(&mirror, &Users::new(), &query);

    let header = !arguments.look.no_header;
    match arguments.format() {
        Format::Json => output::json(&TopReport::new(&mirror, &table, query.by, &daemon_version))?,
        Format::Csv => {
            let quality = &mirror.coverage.quality;
            output::plain_lines(csv::top(&table, query.by, quality, header))?;
        }
        Format::Table => {
            let width = if arguments.look.no_trunc { None } else { output::width() };
            let estimate = mirror.coverage.estimate();
            let layout = Layout {
                by: query.by,
                units: arguments.look.units.into(),
                width,
                header,
                first_seen: arguments.rows.background,
                wire: Wire::of(estimate),
                steady: false,
            };
            // A part of the rows does not add up to everything anyway.
            let is_whole = query.filter.is_none() && query.category.is_none() && !table.truncated();
            let drawn = if is_whole { draw_whole(&table, &mirror, &layout) } else { draw(&table, &layout) };
            output::styled(&(drawn + &footnote(estimate.filter(|_| header), width)))?;
        }
    }
    if table.rows.is_empty() {
        if arguments.fail_empty {
            return Err(Failure::Empty);
        }
        if arguments.format() == Format::Table && output::is_terminal() {
            let moved = if table.total == 0 { "nothing has used the network yet" } else { "no row matches" };
            anstream::eprintln!("{moved}; rows without traffic are shown with --all");
        }
    }
    Ok(Exit::Done)
}
