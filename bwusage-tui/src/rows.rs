//! From the daemon's state to what the screen shows: the one place of this client that reads wire types.
//!
//! A [`Line`] is a row of the table with every text made safe, and is built only for rows in view; [`Host`] feeds the
//! cards and the header.

use std::time::Duration;

use bwusage_proto::{
    ancestry::Ancestry,
    mirror::Mirror,
    process::Category,
    table::{Row, RowKey},
    text,
    units::{Counters, Rates, Scope, Wire},
};

mod flow;
mod history;
mod host;
mod ledger;

pub use flow::{Flow, FlowDetail, Flows};
pub use history::{History, REMEMBERED};
pub use host::{Host, MemoryUse, Trend};
pub use ledger::{Account, Book, Entry};

/// One line of the table. Texts are escaped; amounts are bytes, speeds bytes a second.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// The process, or what the processes of the row have in common.
    pub name: String,
    /// The application.
    pub app: String,
    /// The process number, where the row is a process.
    pub pid: Option<u32>,
    /// How many processes the row stands for.
    pub processes: u64,
    /// The users, separated by commas.
    pub user: String,
    /// The executable.
    pub exe: Option<String>,
    /// The command line, where this viewer may see it.
    pub command_line: Option<String>,
    /// The systemd unit, where the row has one.
    pub unit: Option<String>,
    /// The container, where the row is in one.
    pub container: Option<String>,
    /// What a person calls the application.
    pub title: Option<String>,
    /// What sort of program it is.
    pub category: Option<&'static str>,
    /// True for what moved bytes although nobody sees it run.
    pub in_background: bool,
    /// How long ago it was first seen to move a byte.
    pub first_seen: Option<Duration>,
    /// Received since the daemon started.
    pub rx_total: u64,
    /// Sent since the daemon started.
    pub tx_total: u64,
    /// Receiving now.
    pub rx_rate: u64,
    /// Sending now.
    pub tx_rate: u64,
    /// Processor use in hundredths of a percent of one core.
    pub cpu_centipercent: Option<u32>,
    /// Resident memory.
    pub memory: Option<u64>,
    /// Reads from storage, a second.
    pub disk_read: Option<u64>,
    /// Writes to storage, a second.
    pub disk_write: Option<u64>,
    /// How long ago it started.
    pub age: Option<Duration>,
    /// How long ago it ended.
    pub ended: Option<Duration>,
    /// The recent speeds, oldest first.
    pub recent: Vec<Speed>,
}

/// A pair of speeds in bytes a second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Speed {
    /// Received.
    pub rx: u64,
    /// Sent.
    pub tx: u64,
}

/// What one scope carried, for the detail pane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScopeTotals {
    /// `loopback`, `lan`, `internet` or `total`.
    pub scope: &'static str,
    /// Received on the wire.
    pub rx_wire: u64,
    /// Sent on the wire.
    pub tx_wire: u64,
    /// Received by the program.
    pub rx_payload: u64,
    /// Sent by the program.
    pub tx_payload: u64,
    /// Packets received.
    pub rx_packets: u64,
    /// Packets sent.
    pub tx_packets: u64,
}

impl From<Rates> for Speed {
    fn from(rates: Rates) -> Self {
        Self { rx: rates.rx_bytes_per_s, tx: rates.tx_bytes_per_s }
    }
}

impl Line {
    /// The line of `row`, with the speeds of the last `ticks` ticks.
    #[must_use]
    pub fn new(row: &Row, mirror: &Mirror, history: &History, ticks: usize) -> Self {
        let safe = |text: &str| text::escape(text).into_owned();
        let ago = |at_unix_ms: u64| Duration::from_millis(mirror.taken_at_unix_ms.saturating_sub(at_unix_ms));
        let total = row.counters.total().wire;
        Self {
            name: safe(&row.name),
            app: safe(&row.app),
            pid: row.pid,
            processes: row.processes,
            user: safe(&row.users.join(",")),
            exe: row.exe.as_deref().map(safe),
            command_line: row.command_line.as_ref().map(|words| safe(&words.join(" "))),
            unit: row.unit.as_deref().map(safe),
            container: row.container.as_ref().map(|container| safe(&container.to_string())),
            title: row.title.as_deref().map(safe),
            category: row.category.map(Category::name),
            in_background: row.category == Some(Category::Background) && !row.counters.is_zero(),
            first_seen: row.first_traffic_at_unix_ms.map(ago),
            rx_total: total.rx_bytes,
            tx_total: total.tx_bytes,
            rx_rate: row.rates.rx_bytes_per_s,
            tx_rate: row.rates.tx_bytes_per_s,
            cpu_centipercent: row.cpu_centipercent,
            memory: row.rss_bytes,
            disk_read: row.disk_read_bytes_per_s,
            disk_write: row.disk_write_bytes_per_s,
            age: row.started_at_unix_ms.map(ago),
            ended: row.exited_at_unix_ms.map(ago),
            recent: history.last(&row.key, ticks).into_iter().map(Speed::from).collect(),
        }
    }

