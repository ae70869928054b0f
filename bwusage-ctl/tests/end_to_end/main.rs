//! The real program, asking a real daemon that plays a recording, and asking where there is none.

mod daemon;
mod program;
mod recording;
mod schema;

mod doctor;
mod failures;
mod help;
mod status;
mod top;
mod watch;
