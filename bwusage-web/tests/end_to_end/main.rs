//! The real web server in front of the real daemon, which plays a recording.

mod api;
#[path = "../../../bwusaged/tests/support/daemon_program.rs"]
mod daemon_program;
mod dashboard;
mod deliveries;
mod devtools;
mod door;
mod openapi;
mod page;
mod prometheus;
mod quality;
mod recording;
#[path = "../../../bwusage-ctl/tests/support/schema.rs"]
mod schema;
mod server;
mod servers;
