//! From what the daemon says to rows: with the process's name and user, one row for each thing that has bytes.

use std::net::SocketAddr;

use super::{Key, Kind, Row};
use crate::{
    connection::{Connection, Connections, Moved, ProcessTotal, Protocol, RemoteTotal, State},
    mirror::{Mirror, Process},
    services,
    snapshot::RowId,
    users::Users,
};

/// Ports from here on are given out by the system to whoever asks for none (RFC 6335).
const FIRST_DYNAMIC_PORT: u16 = 49_152;

/// One row for each connection, for each remote total, and for what each process moved beside. `mirror` names the processes.
#[must_use]
pub fn rows(connections: &Connections, mirror: &Mirror, users: &Users) -> Vec<Row> {
    let names = Names { mirror, users };
    let rest = connections.processes.iter().filter(|total| total.not_itemised != Moved::default());
    let open = connections.open.iter().map(|connection| names.open(connection));
    let closed = connections.remotes.iter().map(|total| names.closed(total));
    open.chain(closed).chain(rest.map(|total| names.rest(total))).collect()
}

struct Names<'a> {
    mirror: &'a Mirror,
    users: &'a Users,
}

impl Names<'_> {
    fn open(&self, connection: &Connection) -> Row {
        let canonical = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        let (local, remote) = (canonical(connection.local), connection.remote.map(canonical));
        let &Connection { row, protocol, inbound, state, opened_at_unix_ms, moved, .. } = connection;
        Row {
            local: Some(local),
            remote: remote.map(|remote| remote.ip()),
            remote_name: connection.remote_name.clone(),
            remote_port: remote.map(|remote| remote.port()),
            protocol: Some(protocol),
            port: service_port(protocol, local, remote, inbound, state),
            inbound,
            state: Some(state),
            interface: connection.interface.clone(),
            opened_at_unix_ms,
            open: 1,
            moved,
            ..self.of(Key::Open { process: row, protocol, local, remote }, Kind::Open, row)
        }
    }

    fn closed(&self, total: &RemoteTotal) -> Row {
        let &RemoteTotal { row, protocol, port, inbound, moved, .. } = total;
        let (remote, user) = (total.remote.map(|remote| remote.to_canonical()), total.user.as_ref());
        let user = user.map(|user| self.users.name(user).to_string());
        let (app, interface) = (total.app.clone(), total.interface.clone());
        let key = Key::Closed {
            process: row,
            app: app.clone(),
            user: user.clone(),
            protocol,
            remote,
            port,
            inbound,
            interface: interface.clone(),
        };
        Row {
            app: Some(app).filter(|app| !app.is_empty()),
            user,
            remote,
            remote_name: total.remote_name.clone(),
            protocol: Some(protocol),
            port: remote.map(|_| port),
            inbound: Some(inbound),
            interface,
            last_at_unix_ms: Some(total.last_at_unix_ms),
            closed: total.connections,
            moved,
            ..self.of(key, Kind::Closed, row)
        }
    }

    fn rest(&self, total: &ProcessTotal) -> Row {
        Row { moved: total.not_itemised, ..self.of(Key::Rest(total.row), Kind::Rest, Some(total.row)) }
    }

    /// A row of `process` that says nothing else yet.
    fn of(&self, key: Key, kind: Kind, process: Option<RowId>) -> Row {
        let info = process.and_then(|row| self.mirror.processes.get(&row)).map(|Process { info, .. }| info);
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Row {
            key,
            kind,
            process,
            pid: info.and_then(|info| info.id).map(|id| id.pid),
            name: info.and_then(|info| text(&info.name)),
            app: info.and_then(|info| text(&info.app)),
            user: info.and_then(|info| info.user.as_ref()).map(|user| self.users.name(user).to_string()),
            protocol: None,
            local: None,
            remote: None,
            remote_name: None,
            remote_port: None,
            port: None,
            inbound: None,
            state: None,
            interface: None,
            opened_at_unix_ms: None,
            last_at_unix_ms: None,
            open: 0,
            closed: 0,
            processes: process.is_some().into(),
            moved: Moved::default(),
        }
    }
}

/// The remote port of a connection that we began, our own of one that was begun by the other side or waits for others. Where
/// nobody saw the beginning: the registered one, else the lower one.
fn service_port(
    protocol: Protocol,
    local: SocketAddr,
    remote: Option<SocketAddr>,
    inbound: Option<bool>,
    state: State,
) -> Option<u16> {
    let Some(remote) = remote else {
        let serves = state == State::Listen || local.port() < FIRST_DYNAMIC_PORT;
        return Some(local.port()).filter(|_| serves);
    };
    let (own, other) = (local.port(), remote.port());
    Some(match inbound {
        Some(true) => own,
        Some(false) => other,
        None => {
            let registered = |port| services::name(protocol, port).is_some();
            match (registered(own), registered(other)) {
                (true, false) => own,
                (false, true) => other,
                _ => own.min(other),
            }
        }
    })
}
