//! The thread that owns the database: every ten seconds it takes what was counted and stores it.

use std::{
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bwusage_proto::{
    history::{Bucket, HistoryState},
    snapshot::HostSample,
    units::Counters,
};
use jiff::Timestamp;

use super::{
    Settings, book::Instance, collect::Collector, fault, minute::Pending, remotes::Directory,
    seconds::Seconds, store::Keeper,
};
use crate::{
    engine::Talk,
    usage::{Moment, store::Mover},
};

/// What was counted is stored this often.
const FLUSH: Duration = Duration::from_secs(10);
/// So long the daemon's end waits for the last flush.
const LAST_FLUSH: Duration = Duration::from_secs(5);
/// Nothing is forgotten before the clock has been right for so long: one that is wrong for a moment would cost everything.
const TRUSTED: Duration = Duration::from_mins(10);
/// The clocks may differ by so much between two flushes.
const DRIFT: Duration = Duration::from_secs(5);
/// Notes that are kept.
const NOTES: usize = 8;

/// The tick's side of the writer.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What both sides have.
#[derive(Debug)]
struct Shared {
    collector: Mutex<Collector>,
    control: Mutex<Control>,
    changed: Condvar,
    state: Mutex<HistoryState>,
}

#[derive(Debug, Default)]
struct Control {
    stop: bool,
    stopped: bool,
}

impl Writer {
    /// Starts the thread, which opens the database. A fault is told by [`Writer::state`].
    ///
    /// # Errors
    ///
    /// Fails when the system gives no thread.
    pub fn start(settings: Settings, instance: Instance) -> std::io::Result<Self> {
        let state = HistoryState { file: settings.file.display().to_string(), ..HistoryState::default() };
        let shared = Arc::new(Shared {
            collector: Mutex::default(),
            control: Mutex::default(),
            changed: Condvar::new(),
            state: Mutex::new(state),
        });
        let ours = Arc::clone(&shared);
        let work = move || run(&ours, Keeper::new(settings, instance));
        let thread = std::thread::Builder::new().name("history".into()).spawn(work)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Takes in one tick. It waits for nothing but another one that takes what was counted, which is a moment.
    pub fn tick(&self, now: Moment, grown: &[(Mover, Counters)], host: &HostSample) {
        lock(&self.shared.collector).tick(now, grown, host);
    }

    /// Whether it is time to say who talks to whom.
    #[must_use]
    pub fn wants_talk(&self, now: Moment) -> bool {
        lock(&self.shared.collector).wants_talk(now)
    }

    /// Takes in who talks to whom, as [`Collector::talk`].
    pub fn talk(&self, now: Option<Moment>, talk: Option<&Talk>, directory: &impl Directory) {
        lock(&self.shared.collector).talk(now, talk, directory);
    }

    /// Looks at the last minutes, second by second.
    pub fn seconds<T>(&self, look: impl FnOnce(&Seconds) -> T) -> T {
        look(lock(&self.shared.collector).seconds())
    }

    /// How it is doing.
    #[must_use]
    pub fn state(&self) -> HistoryState {
        lock(&self.shared.state).clone()
    }
}

impl Writer {
    /// Why nothing is stored at present.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        lock(&self.shared.state).fault.clone()
    }

    /// Why there is nothing to read; `None` also while the file can be read and not written.
    #[must_use]
    pub fn unreadable(&self) -> Option<String> {
        let state = lock(&self.shared.state);
        state.fault.clone().filter(|_| state.stored_until_unix_s.is_none() && state.oldest_unix_s.is_none())
    }
}

impl Drop for Writer {
    /// Stores what is left. A disk that does not answer is not waited for.
    fn drop(&mut self) {
        let mut control = lock(&self.shared.control);
        control.stop = true;
        self.shared.changed.notify_all();
        let waited = self.shared.changed.wait_timeout_while(control, LAST_FLUSH, |control| !control.stopped);
        let stopped = waited.unwrap_or_else(PoisonError::into_inner).0.stopped;
        if let Some(thread) = self.thread.take().filter(|_| stopped) {
            let _ = thread.join();
        }
    }
}

/// Each value is whole at any time, so a thread that died while it had it left nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(shared: &Shared, mut keeper: Keeper) {
    let mut trust = Trust::new();
    let mut stop = false;
    // At once, so that a fault is known before there is anything to store.
    flush(shared, &mut keeper, Pending::default, trust.look());
    while !stop {
        let control = lock(&shared.control);
        let waited = shared.changed.wait_timeout_while(control, FLUSH, |control| !control.stop);
        stop = waited.unwrap_or_else(PoisonError::into_inner).0.stop;
        flush(shared, &mut keeper, || lock(&shared.collector).take(), trust.look());
    }
    // The database is closed before anybody hears that it is.
    drop(keeper);
    lock(&shared.control).stopped = true;
    shared.changed.notify_all();
}

fn flush(shared: &Shared, keeper: &mut Keeper, take: impl FnMut() -> Pending, trusted: bool) {
    let now = unix_s();
    let set_back_ms = lock(&shared.collector).set_back_ms();
    let outcome = keeper.flush(take, now, trusted);
    let mut notes = keeper.take_notes();
    notes.extend(set_back_ms.map(set_back));
    for note in &notes {
        tracing::warn!("history: {note}");
    }
    let fault = outcome.err().map(|fault| fault.to_string());
    let mut state = lock(&shared.state);
    if let Some(fault) = fault.as_ref().filter(|fault| state.fault.as_ref() != Some(fault)) {
        tracing::error!("history: nothing is stored at present: {fault}");
    } else if fault.is_none() && state.fault.is_some() {
        tracing::info!("history: what is counted is stored again");
    }
    state.size_bytes = fault::size_bytes(Path::new(&state.file));
    let (oldest, until) = keeper.span();
    (state.oldest_unix_s, state.stored_until_unix_s) =
        (oldest.or(state.oldest_unix_s), until.or(state.stored_until_unix_s));
    state.fault = fault;
    let at = Timestamp::from_second(now).unwrap_or_default();
    state.notes.extend(notes.into_iter().map(|note| format!("{at}: {note}")));
    let surplus = state.notes.len().saturating_sub(NOTES);
    state.notes.drain(..surplus);
}

fn set_back(by_ms: u64) -> String {
    let by = bwusage_proto::format::duration(Duration::from_millis(by_ms));
    format!("the clock was set back by {by}: what is counted now is booked at the time that it shows")
}

fn unix_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Whether the wall clock can be trusted: nobody has set it for a while.
struct Trust {
    since: Instant,
    last: (Instant, SystemTime),
}

impl Trust {
    fn new() -> Self {
        Self { since: Instant::now(), last: (Instant::now(), SystemTime::now()) }
    }

    fn look(&mut self) -> bool {
        let now = (Instant::now(), SystemTime::now());
        let steady = now.0 - self.last.0;
        let went_right = now.1.duration_since(self.last.1).is_ok_and(|wall| wall.abs_diff(steady) < DRIFT);
        if !went_right {
            self.since = now.0;
        }
        self.last = now;
        self.since.elapsed() >= TRUSTED
    }
}

/// The hour that `at` is in, for those that do something once an hour.
pub(super) fn hour(settings: &Settings, at: i64) -> i64 {
    settings.home().start(Bucket::Hour, at)
}
