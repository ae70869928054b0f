//! Two threads: one reads the packets as they come, the other looks whose they are. The first must never wait for the second: a
//! search through all processes takes longer than the ring lasts on a busy cable.

use std::{
    collections::HashSet,
    io,
    net::SocketAddr,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use bwusage_proto::{process::ProcessId, units::Scope};

use super::{
    addresses,
    allowance::Allowance,
    book::{Book, Finding, Signs},
    decode::decode,
    directory::{Directory, Match},
    flow::{Flow, Way, scope_of},
    fragments::Fragments,
    owners::Owners,
    ring::{BLOCKS, Ring, block::Frame},
    sockets::Sockets,
};
use crate::{
    engine::{Sample, linux::links::Links},
    host::{
        id_of,
        identity::{name_of, of_living},
    },
};

/// How long the reader sleeps when nothing comes; it looks whether it is to stop.
const NAP: Duration = Duration::from_millis(500);
/// How soon a flow without a process is looked at again.
const RETRY: Duration = Duration::from_millis(500);
/// How often everything is looked at again: sockets are handed on, interfaces change.
const REFRESH: Duration = Duration::from_secs(5);
/// The shortest pause after a look.
pub(super) const BREATH: Duration = Duration::from_millis(10);
/// How much both go before others (nice(2)): they do little, but a busy machine is what they are to tell of.
const PRIORITY: libc::c_int = -10;

/// What both threads and the engine share.
struct Shared {
    state: Mutex<State>,
    news: Condvar,
    stop: AtomicBool,
    begun: Instant,
}

#[derive(Default)]
struct State {
    book: Book,
    /// Interfaces whose packets another one shows as well: ports of bridges, bonds and the like.
    ports: HashSet<u32>,
    failed: Option<io::Error>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked has left counters behind that are as good as before.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> u64 {
        self.begun.elapsed().as_millis() as u64
    }

    fn is_to_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Both threads at work. They end soon after this is dropped.
pub(super) struct Watch(Arc<Shared>);

impl Watch {
    pub(super) fn start(ring: Ring, sockets: Sockets, links: Links) -> io::Result<Self> {
        let mut scout = Scout { sockets, links, owners: Owners::default(), directory: Directory::default() };
        let ports = scout.ports().unwrap_or_default();
        let shared = Arc::new(Shared {
            state: Mutex::new(State { ports, ..State::default() }),
            news: Condvar::new(),
            stop: AtomicBool::new(false),
            begun: Instant::now(),
        });
        let watch = Self(Arc::clone(&shared));
        let reader = Arc::clone(&shared);
        thread::Builder::new().name("packets".into()).spawn(move || read(&reader, ring))?;
        thread::Builder::new().name("sockets".into()).spawn(move || scout.run(&shared))?;
        Ok(watch)
    }

    /// Everything up to now.
    ///
    /// # Errors
    ///
    /// The packets cannot be read any more.
    pub(super) fn sample(&self) -> io::Result<Sample> {
        let living = self.0.state().book.living();
        // Without the lock: each is a look into `/proc`.
        let ended: Vec<ProcessId> =
            living.into_iter().filter(|process| id_of(process.pid) != Some(*process)).collect();
        let mut state = self.0.state();
        if let Some(error) = state.failed.take() {
            return Err(error);
        }
        state.book.end(ended);
        Ok(state.book.sample(self.0.now_ms()))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
        self.0.news.notify_all();
    }
}

fn read(shared: &Shared, mut ring: Ring) {
    go_first();
    let mut fragments = Fragments::default();
    while !shared.is_to_stop() {
        if let Err(error) = read_what_is_there(shared, &mut ring, &mut fragments) {
            shared.state().failed = Some(error);
            return;
        }
    }
}

fn read_what_is_there(shared: &Shared, ring: &mut Ring, fragments: &mut Fragments) -> io::Result<()> {
    ring.wait(NAP)?;
    // Not until there is nothing: what was dropped is to be known while it goes on.
    for _ in 0..BLOCKS {
        let now_ms = shared.now_ms();
        let mut state = shared.state();
        let State { book, ports, .. } = &mut *state;
        let there_was = ring.read(|frames| {
            for frame in frames.filter(|frame| !ports.contains(&frame.interface)) {
                count(book, fragments, &frame, now_ms);
            }
        });
        let curious = book.is_curious();
        drop(state);
        if curious {
            shared.news.notify_one();
        }
        if !there_was {
            break;
        }
    }
    let dropped = ring.dropped()?;
    if dropped > 0 {
        shared.state().book.lose(dropped);
    }
    Ok(())
}

fn count(book: &mut Book, fragments: &mut Fragments, frame: &Frame, now_ms: u64) {
    let Some(mut packet) = decode(frame.bytes, frame.length, frame.segment) else { return };
    fragments.complete(&mut packet, frame.way == Way::Sent);
    let (local, remote) = match frame.way {
        Way::Received => (packet.destination, packet.source),
        Way::Sent => (packet.source, packet.destination),
    };
    let scope = if frame.loopback { Scope::Loopback } else { scope_of(remote.ip()) };
    let canonical = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
    let flow = Flow { protocol: packet.protocol, scope, local: canonical(local), remote: canonical(remote) };
    let signs = Signs { opens: packet.opens, to_group: frame.to_group, sequence: packet.sequence };
    book.count(flow, frame.way, packet.size, signs, now_ms);
}

/// Of this thread alone, as Linux has it. Without the privilege it goes with the others.
fn go_first() {
    // SAFETY: takes no pointer. Thread 0 is the one that calls.
    if unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, PRIORITY) } != 0 {
        tracing::debug!(error = %io::Error::last_os_error(), "packets are read at ordinary priority");
    }
}

