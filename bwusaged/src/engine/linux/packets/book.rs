//! What each process moved: packets put to flows, flows to processes. Pure: the time is an argument, and who has a socket open is
//! asked elsewhere.
//!
//! Traffic is kept with its flow until somebody knows whose it is, for [`PATIENCE_MS`] at most. Then it has a reason instead of a
//! process. Nothing is dropped but what is passed on for others, which no process moved.

use std::collections::HashMap;

use bwusage_proto::{
    connection::Protocol,
    process::ProcessId,
    snapshot::{Loss, ResidualReason},
    units::{Counters, Payload, Traffic, Wire},
};

use super::{
    flow::{Flow, Size, UDP_LITE, Way},
    stream::Stream,
};
use crate::engine::{Identity, ProcessSample, Sample};

/// How long a flow waits for a process.
pub(super) const PATIENCE_MS: u64 = 2_000;
/// A flow without packets for this long is forgotten. One that goes on later is met anew.
const IDLE_MS: u64 = 60_000;
/// An ended process whose counters stood still for this long is forgotten: longer than any flow of it is remembered.
const QUIET_MS: u64 = 120_000;
/// Most flows that are told apart, each some 250 bytes.
pub(super) const MAX_FLOWS: usize = 65_536;

/// Whose a flow is, as far as one look told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    /// A process has its socket open.
    Process(ProcessId),
    /// Its socket is closed already or not accepted yet; this process listens there.
    Listener(ProcessId),
    /// It has a socket that no process has open.
    Kernel,
    /// It has no socket (any more).
    Gone,
    /// Neither end is here.
    Forwarded,
}

/// Whose a flow is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// Nobody knows yet, since then. A process that listens there has it unless another one turns up.
    Waiting {
        since_ms: u64,
        listener: Option<ProcessId>,
    },
    Process(ProcessId),
    Nobody(ResidualReason),
    Forwarded,
}

#[derive(Debug)]
struct Entry {
    owner: Owner,
    /// What is not charged to anybody yet.
    fresh: Traffic,
    /// Some of it was for several machines.
    to_group: bool,
    last_ms: u64,
    received: Stream,
    sent: Stream,
}

#[derive(Debug, Default)]
struct Account {
    counters: Counters,
    name: Option<String>,
    /// Not said yet.
    identity: Option<Identity>,
    ended: bool,
    /// Something changed since the last sample.
    news: bool,
    changed_ms: u64,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Book {
    flows: HashMap<Flow, Entry>,
    accounts: HashMap<ProcessId, Account>,
    residuals: [Counters; ResidualReason::ALL.len()],
    dropped: u64,
    /// A flow has come that nobody has looked for.
    curious: bool,
}

/// What one packet says about its flow beside its size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Signs {
    /// It begins a connection.
    pub(super) opens: bool,
    /// It is for several machines.
    pub(super) to_group: bool,
    /// The number of the first byte of its payload, where it has one.
    pub(super) sequence: Option<u32>,
}

impl Entry {
    fn new(owner: Owner, now_ms: u64) -> Self {
        let (received, sent) = (Stream::default(), Stream::default());
        Self { owner, fresh: Traffic::default(), to_group: false, last_ms: now_ms, received, sent }
    }

    fn take(&mut self, way: Way, mut size: Size, signs: Signs) {
        if signs.opens {
            (self.received, self.sent) = (Stream::default(), Stream::default());
        }
        if let Some(sequence) = signs.sequence {
            let stream = match way {
                Way::Received => &mut self.received,
                Way::Sent => &mut self.sent,
            };
            size.payload = stream.advance(sequence, size.payload);
        }
        self.fresh += traffic(way, size);
        self.to_group |= signs.to_group;
    }
}

