//! The ledger, as the store hands it out.

use bwusage_proto::{
    ledger::{Carrier, InterfaceLedger, Ledger, Summary},
    process::{ProcessId, UserId},
};

use super::Store;

/// Why there is no ledger.
const NO_INTERFACES: &str =
    "the engine in use does not see what passes the interfaces, or plays a recording of one that did not";

impl Store {
    /// Where the bytes of the interfaces that lead out went.
    #[must_use]
    pub fn ledger(&self) -> Option<Summary> {
        self.ledger.clone()
    }

    /// Where the bytes of each interface went; none where nothing tells.
    #[must_use]
    pub fn interface_ledgers(&self) -> Vec<InterfaceLedger> {
        self.books.interfaces()
    }

    /// Where the bytes of every interface went since `since_unix_ms`, for somebody who may see rows of such owners.
    #[must_use]
    pub fn full_ledger(&self, since_unix_ms: u64, may_see_row: impl Fn(Option<&UserId>) -> bool) -> Ledger {
        let carrier = |(id, interface): &(ProcessId, String)| {
            let row = *self.by_id.get(id)?;
            let owner = self.rows.get(&row)?.info.value.user.as_ref();
            may_see_row(owner).then(|| Carrier { row, interface: interface.clone() })
        };
        Ledger {
            taken_at_unix_ms: self.now.map_or(0, |now| now.unix_ms),
            since_unix_ms,
            summary: self.ledger.clone().unwrap_or_default(),
            interfaces: self.books.interfaces(),
            carriers: self.carriers.iter().filter_map(carrier).collect(),
            losses: self.losses.clone(),
            missing: self.ledger.is_none().then(|| NO_INTERFACES.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use bwusage_proto::{connection::Moved, ledger::Reason};

    use super::*;
    use crate::{
        engine::{Identity, InterfaceSample, Sample},
        host::HostTick,
        usage::Moment,
    };

    const NOW: Moment = Moment { unix_ms: 5000, steady_ms: 0 };

    #[test]
    fn an_engine_without_interfaces_has_no_ledger_and_says_why() {
        let mut store = Store::default();
        store.advance(NOW, Sample::default(), HostTick::default());
        let ledger = store.full_ledger(1000, |_| true);
        assert_eq!((store.ledger(), ledger.interfaces.len()), (None, 0));
        assert!(ledger.missing.is_some_and(|why| why.contains("interfaces")));
        // Names alone make no ledger either.
        let interfaces =
            vec![InterfaceSample { index: 7, name: "eth0".into(), ..InterfaceSample::default() }];
        store.advance(NOW, Sample { interfaces, ..Sample::default() }, HostTick::default());
        assert_eq!((store.ledger(), store.full_ledger(1000, |_| true).interfaces.len()), (None, 0));
    }

    #[test]
    fn a_tick_fills_the_books_and_tells_who_carries_a_tunnel() {
        let mut store = Store::default();
        let interface = InterfaceSample {
            index: 2,
            name: "eth0".into(),
            counters: Some(Moved { rx_bytes: 70, tx_bytes: 0 }),
            ..InterfaceSample::default()
        };
        let vpn = |pid, user| {
            let identity = Identity { user: Some(UserId::Uid(user)), ..Identity::default() };
            (ProcessId::new(pid, 1), identity)
        };
        let host = HostTick {
            appeared: vec![vpn(1, 10), vpn(2, 20)],
            carriers: vec![
                (ProcessId::new(1, 1), "tun0".into()),
                (ProcessId::new(2, 1), "tun1".into()),
                (ProcessId::new(3, 1), "tun2".into()),
            ],
            ..HostTick::default()
        };
        store.advance(NOW, Sample { interfaces: vec![interface], ..Sample::default() }, host);
        let ledger = store.full_ledger(1000, |owner| owner == Some(&UserId::Uid(20)));
        let carriers: Vec<_> = ledger.carriers.iter().map(|carrier| carrier.interface.as_str()).collect();
        assert_eq!(carriers, ["tun1"], "one of another user is hidden, one without a row is not known yet");
        assert_eq!((ledger.taken_at_unix_ms, ledger.since_unix_ms, ledger.missing), (5000, 1000, None));
        assert_eq!(store.ledger().unwrap().rx.bytes(Reason::BeforeStart), 70);
        assert_eq!(ledger.interfaces[0].name, "eth0");
    }
}
