//! Who talks to whom, as messages for one viewer. Pure.
//!
//! Invariant: of each process that is listed, open connections, remote totals and what was not itemised add up to what it
//! moved.

use std::{collections::HashMap, net::IpAddr, rc::Rc};

use bwusage_proto::{
    connection::{Connection, Connections, ConnectionsQuery, Moved, ProcessTotal, RemoteTotal},
    message::{MessageError, Reply},
    process::{ProcessId, UserId},
    snapshot::RowId,
};

use super::{
    access::Viewer,
    feed::{Pages, encode},
};
use crate::{
    engine::{RemoteSample, SocketSample, Talk},
    usage::store::Store,
};

mod desk;
pub(super) use desk::Desk;
pub use desk::{Ask, Reading, Silence};

/// Entries in one page. One takes at most some 700 bytes, so a page stays below the 8 MiB that a client accepts.
const PAGE_ENTRIES: usize = 4096;

/// The answer to `query`, as far as `viewer` may know it.
pub(super) fn pages(
    reading: &Reading,
    store: &Store,
    viewer: &Viewer,
    query: ConnectionsQuery,
) -> Result<Pages, MessageError> {
    let pages = split(answer(reading, store, viewer, query));
    encode(pages.into_iter().map(|page| Reply::Connections(Box::new(page))))
}

/// Cuts `whole` into pages. What is said once is on the last one.
fn split(mut whole: Connections) -> Vec<Connections> {
    let mut pages = Vec::new();
    let taken_at_unix_ms = whole.taken_at_unix_ms;
    while whole.open.len() + whole.remotes.len() > PAGE_ENTRIES {
        let open: Vec<_> = whole.open.drain(..whole.open.len().min(PAGE_ENTRIES)).collect();
        let remotes = whole.remotes.drain(..whole.remotes.len().min(PAGE_ENTRIES - open.len())).collect();
        pages.push(Connections { taken_at_unix_ms, open, remotes, ..Connections::default() });
    }
    pages.push(whole);
    pages
}

fn answer(reading: &Reading, store: &Store, viewer: &Viewer, query: ConnectionsQuery) -> Connections {
    let mut owners = Owners { store, viewer, known: HashMap::new() };
    let mut itemised: HashMap<ProcessId, Moved> = HashMap::new();
    let mut answer = Connections { taken_at_unix_ms: reading.taken_at_unix_ms, ..Connections::default() };
    let Talk { sockets, remotes, processes } = &reading.talk;
    let asked_for =
        |process: Option<ProcessId>| query.pid.is_none_or(|pid| process.is_some_and(|id| id.pid == pid));

    for socket in sockets.iter().filter(|socket| asked_for(socket.process)) {
        let owner = socket.process.map(|process| owners.of(process));
        if let Some(process) = socket.process {
            *itemised.entry(process).or_default() += socket.moved;
        }
        if viewer.may_see_remotes(owner.as_ref().and_then(|owner| owner.user.as_ref())) {
            answer.open.push(open(socket, owner.and_then(|owner| owner.row), store));
        } else {
            answer.hidden += 1;
        }
    }
    for remote in remotes.iter().filter(|remote| asked_for(Some(remote.process))) {
        let owner = owners.of(remote.process);
        *itemised.entry(remote.process).or_default() += remote.moved;
        if viewer.may_see_remotes(owner.user.as_ref()) {
            answer.remotes.push(closed(remote, &owner, store));
        } else {
            answer.hidden += 1;
        }
    }
    let mut totals: HashMap<ProcessId, Moved> = HashMap::new();
    totals.extend(processes.iter().copied().filter(|&(process, _)| asked_for(Some(process))));
    for process in itemised.keys() {
        totals.entry(*process).or_default();
    }
    for (process, moved) in totals {
        let owner = owners.of(process);
        let Some(row) = owner.row.filter(|_| viewer.may_see_remotes(owner.user.as_ref())) else { continue };
        let itemised = itemised.get(&process).copied().unwrap_or_default();
        answer.processes.push(total(row, moved, itemised));
    }
    answer.processes.sort_unstable_by_key(|total| total.row);
    answer
}

/// The engine reads lines and totals one after the other, so a line may be ahead of its total by what moved in between.
fn total(row: RowId, moved: Moved, itemised: Moved) -> ProcessTotal {
    let moved = Moved {
        rx_bytes: moved.rx_bytes.max(itemised.rx_bytes),
        tx_bytes: moved.tx_bytes.max(itemised.tx_bytes),
    };
    let not_itemised =
        Moved { rx_bytes: moved.rx_bytes - itemised.rx_bytes, tx_bytes: moved.tx_bytes - itemised.tx_bytes };
    ProcessTotal { row, moved, not_itemised }
}

fn open(socket: &SocketSample, row: Option<RowId>, store: &Store) -> Connection {
    let &SocketSample { protocol, local, remote, inbound, state, opened_at_unix_ms, moved, .. } = socket;
    Connection {
        row,
        protocol,
        local,
        remote,
        inbound,
        state,
        interface: interface(socket.interface, store),
        opened_at_unix_ms,
        moved,
        remote_name: remote.and_then(|remote| name(remote.ip(), store)),
    }
}

fn closed(sample: &RemoteSample, owner: &Owner, store: &Store) -> RemoteTotal {
    let &RemoteSample { protocol, remote, port, inbound, connections, moved, last_at_unix_ms, .. } = sample;
    RemoteTotal {
        row: owner.row,
        app: owner.app.to_string(),
        user: owner.user.clone(),
        protocol,
        remote,
        port,
        inbound,
        interface: interface(sample.interface, store),
        connections,
        moved,
        last_at_unix_ms,
        remote_name: remote.and_then(|remote| name(remote, store)),
    }
}

fn interface(index: Option<u32>, store: &Store) -> Option<String> {
    store.remotes().interface(index?).map(Into::into)
}

fn name(address: IpAddr, store: &Store) -> Option<String> {
    store.remotes().name(address).map(Into::into)
}

/// Whose a process is or was.
#[derive(Clone)]
struct Owner {
    row: Option<RowId>,
    app: Rc<str>,
    user: Option<UserId>,
}

/// Owners, each looked up once.
struct Owners<'a> {
    store: &'a Store,
    viewer: &'a Viewer,
    known: HashMap<ProcessId, Owner>,
}

impl Owners<'_> {
    fn of(&mut self, process: ProcessId) -> Owner {
        let (store, viewer) = (self.store, self.viewer);
        let look_up = || match store.row(process) {
            Some(row) => {
                let info = &row.info.value;
                let shown = viewer.may_see_row(info.user.as_ref());
                Owner {
                    row: shown.then_some(info.row),
                    app: info.app.as_str().into(),
                    user: info.user.clone(),
                }
            }
            None => store.remotes().owner(process).map_or_else(
                || Owner { row: None, app: "".into(), user: None },
                |owner| Owner { row: None, app: owner.app.as_str().into(), user: owner.user.clone() },
            ),
        };
        self.known.entry(process).or_insert_with(look_up).clone()
    }
}

#[cfg(test)]
mod tests;
