//! The ledger as the overlay shows it: accounts with a line for each reason.

use std::time::Duration;

use bwusage_proto::{
    ledger::{Carrier, Ledger, Reason, Side, Summary},
    mirror::Mirror,
    text,
};

/// Where bytes went. Texts are escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    /// Hundredths of a percent of this machine's own traffic that have a process.
    pub attributed_centipercent: Option<u32>,
    /// How long ago counting began.
    pub since: Option<Duration>,
    /// Everything that leads out of the machine, then each interface.
    pub accounts: Vec<Account>,
    /// Processes whose traffic carries a tunnel: who, and which interface.
    pub carriers: Vec<(String, String)>,
    /// Updates that could not be made, and how often.
    pub losses: Vec<(String, u64)>,
    /// Why there are no lines, where there are none.
    pub missing: Option<String>,
}

/// One interface, or all of them. Pairs are what was received and what was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The interface and what it is.
    pub title: String,
    /// What the interface itself counted.
    pub counter: [u64; 2],
    /// What that was.
    pub entries: Vec<Entry>,
    /// What no line explains.
    pub unnamed: [i64; 2],
}

/// Bytes with one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Why.
    pub reason: &'static str,
    /// How many. Negative where the interface counted less than was counted for processes.
    pub bytes: [i64; 2],
    /// Their share of what was counted since the daemon started, in hundredths of a percent. `None` for nothing, and for
    /// what was before.
    pub share_centipercent: [Option<i64>; 2],
    /// True for bytes that ought to have a process and have none.
    pub is_lost: bool,
}

impl Book {
    /// What is known: the whole ledger where it was asked for, else what every tick tells. `None` where nothing tells.
    #[must_use]
    pub fn new(mirror: &Mirror, ledger: Option<&Ledger>) -> Option<Self> {
        let Some(ledger) = ledger else {
            let summary = mirror.ledger.as_ref()?;
            let since = mirror.taken_at_unix_ms.saturating_sub(mirror.started_at_unix_ms);
            return Some(Self {
                attributed_centipercent: summary.attributed(),
                since: Some(Duration::from_millis(since)),
                accounts: vec![everything(summary)],
                ..Self::default()
            });
        };
        let safe = |text: &str| text::escape(text).into_owned();
        let mut accounts = Vec::new();
        if ledger.missing.is_none() {
            accounts.push(everything(&ledger.summary));
        }
        accounts.extend(ledger.interfaces.iter().map(|interface| {
            let title = format!("{} ({})", safe(&interface.name), interface.kind.name());
            Account::new(title, &interface.rx, &interface.tx)
        }));
        let since = ledger.taken_at_unix_ms.saturating_sub(ledger.since_unix_ms);
        Some(Self {
            attributed_centipercent: ledger.summary.attributed(),
            since: Some(Duration::from_millis(since)),
            accounts,
            carriers: ledger.carriers.iter().map(|carrier| carrier_of(carrier, mirror)).collect(),
            losses: ledger.losses.iter().map(|loss| (safe(&loss.what), loss.events)).collect(),
            missing: ledger.missing.as_deref().map(safe),
        })
    }
}

fn everything(summary: &Summary) -> Account {
    Account::new("all that lead out".into(), &summary.rx, &summary.tx)
}

fn carrier_of(carrier: &Carrier, mirror: &Mirror) -> (String, String) {
    let process = mirror.processes.get(&carrier.row);
    let name =
        process.map_or_else(|| "(gone)".into(), |process| text::escape(&process.info.name).into_owned());
    let who = match process.and_then(|process| process.info.id) {
        Some(id) => format!("{name}, pid {}", id.pid),
        None => name,
    };
    (who, text::escape(&carrier.interface).into_owned())
}

impl Account {
    fn new(title: String, rx: &Side, tx: &Side) -> Self {
        let sides = [rx, tx];
        let counted =
            sides.map(|side| i128::from(side.counter) - i128::from(side.bytes(Reason::BeforeStart)));
        let entry = |reason: Reason| {
            let bytes = sides.map(|side| side.bytes(reason));
            let share = |at: usize| {
                let whole = counted[at];
                let known = whole > 0 && bytes[at] != 0 && reason != Reason::BeforeStart;
                known.then(|| i64::try_from(i128::from(bytes[at]) * 10_000 / whole).unwrap_or(i64::MAX))
            };
            (bytes != [0, 0]).then(|| Entry {
                reason: reason.title(),
                bytes,
                share_centipercent: [share(0), share(1)],
                is_lost: reason == Reason::Lost,
            })
        };
        Self {
            title,
            counter: sides.map(|side| side.counter),
            entries: Reason::ALL.into_iter().filter_map(entry).collect(),
            unnamed: sides.map(Side::unnamed),
        }
    }
}

#[cfg(test)]
mod tests {
    use bwusage_proto::ledger::{InterfaceKind, InterfaceLedger, Line};

    use super::*;

    fn side(counter: u64, lines: &[(Reason, i64)]) -> Side {
        Side { counter, lines: lines.iter().map(|&(reason, bytes)| Line { reason, bytes }).collect() }
    }

    #[test]
    fn shares_are_of_what_was_counted_since_the_start() {
        let rx =
            side(1_000, &[(Reason::Processes, 99), (Reason::LinkHeaders, 1), (Reason::BeforeStart, 900)]);
        let account = Account::new(String::new(), &rx, &Side::default());
        let shares = |entry: &Entry| (entry.reason, entry.share_centipercent[0]);
        assert_eq!(
            account.entries.iter().map(shares).collect::<Vec<_>>(),
            [
                ("processes", Some(9_900)),
                ("headers of the link", Some(100)),
                ("before the daemon started", None)
            ]
        );
        assert_eq!(account.unnamed, [0, 0]);
    }

    #[test]
    fn before_the_interfaces_are_known_the_sum_is_shown() {
        assert_eq!(Book::new(&Mirror::default(), None), None);
        let summary = Summary { rx: side(7, &[(Reason::Processes, 7)]), tx: Side::default() };
        let mirror = Mirror { ledger: Some(summary), ..Mirror::default() };
        let book = Book::new(&mirror, None).unwrap();
        assert_eq!((book.accounts.len(), book.attributed_centipercent), (1, Some(10_000)));
    }

    #[test]
    fn an_interface_cannot_act_on_the_terminal() {
        let interface = InterfaceLedger {
            name: "e\x1b[2J".into(),
            kind: InterfaceKind::Tunnel,
            rx: Side::default(),
            tx: Side::default(),
        };
        let ledger = Ledger { interfaces: vec![interface], ..Ledger::default() };
        let book = Book::new(&Mirror::default(), Some(&ledger)).unwrap();
        assert_eq!(book.accounts[1].title, r"e\x1b[2J (tunnel)");
    }
}
