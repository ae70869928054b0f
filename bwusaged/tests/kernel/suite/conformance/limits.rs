//! How far the figures of a case may be off, by the way of counting.

use std::env;

use super::super::daemon::ENGINE_VARIABLE;

/// Which share of payload, cable and names may be wrong.
#[derive(Debug, Clone, Copy)]
pub(in crate::suite) struct Limits {
    pub(super) payload: f64,
    pub(super) wire: f64,
    pub(super) misnamed: f64,
}

pub(super) const EXACT: Limits = Limits { payload: 0.001, wire: 0.001, misnamed: 0.001 };

/// Unless a case says otherwise. The options of selective acknowledgements are not seen: measured 0.02 % at most on a cable that
/// loses nothing, more the more packets overtake each other.
pub(super) const LIGHT: Limits = Limits { wire: 0.002, ..EXACT };

/// Whatever it finds: how much that is depends on the moment at which it looks.
const CHANCE: Limits = Limits { payload: f64::INFINITY, wire: f64::INFINITY, misnamed: f64::INFINITY };

/// The payload is not what the program counts.
const WIRE_ONLY: Limits = Limits { payload: f64::INFINITY, wire: 0.001, misnamed: f64::INFINITY };

/// Cases in which the engine that compares packets with sockets is less than exact, and why.
const SAMPLED: &[(&str, Limits)] = &[
    // The socket, or the process, is gone before anybody looks, more often the busier the machine is.
    ("short connections, client closes", CHANCE),
    ("short connections, server closes", CHANCE),
    ("the same, client closes later", CHANCE),
    ("written just before the exit", CHANCE),
    ("closed before anybody read it", CHANCE),
    ("2,000 connections a second", CHANCE),
    ("TCP Fast Open", CHANCE),
    ("connect() refused", CHANCE),
    ("SYN to a host that never answers", CHANCE),
    ("a process number used again", CHANCE),
    ("another network namespace (unshare)", CHANCE),
    // Several processes have the socket, or take turns faster than anybody looks.
    ("prefork server, children accept", CHANCE),
    ("parent accepts and forks, child serves", CHANCE),
    ("SO_REUSEPORT group of processes", CHANCE),
    ("SCM_RIGHTS from dispatcher to worker", CHANCE),
    ("child uses the parent's connection", CHANCE),
    ("child uses it, in one call", CHANCE),
    ("child receives on the parent's UDP socket", CHANCE),
    ("child sends on the parent's UDP socket", CHANCE),
    ("QUIC-like, a server of many peers", CHANCE),
    ("multicast, one sender and two receivers", CHANCE),
    ("broadcast", CHANCE),
    ("exec under a new name", CHANCE),
    // Their sockets are in no list that is read.
    ("DCCP", CHANCE),
    ("SCTP", CHANCE),
    ("AF_PACKET send", CHANCE),
    ("raw IP, protocol TCP", CHANCE),
    // The program counts headers too, or what it did not keep, or what the kernel adds.
    ("ICMP echo (raw socket)", WIRE_ONLY),
    ("raw IP, protocol 253", WIRE_ONLY),
    ("kTLS", WIRE_ONLY),
    ("UDP with MSG_PEEK, then MSG_TRUNC", WIRE_ONLY),
];

/// The limits of the case called `name`, for that engine.
pub(super) fn sampled(name: &str) -> Limits {
    SAMPLED.iter().find(|(case, _)| *case == name).map_or(EXACT, |(_, limits)| *limits)
}

/// Whether the engine counts in its own network namespace only.
pub(super) fn sees_one_namespace() -> bool {
    env::var_os(ENGINE_VARIABLE).is_some_and(|engine| engine == "packets")
}
