//! One consistent moment of one machine: processes, host, and how well they are known.
//!
//! A number that cannot be read is `None`, never 0. Running totals count since the daemon started and never shrink
//! while it runs.

use serde::{Deserialize, Serialize};

use crate::{
    codec::{
        Decode, Encode,
        by_hand::{
            DecodeError, Decoder, EncodeError, Encoder, impl_borrow_decode, read_byte, read_words,
            write_byte, write_words,
        },
    },
    process::{Category, Container, Pid, ProcessId, UserId},
    units::{Counters, Rates},
};

/// A row of the daemon's table. Never reused while one daemon runs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
pub struct RowId(pub u64);

/// The row that stands for other users' processes; those of processes come after it.
pub const OTHERS: RowId = RowId(0);

/// What rarely changes about a process. Sent once, and again when the process executes another program.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct ProcessInfo {
    /// The row that this describes.
    pub row: RowId,
    /// Who it is. `None` for the one row that stands for other users' processes.
    pub id: Option<ProcessId>,
    /// The parent's process number when the process was first seen.
    pub parent: Option<Pid>,
    /// The short name (`comm` on Linux). Chosen by the process itself: escape it before showing it.
    pub name: String,
    /// The application that a person would name: a flatpak or snap package, the command of its desktop entry, the script
    /// that an interpreter runs, the application of a parent that it is a helper of, or the executable's file name.
    pub app: String,
    /// Absolute path of the executable.
    pub exe: Option<String>,
    /// Arguments, the program's own name first. `None` when unknown or not for this viewer.
    pub command_line: Option<Vec<String>>,
    /// The effective user.
    pub user: Option<UserId>,
    /// Start, in milliseconds of Unix time.
    pub started_at_unix_ms: Option<u64>,
    /// The systemd unit: the user's own one where there is one, a container's inside one. Escape it before showing it.
    pub unit: Option<String>,
    /// The container that it runs in.
    pub container: Option<Container>,
    /// What a person calls the application, where its desktop entry says it: `Firefox Web Browser`. Not escaped.
    pub title: Option<String>,
    /// What sort of program it is. `None` for the row that stands for other users' processes, and where nothing tells.
    pub category: Option<Category>,
    /// When it was first seen to move a byte, in milliseconds of Unix time. `None` while it has moved none.
    pub first_traffic_at_unix_ms: Option<u64>,
}

impl ProcessInfo {
    /// A row of which nothing is known.
    #[must_use]
    pub const fn unknown(row: RowId) -> Self {
        Self {
            row,
            id: None,
            parent: None,
            name: String::new(),
            app: String::new(),
            exe: None,
            command_line: None,
            user: None,
            started_at_unix_ms: None,
            unit: None,
            container: None,
            title: None,
            category: None,
            first_traffic_at_unix_ms: None,
        }
    }
}

/// What changes from tick to tick about a process.
#[derive(Debug, Clone, PartialEq, Encode, Decode, Serialize, Deserialize)]
pub struct Activity {
    /// The row that this belongs to.
    pub row: RowId,
    /// Network totals since the daemon started.
    pub counters: Counters,
    /// Wire speed over the last tick.
    pub rates: Rates,
    /// Processor, memory and disk; `None` when the process was not measured (yet).
    pub resources: Option<Resources>,
    /// Milliseconds of Unix time at which the process was seen to have ended.
    pub exited_at_unix_ms: Option<u64>,
}

/// Processor, memory and disk use of one process.
///
/// On the wire: a byte with a bit for each optional field that is there, in their order, then six `u64` of fixed width:
/// `rss_bytes` and the five optional fields, 0 where not there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Resources {
    /// Processor time in hundredths of a percent of one core: 10,000 is one core busy.
    /// `None` until two measurements exist.
    pub cpu_centipercent: Option<u32>,
    /// Resident memory.
    pub rss_bytes: u64,
    /// Bytes read from storage since the process started.
    pub disk_read_bytes_total: Option<u64>,
    /// Bytes written to storage since the process started.
    pub disk_write_bytes_total: Option<u64>,
    /// Storage reads over the last measurement.
    pub disk_read_bytes_per_s: Option<u64>,
    /// Storage writes over the last measurement.
    pub disk_write_bytes_per_s: Option<u64>,
}

