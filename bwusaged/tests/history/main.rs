//! History against real files: sums, faults, and a writer that is killed.

#[cfg(unix)]
mod killed;
mod faults;
mod machine;
mod sums;
