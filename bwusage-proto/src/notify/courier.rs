//! Brings notices to one destination: in order, each until it arrived, is refused, or is too old.
//!
//! A destination that does not answer holds up nobody but itself. Pauses between attempts double from a second to five
//! minutes; every notice is tried at least once, and after that until it is a day old.

use std::time::Duration;

use super::{Backlog, Next, Notice, Obstacle, Stage};

/// First pause after an attempt that failed.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// A notice that is older is not tried again.
const WORTH_TELLING: Duration = Duration::from_hours(24);

/// What a courier tells of its work.
#[derive(Debug)]
pub enum Report<'a, Why> {
    /// It arrived.
    Delivered(&'a Notice),
    /// It will be tried again after a pause.
    Retry {
        /// What.
        notice: &'a Notice,
        /// Why it did not arrive.
        why: &'a Why,
        /// After this long.
        pause: Duration,
    },
    /// It will not.
    GivenUp {
        /// What.
        notice: &'a Notice,
        /// Why it did not arrive.
        why: &'a Why,
    },
    /// The destination was too slow for so many.
    Missed(u64),
}

/// What the courier needs of the world.
pub trait World {
    /// Why a notice did not arrive.
    type Why: Obstacle;

    /// Whether the destination is to be told of it at all.
    fn wants(&self, notice: &Notice) -> bool;

    /// Tries once.
    fn deliver(&self, notice: &Notice) -> impl Future<Output = Result<(), Self::Why>>;

    /// Remembers for the next start that everything up to this event is done with.
    fn remember(&self, event: u64);

    /// Tells what happened.
    fn report(&self, report: Report<'_, Self::Why>);

    /// The time, in milliseconds of Unix time.
    fn now_unix_ms(&self) -> u64;
}

/// Delivers what `backlog` holds after the event numbered `delivered`, until nothing comes any more.
pub async fn run(backlog: &Backlog, mut delivered: u64, world: &impl World) {
    loop {
        delivered = match backlog.after(delivered).await {
            Next::End => return,
            Next::Missed { notices, last } => {
                world.remember(last);
                world.report(Report::Missed(notices));
                last
            }
            Next::Notice(notice) => {
                if !world.wants(&notice) {
                    world.remember(notice.event);
                } else if !bring(backlog, &notice, world).await {
                    return;
                }
                notice.event
            }
        };
    }
}

/// Whether `notice` is done with, so or so. That is remembered before it is reported: what is said to have arrived does not
/// arrive again, whenever this ends.
async fn bring(backlog: &Backlog, notice: &Notice, world: &impl World) -> bool {
    let mut pause = FIRST_PAUSE;
    loop {
        let Err(why) = world.deliver(notice).await else {
            world.remember(notice.event);
            world.report(Report::Delivered(notice));
            return true;
        };
        let age = Duration::from_millis(world.now_unix_ms().saturating_sub(notice.at_unix_ms));
        if !why.is_transient() || age >= WORTH_TELLING {
            world.remember(notice.event);
            world.report(Report::GivenUp { notice, why: &why });
            return true;
        }
        let wait = pause.max(why.wait_at_least());
        world.report(Report::Retry { notice, why: &why, pause: wait });
        if backlog.stage() != Stage::Open {
            return false;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = backlog.stopping() => return false,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests;
