//! The daemon on a real kernel: real traffic, counted to the byte, under the right name.
//!
//! Needs root and a few programs; where they are missing the tests are reported as ignored, in continuous integration as
//! failed. Every test makes a network of its own out of two namespaces and a cable between them, and a daemon of its own, so
//! that tests can run beside each other and beside the machine's own daemon.
//!
//! How much traffic there was is known independently: the processes that make it ([`suite::generator`]) count what they send
//! and receive, and the interface at the far end of the cable counts what passes.

use std::process::ExitCode;

#[cfg(target_os = "linux")]
mod suite;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    suite::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    ExitCode::SUCCESS
}
