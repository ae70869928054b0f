//! Being asked to stop from outside, where something has to be done first.

#[cfg(unix)]
#[path = "stop/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "stop/windows.rs"]
mod platform;

pub(super) use platform::Stop;
