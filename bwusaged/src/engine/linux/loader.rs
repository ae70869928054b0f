//! Loads the kernel side and attaches it. Links, never pinned programs: when the daemon dies, in whatever way, the kernel
//! detaches and frees everything.

use std::{any::Any, fs::File, io::Read as _, os::fd::AsFd as _};

use aya::{
    Btf, Ebpf, EbpfLoader, include_bytes_aligned,
    maps::{HashMap, Map, MapData, RingBuf, Stack},
    programs::{
        BtfTracePoint, CgroupAttachMode, CgroupSkb, CgroupSkbAttachType, CgroupSock, Iter, ProgramError,
    },
};
use bwusage_proto::snapshot::Hook;

use super::{
    cgroup,
    cgroup_paths::CgroupPaths,
    fentry,
    kernel::{Fill, SharedTables, processor_numbers},
    layout::{Counters, LOSSES},
    light::{self, Folding},
    map_iter::MapIter,
    mapping::Mapping,
    netns,
    preflight::{self, Mptcp},
};
use crate::{
    engine::{Counting, EngineError},
    host::identity::booted_at_unix_ms,
    memory,
};

/// The kernel side, compiled. `cargo xtask bpf` makes it, and a check compares it with its source.
pub(super) static OBJECT: &[u8] = include_bytes_aligned!("../../../bpf/bwusage.bpf.o");

/// Most memory for the counters of all slots on all processors.
const COUNTER_BYTES: usize = 48 << 20;
/// Fewest and most processes that can have a slot at a time.
const SLOTS: std::ops::RangeInclusive<usize> = 2_048..=16_384;

/// Interfaces with this number or a higher one have no ledger: those that lead out of a machine have small ones, and only
/// containers make ever new ones.
const INTERFACES: usize = 1024;
/// So many slots are mapped at first.
const FIRST_MAPPED: usize = 512;

/// A program at a tracepoint: (program, tracepoint, what for, first kernel that has it).
pub(super) type Tracepoint = (&'static str, &'static str, &'static str, &'static str);

/// Order matters: who owns a socket must be known before its packets are counted.
const TRACEPOINTS: [Tracepoint; 4] = [
    ("on_exit", "sched_process_exit", "when a process ends", "5.5"),
    ("on_exec", "sched_process_exec", "the name of a process", "5.5"),
    ("on_destroy", "tcp_destroy_sock", "what a connection moved in all", "5.5"),
    ("on_state", "inet_sock_set_state", "who connects and who listens", "5.5"),
];

/// The same for the calls that use a socket, where the kernel has them; elsewhere [`fentry`] stands in.
const CALL_TRACEPOINTS: [Tracepoint; 2] = [
    ("on_send", "sock_send_length", "who sends, and how much payload", "6.3"),
    ("on_receive", "sock_recv_length", "who receives, and how much payload", "6.3"),
];

/// The same for what is attached last: frames of packets that were not charged to anybody would be the kernel's.
const DEVICE_TRACEPOINTS: [Tracepoint; 3] = [
    ("on_drop", "kfree_skb", "the last packet of a closed connection", "5.5"),
    ("on_frame_in", "netif_receive_skb", "frames that an interface received", "5.5"),
    ("on_frame_out", "net_dev_start_xmit", "frames that an interface sends", "5.5"),
];

/// The programs that see every packet of every socket: (program, hook, direction, what for).
const PACKET_HOOKS: [(&str, &str, CgroupSkbAttachType, &str); 2] = [
    ("on_egress", "cgroup_skb/egress", CgroupSkbAttachType::Egress, "packets sent"),
    ("on_ingress", "cgroup_skb/ingress", CgroupSkbAttachType::Ingress, "packets received"),
];

/// A link takes no flags, and several links may always stand beside each other; `AllowMultiple` is for the older way of
/// attaching, which would survive the daemon.
const LINK_MODE: CgroupAttachMode = CgroupAttachMode::Single;