impl Book {
    /// Takes in one packet.
    pub(super) fn count(&mut self, flow: Flow, way: Way, size: Size, signs: Signs, now_ms: u64) {
        if self.flows.len() >= MAX_FLOWS && !self.flows.contains_key(&flow) {
            self.residuals[index(ResidualReason::TableFull)][flow.scope] += traffic(way, size);
            return;
        }
        let waiting = Owner::Waiting { since_ms: now_ms, listener: None };
        let mut met = false;
        let entry = self.flows.entry(flow).or_insert_with(|| {
            met = true;
            Entry::new(waiting, now_ms)
        });
        if signs.opens && !matches!(entry.owner, Owner::Waiting { .. }) {
            // The same addresses again: the connection before is over.
            let over = std::mem::take(&mut entry.fresh);
            let owner = std::mem::replace(&mut entry.owner, waiting);
            met = true;
            charge(&mut self.accounts, &mut self.residuals, owner, &flow, over, now_ms);
        }
        if let Some(entry) = self.flows.get_mut(&flow) {
            entry.take(way, size, signs);
            entry.last_ms = now_ms;
        }
        self.curious |= met;
    }

    /// Packets that had no room.
    pub(super) fn lose(&mut self, packets: u64) {
        self.dropped += packets;
    }

    /// Whether a flow has come since somebody looked last.
    pub(super) fn is_curious(&self) -> bool {
        self.curious
    }

    /// Whether some flow waits for a process.
    pub(super) fn is_waiting(&self) -> bool {
        self.flows.values().any(|entry| matches!(entry.owner, Owner::Waiting { .. }))
    }

    /// The flows with traffic since the last sample, or without a process yet; with whether they are for several machines.
    pub(super) fn open_questions(&mut self) -> Vec<(Flow, bool)> {
        self.curious = false;
        let asked = self.flows.iter().filter(|(_, entry)| {
            matches!(entry.owner, Owner::Waiting { .. })
                || (entry.fresh != Traffic::default() && entry.owner != Owner::Forwarded)
        });
        asked.map(|(flow, entry)| (*flow, entry.to_group)).collect()
    }

    /// Takes in what a look told.
    pub(super) fn learn(&mut self, findings: &[(Flow, Finding)], now_ms: u64) {
        let Self { flows, accounts, residuals, .. } = self;
        for (flow, finding) in findings {
            let Some(entry) = flows.get_mut(flow) else { continue };
            let found = match (entry.owner, *finding) {
                (_, Finding::Process(process)) => Owner::Process(process),
                (Owner::Waiting { since_ms, listener }, finding) => {
                    let listener = match finding {
                        Finding::Listener(process) => Some(process),
                        _ => listener,
                    };
                    if now_ms.saturating_sub(since_ms) < PATIENCE_MS {
                        Owner::Waiting { since_ms, listener }
                    } else {
                        listener.map_or_else(|| settled(finding, flow), Owner::Process)
                    }
                }
                _ => continue,
            };
            let before = std::mem::replace(&mut entry.owner, found);
            if before != found && !matches!(before, Owner::Waiting { .. }) {
                // Up to now it was the other's.
                charge(accounts, residuals, before, flow, std::mem::take(&mut entry.fresh), now_ms);
            }
        }
    }

    /// Says what a process is, when it is met and when it became another program.
    pub(super) fn introduce(&mut self, process: ProcessId, identity: Identity) {
        let account = self.accounts.entry(process).or_default();
        account.name = Some(identity.name.clone());
        account.identity = Some(identity);
        account.news = true;
    }

    /// The name that a process was introduced with.
    pub(super) fn name(&self, process: ProcessId) -> Option<&str> {
        self.accounts.get(&process)?.name.as_deref()
    }

    /// The processes that have not ended, as far as anybody said.
    pub(super) fn living(&self) -> Vec<ProcessId> {
        self.accounts.iter().filter(|(_, account)| !account.ended).map(|(&process, _)| process).collect()
    }

