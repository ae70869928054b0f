//! Notices on their way, for all destinations together: each takes them at its own speed.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use tokio::sync::watch;

use super::Notice;

/// Notices that are kept for the slowest destination. Whoever is further behind is told how many it missed.
const CAPACITY: usize = 1_000;

/// What still comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// More notices.
    Open,
    /// No more than there are: each is tried once.
    Draining,
    /// The program ends: what is under way is finished, nothing is begun.
    Stopping,
}

/// What a destination has to do next.
#[derive(Debug, PartialEq)]
pub enum Next {
    /// Deliver this.
    Notice(Rc<Notice>),
    /// So many were given up because this destination was too slow for them; the last had this number.
    Missed {
        /// How many.
        notices: u64,
        /// The last of them.
        last: u64,
    },
    /// Nothing comes any more.
    End,
}

/// The notices, oldest first.
#[derive(Debug)]
pub struct Backlog {
    waiting: RefCell<Waiting>,
    stage: watch::Sender<Stage>,
    added: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Waiting {
    kept: VecDeque<Rc<Notice>>,
    /// Numbers of notices that were given up since the start, oldest first, and how many that makes: a destination is
    /// told only of those that it had not delivered.
    given_up: VecDeque<u64>,
}

impl Default for Backlog {
    fn default() -> Self {
        Self::new()
    }
}

impl Backlog {
    /// Without any.
    #[must_use]
    pub fn new() -> Self {
        Self {
            waiting: RefCell::default(),
            stage: watch::Sender::new(Stage::Open),
            added: watch::Sender::new(0),
        }
    }

    /// Adds the newest notice.
    pub fn push(&self, notice: Notice) {
        let event = notice.event;
        let mut waiting = self.waiting.borrow_mut();
        waiting.kept.push_back(Rc::new(notice));
        if waiting.kept.len() > CAPACITY
            && let Some(oldest) = waiting.kept.pop_front()
        {
            waiting.given_up.push_back(oldest.event);
            if waiting.given_up.len() > CAPACITY {
                waiting.given_up.pop_front();
            }
        }
        drop(waiting);
        self.added.send_replace(event);
    }

    /// Goes on to `stage`; never back.
    pub fn enter(&self, stage: Stage) {
        self.stage.send_if_modified(|now| {
            let is_later = stage > *now;
            *now = stage.max(*now);
            is_later
        });
    }

    /// What still comes.
    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Waits until the program ends.
    pub async fn stopping(&self) {
        // The sender lives as long as this.
        let _ = self.stage.subscribe().wait_for(|stage| *stage == Stage::Stopping).await;
    }

    /// Waits for what follows on the event numbered `delivered`.
    pub async fn after(&self, delivered: u64) -> Next {
        let (mut added, mut stage) = (self.added.subscribe(), self.stage.subscribe());
        loop {
            let now = *stage.borrow_and_update();
            if now == Stage::Stopping {
                return Next::End;
            }
            if let Some(next) = self.look(delivered) {
                return next;
            }
            if now == Stage::Draining {
                return Next::End;
            }
            tokio::select! {
                _ = added.changed() => {}
                _ = stage.changed() => {}
            }
        }
    }

    fn look(&self, delivered: u64) -> Option<Next> {
        let waiting = self.waiting.borrow();
        let missed = waiting.given_up.iter().filter(|&&event| event > delivered).count() as u64;
        if let Some(&last) = waiting.given_up.back().filter(|_| missed > 0) {
            return Some(Next::Missed { notices: missed, last });
        }
        let next = waiting.kept.partition_point(|notice| notice.event <= delivered);
        waiting.kept.get(next).map(|notice| Next::Notice(Rc::clone(notice)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::notice::tests::notice;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn event(next: &Next) -> u64 {
        let Next::Notice(notice) = next else { panic!("{next:?}") };
        notice.event
    }

    #[test]
    fn every_destination_gets_each_notice_in_order() {
        let backlog = Backlog::new();
        for event in [3, 5, 9] {
            backlog.push(notice(event));
        }
        block_on(async {
            for delivered in [(0, 3), (3, 5), (4, 5), (5, 9)] {
                assert_eq!(event(&backlog.after(delivered.0).await), delivered.1);
            }
        });
    }

    #[test]
    fn a_waiting_destination_is_woken_by_a_notice() {
        let backlog = Backlog::new();
        let woken = block_on(async {
            let (next, ()) = tokio::join!(backlog.after(0), async { backlog.push(notice(1)) });
            next
        });
        assert_eq!(event(&woken), 1);
    }

    #[test]
    fn draining_ends_after_the_last_and_stopping_at_once() {
        let backlog = Backlog::new();
        backlog.push(notice(1));
        backlog.enter(Stage::Draining);
        block_on(async {
            assert_eq!(event(&backlog.after(0).await), 1);
            assert_eq!(backlog.after(1).await, Next::End);
            backlog.enter(Stage::Stopping);
            assert_eq!(backlog.after(0).await, Next::End);
        });
        backlog.enter(Stage::Open);
        assert_eq!(backlog.stage(), Stage::Stopping, "there is no way back");
    }

    #[test]
    fn whoever_is_too_slow_is_told_how_many_were_missed() {
        let backlog = Backlog::new();
        let most = CAPACITY as u64;
        for event in 1..=most + 3 {
            backlog.push(notice(event));
        }
        block_on(async {
            assert_eq!(backlog.after(0).await, Next::Missed { notices: 3, last: 3 });
            assert_eq!(event(&backlog.after(3).await), 4);
            assert_eq!(event(&backlog.after(most).await), most + 1, "the quick one missed nothing");
        });
    }
}
