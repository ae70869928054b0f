//! `history`: how much was moved when.

use bwusage_proto::{client::Client, csv, report::HistoryReport, users::Users};
use jiff::Timestamp;

use crate::{
    cli::history::{Format, History},
    connection::Connection,
    failure::{Exit, Failure},
    output,
    render::history::{self, Layout},
};

pub(super) async fn run(connection: &Connection, arguments: &History) -> Result<Exit, Failure> {
    let now = Timestamp::now().to_zoned(arguments.range.zone()?);
    let query = arguments.query(&now)?;
    let question = async |client: &mut Client| {
        Ok((client.history(query.clone()).await?, client.daemon().version.clone()))
    };
    let (history, daemon_version) = connection.ask(question).await?;
    let report = HistoryReport::new(&history, &Users::new(), &daemon_version).ok_or(Failure::NoHistory)?;
    match arguments.format() {
        Format::Json => output::json(&report)?,
        Format::Ndjson => {
            for record in report.records() {
                output::json(&record)?;
            }
        }
        Format::Csv => output::plain_lines(csv::history(&report, !arguments.no_header))?,
        Format::Table => {
            let layout = Layout {
                units: arguments.units.into(),
                width: output::width(),
                header: !arguments.no_header,
                now_unix_ms: now.timestamp().as_millisecond().max(0).unsigned_abs(),
            };
            output::styled(&history::draw(&report, layout))?;
            for note in report.notes {
                anstream::eprintln!("{}", bwusage_proto::text::escape(note));
            }
        }
    }
    Ok(Exit::Done)
}