    /// These have ended. Bytes may still follow: the kernel sends what they left behind.
    pub(super) fn end(&mut self, ended: impl IntoIterator<Item = ProcessId>) {
        for process in ended {
            if let Some(account) = self.accounts.get_mut(&process) {
                (account.ended, account.news) = (true, true);
            }
        }
    }

    /// Everything up to now.
    pub(super) fn sample(&mut self, now_ms: u64) -> Sample {
        let Self { flows, accounts, residuals, .. } = self;
        for (flow, entry) in flows.iter_mut().filter(|(_, entry)| entry.fresh != Traffic::default()) {
            if !matches!(entry.owner, Owner::Waiting { .. }) {
                charge(accounts, residuals, entry.owner, flow, std::mem::take(&mut entry.fresh), now_ms);
            }
        }
        flows.retain(|_, entry| {
            matches!(entry.owner, Owner::Waiting { .. }) || now_ms.saturating_sub(entry.last_ms) < IDLE_MS
        });
        let mut sample = Sample::default();
        accounts.retain(|&id, account| {
            if std::mem::take(&mut account.news) {
                account.changed_ms = now_ms;
                let (counters, ended) = (account.counters, account.ended);
                sample.processes.push(ProcessSample {
                    id,
                    counters,
                    identity: account.identity.take(),
                    ended,
                });
            }
            let forgotten = account.ended && now_ms.saturating_sub(account.changed_ms) >= QUIET_MS;
            if forgotten {
                sample.released.push(id);
            }
            !forgotten
        });
        sample.residuals = ResidualReason::ALL.into_iter().zip(residuals.iter().copied()).collect();
        if self.dropped > 0 {
            let what = "packets that came faster than they were read, and are not counted".into();
            sample.losses = vec![Loss { what, events: self.dropped }];
        }
        sample
    }
}

/// What stands for the process of a flow that found none in time.
fn settled(finding: Finding, flow: &Flow) -> Owner {
    match finding {
        Finding::Process(process) | Finding::Listener(process) => Owner::Process(process),
        Finding::Forwarded => Owner::Forwarded,
        Finding::Kernel | Finding::Gone => Owner::Nobody(match (flow.protocol, finding) {
            (Protocol::ICMP | Protocol::ICMPV6, _) => ResidualReason::KernelIcmp,
            (Protocol::TCP, Finding::Kernel) => ResidualReason::KernelTcp,
            (Protocol::UDP | UDP_LITE, Finding::Kernel) => ResidualReason::KernelUdp,
            (Protocol::TCP | Protocol::UDP | UDP_LITE, _) => ResidualReason::Stale,
            _ => ResidualReason::KernelOther,
        }),
    }
}

fn charge(
    accounts: &mut HashMap<ProcessId, Account>,
    residuals: &mut [Counters],
    owner: Owner,
    flow: &Flow,
    traffic: Traffic,
    now_ms: u64,
) {
    match owner {
        Owner::Process(process) => {
            let account = accounts.entry(process).or_default();
            account.counters[flow.scope] += traffic;
            (account.news, account.changed_ms) = (true, now_ms);
        }
        Owner::Nobody(reason) => residuals[index(reason)][flow.scope] += traffic,
        Owner::Waiting { .. } => residuals[index(ResidualReason::Stale)][flow.scope] += traffic,
        Owner::Forwarded => {}
    }
}

fn traffic(way: Way, size: Size) -> Traffic {
    let Size { bytes, packets, payload } = size;
    match way {
        Way::Received => Traffic {
            wire: Wire { rx_bytes: bytes, rx_packets: packets, ..Wire::default() },
            payload: Payload { rx_bytes: payload, tx_bytes: 0 },
        },
        Way::Sent => Traffic {
            wire: Wire { tx_bytes: bytes, tx_packets: packets, ..Wire::default() },
            payload: Payload { rx_bytes: 0, tx_bytes: payload },
        },
    }
}

const fn index(reason: ResidualReason) -> usize {
    reason as usize
}

#[cfg(test)]
mod tests;
