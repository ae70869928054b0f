//! Where the counters come from.
//!
//! An [`Engine`] is asked once a tick and answers with running totals. Which one is used is decided once, in [`open`].

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

use bwusage_proto::{
    bounds::TableFill,
    connection::{Moved, Protocol, State},
    process::{Pid, ProcessId, UserId},
    snapshot::{Coverage, Loss, ResidualReason},
    units::Counters,
};
use serde::{Deserialize, Serialize};

use crate::{desktop, privilege::Capability};

pub mod recording;
pub mod replay;

#[cfg(target_os = "linux")]
pub mod linux;
#[cfg(not(target_os = "linux"))]
#[path = "engine/unsupported.rs"]
pub mod native;
#[cfg(target_os = "linux")]
use linux as native;

/// A source of per-process byte counters.
pub trait Engine {
    /// Reads every counter once. Totals count since the engine opened, so a late call loses no bytes.
    ///
    /// # Errors
    ///
    /// An error ends the engine: the daemon opens a new one rather than calling again.
    fn sample(&mut self) -> Result<Sample, EngineError>;

    /// What this machine lets the engine see.
    fn coverage(&self) -> Coverage;

    /// Reads who talks to whom, now. `None` from an engine that does not know.
    ///
    /// # Errors
    ///
    /// The engine goes on after an error.
    fn talk(&mut self) -> Result<Option<Talk>, EngineError> {
        Ok(None)
    }

    /// What it goes on needing of root's rights once it is open, beside reading its tables, which is tried. On Linux only.
    ///
    /// An engine with threads starts them in the first [`Engine::sample`], which comes after the rights are given away: a thread
    /// keeps what it was started with.
    fn capabilities(&self) -> &'static [Capability] {
        &[]
    }
}

/// All counters at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Processes of which anything changed since the sample before. One that is left out stands as it was.
    pub processes: Vec<ProcessSample>,
    /// Ended processes that will never be mentioned again.
    pub released: Vec<ProcessId>,
    /// Totals of the traffic that has a reason instead of a process.
    pub residuals: Vec<(ResidualReason, Counters)>,
    /// Totals of the updates that could not be made.
    pub losses: Vec<Loss>,
    /// Every interface of the daemon's network namespace that had traffic; empty where the engine does not see interfaces.
    #[serde(default)]
    pub interfaces: Vec<InterfaceSample>,
    /// Names that DNS answers gave to addresses since the sample before.
    #[serde(default)]
    pub names: Vec<(IpAddr, String)>,
    /// How full the engine's tables in the kernel are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableFill>,
}

/// One interface: totals since the engine opened, of what passed it and of what the sockets on it were charged with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterfaceSample {
    /// Its number.
    pub index: u32,
    /// Its name; empty when it is gone.
    pub name: String,
    /// What it is.
    pub kind: InterfaceKind,
    /// Received.
    pub rx: DirectionSample,
    /// Sent.
    pub tx: DirectionSample,
    /// What the interface itself counted, read between the two: `None` when it is gone, and from an engine that does not see
    /// what passes it: then it has no ledger.
    pub counters: Option<Moved>,
    /// The packets that it counted, received and sent; `None` where nobody asked.
    #[serde(default)]
    pub packets: Option<[u64; 2]>,
    /// The number of the interface that it stands on, as a VLAN does.
    #[serde(default)]
    pub lower: Option<u32>,
    /// The number of the bridge or bond that it is a port of: that one stands on it.
    #[serde(default)]
    pub master: Option<u32>,
}

/// One direction of an interface. Charged: IP bytes at the socket layer, headers of segments included. Frames: bytes at the
/// device layer, link headers included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectionSample {
    /// Charged to processes.
    pub processes: u64,
    /// Charged to the kernel.
    pub kernel: u64,
    /// Charged to nobody, because the table of processes was full or the socket's process was forgotten.
    pub lost: u64,
    /// Part of the charged: headers of segments that were not cut yet, or joined already, where they were charged.
    pub charged_segmentation: u64,
    /// Frames, link headers included, as they pass between stack and driver.
    pub frames: u64,
    /// Part of the frames: not IP.
    pub non_ip: u64,
    /// Part of the frames: passed on to or from another interface.
    pub forwarded: u64,
    /// Part of the forwarded: to or from an interface that leads to another network namespace.
    pub namespaces: u64,
    /// Part of the frames: link headers of the IP packets that are not forwarded.
    pub link_headers: u64,
    /// Not part of the frames: headers, link headers included, that the driver adds when it cuts them, or removed when it
    /// joined them.
    pub frame_segmentation: u64,
    /// Part of the frames: the IP bytes of frames that packet sockets sent. They are charged to processes as well.
    pub packet_sockets: u64,
    /// Packets in the frames, with the segments of super-packets as packets of their own.
    #[serde(default)]
    pub packets: u64,
}

