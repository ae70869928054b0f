//! Sees what the kernel keeps from the daemon's programs.
//!
//! Linux runs packets on the back of whichever process an interrupt finds. On some kernels (seen: 6.18 of a microVM) no tracing
//! program runs while that is a thread of the first process, so what passes in such a moment is hidden from every tool of this
//! kind: a burst of some hundred packets, now and then. A test that asks for exact figures cannot tell then. So each is watched:
//! the kernel's own counters of a tracepoint are compared with those of a program on the same one, and a test that failed while
//! events were hidden is played again. Where none were, a failure is a failure.

use std::{
    fs,
    io::{self, Read as _},
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
    panic,
    sync::LazyLock,
};

/// What the daemon's programs see outside the call of a process.
const TRACEPOINTS: [(&str, &str); 5] = [
    ("net", "net_dev_start_xmit"),
    ("net", "netif_receive_skb"),
    ("skb", "kfree_skb"),
    ("sock", "inet_sock_set_state"),
    ("tcp", "tcp_destroy_sock"),
];
/// Hidden events were met in two of 40 plays of one test, and in none of 22 others: six in a row are not to be expected.
const PLAYS: u32 = 6;

/// Plays `test`, and again when it failed in a moment of which the daemon could not know everything.
pub(super) fn watched<T>(test: impl Fn() -> T, failed: impl Fn(&T) -> bool) -> T {
    for play in 1.. {
        let witness =
            Witness::new().unwrap_or_else(|error| panic!("the tracepoints cannot be counted: {error}"));
        let outcome = panic::catch_unwind(panic::AssertUnwindSafe(&test));
        let hidden = witness.hidden();
        let is_final = play == PLAYS || hidden == 0;
        match outcome {
            Ok(outcome) if is_final || !failed(&outcome) => return outcome,
            Err(payload) if is_final => panic::resume_unwind(payload),
            _ => {
                println!("played again: this kernel hid {hidden} events from all tracing programs meanwhile");
            }
        }
    }
    unreachable!("the last play is final")
}

/// Counts events twice: in the kernel's own counters, and with a program.
struct Witness {
    counters: Vec<fs::File>,
    programs: Vec<Program>,
}

struct Program {
    map: OwnedFd,
    _attached: OwnedFd,
}

impl Witness {
    /// The programs count before the counters do, so that they miss nothing of what those see.
    fn new() -> io::Result<Self> {
        let programs =
            TRACEPOINTS.iter().map(|&(_, name)| Program::attach(name)).collect::<io::Result<_>>()?;
        let processors = std::thread::available_parallelism()?.get();
        let counters = TRACEPOINTS
            .iter()
            .flat_map(|&(group, name)| (0..processors).map(move |processor| count(group, name, processor)))
            .collect::<io::Result<_>>()?;
        Ok(Self { counters, programs })
    }

    /// How many events no program saw.
    fn hidden(self) -> u64 {
        let happened: u64 = self.counters.into_iter().map(read).sum();
        let seen: u64 = self.programs.iter().map(Program::seen).sum();
        happened.saturating_sub(seen)
    }
}

/// The kernel's counter of a tracepoint on one processor.
fn count(group: &str, name: &str, processor: usize) -> io::Result<fs::File> {
    // From <linux/perf_event.h>: `struct perf_event_attr` as it was first (PERF_ATTR_SIZE_VER0).
    #[repr(C)]
    #[derive(Default)]
    struct Attributes {
        kind: u32,
        size: u32,
        config: u64,
        unused: [u64; 6],
    }
    const TRACEPOINT: u32 = 2;
    const CLOSE_ON_EXEC: u64 = 8;
    let id = fs::read_to_string(format!("{}/events/{group}/{name}/id", *TRACEFS))?;
    let config = id.trim().parse().map_err(io::Error::other)?;
    let attributes = Attributes { kind: TRACEPOINT, size: 64, config, ..Attributes::default() };
    // SAFETY: the kernel reads 64 bytes of `attributes`, as many as there are, during the call only.
    let fd = unsafe {
        libc::syscall(libc::SYS_perf_event_open, &raw const attributes, -1, processor, -1, CLOSE_ON_EXEC)
    };
    owned(fd).map(Into::into)
}

