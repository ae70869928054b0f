//! A machine that does what a test tells it to.

use std::collections::BTreeMap;

use bwusage_proto::{
    connection::Moved,
    process::{ProcessId, UserId},
    snapshot::{HostSample, Interface, Memory},
    units::{Counters, Scope},
};

use crate::{
    engine::{DirectionSample, Identity, InterfaceSample, ProcessSample, Sample},
    host::HostTick,
    usage::{Moment, store::Store},
};

pub(crate) const ALICE: UserId = UserId::Uid(1000);
pub(crate) const BOB: UserId = UserId::Uid(1001);

pub(crate) struct Machine {
    pub(crate) store: Store,
    pub(crate) now: Moment,
    pub(crate) cpu_percent: u32,
    pub(crate) memory_percent: u64,
    pub(crate) eth0: Moved,
    pub(crate) lost: u64,
    processes: BTreeMap<u32, (Process, Counters, bool)>,
}

pub(crate) struct Process {
    pid: u32,
    identity: Identity,
}

/// A process that nobody sees run, unless it is put into a group.
pub(crate) fn process(pid: u32, program: &str, user: &UserId) -> Process {
    let identity = Identity {
        name: program.into(),
        exe: Some(format!("/usr/bin/{program}")),
        user: Some(user.clone()),
        cgroup: Some("/".into()),
        terminal: Some(false),
        ..Identity::default()
    };
    Process { pid, identity }
}

impl Process {
    pub(crate) fn in_group(mut self, cgroup: &str) -> Self {
        self.identity.cgroup = Some(cgroup.into());
        self
    }
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self {
            store: Store::default(),
            // 2026-11-10 00:00 UTC.
            now: Moment { unix_ms: 1_794_268_800_000, steady_ms: 0 },
            cpu_percent: 1,
            memory_percent: 10,
            eth0: Moved::default(),
            lost: 0,
            processes: BTreeMap::new(),
        }
    }

    pub(crate) fn run(&mut self, process: Process) {
        self.processes.insert(process.pid, (process, Counters::default(), false));
    }

    /// Received from the Internet.
    pub(crate) fn moves(&mut self, pid: u32, bytes: u64) {
        self.count(pid, Scope::Internet, bytes);
    }

    /// Received over the loopback interface.
    pub(crate) fn moves_inside(&mut self, pid: u32, bytes: u64) {
        self.count(pid, Scope::Loopback, bytes);
    }

    fn count(&mut self, pid: u32, scope: Scope, bytes: u64) {
        self.processes.get_mut(&pid).unwrap().1[scope].wire.rx_bytes += bytes;
    }

    pub(crate) fn end(&mut self, pid: u32) {
        self.processes.get_mut(&pid).unwrap().2 = true;
        self.tick();
        self.processes.remove(&pid);
        let released = vec![ProcessId::new(pid, 1)];
        self.store.advance(self.now, Sample { released, ..self.sample() }, self.host());
    }

    /// The daemon ends and another one begins: it counts from zero.
    pub(crate) fn restart(&mut self) {
        self.store = Store::default();
        self.lost = 0;
        for (_, counters, _) in self.processes.values_mut() {
            *counters = Counters::default();
        }
    }

    pub(crate) fn tick(&mut self) {
        self.wait(1);
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.now.unix_ms += seconds * 1000;
        self.now.steady_ms += seconds * 1000;
        self.store.advance(self.now, self.sample(), self.host());
    }

    fn sample(&self) -> Sample {
        let processes = self.processes.values().map(|(process, counters, ended)| ProcessSample {
            id: ProcessId::new(process.pid, 1),
            counters: *counters,
            identity: Some(process.identity.clone()),
            ended: *ended,
        });
        let rx = DirectionSample { lost: self.lost, ..DirectionSample::default() };
        let eth0 = InterfaceSample {
            index: 2,
            name: "eth0".into(),
            counters: Some(self.eth0),
            rx,
            ..InterfaceSample::default()
        };
        Sample { processes: processes.collect(), interfaces: vec![eth0], ..Sample::default() }
    }

    fn host(&self) -> HostTick {
        let memory = Memory { total_bytes: 1000, used_bytes: self.memory_percent * 10, ..Memory::default() };
        let eth0 = Interface {
            name: "eth0".into(),
            rx_bytes_total: self.eth0.rx_bytes,
            tx_bytes_total: self.eth0.tx_bytes,
            ..Interface::default()
        };
        let sample = HostSample {
            cpu_centipercent: Some(self.cpu_percent * 100),
            memory: Some(memory),
            interfaces: vec![eth0],
            ..HostSample::default()
        };
        HostTick { sample, ..HostTick::default() }
    }
}
