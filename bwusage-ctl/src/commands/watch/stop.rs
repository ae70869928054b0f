//! Being asked to stop from outside, with the terminal to put back first.

#[cfg(unix)]
#[path = "stop/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "stop/windows.rs"]
mod platform;

pub(super) use platform::Stop;
