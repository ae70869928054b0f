//! What a client that sees more may show to a viewer who may see less: the same rule, applied to what the daemon said.

use std::borrow::Cow;

use super::Viewer;
use crate::{
    connection::Connections,
    mirror::{Mirror, Process},
    process::UserId,
    snapshot::{OTHERS, RowId},
    units::{Counters, Rates},
};

impl Viewer {
    /// `mirror` as the daemon would have sent it to this viewer.
    #[must_use]
    pub fn shown_mirror(&self, mirror: &Mirror) -> Mirror {
        let mut shown = mirror.clone();
        let mut others = shown.processes.remove(&OTHERS);
        if let Some(own) = self.summed_up_against() {
            let is_own = |user: Option<&UserId>| user == Some(own);
            let sum = others.get_or_insert_with(|| nobodys(Viewer::others_info()));
            shown.processes.retain(|_, process| {
                let shown = is_own(process.info.user.as_ref());
                if !shown {
                    sum.counters += process.counters;
                    sum.rates += process.rates;
                }
                shown
            });
            shown.retired.retain(|_, retired| {
                let shown = is_own(retired.user.as_ref());
                if !shown {
                    sum.counters += retired.counters;
                }
                shown
            });
        }
        for process in shown.processes.values_mut() {
            if let Cow::Owned(redacted) = self.redact(&process.info) {
                process.info = redacted;
            }
        }
        shown.processes.extend(others.map(|others| (OTHERS, others)));
        shown
    }

    /// `connections` of the processes in `mirror` as the daemon would have sent them to this viewer; what is left out
    /// is counted as hidden.
    #[must_use]
    pub fn shown_connections(&self, connections: Connections, mirror: &Mirror) -> Connections {
        let owner = |row: RowId| mirror.processes.get(&row).and_then(|process| process.info.user.as_ref());
        let Connections { taken_at_unix_ms, mut open, mut remotes, mut processes, hidden } = connections;
        let before = open.len() + remotes.len();
        open.retain(|connection| self.may_see_remotes(connection.row.and_then(owner)));
        remotes.retain(|remote| self.may_see_remotes(remote.user.as_ref()));
        processes.retain(|total| self.may_see_remotes(owner(total.row)));
        let hidden = hidden + (before - open.len() - remotes.len()) as u64;
        Connections { taken_at_unix_ms, open, remotes, processes, hidden }
    }
}

fn nobodys(info: crate::snapshot::ProcessInfo) -> Process {
    Process {
        info,
        counters: Counters::default(),
        rates: Rates::default(),
        resources: None,
        exited_at_unix_ms: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::{Policy, Visibility},
        connection::{Connection, Moved, Protocol, State},
        process::UserId,
        snapshot::ProcessInfo,
        units::Scope,
    };

    const ALICE: UserId = UserId::Uid(1000);
    const BOB: UserId = UserId::Uid(1001);

    fn viewer(visibility: Visibility) -> Viewer {
        Policy { visibility, group: None }.viewer_of(&ALICE, false)
    }

    fn process(row: u64, user: UserId, rx_bytes: u64) -> (RowId, Process) {
        let info = ProcessInfo {
            command_line: Some(vec!["p".into(), "--password=sesame".into()]),
            exe: Some("/home/p".into()),
            user: Some(user),
            ..ProcessInfo::unknown(RowId(row))
        };
        let mut process = nobodys(info);
        process.counters[Scope::Internet].wire.rx_bytes = rx_bytes;
        (RowId(row), process)
    }

    fn mirror() -> Mirror {
        Mirror {
            processes: [process(1, ALICE, 10), process(2, BOB, 100), process(3, UserId::Uid(0), 1000)].into(),
            ..Mirror::default()
        }
    }

    fn connection(row: Option<u64>) -> Connection {
        Connection {
            row: row.map(RowId),
            protocol: Protocol::TCP,
            local: "10.0.0.2:50000".parse().unwrap(),
            remote: Some("192.0.2.1:443".parse().unwrap()),
            inbound: Some(false),
            state: State::Established,
            interface: None,
            opened_at_unix_ms: None,
            moved: Moved { rx_bytes: 1, tx_bytes: 0 },
            remote_name: None,
        }
    }

    #[test]
    fn whoever_sees_all_is_shown_the_same() {
        assert_eq!(viewer(Visibility::All).shown_mirror(&mirror()), mirror());
    }

    #[test]
    fn command_lines_of_others_are_left_out_and_ones_own_stay() {
        let shown = viewer(Visibility::Names).shown_mirror(&mirror());
        let has = |row| {
            let info = &shown.processes[&RowId(row)].info;
            (info.command_line.is_some(), info.exe.is_some())
        };
        assert_eq!([has(1), has(2), has(3)], [(true, true), (false, false), (false, false)]);
    }

    #[test]
    fn an_outsider_is_shown_everybodys_names_and_nobodys_command_lines() {
        let shown = Viewer::outsider().shown_mirror(&mirror());
        assert_eq!(shown.processes.len(), 3);
        assert!(shown.processes.values().all(|process| process.info.command_line.is_none()));
    }

    #[test]
    fn rows_of_others_become_one_and_the_sum_stays() {
        let shown = viewer(Visibility::Own).shown_mirror(&mirror());
        let received = |row| shown.processes[&row].counters[Scope::Internet].wire.rx_bytes;
        assert_eq!((shown.processes.len(), received(OTHERS), received(RowId(1))), (2, 1100, 10));
    }

    #[test]
    fn what_the_daemon_summed_up_already_stays_in_the_sum() {
        let own = viewer(Visibility::Own);
        let twice = own.shown_mirror(&own.shown_mirror(&mirror()));
        assert_eq!(twice, own.shown_mirror(&mirror()));
    }

    #[test]
    fn connections_of_others_and_of_nobody_are_counted_and_not_shown() {
        let open = [Some(1), Some(2), None, Some(9)].map(connection).into();
        let connections = Connections { open, hidden: 4, ..Connections::default() };
        let shown = viewer(Visibility::Names).shown_connections(connections.clone(), &mirror());
        assert_eq!((shown.open, shown.hidden), (vec![connection(Some(1))], 7));
        let none = Viewer::outsider().shown_connections(connections.clone(), &mirror());
        assert_eq!((none.open.len(), none.hidden), (0, 8));
        let all = viewer(Visibility::All).shown_connections(connections.clone(), &mirror());
        assert_eq!(all, connections);
    }
}