/// For how long this thread has had a processor.
fn processor_time() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is writable and of the type that the call fills. This clock always exists.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut now) };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Looks whose flows are.
struct Scout {
    sockets: Sockets,
    links: Links,
    owners: Owners,
    directory: Directory,
}

impl Scout {
    fn run(mut self, shared: &Shared) {
        go_first();
        let mut refreshed = Instant::now();
        let mut allowance = Allowance::default();
        let mut ended = Instant::now();
        while !shared.is_to_stop() {
            let state = shared.state();
            let patience = if state.book.is_waiting() { RETRY } else { REFRESH };
            let quiet = |state: &mut State| !state.book.is_curious() && !shared.is_to_stop();
            let waited = shared.news.wait_timeout_while(state, patience, quiet);
            let questions = waited.unwrap_or_else(PoisonError::into_inner).0.book.open_questions();
            let begun = processor_time();
            if refreshed.elapsed() >= REFRESH {
                refreshed = Instant::now();
                self.owners.doubt();
                match self.ports() {
                    Ok(ports) => shared.state().ports = ports,
                    Err(error) => tracing::debug!(%error, "the interfaces cannot be listed"),
                }
            }
            if !questions.is_empty() {
                self.answer(shared, &questions);
            }
            let pause = allowance.pause_after(processor_time().saturating_sub(begun), ended.elapsed());
            ended = Instant::now();
            thread::sleep(pause);
        }
    }

    fn answer(&mut self, shared: &Shared, questions: &[(Flow, bool)]) {
        let protocols = questions.iter().map(|(flow, _)| flow.protocol).collect();
        match self.sockets.read(&protocols) {
            Ok(sockets) => self.directory = Directory::new(sockets),
            // What is known stands, and is compared next time.
            Err(error) => tracing::debug!(%error, "the sockets cannot be listed"),
        }
        self.owners.retain(&self.directory.inodes().collect());
        let matches: Vec<Option<Match>> =
            questions.iter().map(|(flow, _)| self.directory.find(flow)).collect();
        let everybody_was_asked =
            self.owners.search(matches.iter().flatten().map(|found| found.inode()).collect());
        let own = addresses::own().unwrap_or_default();
        let is_own = |flow: &Flow, to_group: bool| {
            to_group || flow.scope == Scope::Loopback || own.is_empty() || own.contains(&flow.local.ip())
        };
        let findings: Vec<(Flow, Finding)> = questions
            .iter()
            .zip(matches)
            .filter_map(|(&(flow, to_group), found)| {
                let owner = found.and_then(|found| self.owners.of(found.inode()));
                let finding = match (found, owner) {
                    (Some(Match::Socket(_)), Some(process)) => Finding::Process(process),
                    (Some(Match::Listener(_)), Some(process)) => Finding::Listener(process),
                    (Some(_), None) if everybody_was_asked => Finding::Kernel,
                    (Some(_), None) => return None,
                    (None, _) if is_own(&flow, to_group) => Finding::Gone,
                    (None, _) => Finding::Forwarded,
                };
                Some((flow, finding))
            })
            .collect();
        introduce(shared, &findings);
        shared.state().book.learn(&findings, shared.now_ms());
    }

    fn ports(&mut self) -> io::Result<HashSet<u32>> {
        let links = self.links.read()?;
        Ok(links.iter().filter(|link| link.master.is_some()).map(|link| link.index).collect())
    }
}

/// Says what the processes are that were met, while they live, and again when they became other programs.
fn introduce(shared: &Shared, findings: &[(Flow, Finding)]) {
    let mut met: HashSet<ProcessId> = HashSet::new();
    for (_, finding) in findings {
        if let Finding::Process(process) | Finding::Listener(process) = *finding {
            met.insert(process);
        }
    }
    for process in met {
        let Some(name) = name_of(process.pid) else { continue };
        if shared.state().book.name(process) == Some(name.as_str()) {
            continue;
        }
        if let Some(identity) = of_living(process) {
            shared.state().book.introduce(process, identity);
        }
    }
}
