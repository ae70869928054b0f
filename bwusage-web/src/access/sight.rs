//! What one asker is shown of the machine.

use std::sync::Arc;

use bwusage_proto::{
    access::{Policy, Viewer, Visibility},
    connection::Connections,
    history::{HistoryQuery, Per},
    ledger::Ledger,
    mirror::Mirror,
    process::UserId,
};

/// What of the daemon's answers is shown. Equal sights are shown the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Sight {
    viewer: Viewer,
    command_lines: bool,
}

impl Sight {
    /// What the daemon shows this server.
    pub(crate) fn everything() -> Self {
        // Whose it is makes no difference where everything is seen.
        let policy = Policy { visibility: Visibility::All, group: None };
        Self { viewer: policy.viewer_of(&UserId::Uid(0), true), command_lines: true }
    }

    /// That, but command lines, in which people write passwords. A filter then cannot find them by guessing either.
    pub(crate) fn without_command_lines() -> Self {
        Self { command_lines: false, ..Self::everything() }
    }

    /// What the daemon would show `viewer`.
    pub(crate) fn of(viewer: Viewer) -> Self {
        Self { viewer, command_lines: true }
    }

    /// Whether command lines are shown at all.
    pub(crate) fn command_lines(&self) -> bool {
        self.command_lines
    }

    /// `mirror` as it is shown.
    pub(crate) fn mirror(&self, mirror: &Arc<Mirror>) -> Arc<Mirror> {
        if *self == Self::everything() {
            return Arc::clone(mirror);
        }
        let mut shown = self.viewer.shown_mirror(mirror);
        if !self.command_lines {
            for process in shown.processes.values_mut() {
                process.info.command_line = None;
            }
        }
        Arc::new(shown)
    }

    /// `connections` of the processes in `mirror` as they are shown. Processes whose row is not shown are nobody's.
    pub(crate) fn connections(&self, connections: Connections, mirror: &Mirror) -> Connections {
        self.viewer.shown_connections(connections, mirror)
    }

    /// `ledger`, with the processes that carry tunnels only where their rows are shown.
    pub(crate) fn ledger(&self, mut ledger: Ledger) -> Ledger {
        if self.viewer.summed_up_against().is_some() {
            ledger.carriers.clear();
        }
        ledger
    }

    /// Narrows `query` to what is shown. False where nothing of what it asks for is.
    pub(crate) fn restrict(&self, query: &mut HistoryQuery) -> bool {
        let own = match query.per {
            // Sums of interfaces and of the machine are everybody's to see.
            Per::Interface | Per::Host => None,
            Per::Remote => self.viewer.knows_remotes_of(),
            _ => self.viewer.summed_up_against(),
        };
        let Some(own) = own else { return true };
        let users = &mut query.filter.users;
        if !users.is_empty() && !users.contains(own) {
            return false;
        }
        *users = vec![own.clone()];
        true
    }

    /// Whether rules of `owner`, and what becomes of them, are shown.
    pub(crate) fn shows_rule_of(&self, owner: &UserId) -> bool {
        self.viewer.knows_remotes_of().is_none_or(|own| own == owner)
    }

    /// Whether the programs of all other users are shown as one.
    pub(crate) fn is_summed_up(&self) -> bool {
        self.viewer.summed_up_against().is_some()
    }

    /// Whether there are users of whose programs not everything is shown.
    pub(crate) fn is_restricted(&self) -> bool {
        self.viewer.sees() != Visibility::All
    }
}
