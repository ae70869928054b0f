//! The real program, asking a real daemon that plays a recording, and asking where there is none.
//!
//! On Unix only: the tests name sockets by their paths, and kill a daemon as `kill -9` does.
#![cfg(unix)]

mod daemon;
#[path = "../../../bwusaged/tests/support/daemon_program.rs"]
mod daemon_program;
mod program;
mod quality;
mod recording;
mod schema;

mod alerts;
mod connections;
#[cfg(target_os = "linux")]
mod desktop;
mod doctor;
mod export;
mod failures;
mod help;
mod history;
mod ledger;
mod notify;
mod status;
mod terminal;
mod top;
mod unit;
mod watch;
