//! From alerts of the daemon to those who want to know, whatever the way to them.
//!
//! A [`Notice`] is an event worded for all of them. [`Backlog`] holds notices on their way, [`courier`] brings each to one
//! destination, in order and until it arrives or is too old, and [`Cursor`] remembers across restarts what arrived. [`Wish`] is what
//! somebody wants to be told of. How somebody is told is not known here, [`courier::World`] does it; but a [`webhook`] is one way
//! of all of them.

mod backlog;
pub mod courier;
mod cursor;
mod notice;
pub mod webhook;
mod wish;
pub use backlog::{Backlog, Next, Stage};
pub use cursor::{Cursor, CursorError};
pub use notice::{Notice, json_line};
pub use wish::{NoWish, Wish, timeout};

use std::time::Duration;

/// Why a notice did not arrive.
pub trait Obstacle {
    /// Whether the same attempt can succeed later.
    fn is_transient(&self) -> bool;

    /// How long the other side wants to be left alone.
    fn wait_at_least(&self) -> Duration;
}
