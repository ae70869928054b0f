//! A real daemon that plays a recording, and clients that behave well or badly. No root needed,
//! but to connect as another user.
#![cfg(target_os = "linux")]

mod access;
mod alerts;
mod cancel;
mod connections;
mod daemon;
mod disk;
mod dry_run;
mod history;
mod hostile;
mod lifecycle;
mod script;
mod stream;
