//! What files of the system say about a process beside what the engine and the host saw of it: its desktop entry, the name
//! of its container, and whether it has a controlling terminal.

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use bwusage_proto::process::ProcessId;

use crate::{
    cgroup::place,
    container_names::ContainerNames,
    desktop::Desktop,
    engine::{Identity, recording::Moment},
    host::has_terminal,
    usage::apps,
};

/// How often processes with a terminal are asked whether they still have it.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Adds it to every identity that passes.
#[derive(Debug)]
pub struct Naming {
    desktop: Desktop,
    containers: ContainerNames,
    /// Processes that had a terminal when they were looked at.
    attached: BTreeSet<ProcessId>,
    look_again_at: Option<Instant>,
}

impl Naming {
    /// Of the running system.
    #[must_use]
    pub fn new() -> Self {
        let root = Path::new("/");
        Self {
            desktop: Desktop::below(root),
            containers: ContainerNames::below(root),
            attached: BTreeSet::new(),
            look_again_at: None,
        }
    }

    /// Completes what one tick says about processes.
    pub fn complete(&mut self, moment: &mut Moment, now: Instant) {
        let Moment { sample, host, .. } = moment;
        let seen =
            sample.processes.iter_mut().filter_map(|process| Some((process.id, process.identity.as_mut()?)));
        for (id, identity) in seen.chain(host.appeared.iter_mut().map(|(id, identity)| (*id, identity))) {
            self.name(id, identity, now);
        }
        if self.look_again_at.is_none_or(|at| now >= at) {
            self.look_again_at = Some(now + LOOK_AGAIN);
            self.attached.retain(|&id| {
                let has_terminal = has_terminal(id);
                if has_terminal == Some(false) {
                    host.detached.push(id);
                }
                has_terminal == Some(true)
            });
        }
    }

    fn name(&mut self, id: ProcessId, identity: &mut Identity, now: Instant) {
        identity.terminal = identity.terminal.or_else(|| has_terminal(id));
        if identity.terminal == Some(true) {
            self.attached.insert(id);
        }
        let place = identity.cgroup.as_deref().map(place).unwrap_or_default();
        identity.container_name =
            place.container.as_ref().and_then(|container| self.containers.of(container));
        self.desktop.refresh(now);
        let of_package = place.package.as_deref().and_then(|package| self.desktop.of_package(package));
        // A path inside a container is another file than the same path outside.
        let of_program = || {
            let program = apps::program(identity).filter(|_| place.container.is_none())?;
            self.desktop.of_program(program)
        };
        identity.desktop = of_package.or_else(of_program).cloned();
    }
}

impl Default for Naming {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::{engine::ProcessSample, host::id_of};

    #[test]
    fn what_engine_and_host_say_is_completed_and_a_process_that_is_gone_is_not_known() {
        let own = id_of(std::process::id()).unwrap();
        let gone = ProcessId::new(u32::MAX, 1);
        let mut moment = Moment::default();
        moment.host.appeared.push((own, Identity::default()));
        moment.sample.processes.push(ProcessSample {
            id: gone,
            counters: bwusage_proto::units::Counters::default(),
            identity: Some(Identity::default()),
            ended: true,
        });
        Naming::new().complete(&mut moment, Instant::now());
        assert_eq!(moment.host.appeared[0].1.terminal, has_terminal(own));
        assert!(moment.host.appeared[0].1.terminal.is_some());
        assert_eq!(moment.sample.processes[0].identity.as_ref().unwrap().terminal, None);
    }

    #[test]
    fn a_process_without_its_terminal_any_more_is_said_once() {
        let own = id_of(std::process::id()).unwrap();
        let mut naming = Naming::new();
        // Nobody with this number has a terminal: it is above the highest that Linux gives.
        naming.attached.extend([own, ProcessId::new(u32::MAX, 1)]);
        let now = Instant::now();
        let mut said = Vec::new();
        for step in 0..3 {
            let mut moment = Moment::default();
            naming.complete(&mut moment, now + LOOK_AGAIN * step);
            said.extend(moment.host.detached);
        }
        let has_terminal = has_terminal(own) == Some(true);
        assert_eq!(said, if has_terminal { vec![] } else { vec![own] });
    }
}
