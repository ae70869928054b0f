//! A recording for the daemon to play: a small machine on which something happens all the time.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
};

use bwusage_proto::{
    connection::{Protocol, State},
    process::{ProcessId, UserId},
    snapshot::{
        Coverage, DiskIo, Hook, HostInfo, HostSample, Interface, Memory, ResidualReason, Rung, RungState,
    },
    units::{Counters, Scope, Wire},
};
use serde_json::{Value, json};

/// Time between two moments.
pub(crate) const INTERVAL_MS: u32 = 100;
/// Two minutes: longer than any test.
const MOMENTS: u64 = 1200;
const MIB: u64 = 1024 * 1024;

/// A name that would act on a page which believed it: markup, a right-to-left override, a line break.
pub(crate) const HOSTILE_NAME: &str = "<img src=x onerror='window.pwned=1'>\u{202e}gnp\n";

/// What a person calls `firefox`.
pub(crate) const TITLE: &str = "Firefox Web Browser";
/// A name of a remote host that would, too: whoever answers for it chose it.
pub(crate) const HOSTILE_HOST: &str = "<img src=x onerror='window.pwned=2'>.example";
/// A name of an interface that would act on a page which believed it.
pub(crate) const INTERFACE: &str = "<b>eth0</b>";
/// What the interface moved before, each way.
const BEFORE_BYTES: u64 = 5_000_000;
/// What it received that was not IP.
pub(crate) const NOT_IP_BYTES: u64 = 4200;

struct Program {
    pid: u32,
    name: &'static str,
    uid: u32,
    /// Received and sent a second, at the crest of the wave.
    rx_bytes_per_s: u64,
    tx_bytes_per_s: u64,
    cpu_percent: u64,
    rss_bytes: u64,
}

const fn program(
    pid: u32,
    name: &'static str,
    uid: u32,
    rx_bytes_per_s: u64,
    tx_bytes_per_s: u64,
    cpu_percent: u64,
    rss_mib: u64,
) -> Program {
    Program { pid, name, uid, rx_bytes_per_s, tx_bytes_per_s, cpu_percent, rss_bytes: rss_mib * MIB }
}

const PROGRAMS: [Program; 12] = [
    program(4242, "firefox", 1000, 3 * MIB, 200_000, 22, 640),
    program(4243, "firefox", 1000, MIB, 90_000, 9, 310),
    program(812, "nginx", 33, 240_000, 2 * MIB, 6, 24),
    program(901, "postgres", 105, 60_000, 80_000, 4, 210),
    program(2301, "rsync", 0, 12_000, 1_400_000, 12, 12),
    program(77, "sshd", 0, 2_400, 6_000, 0, 9),
    program(3120, "apt-get", 0, 900_000, 14_000, 7, 48),
    program(3305, "thunderbird", 1000, 30_000, 4_000, 2, 280),
    program(3306, "syncthing", 1000, 140_000, 170_000, 3, 96),
    program(512, "chronyd", 104, 90, 90, 0, 4),
    program(640, "avahi-daemon", 106, 300, 120, 0, 5),
    program(666, HOSTILE_NAME, 1000, 500_000, 1_000, 1, 3),
];

/// Writes the recording.
pub(crate) fn write(path: &Path) {
    write_as(path, "exact", Interfaces::Known);
}

/// The same machine in light mode: wire bytes are computed, and nothing is known of interfaces.
pub(crate) fn write_computed(path: &Path) {
    write_as(path, "computed", Interfaces::Unknown);
}

#[derive(Clone, Copy)]
enum Interfaces {
    Known,
    Unknown,
}

/// As on a kernel without the tracepoints, of which the words would act on a page which believed them.
fn coverage(quality: &str) -> Coverage {
    let rung = |name: &str, state, detail: Option<&str>| Rung {
        name: name.into(),
        about: format!("how {name} counts"),
        quality: quality.into(),
        state,
        detail: detail.map(Into::into),
        remedy: detail.map(|_| "boot another kernel".into()),
    };
    Coverage {
        engine: "a made-up machine".into(),
        quality: quality.into(),
        hooks: vec![Hook {
            name: "tp_btf/x".into(),
            purpose: "payload".into(),
            attached: true,
            detail: None,
        }],
        blind_spots: vec!["what came before".into()],
        rungs: vec![
            rung("tracepoints", RungState::Refused, Some(HOSTILE_NAME)),
            rung("fentry", RungState::InUse, None),
            rung("packets", RungState::NotTried, Some("a better one counts")),
        ],
    }
}

