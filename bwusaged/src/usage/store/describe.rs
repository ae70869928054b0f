//! What a row is: what engine and host say of the process, and what follows for it and those that come from it.

use bwusage_proto::snapshot::{ProcessInfo, RowId};

use super::Store;
use crate::{
    cgroup::{Place, place},
    engine::Identity,
    usage::{
        apps::Own,
        category::Circumstances,
        row::{Stamped, settled},
    },
};

/// In how many steps what is learnt about a process may reach those that come from it, on average.
const MOST_GENERATIONS: usize = 16;

impl Store {
    pub(super) fn describe(&mut self, row_id: RowId, identity: Identity, from_engine: bool) {
        let Some(row) = self.rows.get_mut(&row_id) else { return };
        let known = &row.info.value;
        let found = identity.cgroup.as_deref().map(place);
        let is_package = found.as_ref().is_some_and(|place| place.package.is_some());
        let own = Own::of(&identity, found.as_ref().unwrap_or(&Place::default()));
        let now = Circumstances::of(&identity, found, known.id.map(|id| id.pid));
        let before = std::mem::take(&mut row.circumstances);
        row.circumstances = Circumstances {
            place: now.place.or(before.place),
            terminal: now.terminal.or(before.terminal),
            is_kernel: now.is_kernel || before.is_kernel,
        };
        let (unit, mut container) = match &row.circumstances.place {
            Some(place) => (place.unit.clone(), place.container.clone()),
            None => (known.unit.clone(), known.container.clone()),
        };
        if let Some(container) = &mut container {
            let known = known.container.as_ref().filter(|known| known.id == container.id);
            let said = identity.container_name.or_else(|| known?.name.clone());
            container.name = container.name.take().or(said);
        }
        let info = if from_engine || !row.in_engine {
            row.own = own;
            ProcessInfo {
                row: known.row,
                id: known.id,
                parent: identity.parent.or(known.parent),
                user: identity.user.or_else(|| known.user.clone()),
                started_at_unix_ms: identity.started_at_unix_ms.or(known.started_at_unix_ms),
                name: identity.name,
                exe: identity.exe,
                command_line: identity.command_line,
                unit,
                container,
                app: known.app.clone(),
                title: known.title.clone(),
                category: known.category,
                first_traffic_at_unix_ms: known.first_traffic_at_unix_ms,
            }
        } else {
            // The engine saw the process at its last exec; the host only fills what the engine could not read.
            let mut info = known.clone();
            if info.name.is_empty() {
                (info.name, row.own) = (identity.name, own);
            } else if is_package {
                row.own = own;
            }
            // A program may be moved after it was started: desktops do so. What the host says is the newer.
            (info.unit, info.container) = (unit, container);
            info.parent = info.parent.or(identity.parent);
            info.exe = info.exe.or(identity.exe);
            info.command_line = info.command_line.or(identity.command_line);
            info.user = info.user.or(identity.user);
            info
        };
        self.family.child_of(row_id, info.parent, known.parent);
        self.unsettled.insert(row_id);
        if info != *known {
            row.info = Stamped { value: info, seq: self.seq };
        }
    }

    /// Decides which application every row that something was learnt about belongs to, and of what sort it is; and again
    /// for those that come from it, where that changes anything.
    pub(super) fn settle(&mut self) {
        // Numbers that a recording makes up may form a loop.
        let mut left = self.rows.len() * MOST_GENERATIONS;
        while let Some(row_id) = self.unsettled.pop_first().filter(|_| left > 0) {
            left -= 1;
            let Some(row) = self.rows.get(&row_id) else { continue };
            let parent = row.info.value.id.and_then(|id| self.family.parent(id, row.info.value.parent));
            let parent = parent.and_then(|parent| self.rows.get(&parent)).map(Box::as_ref);
            let settled = settled(row, parent);
            let Some(row) = self.rows.get_mut(&row_id) else { continue };
            if row.settle(settled, self.seq)
                && let Some(id) = row.info.value.id
            {
                self.unsettled.extend(self.family.children(id.pid));
            }
        }
        self.unsettled.clear();
    }
}
