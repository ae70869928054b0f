use std::cell::{Cell, RefCell};

use super::*;
use crate::notify::notice::tests::notice;

/// The exit status of a destination that wants to be tried again.
const TRY_AGAIN: i32 = 75;

/// Why it did not arrive.
struct Exit(i32);

impl Obstacle for Exit {
    fn is_transient(&self) -> bool {
        self.0 == TRY_AGAIN
    }

    fn wait_at_least(&self) -> Duration {
        Duration::ZERO
    }
}

/// A world in which attempts have the outcomes that a test lists; later ones succeed.
struct Scripted<'a> {
    backlog: &'a Backlog,
    outcomes: RefCell<Vec<Option<i32>>>,
    now_unix_ms: u64,
    unwanted: Option<u64>,
    tried: RefCell<Vec<u64>>,
    remembered: Cell<u64>,
    /// What was remembered at each report.
    remembered_before: RefCell<Vec<u64>>,
    log: RefCell<Vec<String>>,
    /// Stops after so many attempts.
    stop_after: Option<usize>,
}

impl<'a> Scripted<'a> {
    fn new(backlog: &'a Backlog, outcomes: &[Option<i32>]) -> Self {
        let mut outcomes = outcomes.to_vec();
        outcomes.reverse();
        Self {
            backlog,
            outcomes: RefCell::new(outcomes),
            now_unix_ms: 0,
            unwanted: None,
            tried: RefCell::default(),
            remembered: Cell::new(0),
            remembered_before: RefCell::default(),
            log: RefCell::default(),
            stop_after: None,
        }
    }

    fn log(&self) -> Vec<String> {
        self.log.borrow().clone()
    }
}

impl World for Scripted<'_> {
    type Why = Exit;

    fn wants(&self, notice: &Notice) -> bool {
        Some(notice.event) != self.unwanted
    }

    async fn deliver(&self, notice: &Notice) -> Result<(), Exit> {
        self.tried.borrow_mut().push(notice.event);
        if self.stop_after == Some(self.tried.borrow().len()) {
            self.backlog.enter(Stage::Stopping);
        }
        match self.outcomes.borrow_mut().pop().flatten() {
            Some(code) => Err(Exit(code)),
            None => Ok(()),
        }
    }

    fn remember(&self, event: u64) {
        self.remembered.set(event);
    }

    fn report(&self, report: Report<'_, Exit>) {
        self.remembered_before.borrow_mut().push(self.remembered.get());
        self.log.borrow_mut().push(match report {
            Report::Delivered(notice) => format!("{} arrived", notice.event),
            Report::Retry { notice, pause, .. } => {
                format!("{} again in {}s", notice.event, pause.as_secs())
            }
            Report::GivenUp { notice, .. } => format!("{} given up", notice.event),
            Report::Missed(notices) => format!("{notices} missed"),
        });
    }

    fn now_unix_ms(&self) -> u64 {
        self.now_unix_ms
    }
}

const AGAIN: Option<i32> = Some(TRY_AGAIN);
const REFUSED: Option<i32> = Some(1);

fn backlog(events: &[u64]) -> Backlog {
    let backlog = Backlog::new();
    for &event in events {
        backlog.push(notice(event));
    }
    backlog
}

/// Runs to the end with all pauses skipped.
fn block_on(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(future);
}

#[test]
fn what_fails_for_now_is_tried_again_and_holds_its_place() {
    let backlog = backlog(&[1, 2]);
    let world = Scripted::new(&backlog, &[AGAIN, AGAIN, AGAIN, None]);
    block_on(async {
        tokio::select! {
            () = run(&backlog, 0, &world) => {}
            () = tokio::time::sleep(Duration::from_hours(1)) => {}
        }
    });
    let expected = ["1 again in 1s", "1 again in 2s", "1 again in 4s", "1 arrived", "2 arrived"];
    assert_eq!((world.log(), world.remembered.get()), (expected.map(String::from).to_vec(), 2));
}

