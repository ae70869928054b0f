//! Which row is whose parent, as far as process numbers tell it: a number is reused, so the start decides.

use std::collections::{BTreeSet, HashMap};

use bwusage_proto::{
    process::{Pid, ProcessId, StartTime},
    snapshot::RowId,
};

/// Rows by their number and by their parent's.
#[derive(Debug, Default)]
pub(super) struct Family {
    by_pid: HashMap<Pid, BTreeSet<(StartTime, RowId)>>,
    children: HashMap<Pid, BTreeSet<RowId>>,
}

impl Family {
    /// A row that is new.
    pub(super) fn met(&mut self, row: RowId, id: ProcessId) {
        self.by_pid.entry(id.pid).or_default().insert((id.start_time, row));
    }

    /// What a row's parent is, and what was said before.
    pub(super) fn child_of(&mut self, row: RowId, parent: Option<Pid>, before: Option<Pid>) {
        if parent != before {
            self.orphan(row, before);
            if let Some(parent) = parent {
                self.children.entry(parent).or_default().insert(row);
            }
        }
    }

    /// A row that is given up.
    pub(super) fn lost(&mut self, row: RowId, id: ProcessId, parent: Option<Pid>) {
        self.orphan(row, parent);
        if let Some(same_pid) = self.by_pid.get_mut(&id.pid) {
            same_pid.remove(&(id.start_time, row));
            if same_pid.is_empty() {
                self.by_pid.remove(&id.pid);
            }
        }
    }

    fn orphan(&mut self, row: RowId, parent: Option<Pid>) {
        let Some(parent) = parent else { return };
        if let Some(children) = self.children.get_mut(&parent) {
            children.remove(&row);
            if children.is_empty() {
                self.children.remove(&parent);
            }
        }
    }

    /// The row of `id`'s parent: the youngest with that number that is not younger than the child.
    pub(super) fn parent(&self, id: ProcessId, parent: Option<Pid>) -> Option<RowId> {
        let parent = parent.filter(|&parent| parent != id.pid)?;
        let same_pid = self.by_pid.get(&parent)?;
        same_pid.range(..=(id.start_time, RowId(u64::MAX))).next_back().map(|&(_, row)| row)
    }

    /// The rows whose parent has the number `pid`, whichever process that was.
    pub(super) fn children(&self, pid: Pid) -> impl Iterator<Item = RowId> {
        self.children.get(&pid).into_iter().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_the_youngest_that_is_not_younger() {
        let mut family = Family::default();
        for (row, start) in [(1, 10), (2, 20), (3, 30)] {
            family.met(RowId(row), ProcessId::new(7, start));
        }
        let parent = |start| family.parent(ProcessId::new(99, start), Some(7));
        assert_eq!((parent(5), parent(20), parent(25)), (None, Some(RowId(2)), Some(RowId(2))));
        assert_eq!(family.parent(ProcessId::new(7, 40), Some(7)), None, "nobody is its own parent");
        assert_eq!(family.parent(ProcessId::new(99, 40), None), None);
    }

    #[test]
    fn what_is_lost_leaves_nothing_behind() {
        let mut family = Family::default();
        let (id, row) = (ProcessId::new(7, 10), RowId(1));
        family.met(row, id);
        family.child_of(row, Some(5), None);
        family.child_of(row, Some(6), Some(5));
        assert_eq!((family.children(5).count(), family.children(6).count()), (0, 1));
        family.lost(row, id, Some(6));
        assert!(family.by_pid.is_empty() && family.children.is_empty());
    }
}