/// What an interface is, as far as the kernel says it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterfaceKind {
    /// Leads out of the machine.
    #[default]
    Device,
    /// The machine itself.
    Loopback,
    /// Its packets leave inside other packets, by the kernel: WireGuard, VXLAN, GRE.
    KernelTunnel,
    /// Its packets go to a program: tun, tap.
    UserTunnel,
    /// Stands on other interfaces: VLAN, bond, bridge, macvlan.
    Stacked,
    /// Leads to another network namespace of this machine: veth.
    Namespace,
}

/// Who talks to whom, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Talk {
    /// Open sockets.
    pub sockets: Vec<SocketSample>,
    /// Totals of closed sockets, and of sockets without a peer of their own, by remote host.
    pub remotes: Vec<RemoteSample>,
    /// Wire totals of the processes named above, at the same moment.
    pub processes: Vec<(ProcessId, Moved)>,
}

/// One open socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketSample {
    /// The process that used it last.
    pub process: Option<ProcessId>,
    /// What it speaks.
    pub protocol: Protocol,
    /// Our end.
    pub local: SocketAddr,
    /// The other end.
    pub remote: Option<SocketAddr>,
    /// Whether the other side began it.
    pub inbound: Option<bool>,
    /// What it is doing.
    pub state: State,
    /// Number of its interface, in the daemon's network namespace only.
    pub interface: Option<u32>,
    /// Its beginning, in milliseconds of Unix time.
    pub opened_at_unix_ms: Option<u64>,
    /// Bytes of its present owner.
    pub moved: Moved,
}

/// What one process moved to and from one service of one remote host by sockets that are closed or have no peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteSample {
    /// The process.
    pub process: ProcessId,
    /// What was spoken.
    pub protocol: Protocol,
    /// The other end; `None` for frames sent past IP.
    pub remote: Option<IpAddr>,
    /// The port of the service.
    pub port: u16,
    /// Whether the other side began it.
    pub inbound: bool,
    /// Number of its interface, in the daemon's network namespace only.
    pub interface: Option<u32>,
    /// Sockets that were closed.
    pub connections: u64,
    /// Bytes each way.
    pub moved: Moved,
    /// The last change, in milliseconds of Unix time.
    pub last_at_unix_ms: u64,
}

/// One process in a [`Sample`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProcessSample {
    /// Who.
    pub id: ProcessId,
    /// Totals since the engine opened.
    pub counters: Counters,
    /// What it is: in the first sample that mentions it, and again when it executed another program.
    pub identity: Option<Identity>,
    /// True once it has ended. Bytes may still follow: the kernel sends what it left behind.
    pub ended: bool,
}

/// What a process is, as it looked when it was met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its short name (`comm`).
    pub name: String,
    /// Absolute path of its executable.
    pub exe: Option<String>,
    /// Its arguments, the program's own name first.
    pub command_line: Option<Vec<String>>,
    /// Its parent's number.
    pub parent: Option<Pid>,
    /// Its effective user.
    pub user: Option<UserId>,
    /// Its start, in milliseconds of Unix time.
    pub started_at_unix_ms: Option<u64>,
    /// The path of its control group; recordings of older versions have none.
    #[serde(default)]
    pub cgroup: Option<String>,
    /// Whether it has a controlling terminal; `None` where nobody could look.
    #[serde(default)]
    pub terminal: Option<bool>,
    /// The application that it belongs to by its desktop entry.
    #[serde(default)]
    pub desktop: Option<desktop::Application>,
    /// The name of its container, where its runtime wrote that down.
    #[serde(default)]
    pub container_name: Option<String>,
}

/// Which engine to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The best one that this machine allows.
    Auto,
    /// This one, or none.
    Rung(Rung),
    /// Plays this recording.
    Replay(PathBuf),
}

/// A way of counting, best first. What each needs and sees is in the table of rungs of the operating system's module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// BTF tracepoints and `cgroup_skb`: Linux 6.3 and newer.
    Tracepoints,
    /// The same, with the calls of sockets seen through `fentry`: Linux 5.12 and newer.
    Fentry,
    /// Copies of packet headers, compared with the kernel's list of sockets: any Linux, without BPF.
    Packets,
}

impl Rung {
    /// Best first.
    pub const ALL: [Self; 3] = [Self::Tracepoints, Self::Fentry, Self::Packets];

    /// What `--engine` calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tracepoints => "tracepoints",
            Self::Fentry => "fentry",
            Self::Packets => "packets",
        }
    }
}