/// What to load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) ownership: Ownership,
    pub(super) counting: Counting,
}

/// How the calls that use a socket are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ownership {
    Tracepoints,
    Fentry,
}

impl Plan {
    /// The engine, for people.
    pub(super) const fn describe(self) -> &'static str {
        match (self.ownership, self.counting) {
            (Ownership::Tracepoints, Counting::Exact) => "eBPF: BTF tracepoints and cgroup_skb",
            (Ownership::Tracepoints, Counting::Light) => {
                "eBPF: BTF tracepoints and the sockets' own counters"
            }
            (Ownership::Fentry, Counting::Exact) => "eBPF: fentry and cgroup_skb",
            (Ownership::Fentry, Counting::Light) => "eBPF: fentry and the sockets' own counters",
        }
    }

    /// What it does not see. Measured; see the README.
    const fn blind_spots(self) -> &'static [&'static str] {
        match self.counting {
            Counting::Exact => &BLIND_SPOTS,
            Counting::Light => &light::BLIND_SPOTS,
        }
    }

    /// The programs that know who uses a socket, and when a process begins and ends.
    const fn tracepoints(self) -> &'static [Tracepoint] {
        match self.counting {
            Counting::Exact => &TRACEPOINTS,
            Counting::Light => &light::TRACEPOINTS,
        }
    }

    /// The programs that see the calls that use a socket, where tracepoints tell.
    const fn call_tracepoints(self) -> &'static [Tracepoint] {
        match (self.ownership, self.counting) {
            (Ownership::Tracepoints, Counting::Exact) => &CALL_TRACEPOINTS,
            (Ownership::Fentry, _) | (_, Counting::Light) => &[],
        }
    }

    /// The programs that see packets below the sockets.
    const fn device_tracepoints(self) -> &'static [Tracepoint] {
        match self.counting {
            Counting::Exact => &DEVICE_TRACEPOINTS,
            Counting::Light => &[],
        }
    }

    /// The programs that run when a socket is made and when it is closed: (program, hook, what for).
    const fn socket_hooks(self) -> [(&'static str, &'static str, &'static str); 2] {
        let release = match self.counting {
            Counting::Exact => "on_release",
            Counting::Light => "light_release",
        };
        [
            ("on_create", "cgroup/sock_create", "who opens a socket"),
            (release, "cgroup/sock_release", "what a socket of datagrams moved in all"),
        ]
    }
}

/// What these hooks do not see. Measured; see the README.
const BLIND_SPOTS: [&str; 2] = [
    "datagrams that a process finds waiting on a socket of its parent belong to the parent until it reads one",
    "interfaces of other network namespaces have no ledger; their processes are counted all the same",
];

/// What keeps the programs attached, and nothing of what it took to load them. Dropping it detaches every one.
#[derive(Default)]
pub(super) struct Attached(Vec<Box<dyn Any>>);

impl Attached {
    /// Keeps a link of whatever kind.
    pub(super) fn keep(&mut self, link: impl Any) {
        self.0.push(Box::new(link));
    }
}

/// What is loaded and attached.
pub(super) struct Loaded {
    pub(super) attached: Attached,
    pub(super) kernel: SharedTables,
    pub(super) hooks: Vec<Hook>,
    /// What is not seen here.
    pub(super) blind_spots: Vec<&'static str>,
}

