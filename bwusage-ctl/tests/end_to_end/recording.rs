//! A recording of one moment: a small machine of which every number is known, and which then stands still.

use std::{fs, path::Path};

use bwusage_proto::{
    process::{ProcessId, UserId},
    snapshot::{Coverage, HostInfo, HostSample, ResidualReason, Rung, RungState},
    units::{Counters, Scope},
};
use serde_json::{Map, Value, json};

/// A name that would clear the screen, turn the reading direction and begin a formula.
pub(crate) const HOSTILE_NAME: &str = "=evil,\x1b[2J\u{202e}\u{9b}txt";

/// Received by curl: payload, and on the wire with 40 bytes of headers for every 1,448.
pub(crate) const CURL_PAYLOAD: u64 = 100_000_000;
pub(crate) const CURL_WIRE: u64 = 102_762_440;
pub(crate) const CURL_PID: u32 = 4242;
/// Of these, over the first open connection, over closed ones, and not itemised.
pub(crate) const CURL_OPEN_RX: u64 = 100_000_000;
pub(crate) const CURL_CLOSED_RX: u64 = 2_000_000;
pub(crate) const CURL_REST_RX: u64 = CURL_WIRE - CURL_OPEN_RX - 2_440 - CURL_CLOSED_RX;
/// Both processes of firefox together.
pub(crate) const FIREFOX_RX: u64 = 3_500_000;
/// In no unit, no container and no terminal.
pub(crate) const HIDDEN_PID: u32 = 400;
pub(crate) const HIDDEN_RX: u64 = 68;
/// ICMP that no process sent.
pub(crate) const KERNEL_RX: u64 = 840;

/// Received by eth0: [`CURL_WIRE`] for the process that carries tun0, what has another reason, and all before the daemon.
pub(crate) const ETH0_RX: u64 = CURL_WIRE + KERNEL_RX + ETH0_OTHER_RX + ETH0_BEFORE;
/// ARP, and link headers.
pub(crate) const ETH0_OTHER_RX: u64 = 4_200 + 966_840;
/// What it had received before.
pub(crate) const ETH0_BEFORE: u64 = 5_000_000_000;

/// The container of the process with the [`HOSTILE_NAME`].
pub(crate) const CONTAINER_ID: &str = "4b1c9e0f2a7d5c3e8f6a1b0d9c7e5f3a2b4d6c8e0f1a3b5d7c9e2f4a6b8d0c1e";

pub(crate) fn write(path: &Path) {
    write_as(path, "exact", &[eth0(), tun0()]);
}

/// As in light mode.
pub(crate) fn write_computed(path: &Path) {
    write_as(path, "computed", &[]);
}

fn write_as(path: &Path, quality: &str, interfaces: &[Value]) {
    let header = json!({
        "format": "bwusage.recording/1",
        "host": HostInfo { hostname: "web01".into(), boot_id: Some("b00t".into()), ..HostInfo::default() },
        "coverage": coverage(quality),
        "interval_ms": 100,
    });
    let curl = process(CURL_PID, "curl", "curl", Scope::Internet, CURL_WIRE, CURL_PAYLOAD);
    let moment = json!({
        "sample": {
            "processes": [
                curl,
                process(100, "firefox", "firefox", Scope::Internet, 3_000_000, 2_900_000),
                process(101, "Web Content", "firefox", Scope::Lan, 500_000, 480_000),
                process(200, HOSTILE_NAME, "evil", Scope::Loopback, 1_000, 960),
                process(300, "idle", "idle", Scope::Lan, 0, 0),
                process(HIDDEN_PID, "hidden", "hidden", Scope::Internet, HIDDEN_RX, 40),
                process(401, "hidden", "hidden", Scope::Internet, 0, 0),
            ],
            "released": [],
            "residuals": [(ResidualReason::KernelIcmp, counters(Scope::Lan, KERNEL_RX, 0))],
            "losses": [],
            "interfaces": interfaces,
            "names": [("198.51.100.7", "files.example.org"), ("2001:db8::7", "files.example.org")],
        },
        "talk": talk(),
        "host": {
            "sample": HostSample::default(),
            "processes": [{ "id": id(CURL_PID), "cpu_time_ms": 10, "rss_bytes": 8_388_608, "disk_read_bytes": 0, "disk_write_bytes": 0 }],
            "appeared": [],
            "ended": [],
            "carriers": [(id(CURL_PID), "tun0")],
        },
    });
    fs::write(path, format!("{header}\n{moment}\n")).unwrap();
}

/// As on a kernel without the tracepoints: its words are as hostile as a name can be.
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
        rungs: vec![
            rung("tracepoints", RungState::Refused, Some(HOSTILE_NAME)),
            rung("fentry", RungState::InUse, None),
            rung("packets", RungState::NotTried, None),
        ],
        ..Coverage::default()
    }
}

