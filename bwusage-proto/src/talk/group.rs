//! Rows added up.

use super::{Grouping, Host, Key, Kind, Query, Row};
use crate::connection::Moved;

/// The group that `row` is in. `None` for a socket that has nothing to say about hosts: it has no peer, and moved nothing.
pub(super) fn key(row: &Row, query: &Query) -> Option<Key> {
    let known = row.kind != Kind::Rest;
    Some(match query.by {
        Grouping::Connection => row.key.clone(),
        Grouping::Remote => {
            let name = row.remote_name.clone().filter(|_| !query.numeric).map(Host::Name);
            let host = name.or_else(|| row.remote.map(Host::Address));
            if host.is_none() && row.moved == Moved::default() {
                return None;
            }
            Key::Remote(host)
        }
        Grouping::Port => Key::Port(row.protocol.zip(row.port).filter(|_| known)),
        Grouping::Interface => Key::Interface(row.interface.clone()),
        Grouping::Process => Key::Process(row.process),
        Grouping::App => Key::App(row.app.clone()),
    })
}

/// A group of one.
pub(super) fn first(key: Key, row: &Row) -> Row {
    Row { key, kind: Kind::Group, ..row.clone() }
}

/// Adds `row` to `sum`, which then knows only what both agree on.
pub(super) fn add(sum: &mut Row, row: &Row) {
    agree(&mut sum.process, row.process.as_ref());
    agree(&mut sum.pid, row.pid.as_ref());
    agree(&mut sum.name, row.name.as_ref());
    agree(&mut sum.app, row.app.as_ref());
    agree(&mut sum.user, row.user.as_ref());
    agree(&mut sum.protocol, row.protocol.as_ref());
    agree(&mut sum.local, row.local.as_ref());
    agree(&mut sum.remote, row.remote.as_ref());
    agree(&mut sum.remote_name, row.remote_name.as_ref());
    agree(&mut sum.remote_port, row.remote_port.as_ref());
    agree(&mut sum.port, row.port.as_ref());
    agree(&mut sum.inbound, row.inbound.as_ref());
    agree(&mut sum.state, row.state.as_ref());
    agree(&mut sum.interface, row.interface.as_ref());
    sum.opened_at_unix_ms = [sum.opened_at_unix_ms, row.opened_at_unix_ms].into_iter().flatten().min();
    sum.last_at_unix_ms = sum.last_at_unix_ms.max(row.last_at_unix_ms);
    sum.open += row.open;
    sum.closed += row.closed;
    sum.moved += row.moved;
}

fn agree<T: PartialEq>(sum: &mut Option<T>, other: Option<&T>) {
    if sum.as_ref() != other {
        *sum = None;
    }
}