pub(super) fn load(plan: Plan) -> Result<Loaded, EngineError> {
    preflight::check()?;
    if plan == (Plan { ownership: Ownership::Fentry, counting: Counting::Light }) {
        return Err(EngineError::Counting { rung: "fentry", counting: "light" });
    }
    let cgroup = cgroup::root().ok_or(EngineError::NoCgroup2)?;
    let cgroup =
        File::open(cgroup).map_err(|source| EngineError::Read { what: "the cgroup v2 hierarchy", source })?;
    let btf = Btf::from_sys_fs().map_err(|error| EngineError::Load { source: error.into() })?;
    let calls = plan.call_tracepoints();
    let needed = plan.tracepoints().iter().chain(calls).chain(plan.device_tracepoints());
    preflight::check_tracepoints(&btf, needed.map(|&(_, tracepoint, _, since)| (tracepoint, since)))?;
    if plan.ownership == Ownership::Fentry {
        fentry::check(&btf)?;
    }
    let cpus =
        processor_numbers().map_err(|source| EngineError::Read { what: "the processor list", source })?;
    let slots = (COUNTER_BYTES / (cpus * size_of::<Counters>())).clamp(*SLOTS.start(), *SLOTS.end());

    let mut programs = open(plan, &btf, cpus, slots)?;
    let mut kernel = tables(plan, &mut programs, cpus, slots, &btf)?;
    let mut attached = Attached::default();
    let (mut hooks, mut blind_spots) = attach(plan, &mut programs, &btf, &cgroup, &mut attached)?;
    if let Some(folding) = &mut kernel.folding {
        let drops = attach_if_possible(&mut programs, light::DROPS, &btf, &mut attached);
        folding.see_drops(drops.attached);
        blind_spots.extend(if drops.attached { light::WITH_DROPS } else { light::WITHOUT_DROPS });
        hooks.push(drops);
    }
    seed(&mut programs, &btf)?;
    if preflight::mptcp(&btf) == Mptcp::Unseen {
        blind_spots.push("connections of MPTCP are the kernel's: their program is known since Linux 5.19");
    }
    drop((btf, programs));
    // The kernel's type information took some 25 MiB while it was read.
    memory::give_back();
    Ok(Loaded { attached, kernel, hooks, blind_spots })
}

fn open(plan: Plan, btf: &Btf, cpus: usize, slots: usize) -> Result<Ebpf, EngineError> {
    let entries = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let cpus_global = entries(cpus);
    let home =
        netns::own_cookie().map_err(|source| EngineError::Read { what: "the network namespace", source })?;
    EbpfLoader::new()
        .btf(Some(btf))
        .override_global("cfg_cpus", &cpus_global, true)
        .override_global("cfg_mptcp", &u32::from(preflight::mptcp(btf) == Mptcp::Seen), true)
        .override_global("cfg_home", &home, true)
        .override_global("cfg_light", &u32::from(plan.counting == Counting::Light), true)
        .override_global("cfg_interfaces", &(INTERFACES as u32), true)
        .map_max_entries("interfaces", entries(INTERFACES * cpus))
        .map_max_entries("counters", entries(slots * cpus))
        .map_max_entries("slots", entries(slots))
        .map_max_entries("free_slots", entries(slots))
        .map_max_entries("processes", entries(slots))
        .map_max_entries("identities", entries(slots))
        .load(OBJECT)
        .map_err(|error| EngineError::Load { source: error.into() })
}