#[test]
fn pauses_grow_to_five_minutes_and_no_further() {
    let backlog = backlog(&[1]);
    let world = Scripted::new(&backlog, &[AGAIN; 12]);
    block_on(async {
        tokio::select! {
            () = run(&backlog, 0, &world) => {}
            () = tokio::time::sleep(Duration::from_hours(2)) => {}
        }
    });
    assert_eq!(world.log()[8..11], ["1 again in 256s", "1 again in 300s", "1 again in 300s"]);
}

#[test]
fn what_is_refused_is_done_with_and_the_next_one_is_tried() {
    let backlog = backlog(&[1, 2]);
    backlog.enter(Stage::Draining);
    let world = Scripted::new(&backlog, &[REFUSED, None]);
    block_on(run(&backlog, 0, &world));
    assert_eq!((world.log(), world.remembered.get()), (vec!["1 given up".into(), "2 arrived".into()], 2));
}

#[test]
fn what_is_reported_as_done_is_remembered_already() {
    let backlog = backlog(&[1, 2, 3]);
    backlog.enter(Stage::Draining);
    let world = Scripted::new(&backlog, &[None, REFUSED, AGAIN]);
    block_on(run(&backlog, 0, &world));
    assert_eq!(world.log(), ["1 arrived", "2 given up", "3 again in 1s"]);
    assert_eq!(world.remembered_before.take(), [1, 2, 2]);
}

#[test]
fn a_notice_of_yesterday_is_tried_once() {
    let backlog = backlog(&[1, 2]);
    backlog.enter(Stage::Draining);
    let mut world = Scripted::new(&backlog, &[AGAIN, None]);
    world.now_unix_ms = notice(1).at_unix_ms + WORTH_TELLING.as_millis() as u64;
    block_on(run(&backlog, 0, &world));
    assert_eq!(world.log(), ["1 given up", "2 arrived"]);
}

#[test]
fn what_was_delivered_before_is_not_delivered_again() {
    let backlog = backlog(&[1, 2, 3]);
    backlog.enter(Stage::Draining);
    let world = Scripted::new(&backlog, &[]);
    block_on(run(&backlog, 2, &world));
    assert_eq!(*world.tried.borrow(), [3]);
}

#[test]
fn what_a_destination_does_not_want_is_passed_over_for_good() {
    let backlog = backlog(&[1, 2]);
    backlog.enter(Stage::Draining);
    let mut world = Scripted::new(&backlog, &[]);
    world.unwanted = Some(2);
    block_on(run(&backlog, 0, &world));
    assert_eq!((world.tried.take(), world.remembered.get()), (vec![1], 2));
}

#[test]
fn a_stop_during_an_attempt_still_remembers_that_it_arrived() {
    let backlog = backlog(&[1, 2]);
    let mut world = Scripted::new(&backlog, &[]);
    world.stop_after = Some(1);
    block_on(run(&backlog, 0, &world));
    assert_eq!((world.tried.take(), world.remembered.get()), (vec![1], 1));
}

#[test]
fn what_did_not_arrive_before_a_stop_is_tried_after_the_next_start() {
    let backlog = backlog(&[1]);
    let mut world = Scripted::new(&backlog, &[AGAIN]);
    world.stop_after = Some(1);
    block_on(run(&backlog, 0, &world));
    assert_eq!((world.log(), world.remembered.get()), (vec!["1 again in 1s".into()], 0));
}

#[test]
fn draining_tries_once_and_keeps_what_did_not_arrive() {
    let backlog = backlog(&[1, 2]);
    backlog.enter(Stage::Draining);
    let world = Scripted::new(&backlog, &[None, AGAIN]);
    block_on(run(&backlog, 0, &world));
    assert_eq!((world.tried.take(), world.remembered.get()), (vec![1, 2], 1));
}