impl Encode for Resources {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let optional = [
            self.cpu_centipercent.map(u64::from),
            self.disk_read_bytes_total,
            self.disk_write_bytes_total,
            self.disk_read_bytes_per_s,
            self.disk_write_bytes_per_s,
        ];
        let mask =
            (0..).zip(optional).fold(0_u8, |mask, (bit, field)| mask | u8::from(field.is_some()) << bit);
        let [cpu, reads, writes, read_speed, write_speed] = optional.map(Option::unwrap_or_default);
        write_byte(encoder, mask)?;
        write_words(encoder, [self.rss_bytes, cpu, reads, writes, read_speed, write_speed])
    }
}

impl<C> Decode<C> for Resources {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let mask = read_byte(decoder)?;
        let [rss_bytes, optional @ ..] = read_words(decoder)?;
        if mask >> optional.len() != 0 {
            return Err(DecodeError::Other("a resource that does not exist"));
        }
        let field = |at: usize| (mask >> at & 1 == 1).then_some(optional[at]);
        let cpu_centipercent = field(0).map(u32::try_from).transpose();
        Ok(Self {
            cpu_centipercent: cpu_centipercent
                .map_err(|_| DecodeError::Other("a processor share above 2^32"))?,
            rss_bytes,
            disk_read_bytes_total: field(1),
            disk_write_bytes_total: field(2),
            disk_read_bytes_per_s: field(3),
            disk_write_bytes_per_s: field(4),
        })
    }
}
impl_borrow_decode!(Resources);

/// Why bytes or events have no process.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ResidualReason {
    /// TCP that the kernel handled itself: resets, kernel sockets, connections nobody has used yet.
    KernelTcp,
    /// UDP of kernel sockets (tunnels, NFS).
    KernelUdp,
    /// ICMP and ICMPv6 that the kernel sent or received.
    KernelIcmp,
    /// Any other IP protocol without a process.
    KernelOther,
    /// The table of processes was full; the bytes are counted here instead.
    TableFull,
    /// The socket's process ended long ago and its place was given away.
    Stale,
}

impl ResidualReason {
    /// Every reason, in the order of the engine's reserved rows.
    pub const ALL: [Self; 6] =
        [Self::KernelTcp, Self::KernelUdp, Self::KernelIcmp, Self::KernelOther, Self::TableFull, Self::Stale];

    /// The name in JSON and on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KernelTcp => "kernel_tcp",
            Self::KernelUdp => "kernel_udp",
            Self::KernelIcmp => "kernel_icmp",
            Self::KernelOther => "kernel_other",
            Self::TableFull => "table_full",
            Self::Stale => "stale",
        }
    }
}

/// Traffic that has a reason instead of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Residual {
    /// Why.
    pub reason: ResidualReason,
    /// How much, since the daemon started.
    pub counters: Counters,
    /// Wire speed over the last tick.
    pub rates: Rates,
}

/// An update that could not be made, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Loss {
    /// What could not be done, in words.
    pub what: String,
    /// How often since the daemon started.
    pub events: u64,
}

/// What does not change about the machine while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode, Serialize, Deserialize)]
pub struct HostInfo {
    /// The machine's name.
    pub hostname: String,
    /// Operating system and its release, for people.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
    /// What tells this boot from another one, where the system says it.
    pub boot_id: Option<String>,
    /// Logical processors.
    pub cpu_count: u32,
    /// Boot, in milliseconds of Unix time.
    pub booted_at_unix_ms: Option<u64>,
}

/// The machine at one tick.
#[derive(Debug, Clone, PartialEq, Default, Encode, Decode, Serialize, Deserialize)]
pub struct HostSample {
    /// All processors together, in hundredths of a percent: 10,000 is everything busy.
    pub cpu_centipercent: Option<u32>,
    /// The same for each logical processor.
    pub core_centipercent: Vec<u32>,
    /// Memory and swap.
    pub memory: Option<Memory>,
    /// Bytes read from and written to physical disks.
    pub disk: Option<DiskIo>,
    /// Every network interface.
    pub interfaces: Vec<Interface>,
    /// Time since boot.
    pub uptime_ms: Option<u64>,
    /// Load averages over 1, 5 and 15 minutes, in hundredths.
    pub load_centi: Option<[u32; 3]>,
    /// Processes on the machine.
    pub process_count: Option<u32>,
}

/// Memory and swap, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode, Serialize, Deserialize)]
pub struct Memory {
    /// Installed memory.
    pub total_bytes: u64,
    /// Used, as the system counts it (without reclaimable caches).
    pub used_bytes: u64,
    /// What a new program could get.
    pub available_bytes: u64,
    /// Swap space.
    pub swap_total_bytes: u64,
    /// Swap in use.
    pub swap_used_bytes: u64,
}

