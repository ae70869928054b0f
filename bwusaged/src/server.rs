//! What answers: it hands out what [`crate::usage`] knows and never computes a number.
//!
//! One task a connection, all on one thread. [`session`] decides (pure), [`feed`] encodes once per kind of viewer,
//! [`talk`] answers who talks to whom, [`past`] how much was moved when, [`alerts`] about rules, [`connection`] moves the
//! bytes, [`access`] says who sees what.

use std::{cell::RefCell, rc::Rc};

use bwusage_proto::{
    bounds::Bounds,
    ledger::Ledger,
    message::Status,
    snapshot::{Coverage, HostInfo},
    transport::{Listener, Stream},
};
use tokio::sync::watch;

use crate::{
    alerts::{Alerts, shelf::Keeper},
    engine::Talk,
    history::Archive,
    usage::store::Store,
};

mod alerts;
mod connection;
mod feed;
mod limits;
mod past;
mod session;
pub mod talk;

pub use bwusage_proto::access;

use access::Policy;
use feed::Feed;
use limits::Limits;
use talk::Desk;

/// What the server knows about the daemon beside the store. Fixed while it runs.
#[derive(Debug, Clone)]
pub struct About {
    /// Random for each run.
    pub instance: [u8; 16],
    /// The machine.
    pub host: HostInfo,
    /// How much the engine can see.
    pub coverage: Coverage,
    /// Time between two ticks.
    pub interval_ms: u32,
    /// Start, in milliseconds of Unix time.
    pub started_at_unix_ms: u64,
    /// Start, on the steady clock.
    pub started_at: std::time::Instant,
    /// Who sees what.
    pub policy: Policy,
    /// What the daemon may do, for people; `None` where the system does not say.
    pub rights: Option<String>,
}

/// What connections share.
#[derive(Debug)]
pub struct Shared {
    about: About,
    store: RefCell<Store>,
    feed: RefCell<Feed>,
    limits: RefCell<Limits>,
    desk: RefCell<Desk>,
    /// `None` when nothing is remembered.
    archive: Option<Archive>,
    alerts: RefCell<Alerts>,
    keeper: Keeper,
    late_ticks: std::cell::Cell<u64>,
    tick: watch::Sender<u64>,
    ending: watch::Sender<bool>,
}

/// How long clients have to hear that the daemon ends.
const GOODBYE: std::time::Duration = std::time::Duration::from_millis(200);

impl Shared {
    /// An empty store that will be served; `ask` reads who talks to whom, `archive` remembers, and the last watches.
    #[must_use]
    pub fn new(
        about: About,
        ask: talk::Ask,
        archive: Option<Archive>,
        (alerts, keeper): (Alerts, Keeper),
    ) -> Rc<Self> {
        Rc::new(Self {
            about,
            store: RefCell::default(),
            feed: RefCell::default(),
            limits: RefCell::default(),
            desk: RefCell::new(Desk::new(ask)),
            archive,
            alerts: RefCell::new(alerts),
            keeper,
            late_ticks: std::cell::Cell::new(0),
            tick: watch::Sender::new(0),
            ending: watch::Sender::new(false),
        })
    }

    /// Processes that moved bytes in the last tick.
    #[must_use]
    pub fn busy(&self) -> Vec<bwusage_proto::process::ProcessId> {
        self.store.borrow().busy()
    }

    /// Changes the store by one tick and wakes every subscriber.
    pub fn advance(&self, late: bool, change: impl FnOnce(&mut Store)) {
        self.late_ticks.set(self.late_ticks.get() + u64::from(late));
        let mut store = self.store.borrow_mut();
        change(&mut store);
        if let (Some(archive), Some(now)) = (&self.archive, store.taken_at()) {
            archive.writer.tick(now, store.grown(), store.host());
            store.set_fault(archive.writer.fault());
        }
        self.feed.borrow_mut().forget();
        self.desk.borrow_mut().forget_old(self.steady_ms());
        self.tick.send_replace(store.seq());
    }

    /// Whether the history wants to hear who talks to whom.
    #[must_use]
    pub fn wants_talk(&self) -> bool {
        let now = self.store.borrow().taken_at();
        self.archive.as_ref().zip(now).is_some_and(|(archive, now)| archive.writer.wants_talk(now))
    }

    /// Tells the history who talks to whom, or that nobody knows it; for the `last` time when the daemon ends.
    pub fn hear_talk(&self, talk: Option<&Talk>, last: bool) {
        let store = self.store.borrow();
        if let Some(archive) = &self.archive {
            archive.writer.talk(store.taken_at().filter(|_| !last), talk, &*store);
        }
    }

    /// Milliseconds since the start, on the steady clock.
    #[must_use]
    pub fn steady_ms(&self) -> u64 {
        self.about.started_at.elapsed().as_millis() as u64
    }

    /// Tells every client that the daemon ends, and gives them a moment to hear it.
    pub async fn say_goodbye(&self) {
        self.ending.send_replace(true);
        let all_gone = async {
            while self.limits.borrow().connections() > 0 {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
        };
        let _ = tokio::time::timeout(GOODBYE, all_gone).await;
    }

    fn status(&self, viewer: &access::Viewer) -> Status {
        let store = self.store.borrow();
        let own = crate::service::own_use();
        let limits = self.limits.borrow();
        Status {
            version: bwusage_proto::version::PACKAGE_VERSION.into(),
            pid: std::process::id(),
            uptime_ms: self.steady_ms(),
            interval_ms: self.about.interval_ms,
            ticks: store.seq(),
            late_ticks: self.late_ticks.get(),
            self_cpu_ms: own.cpu_ms,
            self_rss_bytes: own.rss_bytes,
            connections: limits.connections(),
            subscriptions: limits.subscriptions(),
            rows: store.rows().len() as u64,
            visibility: self.about.policy.visibility.name().into(),
            you_see: viewer.sees().name().into(),
            coverage: self.about.coverage.clone(),
            losses: store.losses().to_vec(),
            ledger: store.ledger(),
            privilege: self.about.rights.clone(),
            history: self.archive.as_ref().map(|archive| archive.writer.state()),
        }
    }

    /// Numbers that tell nothing of anybody.
    fn bounds(&self) -> Bounds {
        Bounds {
            tables: self.store.borrow().tables().to_vec(),
            retention: self.archive.as_ref().map(|archive| archive.retention.in_seconds()),
        }
    }

    /// Sums of interfaces are everybody's to see; of the processes that carry tunnels, those whose rows are shown.
    fn ledger(&self, viewer: &access::Viewer) -> Ledger {
        let may_see_row = |owner: Option<&_>| viewer.may_see_row(owner);
        self.store.borrow().full_ledger(self.about.started_at_unix_ms, may_see_row)
    }
}

/// Accepts connections for ever. Run it inside a [`tokio::task::LocalSet`].
pub async fn serve(listener: &Listener, shared: Rc<Shared>) {
    use bwusage_proto::transport::accept;

    loop {
        match accept(listener).await {
            Ok(stream) => welcome(stream, &shared),
            Err(error) => {
                // Out of descriptors, most likely: the connections that exist go on, new ones wait.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

fn welcome(stream: Stream, shared: &Rc<Shared>) {
    let shared = Rc::clone(shared);
    tokio::task::spawn_local(async move {
        if let Err(error) = connection::run(stream, shared).await {
            tracing::debug!(%error, "a connection ended");
        }
    });
}