/// What curl moved: over two connections to one host, over closed ones to another, and the rest.
fn talk() -> Value {
    let socket = |process: Option<u32>,
                  local: &str,
                  remote: Option<&str>,
                  inbound,
                  state: &str,
                  rx_bytes: u64| {
        json!({
            "process": process.map(id), "protocol": 6, "local": local, "remote": remote, "inbound": inbound, "state": state,
            "interface": 2, "opened_at_unix_ms": 1_795_000_001_000_u64, "moved": { "rx_bytes": rx_bytes, "tx_bytes": 0 },
        })
    };
    let closed = json!({
        "process": id(CURL_PID), "protocol": 6, "remote": "198.51.100.9", "port": 80, "inbound": false, "interface": 2,
        "connections": 12, "moved": { "rx_bytes": CURL_CLOSED_RX, "tx_bytes": 0 }, "last_at_unix_ms": 1_795_000_002_000_u64,
    });
    json!({
        "sockets": [
            socket(Some(CURL_PID), "192.0.2.15:50000", Some("198.51.100.7:443"), Some(false), "established", CURL_OPEN_RX),
            socket(Some(CURL_PID), "[2001:db8:1::15]:50001", Some("[2001:db8::7]:443"), Some(false), "close_wait", 2_440),
            socket(Some(200), "192.0.2.15:8080", Some("192.0.2.44:50505"), Some(true), "established", 1_000),
            socket(None, "[::]:22", None, None::<bool>, "listen", 0),
        ],
        "remotes": [closed],
        "processes": [
            (id(CURL_PID), { json!({ "rx_bytes": CURL_WIRE, "tx_bytes": 0 }) }),
            (id(200), { json!({ "rx_bytes": 1_000, "tx_bytes": 0 }) }),
        ],
    })
}

fn eth0() -> Value {
    let link_headers = ETH0_OTHER_RX - 4_200;
    interface(
        2,
        "eth0",
        "device",
        ETH0_RX,
        &json!({
            "processes": CURL_WIRE, "kernel": KERNEL_RX, "lost": 0, "charged_segmentation": 0, "frame_segmentation": 0,
            "frames": ETH0_RX - ETH0_BEFORE, "non_ip": 4_200, "forwarded": 0, "namespaces": 0, "link_headers": link_headers,
            "packet_sockets": 0,
        }),
    )
}

fn tun0() -> Value {
    interface(
        5,
        "tun0",
        "user_tunnel",
        FIREFOX_RX,
        &json!({
            "processes": FIREFOX_RX, "kernel": 0, "lost": 0, "charged_segmentation": 0, "frame_segmentation": 0,
            "frames": FIREFOX_RX, "non_ip": 0, "forwarded": 0, "namespaces": 0, "link_headers": 0, "packet_sockets": 0,
        }),
    )
}

fn interface(index: u32, name: &str, kind: &str, counter: u64, rx: &Value) -> Value {
    let nothing: Map<String, Value> =
        rx.as_object().unwrap().keys().map(|key| (key.clone(), 0.into())).collect();
    json!({
        "index": index, "name": name, "kind": kind, "rx": rx, "tx": nothing,
        "counters": { "rx_bytes": counter, "tx_bytes": 0 },
    })
}

fn id(pid: u32) -> ProcessId {
    ProcessId::new(pid, pid.into())
}

fn counters(scope: Scope, rx_wire: u64, rx_payload: u64) -> Counters {
    let mut counters = Counters::default();
    counters[scope].wire.rx_bytes = rx_wire;
    counters[scope].wire.rx_packets = rx_wire.div_ceil(1_488);
    counters[scope].payload.rx_bytes = rx_payload;
    counters
}

/// Where `program` runs, as systemd and docker would name it.
fn cgroup(program: &str) -> Option<String> {
    match program {
        "curl" => Some("/system.slice/backup.service".into()),
        "evil" => Some(format!("/system.slice/docker-{CONTAINER_ID}.scope")),
        // A daemon that nobody's service manager started.
        "hidden" => Some("/".into()),
        _ => None,
    }
}

fn process(pid: u32, name: &str, program: &str, scope: Scope, rx_wire: u64, rx_payload: u64) -> Value {
    json!({
        "id": id(pid),
        "counters": counters(scope, rx_wire, rx_payload),
        "identity": {
            "name": name,
            "exe": format!("/usr/bin/{program}"),
            "command_line": [program, "--flag"],
            "parent": 1,
            // A user whom no system knows, so that every machine shows the same.
            "user": UserId::Uid(3_999_999_999),
            "started_at_unix_ms": 1_795_000_000_000_u64,
            "cgroup": cgroup(program),
            "terminal": (program == "firefox").then_some(true),
            "desktop": (program == "firefox").then(|| json!({ "app": "firefox", "title": "Firefox Web Browser", "in_terminal": false })),
        },
        "ended": false,
    })
}
