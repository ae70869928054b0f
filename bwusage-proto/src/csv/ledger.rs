//! Where every interface's bytes went.

use super::line;
use crate::ledger::{InterfaceLedger, Ledger, Reason};

/// One line for each interface, direction and reason; the counters themselves have the reason `counter`.
pub fn ledger(ledger: &Ledger, with_header: bool) -> impl Iterator<Item = String> + '_ {
    let header = with_header.then(|| line(["interface", "kind", "direction", "reason", "bytes"]));
    header.into_iter().chain(ledger.interfaces.iter().flat_map(lines))
}

fn lines(interface: &InterfaceLedger) -> impl Iterator<Item = String> + '_ {
    [("rx", &interface.rx), ("tx", &interface.tx)].into_iter().flat_map(move |(direction, side)| {
        let counter = ("counter", side.counter.into());
        let reasons = Reason::ALL.map(|reason| (reason.name(), i128::from(side.bytes(reason))));
        let unnamed = ("unnamed", side.unnamed().into());
        let amounts = [counter].into_iter().chain(reasons).chain([unnamed]);
        amounts.map(move |(reason, bytes): (&str, i128)| {
            let names = line([interface.name.as_str(), interface.kind.name(), direction, reason]);
            // A number may begin with a minus, which a name may not.
            format!("{},{bytes}\r\n", names.trim_end())
        })
    })
}
