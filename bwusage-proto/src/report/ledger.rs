//! `bwusage.ledger/1`: whose bytes are in the counters of the interfaces.

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use super::Moment;
use crate::{
    ledger::{InterfaceLedger, Ledger, Reason, Side, Summary},
    mirror::Mirror,
    process::Pid,
    snapshot::Loss,
};

/// The name of this schema.
pub const LEDGER_SCHEMA: &str = "bwusage.ledger/1";

/// The ledger at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LedgerReport<'a> {
    /// [`LEDGER_SCHEMA`].
    pub schema: &'static str,
    /// How wire bytes come about: [`crate::snapshot::Coverage::quality`]; `null` while the daemon is away.
    pub quality: Option<&'a str>,
    /// When the counters were read.
    pub taken_at: Moment,
    /// The daemon's start: lines but `before_start_bytes` count from here.
    pub started_at: Moment,
    /// Everything that leads out of the machine; `null` where nothing tells.
    pub summary: Option<SummaryReport<'a>>,
    /// The interfaces that were asked for.
    pub interfaces: Vec<InterfaceReport<'a>>,
    /// Processes whose traffic carries a tunnel.
    pub carriers: Vec<CarrierReport<'a>>,
    /// Updates that could not be counted.
    pub losses: &'a [Loss],
    /// Why there are no numbers, where there are none.
    pub missing: Option<&'a str>,
}

/// Both directions of everything that leads out of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SummaryReport<'a> {
    /// The part of this machine's own traffic that has a process.
    pub attributed_percent: Option<f64>,
    /// Received.
    pub rx: SideReport<'a>,
    /// Sent.
    pub tx: SideReport<'a>,
}

/// Both directions of one interface.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct InterfaceReport<'a> {
    /// Its name.
    pub interface: &'a str,
    /// What it is.
    pub kind: &'static str,
    /// The part of this machine's own traffic that has a process.
    pub attributed_percent: Option<f64>,
    /// Received.
    pub rx: SideReport<'a>,
    /// Sent.
    pub tx: SideReport<'a>,
}

/// One direction: `counter_bytes`, then a name for each [`Reason`], which add up to it, then `unnamed_bytes`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SideReport<'a>(pub &'a Side);

impl Serialize for SideReport<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Reason::ALL.len() + 2))?;
        map.serialize_entry("counter_bytes", &self.0.counter)?;
        for reason in Reason::ALL {
            map.serialize_entry(&format_args!("{}_bytes", reason.name()), &self.0.bytes(reason))?;
        }
        map.serialize_entry("unnamed_bytes", &self.0.unnamed())?;
        map.end()
    }
}

/// A process whose traffic carries a tunnel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CarrierReport<'a> {
    /// The tunnel.
    pub interface: &'a str,
    /// The process; `null` when it ended meanwhile.
    pub pid: Option<Pid>,
    /// Its name.
    pub name: Option<&'a str>,
    /// Its application.
    pub app: Option<&'a str>,
}

impl<'a> SummaryReport<'a> {
    /// The report of `summary`.
    #[must_use]
    pub fn new(summary: &'a Summary) -> Self {
        Self {
            attributed_percent: percent(summary.attributed()),
            rx: SideReport(&summary.rx),
            tx: SideReport(&summary.tx),
        }
    }
}

impl<'a> LedgerReport<'a> {
    /// The report of `ledger`, of which the daemon says `quality`; names of processes come from `mirror`, asked for at about
    /// the same time.
    #[must_use]
    pub fn new(ledger: &'a Ledger, quality: Option<&'a str>, mirror: Option<&'a Mirror>) -> Self {
        Self {
            schema: LEDGER_SCHEMA,
            quality,
            taken_at: Moment(ledger.taken_at_unix_ms),
            started_at: Moment(ledger.since_unix_ms),
            summary: ledger.missing.is_none().then(|| SummaryReport::new(&ledger.summary)),
            interfaces: ledger.interfaces.iter().map(interface).collect(),
            carriers: carriers(ledger, mirror),
            losses: &ledger.losses,
            missing: ledger.missing.as_deref(),
        }
    }
}

fn interface(ledger: &InterfaceLedger) -> InterfaceReport<'_> {
    InterfaceReport {
        interface: &ledger.name,
        kind: ledger.kind.name(),
        attributed_percent: percent(ledger.attributed()),
        rx: SideReport(&ledger.rx),
        tx: SideReport(&ledger.tx),
    }
}

fn carriers<'a>(ledger: &'a Ledger, mirror: Option<&'a Mirror>) -> Vec<CarrierReport<'a>> {
    let carrier = |carrier: &'a crate::ledger::Carrier| {
        let info = mirror.and_then(|mirror| Some(&mirror.processes.get(&carrier.row)?.info));
        CarrierReport {
            interface: &carrier.interface,
            pid: info.and_then(|info| Some(info.id?.pid)),
            name: info.map(|info| info.name.as_str()),
            app: info.map(|info| info.app.as_str()),
        }
    };
    ledger.carriers.iter().map(carrier).collect()
}

fn percent(hundredths: Option<u32>) -> Option<f64> {
    hundredths.map(|hundredths| f64::from(hundredths) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Line;

    #[test]
    fn every_reason_has_a_name_and_they_add_up_to_the_counter() {
        let line = |reason, bytes| Line { reason, bytes };
        let side =
            Side { counter: 100, lines: vec![line(Reason::Processes, 120), line(Reason::Segmentation, -20)] };
        let report = serde_json::to_value(SideReport(&side)).unwrap();
        let lines = report.as_object().unwrap();
        assert_eq!(lines.len(), Reason::ALL.len() + 2);
        assert_eq!((&report["processes_bytes"], &report["segmentation_bytes"]), (&120.into(), &(-20).into()));
        let (counter, unnamed) = (&report["counter_bytes"], &report["unnamed_bytes"]);
        assert_eq!((counter, unnamed), (&100.into(), &0.into()));
    }

    #[test]
    fn what_is_not_known_is_null() {
        let ledger = Ledger { missing: Some("why".into()), ..Ledger::default() };
        let report = serde_json::to_value(LedgerReport::new(&ledger, Some("computed"), None)).unwrap();
        assert_eq!((&report["summary"], &report["missing"]), (&serde_json::Value::Null, &"why".into()));
        assert_eq!(report["quality"], "computed");
    }
}
