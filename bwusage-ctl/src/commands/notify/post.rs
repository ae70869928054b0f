//! What a courier needs of the world: the destination, the cursor, the log, the clock.

use std::{
    cell::Cell,
    time::{SystemTime, UNIX_EPOCH},
};

use bwusage_proto::{
    format,
    notify::{
        Cursor, Notice,
        courier::{Report, World},
    },
    text,
};

use super::tell;
use crate::{
    failure,
    notify::{Undelivered, config::Destination},
};

pub(super) struct Post<'a> {
    pub(super) destination: &'a Destination,
    pub(super) cursor: &'a Cursor,
    pub(super) failed: &'a Cell<bool>,
    pub(super) is_verbose: bool,
    pub(super) now: fn() -> SystemTime,
}

impl World for Post<'_> {
    type Why = Undelivered;

    fn wants(&self, notice: &Notice) -> bool {
        self.destination.wants(notice)
    }

    async fn deliver(&self, notice: &Notice) -> Result<(), Undelivered> {
        self.destination.way.deliver(notice).await
    }

    fn remember(&self, event: u64) {
        if let Err(error) = self.cursor.advance(&self.destination.name, event) {
            tell(&format!("{}; after a restart it may be told again", failure::chain(&error)));
        }
    }

    fn report(&self, report: Report<'_, Undelivered>) {
        let name = &self.destination.name;
        match report {
            Report::Delivered(notice) if self.is_verbose => tell(&format!("{name}: {}", notice.title)),
            Report::Delivered(_) => {}
            Report::Retry { notice, why, pause } => {
                self.failed.set(true);
                let pause = format::duration(pause);
                tell(&format!("{name}: event {}: {}; again in {pause}", notice.event, reason(why)));
            }
            Report::GivenUp { notice, why } => {
                self.failed.set(true);
                tell(&format!("{name}: event {} is not told: {}", notice.event, reason(why)));
            }
            Report::Missed(notices) => {
                self.failed.set(true);
                tell(&format!(
                    "{name}: {notices} events are not told, it is too slow; see: bwusage-ctl alerts log"
                ));
            }
        }
    }

    fn now_unix_ms(&self) -> u64 {
        (self.now)().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
    }
}

/// Why, and what to do about it.
pub(super) fn reason(why: &Undelivered) -> String {
    let why_not = failure::chain(why);
    let reason = match why.hint() {
        Some(hint) => format!("{why_not} ({hint})"),
        None => why_not,
    };
    text::escape(&reason).into_owned()
}
