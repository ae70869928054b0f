//! `ledger`: whose bytes are in the counters of the interfaces.

use bwusage_proto::{client::Client, csv, report::LedgerReport};

use crate::{
    cli::{Format, Ledger},
    connection::Connection,
    failure::{Exit, Failure},
    output,
    render::ledger,
};

pub(super) async fn run(connection: &Connection, arguments: &Ledger) -> Result<Exit, Failure> {
    let question = async |client: &mut Client| {
        let ledger = client.ledger().await?;
        let coverage = client.status().await?.coverage;
        // The names of processes that carry tunnels are with the rows.
        let mirror = if ledger.carriers.is_empty() { None } else { Some(client.snapshot().await?) };
        Ok((ledger, coverage, mirror))
    };
    let (mut ledger, coverage, mirror) = connection.ask(question).await?;
    if let Some(wanted) = &arguments.interface {
        ledger.interfaces.retain(|interface| interface.name == *wanted);
        ledger.carriers.retain(|carrier| carrier.interface == *wanted);
        if ledger.interfaces.is_empty() && ledger.missing.is_none() {
            return Err(Failure::NoInterface(wanted.clone()));
        }
    }
    let report = LedgerReport::new(&ledger, Some(&coverage.quality), mirror.as_ref());
    match arguments.format() {
        Format::Json => output::json(&report)?,
        Format::Csv => output::plain_lines(csv::ledger(&ledger, true))?,
        Format::Table => {
            let amounts = ledger::Amounts { units: arguments.units.into(), exact: arguments.exact };
            let whole = arguments.interface.is_none();
            let drawn = match &ledger.missing {
                Some(missing) => ledger::draw_missing(missing, coverage.estimate()),
                None => ledger::draw(&ledger, &report.carriers, amounts, whole),
            };
            output::styled(&drawn)?;
        }
    }
    Ok(Exit::Done)
}