fn write_as(path: &Path, quality: &str, interfaces: Interfaces) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    let header = json!({
        "format": "bwusage.recording/1",
        "host": HostInfo {
            hostname: "workstation".into(),
            os: "Debian GNU/Linux 13".into(),
            kernel: "6.18.0".into(),
            cpu_count: 8,
            ..HostInfo::default()
        },
        "coverage": coverage(quality),
        "interval_ms": INTERVAL_MS,
    });
    writeln!(file, "{header}").unwrap();
    let mut machine = Machine::default();
    for moment in 0..MOMENTS {
        let mut moment = machine.moment(moment);
        if let Interfaces::Unknown = interfaces {
            moment["sample"]["interfaces"] = json!([]);
        }
        writeln!(file, "{moment}").unwrap();
    }
    file.flush().unwrap();
}

/// Running totals.
#[derive(Default)]
struct Machine {
    counters: [Counters; PROGRAMS.len()],
    cpu_time_ms: [u64; PROGRAMS.len()],
    kernel: Counters,
    rx_bytes: u64,
    tx_bytes: u64,
    disk: DiskIo,
}

impl Machine {
    fn moment(&mut self, moment: u64) -> Value {
        for (index, program) in PROGRAMS.iter().enumerate() {
            let share = wave(moment, index as u64);
            let (rx, tx) = (portion(program.rx_bytes_per_s, share), portion(program.tx_bytes_per_s, share));
            let internet = &mut self.counters[index][Scope::Internet];
            internet.wire.rx_bytes += rx;
            internet.wire.tx_bytes += tx;
            internet.payload.rx_bytes += rx * 95 / 100;
            internet.payload.tx_bytes += tx * 95 / 100;
            self.cpu_time_ms[index] += portion(program.cpu_percent * 10, share);
            self.rx_bytes += rx;
            self.tx_bytes += tx;
        }
        self.kernel[Scope::Lan].wire.rx_bytes += 40;
        self.disk.read_bytes_total += portion(9 * MIB, wave(moment, 3));
        self.disk.write_bytes_total += portion(4 * MIB, wave(moment, 5));
        json!({
            "sample": {
                "processes": PROGRAMS.iter().zip(&self.counters).map(|(program, counters)| json!({
                    "id": program.id(),
                    "counters": counters,
                    "identity": (moment == 0).then(|| program.identity()),
                    "ended": false,
                })).collect::<Vec<_>>(),
                "released": [],
                "residuals": [(ResidualReason::KernelIcmp, self.kernel)],
                "losses": [],
                "tables": [{ "table": "slots", "entries": 300, "capacity": 16_376 }],
                "interfaces": [self.interface()],
                "names": if moment == 0 { json!([["192.0.2.66", HOSTILE_HOST], ["192.0.2.7", "mirror.example"]]) } else { json!([]) },
            },
            "talk": self.talk(),
            "host": {
                "sample": self.host(moment),
                "processes": PROGRAMS.iter().zip(self.cpu_time_ms).map(|(program, cpu_time_ms)| json!({
                    "id": program.id(),
                    "cpu_time_ms": cpu_time_ms,
                    "rss_bytes": program.rss_bytes,
                    "disk_read_bytes": program.rx_bytes_per_s * moment / 900,
                    "disk_write_bytes": program.rx_bytes_per_s * moment / 70,
                })).collect::<Vec<_>>(),
                "appeared": [],
                "ended": [],
            },
        })
    }

    /// The one that leads out. Before the recording began it had moved [`BEFORE_BYTES`] each way.
    fn interface(&self) -> Value {
        let way = |processes: u64, kernel: u64, not_ip: u64| {
            let link_headers = processes / 1000 * 14;
            json!({
                "processes": processes,
                "kernel": kernel,
                "lost": 0,
                "charged_segmentation": 0,
                "frames": processes + kernel + not_ip + link_headers,
                "non_ip": not_ip,
                "forwarded": 0,
                "namespaces": 0,
                "link_headers": link_headers,
                "frame_segmentation": 0,
                "packet_sockets": 0,
            })
        };
        let kernel = self.kernel.total().wire.rx_bytes;
        let (rx, tx) = (way(self.rx_bytes, kernel, NOT_IP_BYTES), way(self.tx_bytes, 0, 0));
        let counted = |way: &Value| BEFORE_BYTES + way["frames"].as_u64().unwrap();
        let counters = json!({"rx_bytes": counted(&rx), "tx_bytes": counted(&tx)});
        json!({"index": 2, "name": INTERFACE, "kind": "device", "rx": rx, "tx": tx, "counters": counters})
    }