/// Storage traffic of the whole machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode, Serialize, Deserialize)]
pub struct DiskIo {
    /// Bytes read since boot.
    pub read_bytes_total: u64,
    /// Bytes written since boot.
    pub write_bytes_total: u64,
    /// Reads over the last tick.
    pub read_bytes_per_s: Option<u64>,
    /// Writes over the last tick.
    pub write_bytes_per_s: Option<u64>,
}

/// One network interface and its own counters, which include link headers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode, Serialize, Deserialize)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// True for the loopback interface.
    pub loopback: bool,
    /// Bytes received since it exists.
    pub rx_bytes_total: u64,
    /// Bytes sent since it exists.
    pub tx_bytes_total: u64,
    /// Packets received since it exists.
    pub rx_packets_total: u64,
    /// Packets sent since it exists.
    pub tx_packets_total: u64,
    /// Speed over the last tick.
    pub rates: Option<Rates>,
}

/// One point of a rolling window: the machine over one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode, Serialize, Deserialize)]
pub struct WindowPoint {
    /// End of the tick, in milliseconds of Unix time.
    pub at_unix_ms: u64,
    /// All processors together, in hundredths of a percent.
    pub cpu_centipercent: Option<u32>,
    /// Memory in use.
    pub memory_used_bytes: Option<u64>,
    /// All interfaces but loopback, added up.
    pub network: Option<Rates>,
    /// Storage reads.
    pub disk_read_bytes_per_s: Option<u64>,
    /// Storage writes.
    pub disk_write_bytes_per_s: Option<u64>,
}

/// How much the engine in use can see. Carried with the numbers, shown by every client.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode, Serialize, Deserialize)]
pub struct Coverage {
    /// The engine, for people: `eBPF tracepoints + cgroup_skb`, `replay`.
    pub engine: String,
    /// How its wire bytes come about: `exact`, `computed`, `sampled` or `recorded`.
    pub quality: String,
    /// Every hook that was tried.
    pub hooks: Vec<Hook>,
    /// What it cannot see, a sentence each.
    pub blind_spots: Vec<String>,
    /// Every way of counting there is here, best first, and what became of it. Of a recording: on the machine that was
    /// recorded, where that is known.
    #[serde(default)]
    pub rungs: Vec<Rung>,
}

/// One way of counting.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Rung {
    /// What `--engine` calls it: `tracepoints`, `fentry`, `packets`.
    pub name: String,
    /// What it counts and how, in words.
    pub about: String,
    /// Its [`Coverage::quality`].
    pub quality: String,
    /// What became of it.
    pub state: RungState,
    /// Why not, in the kernel's words where it said anything.
    pub detail: Option<String>,
    /// What would change that.
    pub remedy: Option<String>,
}

/// What became of a [`Rung`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RungState {
    /// It counts.
    InUse,
    /// It was tried and cannot count here.
    Refused,
    /// Nobody tried: a better one counts, or another one was asked for.
    NotTried,
}

impl RungState {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::InUse => "in use",
            Self::Refused => "refused",
            Self::NotTried => "not tried",
        }
    }
}

/// One hook of the engine and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize)]
pub struct Hook {
    /// Its name in the kernel: `tp_btf/sock_send_length`.
    pub name: String,
    /// What it is for, in words.
    pub purpose: String,
    /// Whether it is attached.
    pub attached: bool,
    /// Why not, when it is not.
    pub detail: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{decode, encode_into};

    #[test]
    fn what_is_unknown_stays_unknown_on_the_wire() {
        let some = Resources { rss_bytes: 7, disk_write_bytes_total: Some(0), ..Resources::default() };
        let mut bytes = Vec::new();
        encode_into(&some, &mut bytes).unwrap();
        assert_eq!((bytes.len(), bytes[0]), (49, 0b00100));
        assert_eq!(decode::<Resources, 1000>(&bytes).unwrap(), some);
    }

    #[test]
    fn a_field_that_does_not_exist_is_refused() {
        let mut bytes = vec![0b10_0000];
        bytes.extend([0; 48]);
        assert!(decode::<Resources, 1000>(&bytes).is_err());
        bytes[0] = 1;
        bytes[9..17].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(decode::<Resources, 1000>(&bytes).is_err(), "a processor share of 2^64");
    }
}
