//! What is known at one moment, in every form in which it goes out. Made once, shared by every viewer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::body::Bytes;
use bwusage_proto::{mirror::Mirror, snapshot::WindowPoint, table::RowKey, users::Users};

use crate::{
    access::Sight,
    events::{self, Down},
    failure::Failure,
    pace,
    question::Question,
};

/// How many different tables of one moment are kept for the next viewer who asks the same.
const KEPT_TABLES: usize = 64;

/// The state of the daemon as this server knows it.
#[derive(Debug)]
pub(crate) enum Moment {
    /// The first try to connect is still under way.
    Connecting,
    /// The daemon is there; this is its newest tick.
    Live(Box<Live>),
    /// The daemon is away.
    Away(Down),
}

impl Moment {
    /// The newest tick, or why there is none.
    pub(crate) fn live(&self) -> Result<&Live, Failure> {
        match self {
            Self::Live(live) => Ok(live),
            Self::Away(down) => Err(Failure::daemon_away(down)),
            Self::Connecting => Err(Failure::connecting()),
        }
    }
}

/// One tick of the daemon.
#[derive(Debug)]
pub(crate) struct Live {
    /// Which connection to the daemon this came over: when it changes, everything is to be told anew.
    pub(crate) connection: u64,
    daemon_version: String,
    mirror: Arc<Mirror>,
    hello: Bytes,
    tick: Bytes,
    seen: Mutex<HashMap<Sight, Arc<Seen>>>,
}

impl Live {
    /// The moment that `mirror` holds.
    pub(crate) fn new(connection: u64, mirror: &Mirror, daemon_version: &str) -> Self {
        Self {
            connection,
            daemon_version: daemon_version.into(),
            hello: events::hello(mirror, daemon_version),
            tick: events::tick(mirror),
            seen: Mutex::default(),
            mirror: Arc::new(mirror.clone()),
        }
    }

    /// The machine as somebody with this `sight` is shown it: there is no other way to its processes.
    pub(crate) fn seen_by(&self, sight: &Sight) -> Arc<Seen> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Seen {
            mirror: sight.mirror(&self.mirror),
            daemon_version: self.daemon_version.clone(),
            tables: Mutex::default(),
        };
        Arc::clone(seen.entry(sight.clone()).or_insert_with(|| Arc::new(make())))
    }

    /// The machine as the daemon shows it to this server: for sums over all of it, which tell nothing that is not for
    /// everyone.
    pub(crate) fn whole(&self) -> &Mirror {
        &self.mirror
    }

    /// The daemon's package version.
    pub(crate) fn daemon_version(&self) -> &str {
        &self.daemon_version
    }

    /// The machine's name.
    pub(crate) fn hostname(&self) -> &str {
        &self.mirror.host.hostname
    }

    /// How often the daemon ticks, and which tick this is: of [`pace`].
    pub(crate) fn is_due_after(&self, before: &Self, pace: pace::Pace) -> bool {
        pace.is_due(&before.mirror, &self.mirror)
    }

    /// The arguments of the process that is `row`, for whoever may see what the user of this server may see.
    pub(crate) fn command_line(&self, row: &RowKey) -> Option<&[String]> {
        match row {
            RowKey::Process(row) => self.mirror.processes.get(row)?.info.command_line.as_deref(),
            _ => None,
        }
    }

    /// The event that introduces the machine.
    pub(crate) fn hello(&self) -> Bytes {
        self.hello.clone()
    }

    /// The event of this tick.
    pub(crate) fn tick(&self) -> Bytes {
        self.tick.clone()
    }

    /// When the tick was taken, in milliseconds of Unix time.
    pub(crate) fn at_unix_ms(&self) -> u64 {
        self.mirror.taken_at_unix_ms
    }

    /// The points of the rolling window after `since_unix_ms`, oldest first.
    pub(crate) fn window_since(&self, since_unix_ms: u64) -> impl Iterator<Item = &WindowPoint> {
        self.mirror.window.iter().filter(move |point| point.at_unix_ms > since_unix_ms)
    }
}

/// One tick as everyone with the same sight is shown it.
#[derive(Debug)]
pub(crate) struct Seen {
    mirror: Arc<Mirror>,
    daemon_version: String,
    tables: Mutex<HashMap<String, Bytes>>,
}

impl Seen {
    /// What the daemon said, as far as it is shown.
    pub(crate) fn mirror(&self) -> &Mirror {
        &self.mirror
    }

    /// The daemon's package version.
    pub(crate) fn daemon_version(&self) -> &str {
        &self.daemon_version
    }

    /// The table that `question` asks for, as JSON, with the speeds of the last tick.
    pub(crate) fn top(&self, question: &Question, users: &Users) -> Bytes {
        self.kept(question.key(), || question.answer(&self.mirror, &self.daemon_version, users))
    }

    /// The same with the speeds since `earlier`, a moment of the same connection.
    pub(crate) fn top_since(&self, earlier: &Self, question: &Question, users: &Users) -> Bytes {
        if earlier.mirror.seq.checked_add(1) == Some(self.mirror.seq) {
            return self.top(question, users);
        }
        let key = format!("{} {}", earlier.mirror.seq, question.key());
        self.kept(&key, || {
            let merged = pace::merged(&earlier.mirror, &self.mirror);
            question.answer(merged.as_ref().unwrap_or(&self.mirror), &self.daemon_version, users)
        })
    }

    fn kept(&self, key: &str, make: impl FnOnce() -> String) -> Bytes {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = tables.get(key) {
            return known.clone();
        }
        let json: Bytes = make().into();
        if tables.len() < KEPT_TABLES {
            tables.insert(key.to_owned(), json.clone());
        }
        json
    }
}