fn tables(
    plan: Plan,
    programs: &mut Ebpf,
    cpus: usize,
    slots: usize,
    btf: &Btf,
) -> Result<SharedTables, EngineError> {
    let (Map::SkStorage(sockets), Map::HashMap(remotes)) =
        (take(programs, "sockets")?, take(programs, "remotes")?)
    else {
        return Err(load_error(std::io::Error::other("the object's tables are of another kind")));
    };
    let passages = take(programs, "passages")?;
    let Map::HashMap(of_passages) = &passages else {
        return Err(load_error(std::io::Error::other("passages is no hash table")));
    };
    let fill = Fill { passages: (None, room(of_passages)?), remotes: (None, room(&remotes)?) };
    let list_sockets = walk(programs, btf, "list_sockets", "bpf_sk_storage_map", &sockets)?;
    let list_remotes = walk(programs, btf, "list_remotes", "bpf_map_elem", &remotes)?;
    let folding = match plan.counting {
        Counting::Exact => None,
        Counting::Light => Some(Folding::new(
            walk(programs, btf, "light_walk", "bpf_sk_storage_map", &sockets)?,
            map_array(programs, "light", 1, 1)?,
        )),
    };
    let mut kernel = SharedTables {
        counters: map_array(programs, "counters", FIRST_MAPPED * cpus, slots * cpus)?,
        slots: map_array(programs, "slots", FIRST_MAPPED, slots)?,
        interfaces: map_array(programs, "interfaces", 1, INTERFACES * cpus)?,
        passages: HashMap::try_from(passages).map_err(load_error)?,
        _sockets: sockets,
        list_sockets,
        listing: map_array(programs, "listing", 1, 1)?,
        list_remotes,
        folding,
        remotes: HashMap::try_from(Map::HashMap(remotes)).map_err(load_error)?,
        fill,
        dns: RingBuf::try_from(take(programs, "dns")?).map_err(load_error)?,
        losses: map_array(programs, "losses", LOSSES.len(), LOSSES.len())?,
        free_slots: Stack::try_from(take(programs, "free_slots")?).map_err(load_error)?,
        processes: HashMap::try_from(take(programs, "processes")?).map_err(load_error)?,
        identities: HashMap::try_from(take(programs, "identities")?).map_err(load_error)?,
        cpus,
        booted_at_unix_ms: booted_at_unix_ms(),
        cgroups: CgroupPaths::below(cgroup::root()),
        stuck: Vec::new(),
    };
    kernel.fill().map_err(load_error)?;
    Ok(kernel)
}

fn load_error(error: impl std::error::Error + Send + Sync + 'static) -> EngineError {
    EngineError::Load { source: error.into() }
}

fn take(programs: &mut Ebpf, name: &'static str) -> Result<Map, EngineError> {
    let missing = || load_error(std::io::Error::other(format!("the object has no table {name}")));
    programs.take_map(name).ok_or_else(missing)
}

/// How many entries a table has room for.
fn room(table: &MapData) -> Result<usize, EngineError> {
    Ok(table.info().map_err(load_error)?.max_entries() as usize)
}

fn map_array<T: Copy>(
    programs: &mut Ebpf,
    name: &'static str,
    mapped: usize,
    len: usize,
) -> Result<Mapping<T>, EngineError> {
    let Map::Array(array) = take(programs, name)? else {
        return Err(load_error(std::io::Error::other(format!("{name} is no array"))));
    };
    Mapping::new(array, mapped, len).map_err(|source| EngineError::Read { what: name, source })
}

/// Attaches everything of `plan`. Returns the hooks, and what they do not see.
fn attach(
    plan: Plan,
    programs: &mut Ebpf,
    btf: &Btf,
    cgroup: &File,
    kept: &mut Attached,
) -> Result<(Vec<Hook>, Vec<&'static str>), EngineError> {
    let mut hooks = Vec::new();
    let mut blind_spots = plan.blind_spots().to_vec();
    for &tracepoint in plan.tracepoints().iter().chain(plan.call_tracepoints()) {
        hooks.push(attach_tracepoint(programs, tracepoint, btf, kept)?);
    }
    if plan.ownership == Ownership::Fentry {
        let calls = fentry::attach(programs, btf, kept)?;
        hooks.extend(calls.hooks);
        blind_spots.extend(calls.blind_spots);
    }
    let cgroup_error = |program, hook| {
        move |error: ProgramError| EngineError::Attach { program, hook, source: error.into() }
    };
    for (name, hook, purpose) in plan.socket_hooks() {
        let sockets: &mut CgroupSock = program(programs, name)?;
        sockets
            .load()
            .and_then(|()| sockets.attach(cgroup, LINK_MODE))
            .and_then(|link| sockets.take_link(link))
            .map(|link| kept.keep(link))
            .map_err(cgroup_error(name, hook))?;
        hooks.push(attached(hook.into(), purpose));
    }
    let packet_hooks: &[_] = match plan.counting {
        Counting::Exact => &PACKET_HOOKS,
        Counting::Light => &[],
    };
    for &(name, hook, direction, purpose) in packet_hooks {
        let packets: &mut CgroupSkb = program(programs, name)?;
        packets
            .load()
            .and_then(|()| packets.attach(cgroup, direction, LINK_MODE))
            .and_then(|link| packets.take_link(link))
            .map(|link| kept.keep(link))
            .map_err(cgroup_error(name, hook))?;
        hooks.push(attached(hook.into(), purpose));
    }
    for &tracepoint in plan.device_tracepoints() {
        hooks.push(attach_tracepoint(programs, tracepoint, btf, kept)?);
    }
    Ok((hooks, blind_spots))
}

