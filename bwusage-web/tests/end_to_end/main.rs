//! The real web server in front of the real daemon, which plays a recording.

mod devtools;
mod page;
mod recording;
mod server;
mod servers;