    /// The line that makes the columns add up: traffic that has a reason instead of a process. `None` without any.
    #[must_use]
    pub fn without_process(mirror: &Mirror) -> Option<Self> {
        let (wire, rates) = residual(mirror);
        (wire.rx_bytes > 0 || wire.tx_bytes > 0).then(|| Self {
            name: "(no process)".into(),
            rx_total: wire.rx_bytes,
            tx_total: wire.tx_bytes,
            rx_rate: rates.rx_bytes_per_s,
            tx_rate: rates.tx_bytes_per_s,
            ..Self::default()
        })
    }

    /// The row for the clipboard: names, then plain numbers, separated by tabs.
    #[must_use]
    pub fn as_text(&self) -> String {
        let pid = self.pid.map_or_else(String::new, |pid| pid.to_string());
        let words = [self.name.clone(), pid, self.user.clone()];
        let numbers =
            [self.rx_total, self.tx_total, self.rx_rate, self.tx_rate].map(|number| number.to_string());
        words.into_iter().chain(numbers).collect::<Vec<_>>().join("\t")
    }

    /// True when nothing is received or sent at the moment.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.rx_rate == 0 && self.tx_rate == 0
    }
}

/// A row in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// The row as in the table.
    pub line: Line,
    /// What it moved in each scope, and in all.
    pub scopes: [ScopeTotals; 4],
    /// Who started it, the parent first: name and number. Empty where the row is not one process.
    pub parents: Vec<String>,
}

impl Selected {
    /// Everything about `row`.
    #[must_use]
    pub fn new(line: Line, row: &Row, mirror: &Mirror) -> Self {
        Self { line, scopes: scopes(row), parents: parents(row, mirror) }
    }
}

fn parents(row: &Row, mirror: &Mirror) -> Vec<String> {
    let RowKey::Process(row) = row.key else { return Vec::new() };
    let Some(process) = mirror.processes.get(&row) else { return Vec::new() };
    let shown = |name: Option<&str>, pid: u32| match name {
        Some(name) => format!("{} {pid}", text::escape(name)),
        None => pid.to_string(),
    };
    Ancestry::new(mirror).parents(process).into_iter().map(|it| shown(it.name, it.pid)).collect()
}

/// What `row` moved in each scope, and in all.
fn scopes(row: &Row) -> [ScopeTotals; 4] {
    let totals = |scope: &'static str, traffic: bwusage_proto::units::Traffic| ScopeTotals {
        scope,
        rx_wire: traffic.wire.rx_bytes,
        tx_wire: traffic.wire.tx_bytes,
        rx_payload: traffic.payload.rx_bytes,
        tx_payload: traffic.payload.tx_bytes,
        rx_packets: traffic.wire.rx_packets,
        tx_packets: traffic.wire.tx_packets,
    };
    let of = |scope: Scope| totals(scope.name(), row.counters[scope]);
    [of(Scope::Internet), of(Scope::Lan), of(Scope::Loopback), totals("total", row.counters.total())]
}

/// The share of all counted bytes that belongs to no process, in hundredths of a percent; `None` before any byte.
fn unattributed_centipercent(mirror: &Mirror) -> Option<u32> {
    let bytes = |wire: Wire| u128::from(wire.rx_bytes) + u128::from(wire.tx_bytes);
    let of = |counters: &Counters| bytes(counters.total().wire);
    let owned: u128 = mirror.processes.values().map(|process| of(&process.counters)).sum::<u128>()
        + mirror.retired.values().map(|retired| of(&retired.counters)).sum::<u128>();
    let without = bytes(residual(mirror).0);
    let share = (without * 10_000).checked_div(owned + without)?;
    u32::try_from(share).ok()
}

fn residual(mirror: &Mirror) -> (Wire, Rates) {
    mirror.residuals.iter().fold((Wire::default(), Rates::default()), |(wire, rates), residual| {
        (wire + residual.counters.total().wire, rates + residual.rates)
    })
}

#[cfg(test)]
mod tests {
    use bwusage_proto::snapshot::{Residual, ResidualReason};

    use super::*;

    fn mirror_with_residual(bytes: u64) -> Mirror {
        let mut counters = Counters::default();
        counters[Scope::Lan].wire.rx_bytes = bytes;
        let residual = Residual { reason: ResidualReason::KernelTcp, counters, rates: Rates::default() };
        Mirror { residuals: vec![residual, residual], ..Mirror::default() }
    }

    #[test]
    fn traffic_without_a_process_has_a_line_of_its_own() {
        let line = Line::without_process(&mirror_with_residual(21)).unwrap();
        assert_eq!((line.rx_total, line.tx_total), (42, 0));
        assert_eq!(Line::without_process(&Mirror::default()), None);
    }

    #[test]
    fn nothing_counted_is_not_the_same_as_nothing_unattributed() {
        assert_eq!(unattributed_centipercent(&Mirror::default()), None);
        assert_eq!(unattributed_centipercent(&mirror_with_residual(1)), Some(10_000));
    }
}
