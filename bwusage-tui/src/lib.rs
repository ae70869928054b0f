//! The terminal client of bwusage: which program uses the network right now, and how much.
//!
//! Start at [`app`], the pure model: [`app::App::update`] takes every event and answers with effects. Around it:
//!
//! - [`rows`] turns the daemon's state into lines and cards; nothing else reads wire types.
//! - [`view`] draws the model and decides nothing.
//! - [`keys`] is the one table of keys, printed by the footer and by the help overlay.
//! - [`feed`] follows the daemon, [`resolver`] looks up names of hosts, [`terminal`] owns the terminal, [`run`] connects them to the model.
//!
//! Invariant: a text that somebody else chose reaches the screen only through [`bwusage_proto::text::escape`].

pub mod app;
pub mod cli;
pub mod feed;
pub mod field;
pub mod filter_bar;
pub mod keys;
pub mod resolver;
pub mod rows;
pub mod run;
pub mod terminal;
pub mod view;
