//! What is compared: nothing, our daemon in its two modes, the classic tools, and the least that BPF programs can cost.

mod daemon;
mod floor;
mod peers;
mod process;

use std::{fmt, time::Duration};

use anyhow::Result;

use self::{floor::Floor, process::Process};
use super::{
    cpu,
    lab::Lab,
    stage::{Frames, Passed, Stage},
};

pub(super) use floor::compile as compile_floor;
pub(super) use peers::install as install_peers;

/// What counts, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    Nothing,
    /// `bwusaged --counting exact`
    Exact,
    /// `bwusaged --counting light`
    Light,
    Nethogs,
    Bandwhich,
    /// Two tracepoint programs that do nothing.
    Empty,
    /// Two tracepoints and a hash table.
    Floor,
}

/// What a tool says that one process moved, at the layer where it counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) sent_bytes: u64,
    pub(super) received_bytes: u64,
    /// Payload sent and received, from those that know it.
    pub(super) payload: Option<[u64; 2]>,
}

impl Tool {
    pub(super) const ALL: [Self; 7] =
        [Self::Nothing, Self::Exact, Self::Light, Self::Nethogs, Self::Bandwhich, Self::Empty, Self::Floor];

    /// What this tool should have counted of the frames that passed: each is judged at its own layer.
    pub(super) fn share(self, frames: Frames) -> u64 {
        match self {
            Self::Nethogs => frames.bytes,
            Self::Bandwhich => frames.ip_payload_bytes(),
            _ => frames.wire_bytes(),
        }
    }

    /// Starts it on the near end of `stage`, and waits until it counts.
    pub(super) fn start(self, lab: &Lab, stage: &Stage) -> Result<Running> {
        Ok(match self {
            Self::Nothing => Running::Nothing,
            Self::Exact => Running::Daemon(daemon::start(lab, stage, "exact")?),
            Self::Light => Running::Daemon(daemon::start(lab, stage, "light")?),
            Self::Nethogs => Running::Peer(peers::start_nethogs(lab, stage)?),
            Self::Bandwhich => Running::Peer(peers::start_bandwhich(lab, stage)?),
            Self::Empty => Running::Programs(Floor::attach(lab, ["empty_send", "empty_receive"])?),
            Self::Floor => Running::Programs(Floor::attach(lab, ["floor_send", "floor_receive"])?),
        })
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Nothing => "nothing",
            Self::Exact => "bwusaged, exact",
            Self::Light => "bwusaged, light",
            Self::Nethogs => "nethogs",
            Self::Bandwhich => "bandwhich",
            Self::Empty => "2 empty tracepoints",
            Self::Floor => "2 tracepoints + hash",
        })
    }
}

/// A tool at work. Dropping it ends it.
pub(super) enum Running {
    Nothing,
    Daemon(Process),
    Peer(Process),
    Programs(#[expect(dead_code, reason = "attached while it is held")] Floor),
}

impl Running {
    /// Its process, where it has one.
    pub(super) fn pid(&self) -> Option<u32> {
        match self {
            Self::Daemon(process) | Self::Peer(process) => Some(process.pid()),
            Self::Nothing | Self::Programs(_) => None,
        }
    }

    /// Processor time of its process so far.
    pub(super) fn cpu(&self) -> Result<Duration> {
        self.pid().map_or(Ok(Duration::ZERO), cpu::of_process)
    }

    /// Someone who watches our daemon at work; `None` of the other tools.
    pub(super) fn watch(&self, lab: &Lab) -> Option<Result<Process>> {
        match self {
            Self::Daemon(daemon) => Some(daemon::watch(lab, daemon)),
            Self::Nothing | Self::Peer(_) | Self::Programs(_) => None,
        }
    }

    /// What it says of `pid`; `None` if it has no table. Tools show a moment late what they know.
    pub(super) fn counted(&self, pid: u32) -> Result<Option<Counted>> {
        match self {
            Self::Daemon(process) | Self::Peer(process) => process.counted(pid).map(Some),
            Self::Nothing | Self::Programs(_) => Ok(None),
        }
    }
}

/// `sent` and `received` of what passed that `tool` counted, as parts of what it should have counted.
pub(super) fn shares(tool: Tool, counted: Counted, passed: Passed) -> [f64; 2] {
    let of = |bytes: u64, frames: Frames| bytes as f64 / tool.share(frames) as f64;
    [of(counted.sent_bytes, passed.sent), of(counted.received_bytes, passed.received)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_is_judged_at_the_layer_where_it_counts() {
        let frames = Frames { bytes: 1000, packets: 10 };
        let passed = Passed { sent: frames, received: frames };
        let all = |bytes| Counted { sent_bytes: bytes, received_bytes: bytes / 2, payload: None };
        for (tool, bytes) in [(Tool::Exact, 860), (Tool::Nethogs, 1000), (Tool::Bandwhich, 660)] {
            let shares = shares(tool, all(bytes), passed);
            assert!((shares[0] - 1.0).abs() < 1e-9 && (shares[1] - 0.5).abs() < 1e-9, "{tool}: {shares:?}");
        }
    }
}
