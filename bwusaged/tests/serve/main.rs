//! A real daemon that plays a recording, and clients that behave well or badly. No root needed,
//! but to connect as another user.
#![cfg(target_os = "linux")]

mod alerts;
mod cancel;
mod connections;
mod daemon;
mod dry_run;
mod history;

mod access;
mod hostile;
mod lifecycle;
mod read_only;
mod script;
mod stream;