fn read(mut counter: fs::File) -> u64 {
    let mut count = [0; 8];
    counter.read_exact(&mut count).expect("the count of a tracepoint");
    u64::from_ne_bytes(count)
}

/// Where the kernel describes its tracepoints; mounted if it is not.
static TRACEFS: LazyLock<&str> = LazyLock::new(|| {
    const PLACE: &str = "/sys/kernel/tracing";
    if !fs::exists(format!("{PLACE}/events")).unwrap_or(false) {
        let flags = rustix::mount::MountFlags::empty();
        rustix::mount::mount("tracefs", PLACE, "tracefs", flags, None).expect("mount -t tracefs");
    }
    PLACE
});

impl Program {
    /// Adds one to an element of a table at each event.
    fn attach(tracepoint: &str) -> io::Result<Self> {
        const MAP_CREATE: libc::c_long = 0;
        const PROG_LOAD: libc::c_long = 5;
        const RAW_TRACEPOINT_OPEN: libc::c_long = 17;
        const ARRAY: u32 = 2;
        const MAP_VALUE: u8 = 2;
        const RAW_TRACEPOINT: u32 = 17;
        let map = bpf(MAP_CREATE, &[ARRAY, 4, 8, 1, 0])?;
        // Code, registers (source << 4 | destination), offset, immediate value: <linux/bpf.h>.
        let instruction = |code: u8, registers: u8, immediate: i32| -> u64 {
            u64::from(code) | u64::from(registers) << 8 | u64::from(immediate as u32) << 32
        };
        let program = [
            // r1 = the element; two instructions long
            instruction(0x18, MAP_VALUE << 4 | 1, map.as_raw_fd()),
            instruction(0, 0, 0),
            // r2 = 1
            instruction(0xb7, 2, 1),
            // lock *(u64 *)r1 += r2
            instruction(0xdb, 2 << 4 | 1, 0),
            // return 0
            instruction(0xb7, 0, 0),
            instruction(0x95, 0, 0),
        ];
        let halves = |address: u64| [address as u32, (address >> 32) as u32];
        let [code, code_high] = halves(program.as_ptr() as u64);
        let [license, license_high] = halves(c"MIT".as_ptr() as u64);
        let load = [RAW_TRACEPOINT, program.len() as u32, code, code_high, license, license_high];
        let loaded = bpf(PROG_LOAD, &load)?;
        let name = std::ffi::CString::new(tracepoint).expect("a name without zeros");
        let [name_low, name_high] = halves(name.as_ptr() as u64);
        let attached = bpf(RAW_TRACEPOINT_OPEN, &[name_low, name_high, loaded.as_raw_fd() as u32, 0])?;
        Ok(Self { map, _attached: attached })
    }

    fn seen(&self) -> u64 {
        const MAP_LOOKUP_ELEM: libc::c_long = 1;
        let (key, mut value) = (0_u32, 0_u64);
        let attributes: [u64; 4] =
            [self.map.as_raw_fd() as u64, (&raw const key) as u64, (&raw mut value) as u64, 0];
        // SAFETY: the kernel reads `key` and writes `value`, which are as long as the table says, during the call only.
        let result = unsafe {
            libc::syscall(libc::SYS_bpf, MAP_LOOKUP_ELEM, attributes.as_ptr(), size_of_val(&attributes))
        };
        assert_eq!(result, 0, "reading a table: {}", io::Error::last_os_error());
        value
    }
}

/// A command of bpf(2) that answers with a descriptor; `attributes` is as much of `union bpf_attr` as it needs.
fn bpf(command: libc::c_long, attributes: &[u32]) -> io::Result<OwnedFd> {
    // SAFETY: the kernel reads so many bytes of `attributes`, and what they point to, during the call only.
    let fd = unsafe {
        libc::syscall(libc::SYS_bpf, command, attributes.as_ptr(), size_of_val(attributes) as libc::c_uint)
    };
    owned(fd)
}

fn owned(fd: libc::c_long) -> io::Result<OwnedFd> {
    let Ok(fd) = i32::try_from(fd) else { return Err(io::ErrorKind::InvalidData.into()) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a descriptor that the kernel has just made for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
