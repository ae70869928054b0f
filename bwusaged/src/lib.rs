//! The privileged half of bwusage: it counts bytes and answers questions about them.
//!
//! Start at [`usage::store`]; everything else feeds it or reads from it.
//!
//! - [`engine`] asks the operating system for bytes per process; which one is decided once, in [`engine::open`].
//! - [`host`] asks for processor, memory, disk and interfaces.
//! - [`cgroup`] reads what the path of a control group says, [`dns`] what a DNS answer says. They are pure too.
//! - [`naming`] adds what files of the system say about a process: its [`desktop`] entry, the name of its container
//!   ([`container_names`]), and whether it has a terminal.
//! - [`usage`] remembers. It is pure: the time is an argument, so every test is instant.
//! - [`history`] keeps what was counted, minute by minute, in a database of its own.
//! - [`alerts`] watches: rules over what is remembered. Pure but for the thread that saves them.
//! - [`calendar`] tells both of them where days and months begin.
//! - [`server`] answers. It never computes a number.
//! - [`daemon`] ties them together, a tick at a time; [`config`] and [`service`] are its surroundings, and
//!   [`privilege`] gives away what it does not need any more.
//!
//! Invariant: a byte is counted against the process that moved it, or reported under a named residual. Never guessed.

pub mod alerts;
pub mod calendar;
pub mod cgroup;
pub mod cli;
pub mod config;
pub mod container_names;
pub mod daemon;
pub mod desktop;
pub mod dns;
pub mod engine;
pub mod history;
pub mod host;
mod memory;
pub mod naming;
pub mod privilege;
pub mod record;
pub mod server;
pub mod service;
pub mod usage;
