//! What remembers: totals become growth, rates, rows and windows. Pure: no file, no socket, no clock; the time is an
//! argument, so every test is instant.

pub mod apps;
pub mod category;
pub mod family;
pub mod ledger;
pub mod meter;
pub mod recent;
pub mod remotes;
pub mod row;
pub mod store;

/// One moment in both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Wall clock, milliseconds of Unix time. May jump; only shown.
    pub unix_ms: u64,
    /// Steady clock, milliseconds since any fixed moment. Spans are measured with this one.
    pub steady_ms: u64,
}
