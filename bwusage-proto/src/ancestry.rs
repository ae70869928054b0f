//! Who started whom: the chain of parents of a process, as far as the table still knows it.

use std::collections::HashMap;

use serde::Serialize;

use crate::{
    mirror::{Mirror, Process},
    process::Pid,
};

/// The longest chain that is followed: real ones are far shorter.
const MOST_PARENTS: usize = 64;

/// A process that started another one, directly or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ancestor<'a> {
    /// Its number.
    pub pid: Pid,
    /// Its short name; `None` where the table does not know it (any more). Not escaped.
    pub name: Option<&'a str>,
}

/// Every process of a [`Mirror`] by its number: made once, asked for any number of rows.
#[derive(Debug)]
pub struct Ancestry<'a> {
    by_pid: HashMap<Pid, Vec<&'a Process>>,
}

impl<'a> Ancestry<'a> {
    /// Looks at every process once.
    #[must_use]
    pub fn new(mirror: &'a Mirror) -> Self {
        let mut by_pid: HashMap<Pid, Vec<&Process>> = HashMap::with_capacity(mirror.processes.len());
        for process in mirror.processes.values() {
            if let Some(id) = process.info.id {
                by_pid.entry(id.pid).or_default().push(process);
            }
        }
        Self { by_pid }
    }

    /// The parent first, then its parent, and so on to where knowledge ends. A parent that had ended when somebody looked
    /// is named by its number alone, and ends the chain.
    #[must_use]
    pub fn parents(&self, process: &'a Process) -> Vec<Ancestor<'a>> {
        let mut parents: Vec<Ancestor> = Vec::new();
        let mut child = process;
        while let Some(pid) = child.info.parent.filter(|&pid| pid > 0 && parents.len() < MOST_PARENTS) {
            let parent = self.parent(child, pid);
            parents.push(Ancestor { pid, name: parent.map(|parent| parent.info.name.as_str()) });
            let Some(parent) = parent else { break };
            child = parent;
        }
        parents
    }

    /// The process that had the number `pid` when `child` was started: the youngest that is not younger than the child, if
    /// it was not over by then.
    fn parent(&self, child: &Process, pid: Pid) -> Option<&'a Process> {
        let id = child.info.id?;
        let started = |process: &Process| process.info.id.map(|id| id.start_time);
        let older =
            self.by_pid.get(&pid)?.iter().copied().filter(|process| started(process) <= Some(id.start_time));
        let youngest =
            older.filter(|process| process.info.id != Some(id)).max_by_key(|process| started(process))?;
        let life = youngest.exited_at_unix_ms.zip(child.info.started_at_unix_ms);
        life.is_none_or(|(end, begin)| begin <= end).then_some(youngest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        process::ProcessId,
        snapshot::{ProcessInfo, RowId},
        units::{Counters, Rates},
    };

    /// A process by number, start and parent.
    fn process(row: u64, pid: Pid, start: u64, parent: Pid) -> Process {
        let info = ProcessInfo {
            id: Some(ProcessId::new(pid, start)),
            parent: Some(parent),
            name: format!("p{pid}-{start}"),
            ..ProcessInfo::unknown(RowId(row))
        };
        Process {
            info,
            counters: Counters::default(),
            rates: Rates::default(),
            resources: None,
            exited_at_unix_ms: None,
        }
    }

    fn chain(processes: &[(Pid, u64, Pid)], of: Pid) -> Vec<String> {
        let processes = processes.iter().zip(1..);
        let processes =
            processes.map(|(&(pid, start, parent), row)| (RowId(row), process(row, pid, start, parent)));
        let mirror = Mirror { processes: processes.collect(), ..Mirror::default() };
        let youngest = mirror.processes.values().rfind(|process| process.info.id.unwrap().pid == of);
        let parents = Ancestry::new(&mirror).parents(youngest.unwrap());
        parents.iter().map(|parent| format!("{} {}", parent.pid, parent.name.unwrap_or("?"))).collect()
    }

    #[test]
    fn the_chain_goes_up_to_the_first_process() {
        assert_eq!(chain(&[(1, 0, 0), (50, 5, 1), (60, 6, 50)], 60), ["50 p50-5", "1 p1-0"]);
        assert_eq!(chain(&[(1, 0, 0)], 1), [""; 0]);
    }

    #[test]
    fn a_parent_that_nobody_saw_is_a_number() {
        assert_eq!(chain(&[(60, 6, 50), (1, 0, 0)], 60), ["50 ?"]);
    }

    #[test]
    fn a_reused_number_is_not_the_parent_of_what_is_older() {
        assert_eq!(chain(&[(50, 5, 0), (60, 6, 50), (50, 9, 60)], 60), ["50 p50-5"]);
        assert_eq!(chain(&[(60, 6, 50), (50, 9, 60)], 60), ["50 ?"]);
    }

    #[test]
    fn a_process_that_was_over_is_no_parent_of_what_came_later() {
        let (mut old, mut new) = (process(1, 50, 5, 0), process(2, 60, 9, 50));
        (old.exited_at_unix_ms, new.info.started_at_unix_ms) = (Some(7_000), Some(9_000));
        let mut mirror = Mirror { processes: [(RowId(1), old), (RowId(2), new)].into(), ..Mirror::default() };
        let name = |mirror: &Mirror| {
            Ancestry::new(mirror).parents(&mirror.processes[&RowId(2)])[0].name.map(str::to_owned)
        };
        assert_eq!(name(&mirror), None);
        mirror.processes.get_mut(&RowId(1)).unwrap().exited_at_unix_ms = Some(9_500);
        assert_eq!(name(&mirror).as_deref(), Some("p50-5"));
    }

    #[test]
    fn a_loop_that_a_recording_claims_ends() {
        assert_eq!(chain(&[(50, 5, 60), (60, 5, 50)], 60).len(), MOST_PARENTS);
        assert_eq!(chain(&[(50, 5, 50)], 50), ["50 ?"]);
    }
}