    /// Two programs that talk: one that has closed connections too, and the hostile one.
    fn talk(&self) -> Value {
        let of = |index: usize| self.counters[index].total().wire;
        let (browser, hostile) = (of(0), of(PROGRAMS.len() - 1));
        let part = |of: Wire, parts: u64| json!({"rx_bytes": of.rx_bytes / 4 * parts, "tx_bytes": of.tx_bytes / 4 * parts});
        let all = |of: Wire| json!({"rx_bytes": of.rx_bytes, "tx_bytes": of.tx_bytes});
        let socket = |program: &Program, local: &str, remote: &str, moved: Value| {
            json!({
                "process": program.id(),
                "protocol": Protocol::TCP,
                "local": local,
                "remote": remote,
                "inbound": false,
                "state": State::Established,
                "interface": 2,
                "opened_at_unix_ms": 1_795_000_000_000_u64,
                "moved": moved,
            })
        };
        let closed = json!({
            "process": PROGRAMS[0].id(),
            "protocol": Protocol::UDP,
            "remote": "192.0.2.9",
            "port": 443,
            "inbound": false,
            "interface": 2,
            "connections": 3,
            "moved": part(browser, 1),
            "last_at_unix_ms": 1_795_000_000_000_u64,
        });
        let hostile_program = &PROGRAMS[PROGRAMS.len() - 1];
        json!({
            "sockets": [
                socket(&PROGRAMS[0], "10.0.0.2:50000", "192.0.2.7:443", part(browser, 3)),
                socket(hostile_program, "10.0.0.2:50001", "192.0.2.66:80", all(hostile)),
            ],
            "remotes": [closed],
            "processes": [[PROGRAMS[0].id(), all(browser)], [hostile_program.id(), all(hostile)]],
        })
    }

    fn host(&self, moment: u64) -> HostSample {
        let cores: Vec<u32> = (0..8).map(|core| 600 + 78 * wave(moment, core) as u32).collect();
        HostSample {
            cpu_centipercent: Some(cores.iter().sum::<u32>() / 8),
            core_centipercent: cores,
            memory: Some(Memory {
                total_bytes: 16 * 1024 * MIB,
                used_bytes: 6_200 * MIB + 9 * MIB * wave(moment / 3, 1),
                available_bytes: 9_100 * MIB,
                swap_total_bytes: 2_048 * MIB,
                swap_used_bytes: 310 * MIB,
            }),
            disk: Some(self.disk),
            interfaces: vec![Interface {
                name: INTERFACE.into(),
                rx_bytes_total: self.rx_bytes,
                tx_bytes_total: self.tx_bytes,
                ..Interface::default()
            }],
            uptime_ms: Some(273_000_000 + moment * u64::from(INTERVAL_MS)),
            load_centi: Some([84, 71, 66]),
            process_count: Some(312),
        }
    }
}

impl Program {
    fn id(&self) -> ProcessId {
        ProcessId::new(self.pid, u64::from(self.pid) * 10)
    }

    fn identity(&self) -> Value {
        json!({
            "name": self.name,
            "exe": format!("/usr/bin/{}", self.name),
            "command_line": [self.name, "--token=secret"],
            "parent": 1,
            "user": UserId::Uid(self.uid),
            "started_at_unix_ms": 1_795_000_000_000_u64,
            "cgroup": self.cgroup(),
            "desktop": (self.name == "firefox").then(|| json!({"app": "firefox", "title": TITLE, "in_terminal": false})),
        })
    }

    /// Where the service manager put it; the hostile one put itself elsewhere.
    fn cgroup(&self) -> String {
        match self.uid {
            _ if self.name == HOSTILE_NAME => "/".into(),
            1000 => {
                format!("/user.slice/user-1000.slice/user@1000.service/app.slice/app-{}-1.scope", self.name)
            }
            _ => format!("/system.slice/{}.service", self.name),
        }
    }
}

/// A number from 0 to 100 that rises and falls, differently for each `phase`.
fn wave(moment: u64, phase: u64) -> u64 {
    let position = (moment * (2 + phase % 3) + phase * 37) % 120;
    let triangle = if position < 60 { position } else { 120 - position };
    let tremor = moment.wrapping_mul(2_654_435_761).wrapping_add(phase * 40_503) >> 7 & 15;
    (triangle * 85 / 60 + tremor).min(100)
}

/// What `percent` of `per_s` comes to in one interval.
fn portion(per_s: u64, percent: u64) -> u64 {
    per_s * percent / 100 * u64::from(INTERVAL_MS) / 1000
}
