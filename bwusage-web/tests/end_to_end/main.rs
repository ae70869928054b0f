//! The real web server in front of the real daemon, which plays a recording.

mod api;
#[path = "../../../bwusaged/tests/support/daemon_program.rs"]
mod daemon_program;
mod dashboard;
mod devtools;
mod door;
mod page;
mod prometheus;
mod quality;
mod recording;
mod server;
mod servers;