/// How wire bytes come about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// Each packet is counted.
    #[default]
    Exact,
    /// They are computed from what the sockets count themselves: no program runs for a packet.
    Light,
}

impl Counting {
    /// The [`Coverage::quality`] that it gives.
    #[must_use]
    pub const fn quality(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Light => "computed",
        }
    }
}

/// What the operating system's engine is asked to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// This rung, or the best.
    pub rung: Option<Rung>,
    /// How it counts.
    pub counting: Counting,
}

const EXPECTED: &str = "expected auto, tracepoints, fentry, packets, or replay:FILE";

impl FromStr for Choice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "auto" => Ok(Self::Auto),
            None => Rung::ALL.into_iter().find(|rung| rung.name() == text).map(Self::Rung).ok_or(EXPECTED),
            Some(("replay", file)) if !file.is_empty() => Ok(Self::Replay(file.into())),
            _ => Err(EXPECTED),
        }
    }
}

/// Opens the operating system's own engine: the best rung that `wanted` allows.
///
/// # Errors
///
/// Says what is missing and what to do about it.
pub fn open(wanted: Wanted) -> Result<Box<dyn Engine>, EngineError> {
    native::open(wanted)
}

/// Why there are no counters. Each text is a sentence that says what is missing and what to do.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A privilege is missing.
    #[error(
        "bwusaged may not load its kernel programs: {missing} is missing; start it as root: sudo bwusaged"
    )]
    MissingCapability {
        /// The capabilities, by name.
        missing: String,
    },
    /// The kernel carries no type information.
    #[error(
        "this kernel ({release}) has no BTF type information at {path}, which the counters need; boot a kernel built with CONFIG_DEBUG_INFO_BTF=y (every current distribution's is)"
    )]
    NoBtf {
        /// Release of the kernel.
        release: String,
        /// Where it was looked for.
        path: &'static str,
    },
    /// The kernel lacks a hook.
    #[error("this kernel ({release}) has no {hook}, which exact counting needs; boot Linux {since} or newer")]
    KernelTooOld {
        /// Release of the kernel.
        release: String,
        /// The hook.
        hook: &'static str,
        /// The release that brought it.
        since: &'static str,
    },
    /// No unified control groups.
    #[error(
        "no cgroup v2 hierarchy is mounted, which packet counting attaches to; mount one: mount -t cgroup2 none /sys/fs/cgroup/unified"
    )]
    NoCgroup2,
    /// The kernel refused a program.
    #[error(
        "the kernel refused to attach {program} to {hook}; see `bwusage-ctl doctor` for the setting that decides"
    )]
    Attach {
        /// The program.
        program: &'static str,
        /// The hook.
        hook: &'static str,
        /// The kernel's answer.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The kernel refuses programs at its functions.
    #[error(
        "this kernel ({release}) allows no BPF program at its function {function} (fentry); count by tracepoints instead, which Linux 6.3 and newer have: --engine tracepoints"
    )]
    NoTrampolines {
        /// Release of the kernel.
        release: String,
        /// The function.
        function: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The embedded object does not load.
    #[error("the kernel programs cannot be loaded")]
    Load {
        /// The loader's answer.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No copies of packets.
    #[error("bwusaged may not see packets (CAP_NET_RAW); start it as root: sudo bwusaged")]
    PacketSocket {
        /// The system's answer.
        source: io::Error,
    },
    /// A counter table cannot be read.
    #[error("the counters in {what} cannot be read")]
    Read {
        /// Which table.
        what: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// A way of counting does not know another.
    #[error("{rung} cannot count in {counting} mode; leave out `counting`, or choose --engine tracepoints")]
    Counting {
        /// The way.
        rung: &'static str,
        /// The mode.
        counting: &'static str,
    },
    /// Nothing can count here.
    #[error("nothing can count here: {}", .reasons.join("; "))]
    NoRung {
        /// Of each rung that was tried.
        reasons: Vec<String>,
    },
    /// No engine for this system.
    #[error("bwusaged cannot count on {os} yet; play a recording instead: bwusaged --engine replay:FILE")]
    Unsupported {
        /// The operating system.
        os: &'static str,
    },
    /// The recording cannot be used.
    #[error(transparent)]
    Recording(#[from] recording::RecordingError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_named_by_kind_and_file() {
        assert_eq!("auto".parse(), Ok(Choice::Auto));
        assert_eq!("fentry".parse(), Ok(Choice::Rung(Rung::Fentry)));
        assert_eq!("replay:/a:b".parse(), Ok(Choice::Replay("/a:b".into())));
        assert!("replay:".parse::<Choice>().is_err());
        assert!("magic".parse::<Choice>().is_err());
    }
}
