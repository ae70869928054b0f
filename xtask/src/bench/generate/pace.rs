//! So much a second, and not more.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Between two looks at the clock: long enough to sleep in, short enough for no buffer to run over.
const BEAT: Duration = Duration::from_millis(1);

/// Lets things happen at an even speed.
pub(super) struct Pace {
    start: Instant,
    span: Duration,
    per_s: f64,
    done: f64,
}

impl Pace {
    pub(super) fn new(span: Duration, per_s: f64) -> Self {
        Self { start: Instant::now(), span, per_s, done: 0.0 }
    }

    /// Waits until something is due. Says how much; `None` at the end, when all of it was due once.
    pub(super) fn due(&mut self) -> Option<f64> {
        loop {
            let elapsed = self.start.elapsed().min(self.span);
            let due = (elapsed.as_secs_f64() * self.per_s).floor() - self.done;
            if due >= 1.0 {
                self.done += due;
                return Some(due);
            }
            if elapsed == self.span {
                return None;
            }
            thread::sleep(BEAT);
        }
    }
}