fn attached(name: String, purpose: &str) -> Hook {
    Hook { name, purpose: purpose.into(), attached: true, detail: None }
}

fn attach_tracepoint(
    programs: &mut Ebpf,
    (name, tracepoint, purpose, _): Tracepoint,
    btf: &Btf,
    kept: &mut Attached,
) -> Result<Hook, EngineError> {
    let failed =
        |error: ProgramError| EngineError::Attach { program: name, hook: tracepoint, source: error.into() };
    let program: &mut BtfTracePoint = program(programs, name)?;
    program
        .load(tracepoint, btf)
        .and_then(|()| program.attach())
        .and_then(|link| program.take_link(link))
        .map(|link| kept.keep(link))
        .map_err(failed)?;
    Ok(attached(format!("tp_btf/{tracepoint}"), purpose))
}

/// Attaches a program that it is worse without, but no worse than that.
fn attach_if_possible(programs: &mut Ebpf, tracepoint: Tracepoint, btf: &Btf, kept: &mut Attached) -> Hook {
    attach_tracepoint(programs, tracepoint, btf, kept).unwrap_or_else(|error| {
        let (_, name, purpose, since) = tracepoint;
        tracing::debug!(%error, "not attached");
        let detail = Some(format!("since Linux {since}: before, it does not say whose socket it was"));
        Hook { name: format!("tp_btf/{name}"), purpose: purpose.into(), attached: false, detail }
    })
}

/// Loads the iterator `name` and ties it to the table `map`.
fn walk(
    programs: &mut Ebpf,
    btf: &Btf,
    name: &'static str,
    iterator: &'static str,
    map: &MapData,
) -> Result<MapIter, EngineError> {
    let failed =
        |error: ProgramError| EngineError::Attach { program: name, hook: iterator, source: error.into() };
    let walk: &mut Iter = program(programs, name)?;
    walk.load(iterator, btf).map_err(failed)?;
    let fd = walk.fd().map_err(failed)?;
    MapIter::new(fd.as_fd(), map.fd().as_fd()).map_err(|source| EngineError::Attach {
        program: name,
        hook: iterator,
        source: source.into(),
    })
}

pub(super) fn program<'a, T>(programs: &'a mut Ebpf, name: &'static str) -> Result<&'a mut T, EngineError>
where
    &'a mut T: TryFrom<&'a mut aya::programs::Program, Error = ProgramError>,
{
    let missing = || load_error(std::io::Error::other(format!("the object has no program {name}")));
    programs.program_mut(name).ok_or_else(missing)?.try_into().map_err(load_error)
}

/// Gives every socket that is open already to a process that has it open. One read drives the iterator, which crosses all
/// network namespaces.
fn seed(programs: &mut Ebpf, btf: &Btf) -> Result<(), EngineError> {
    let failed = |error: ProgramError| EngineError::Attach {
        program: "seed",
        hook: "iter/task_file",
        source: error.into(),
    };
    let seed: &mut Iter = program(programs, "seed")?;
    seed.load("task_file", btf).map_err(failed)?;
    let link = seed.attach().and_then(|link| seed.take_link(link)).map_err(failed)?;
    let mut file = link.into_file().map_err(load_error)?;
    file.read_to_end(&mut Vec::new())
        .map_err(|source| EngineError::Read { what: "the open sockets", source })?;
    Ok(())
}
