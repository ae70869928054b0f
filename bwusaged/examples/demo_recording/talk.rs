//! Whom the invented programs talk to: hosts and names that are reserved for documentation, and shares that add up.

use std::net::{IpAddr, SocketAddr};

use bwusage_proto::{
    connection::{Moved, Protocol, State},
    process::ProcessId,
};
use bwusaged::engine::{RemoteSample, SocketSample, Talk};

/// Names that the machine asked for, with the addresses that it got.
pub(super) const NAMES: &[(&str, &str)] = &[
    ("198.51.100.10", "www.example.org"),
    ("2001:db8::10", "www.example.org"),
    ("198.51.100.23", "media.example.net"),
    ("198.51.100.40", "cdn.example.com"),
    ("198.51.100.77", "push.example.net"),
    ("198.51.100.80", "deb.example.org"),
    ("198.51.100.123", "ntp.example.org"),
    ("198.51.100.94", "vpn.example.org"),
    ("192.0.2.20", "nas.example.net"),
];

/// Numbers of the interfaces.
const LOOPBACK: u32 = 1;
const ETHERNET: u32 = 2;
const TUNNEL: u32 = 9;

/// What a program has to do with one remote host.
enum Line {
    /// An open socket: protocol, both ends, whether the other side began, age in seconds, hundredths of the program's bytes.
    Open(Protocol, &'static str, &'static str, bool, u64, u64),
    /// A socket that waits for others.
    Waits(Protocol, &'static str),
    /// Sockets that are closed or have no peer: protocol, host, port, whether the other side began, how many, hundredths.
    Closed(Protocol, &'static str, u16, bool, u64, u64),
}
use Line::{Closed, Open, Waits};

const TCP: Protocol = Protocol::TCP;
const UDP: Protocol = Protocol::UDP;

/// Lines by program. What is missing to 100 is not itemised.
#[rustfmt::skip]
const LINES: &[(&str, &[Line])] = &[
    ("firefox", &[
        Open(TCP, "192.0.2.15:51544", "198.51.100.10:443", false, 1260, 44),
        Open(UDP, "192.0.2.15:40112", "198.51.100.23:443", false, 412, 30),
        Open(TCP, "[2001:db8:1::15]:51602", "[2001:db8::10]:443", false, 95, 10),
        Closed(TCP, "198.51.100.40", 443, false, 12, 9),
        Closed(TCP, "198.51.100.99", 443, false, 3, 6),
    ]),
    ("Socket Process", &[
        Open(TCP, "192.0.2.15:51720", "198.51.100.77:443", false, 5400, 72),
        Closed(TCP, "198.51.100.40", 443, false, 4, 28),
    ]),
    ("python3", &[Open(TCP, "192.0.2.15:38200", "192.0.2.20:22", false, 640, 100)]),
    ("apt-get", &[Open(TCP, "192.0.2.15:44310", "198.51.100.80:80", false, 58, 100)]),
    ("sshd", &[Waits(TCP, "[::]:22"), Open(TCP, "192.0.2.15:22", "192.0.2.33:51022", true, 7300, 100)]),
    ("node", &[
        Waits(TCP, "[::]:443"),
        Open(TCP, "192.0.2.15:443", "198.51.100.201:60114", true, 12, 20),
        Open(TCP, "192.0.2.15:443", "198.51.100.202:52871", true, 4, 15),
        Open(TCP, "[2001:db8:1::15]:443", "[2001:db8:aa::7]:49820", true, 31, 15),
        Closed(TCP, "198.51.100.203", 443, true, 310, 30),
        Closed(TCP, "198.51.100.204", 443, true, 77, 18),
    ]),
    ("postgres", &[Waits(TCP, "127.0.0.1:5432"), Open(TCP, "127.0.0.1:5432", "127.0.0.1:48012", true, 86_000, 100)]),
    ("systemd-resolve", &[Waits(UDP, "127.0.0.53:53"), Closed(UDP, "192.0.2.1", 53, false, 640, 100)]),
    ("chronyd", &[Open(UDP, "192.0.2.15:41123", "198.51.100.123:123", false, 90_000, 100)]),
    ("syncthing", &[
        Waits(TCP, "[::]:22000"),
        Open(TCP, "192.0.2.15:22000", "192.0.2.44:22000", true, 3900, 96),
        Closed(UDP, "192.0.2.44", 21027, true, 0, 4),
    ]),
    ("openvpn", &[Open(UDP, "192.0.2.15:48211", "198.51.100.94:1194", false, 88_000, 100)]),
    ("dockerd", &[Closed(TCP, "127.0.0.1", 2375, true, 18, 100)]),
];

/// A program at one moment.
pub(super) struct Program {
    pub(super) id: ProcessId,
    pub(super) name: &'static str,
    pub(super) moved: Moved,
    pub(super) ended: bool,
}

/// Who talks to whom at `now`.
pub(super) fn talk(programs: &[Program], now_unix_ms: u64) -> Talk {
    let mut talk = Talk::default();
    for program in programs {
        talk.processes.push((program.id, program.moved));
        let lines = LINES.iter().find(|(name, _)| *name == program.name).map_or(&[][..], |(_, lines)| lines);
        for line in lines {
            push(&mut talk, program, line, now_unix_ms);
        }
    }
    talk
}

fn push(talk: &mut Talk, program: &Program, line: &Line, now_unix_ms: u64) {
    let share = |hundredths: u64| Moved {
        rx_bytes: program.moved.rx_bytes / 100 * hundredths,
        tx_bytes: program.moved.tx_bytes / 100 * hundredths,
    };
    let interface = |remote: IpAddr| match program.name {
        _ if remote.is_loopback() => LOOPBACK,
        "syncthing" => TUNNEL,
        _ => ETHERNET,
    };
    let address = |text: &str| text.parse::<SocketAddr>().expect("an address with a port");
    let closed = |protocol, remote: IpAddr, port, inbound, connections, hundredths| RemoteSample {
        process: program.id,
        protocol,
        remote: Some(remote),
        port,
        inbound,
        interface: Some(interface(remote)),
        connections,
        moved: share(hundredths),
        last_at_unix_ms: now_unix_ms,
    };
    match *line {
        Open(protocol, _, remote, inbound, _, hundredths) if program.ended => {
            let remote = address(remote);
            talk.remotes.push(closed(protocol, remote.ip(), remote.port(), inbound, 1, hundredths));
        }
        Open(protocol, local, remote, inbound, age_s, hundredths) => talk.sockets.push(SocketSample {
            process: Some(program.id),
            protocol,
            local: address(local),
            remote: Some(address(remote)),
            inbound: Some(inbound),
            state: State::Established,
            interface: Some(interface(address(remote).ip())),
            opened_at_unix_ms: Some(now_unix_ms - age_s * 1000),
            moved: share(hundredths),
        }),
        Waits(protocol, local) => talk.sockets.push(SocketSample {
            process: Some(program.id),
            protocol,
            local: address(local),
            remote: None,
            inbound: None,
            state: if protocol == TCP { State::Listen } else { State::Open },
            interface: None,
            opened_at_unix_ms: None,
            moved: Moved::default(),
        }),
        Closed(protocol, remote, port, inbound, connections, hundredths) => {
            let remote = remote.parse().expect("an address");
            talk.remotes.push(closed(protocol, remote, port, inbound, connections, hundredths));
        }
    }
}
