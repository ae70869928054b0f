//! History against real files: sums, faults, and a writer that is killed.

mod faults;
#[cfg(target_os = "linux")]
mod killed;
mod machine;
mod phone;
mod remotes;
mod sums;
