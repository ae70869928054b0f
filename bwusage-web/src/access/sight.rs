//! What one asker is shown of the machine.

use bwusage_proto::{
    access::{Policy, Viewer, Visibility},
    connection::Connections,
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

    /// Who sees: of whose processes rows and remote hosts are shown.
    pub(crate) fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// Whether command lines are shown at all.
    pub(crate) fn command_lines(&self) -> bool {
        self.command_lines
    }

    /// `mirror` as it is shown.
    pub(crate) fn mirror(&self, mirror: &Mirror) -> Mirror {
        let mut shown = self.viewer.shown_mirror(mirror);
        if !self.command_lines {
            for process in shown.processes.values_mut() {
                process.info.command_line = None;
            }
        }
        shown
    }

    /// `connections` of the processes in `mirror` as they are shown. Processes whose row is not shown are nobody's.
    pub(crate) fn connections(&self, connections: Connections, mirror: &Mirror) -> Connections {
        self.viewer.shown_connections(connections, mirror)
    }
}
