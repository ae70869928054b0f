//! What client and daemon say to each other, and the number of each saying.
//!
//! Numbers are given once. A released message is frozen, because a field added to a row inside a list would be read as
//! garbage by the other version: a change is a new message with a new number.

use crate::{
    alert::{Alerts, AlertsRequest, Events, EventsQuery},
    bounds::Bounds,
    codec::{self, CodecError, Decode, Encode},
    connection::{Connections, ConnectionsQuery},
    frame::{self, Frame},
    history::{History, HistoryQuery, HistoryState},
    ledger::{Ledger, Summary},
    process::{Category, Container, UserId},
    snapshot::{Activity, Coverage, HostInfo, HostSample, Loss, ProcessInfo, Residual, RowId, WindowPoint},
};

/// What a client asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Are you there? Answered by [`Reply::Pong`].
    Ping,
    /// How are you? Answered by [`Reply::Status`].
    Status,
    /// Everything, once: [`Reply::Snapshot`] and then [`Reply::Tick`] pages.
    Snapshot,
    /// Everything once, and then every tick's changes until [`Request::Unsubscribe`].
    Subscribe(Subscribe),
    /// Ends the subscriptions of this connection, to ticks and to events. Answered by [`Reply::Pong`].
    Unsubscribe,
    /// Where did the interfaces' bytes go? Answered by [`Reply::Ledger`].
    Ledger,
    /// Who talks to whom? Answered by pages of [`Reply::Connections`].
    Connections(ConnectionsQuery),
    /// How much was moved when? Answered by pages of [`Reply::History`].
    History(HistoryQuery),
    /// About alerts. Answered by [`Reply::Alerts`].
    Alerts(Box<AlertsRequest>),
    /// Events of alerts from some number on, and every further one: [`Reply::Events`] until [`Request::Unsubscribe`].
    Events(EventsQuery),
    /// How much do you have room for? Answered by [`Reply::Bounds`].
    Bounds,
}

/// How a client wants its ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Subscribe {
    /// Least time between two ticks, 0 for every tick. The daemon's own interval is the floor.
    pub interval_ms: u32,
}

/// What the daemon says.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Yes.
    Pong,
    /// The daemon about itself.
    Status(Box<Status>),
    /// Opens a snapshot: what a [`Reply::Tick`] does not repeat. Its rows follow as ticks.
    Snapshot(Box<SnapshotHead>),
    /// One page of changes. Pages of one tick carry the same `seq`; all but the last carry [`frame::FLAG_MORE`].
    Tick(Box<Tick>),
    /// The daemon ends in an orderly way and closes.
    Goodbye,
    /// Every interface's bytes, by reason.
    Ledger(Box<Ledger>),
    /// One page of connections; all but the last carry [`frame::FLAG_MORE`].
    Connections(Box<Connections>),
    /// One page of history; all but the last carry [`frame::FLAG_MORE`].
    History(Box<History>),
    /// About alerts.
    Alerts(Box<Alerts>),
    /// Events of alerts.
    Events(Box<Events>),
    /// What the daemon has room for.
    Bounds(Box<Bounds>),
    /// The request was refused.
    Error(Refusal),
}

/// What a snapshot says once.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub struct SnapshotHead {
    /// The machine.
    pub host: HostInfo,
    /// Time between two ticks of the daemon.
    pub interval_ms: u32,
    /// The daemon's start, in milliseconds of Unix time: running totals count from here.
    pub started_at_unix_ms: u64,
    /// The past minutes, oldest first.
    pub window: Vec<WindowPoint>,
    /// How much the engine can see.
    pub coverage: Coverage,
}

/// What changed since the tick that this client got before (for the first: everything).
///
/// Totals are absolute, so a client that missed ticks has lost detail but no byte.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub struct Tick {
    /// Number of the tick. Gaps are ticks that were merged into this one.
    pub seq: u64,
    /// When it was taken, in milliseconds of Unix time.
    pub taken_at_unix_ms: u64,
    /// The span over which its rates were measured.
    pub window_ms: u32,
    /// The machine, on the last page only.
    pub host: Option<HostSample>,
    /// Processes that are new, or that execute another program now.
    pub infos: Vec<ProcessInfo>,
    /// Rows of which a number changed.
    pub changed: Vec<Activity>,
    /// Rows that are gone: their totals went to [`Tick::retired`].
    pub gone: Vec<RowId>,
    /// Traffic with a reason instead of a process; all of it, on the last page only.
    pub residuals: Vec<Residual>,
    /// Where the bytes of the interfaces that lead out went, on the last page only. `None` where nothing tells.
    pub ledger: Option<Summary>,
    /// Why nothing is stored at present, on the last page only; `None` when it is.
    pub fault: Option<String>,
    /// Totals of ended processes whose rows were given up, by application; those that changed.
    pub retired: Vec<Retired>,
}

/// What ended processes of one application moved, after their rows were given up.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, serde::Serialize, serde::Deserialize)]
pub struct Retired {
    /// The application.
    pub app: String,
    /// The user, as far as this viewer may know.
    pub user: Option<UserId>,
    /// The systemd unit. `None` also where the daemon remembers too many ended units and containers already.
    pub unit: Option<String>,
    /// The container; `None` also as above.
    pub container: Option<Container>,
    /// What sort of programs they were.
    pub category: Option<Category>,
    /// How many processes.
    pub processes: u64,
    /// When the first of them moved its first byte, in milliseconds of Unix time.
    pub first_traffic_at_unix_ms: Option<u64>,
    /// Their totals.
    pub counters: crate::units::Counters,
}

/// What ended processes have in common that are added up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RetiredKey {
    /// The application.
    pub app: String,
    /// The user.
    pub user: Option<UserId>,
    /// The systemd unit.
    pub unit: Option<String>,
    /// The container.
    pub container: Option<Container>,
    /// The sort of program.
    pub category: Option<Category>,
}

impl Retired {
    /// What tells it from every other entry.
    #[must_use]
    pub fn key(&self) -> RetiredKey {
        let Self {
            app,
            user,
            unit,
            container,
            category,
            processes: _,
            first_traffic_at_unix_ms: _,
            counters: _,
        } = self;
        RetiredKey {
            app: app.clone(),
            user: user.clone(),
            unit: unit.clone(),
            container: container.clone(),
            category: *category,
        }
    }
}

/// The daemon about itself.
#[derive(Debug, Clone, PartialEq, Encode, Decode, serde::Serialize)]
pub struct Status {
    /// Package version.
    pub version: String,
    /// Process number.
    pub pid: u32,
    /// Time since its start.
    pub uptime_ms: u64,
    /// Time between two ticks.
    pub interval_ms: u32,
    /// Ticks so far.
    pub ticks: u64,
    /// Ticks that came late by more than one interval.
    pub late_ticks: u64,
    /// Processor time that the daemon itself used, user and system.
    pub self_cpu_ms: Option<u64>,
    /// The daemon's own resident memory.
    pub self_rss_bytes: Option<u64>,
    /// Connections now.
    pub connections: u32,
    /// Subscriptions now.
    pub subscriptions: u32,
    /// Rows in the table.
    pub rows: u64,
    /// `all`, `names` or `own`.
    pub visibility: String,
    /// What you are allowed to see: `all`, `names` or `own`.
    pub you_see: String,
    /// How much the engine can see.
    pub coverage: Coverage,
    /// Updates that could not be made.
    pub losses: Vec<Loss>,
    /// Where the bytes of the interfaces that lead out went. `None` where nothing tells.
    pub ledger: Option<Summary>,
    /// The daemon's user and capabilities, for people. `None` where the system does not tell.
    pub privilege: Option<String>,
    /// The memory of the past. `None` when it is switched off, and of a recording.
    pub history: Option<HistoryState>,
}

/// Why a request was refused, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Refusal {
    /// Which kind of refusal, a value of [`RefusalCode`].
    pub code: u16,
    /// What happened.
    pub message: String,
    /// What to do next, when there is something.
    pub hint: Option<String>,
}

/// Kinds of refusal. Appended to, never renumbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum RefusalCode {
    /// The request is malformed.
    BadRequest = 1,
    /// This build does not know the request.
    UnknownRequest = 2,
    /// A limit of this user or connection is reached.
    TooMany = 3,
    /// This viewer may not.
    Denied = 4,
    /// The engine cannot tell.
    Unavailable = 5,
    /// There is nothing of that number, or not for this viewer.
    NotFound = 6,
}

/// Numbers of the messages.
mod kind {
    pub(super) const PING: u16 = 1;
    pub(super) const STATUS: u16 = 2;
    pub(super) const SNAPSHOT: u16 = 3;
    pub(super) const SUBSCRIBE: u16 = 4;
    pub(super) const UNSUBSCRIBE: u16 = 5;
    pub(super) const LEDGER: u16 = 6;
    pub(super) const CONNECTIONS: u16 = 7;
    pub(super) const HISTORY: u16 = 8;
    pub(super) const ALERTS: u16 = 9;
    pub(super) const EVENTS: u16 = 10;
    pub(super) const BOUNDS: u16 = 11;

    pub(super) const PONG: u16 = 0x8001;
    pub(super) const STATUS_REPLY: u16 = 0x8002;
    pub(super) const SNAPSHOT_HEAD: u16 = 0x8003;
    pub(super) const TICK: u16 = 0x8004;
    pub(super) const GOODBYE: u16 = 0x8005;
    pub(super) const LEDGER_REPLY: u16 = 0x8006;
    pub(super) const CONNECTIONS_REPLY: u16 = 0x8007;
    pub(super) const HISTORY_REPLY: u16 = 0x8008;
    pub(super) const ALERTS_REPLY: u16 = 0x8009;
    pub(super) const EVENTS_REPLY: u16 = 0x800a;
    pub(super) const BOUNDS_REPLY: u16 = 0x800b;
    pub(super) const ERROR: u16 = 0x80ff;
}

/// A frame that is no message of this version.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// A number that nobody gave.
    #[error("unknown message kind {kind:#06x}")]
    UnknownKind {
        /// The number.
        kind: u16,
    },
    /// The body does not fit its kind.
    #[error("message {kind:#06x} is malformed")]
    Body {
        /// The number.
        kind: u16,
        /// What is wrong.
        source: CodecError,
    },
    /// The message does not fit into one frame.
    #[error("message {kind:#06x} is too large for one frame")]
    TooLarge {
        /// The number.
        kind: u16,
        /// How much too large.
        source: frame::FrameError,
    },
}

impl Request {
    /// Appends the request as one frame.
    ///
    /// # Errors
    ///
    /// Fails when it is too large for a frame; none of the present ones is.
    pub fn encode_into(&self, request: u32, out: &mut Vec<u8>) -> Result<(), MessageError> {
        const MAX: usize = frame::CLIENT_TO_DAEMON_MAX;
        match self {
            Self::Ping => encode::<_, MAX>(kind::PING, 0, request, &(), out),
            Self::Status => encode::<_, MAX>(kind::STATUS, 0, request, &(), out),
            Self::Snapshot => encode::<_, MAX>(kind::SNAPSHOT, 0, request, &(), out),
            Self::Subscribe(body) => encode::<_, MAX>(kind::SUBSCRIBE, 0, request, body, out),
            Self::Unsubscribe => encode::<_, MAX>(kind::UNSUBSCRIBE, 0, request, &(), out),
            Self::Ledger => encode::<_, MAX>(kind::LEDGER, 0, request, &(), out),
            Self::Connections(body) => encode::<_, MAX>(kind::CONNECTIONS, 0, request, body, out),
            Self::History(body) => encode::<_, MAX>(kind::HISTORY, 0, request, body, out),
            Self::Alerts(body) => encode::<_, MAX>(kind::ALERTS, 0, request, body.as_ref(), out),
            Self::Events(body) => encode::<_, MAX>(kind::EVENTS, 0, request, body, out),
            Self::Bounds => encode::<_, MAX>(kind::BOUNDS, 0, request, &(), out),
        }
    }

    /// Reads a request from its frame.
    ///
    /// # Errors
    ///
    /// Refuses an unknown kind and a body that does not fit it exactly.
    pub fn decode(frame: &Frame) -> Result<Self, MessageError> {
        const MAX: usize = frame::CLIENT_TO_DAEMON_MAX;
        Ok(match frame.kind {
            kind::PING => decode::<(), MAX>(frame).map(|()| Self::Ping)?,
            kind::STATUS => decode::<(), MAX>(frame).map(|()| Self::Status)?,
            kind::SNAPSHOT => decode::<(), MAX>(frame).map(|()| Self::Snapshot)?,
            kind::SUBSCRIBE => Self::Subscribe(decode::<_, MAX>(frame)?),
            kind::UNSUBSCRIBE => decode::<(), MAX>(frame).map(|()| Self::Unsubscribe)?,
            kind::LEDGER => decode::<(), MAX>(frame).map(|()| Self::Ledger)?,
            kind::CONNECTIONS => Self::Connections(decode::<_, MAX>(frame)?),
            kind::HISTORY => Self::History(decode::<_, MAX>(frame)?),
            kind::ALERTS => Self::Alerts(Box::new(decode::<_, MAX>(frame)?)),
            kind::EVENTS => Self::Events(decode::<_, MAX>(frame)?),
            kind::BOUNDS => decode::<(), MAX>(frame).map(|()| Self::Bounds)?,
            kind => return Err(MessageError::UnknownKind { kind }),
        })
    }
}

impl Reply {
    /// Appends the reply as one frame.
    ///
    /// # Errors
    ///
    /// Fails when it is too large for a frame: the caller pages.
    pub fn encode_into(&self, request: u32, more: bool, out: &mut Vec<u8>) -> Result<(), MessageError> {
        const MAX: usize = frame::DAEMON_TO_CLIENT_MAX;
        let flags = if more { frame::FLAG_MORE } else { 0 };
        match self {
            Self::Pong => encode::<_, MAX>(kind::PONG, flags, request, &(), out),
            Self::Status(body) => encode::<_, MAX>(kind::STATUS_REPLY, flags, request, body.as_ref(), out),
            Self::Snapshot(body) => encode::<_, MAX>(kind::SNAPSHOT_HEAD, flags, request, body.as_ref(), out),
            Self::Tick(body) => encode::<_, MAX>(kind::TICK, flags, request, body.as_ref(), out),
            Self::Goodbye => encode::<_, MAX>(kind::GOODBYE, flags, request, &(), out),
            Self::Ledger(body) => encode::<_, MAX>(kind::LEDGER_REPLY, flags, request, body.as_ref(), out),
            Self::Connections(body) => {
                encode::<_, MAX>(kind::CONNECTIONS_REPLY, flags, request, body.as_ref(), out)
            }
            Self::History(body) => encode::<_, MAX>(kind::HISTORY_REPLY, flags, request, body.as_ref(), out),
            Self::Alerts(body) => encode::<_, MAX>(kind::ALERTS_REPLY, flags, request, body.as_ref(), out),
            Self::Events(body) => encode::<_, MAX>(kind::EVENTS_REPLY, flags, request, body.as_ref(), out),
            Self::Bounds(body) => encode::<_, MAX>(kind::BOUNDS_REPLY, flags, request, body.as_ref(), out),
            Self::Error(body) => encode::<_, MAX>(kind::ERROR, flags, request, body, out),
        }
    }

    /// Reads a reply from its frame.
    ///
    /// # Errors
    ///
    /// Refuses an unknown kind and a body that does not fit it exactly.
    pub fn decode(frame: &Frame) -> Result<Self, MessageError> {
        const MAX: usize = frame::DAEMON_TO_CLIENT_MAX;
        Ok(match frame.kind {
            kind::PONG => decode::<(), MAX>(frame).map(|()| Self::Pong)?,
            kind::STATUS_REPLY => Self::Status(Box::new(decode::<_, MAX>(frame)?)),
            kind::SNAPSHOT_HEAD => Self::Snapshot(Box::new(decode::<_, MAX>(frame)?)),
            kind::TICK => Self::Tick(Box::new(decode::<_, MAX>(frame)?)),
            kind::GOODBYE => decode::<(), MAX>(frame).map(|()| Self::Goodbye)?,
            kind::LEDGER_REPLY => Self::Ledger(Box::new(decode::<_, MAX>(frame)?)),
            kind::CONNECTIONS_REPLY => Self::Connections(Box::new(decode::<_, MAX>(frame)?)),
            kind::HISTORY_REPLY => Self::History(Box::new(decode::<_, MAX>(frame)?)),
            kind::ALERTS_REPLY => Self::Alerts(Box::new(decode::<_, MAX>(frame)?)),
            kind::EVENTS_REPLY => Self::Events(Box::new(decode::<_, MAX>(frame)?)),
            kind::BOUNDS_REPLY => Self::Bounds(Box::new(decode::<_, MAX>(frame)?)),
            kind::ERROR => Self::Error(decode::<_, MAX>(frame)?),
            kind => return Err(MessageError::UnknownKind { kind }),
        })
    }
}

/// A reply that is encoded once and sent to many: only its frame header differs from reader to reader.
#[derive(Debug, Clone)]
pub struct Encoded {
    kind: u16,
    flags: u16,
    body: bytes::Bytes,
}

impl Reply {
    /// Encodes the reply, to be sent to any number of readers.
    ///
    /// # Errors
    ///
    /// Fails when it is too large for a frame: the caller pages.
    pub fn encode(&self, more: bool) -> Result<Encoded, MessageError> {
        let mut out = Vec::new();
        self.encode_into(0, more, &mut out)?;
        let mut frame = bytes::Bytes::from(out);
        let header = frame.split_to(frame::HEADER_BYTES);
        let field = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        Ok(Encoded { kind: field(4), flags: field(6), body: frame })
    }
}

impl Encoded {
    /// The frame header for the answer to `request`.
    #[must_use]
    pub fn header(&self, request: u32) -> [u8; frame::HEADER_BYTES] {
        frame::header(self.kind, self.flags, request, self.body.len())
    }

    /// The reply itself.
    ///
    /// # Errors
    ///
    /// As [`Reply::decode`]; what this build has encoded, it decodes.
    pub fn decode(&self) -> Result<Reply, MessageError> {
        let Self { kind, flags, body } = self.clone();
        Reply::decode(&Frame { kind, flags, request: 0, body })
    }

    /// What follows the header.
    #[must_use]
    pub fn body(&self) -> &bytes::Bytes {
        &self.body
    }
}

fn encode<T: Encode, const MAX: usize>(
    kind: u16,
    flags: u16,
    request: u32,
    body: &T,
    out: &mut Vec<u8>,
) -> Result<(), MessageError> {
    let start = frame::begin(out, kind, flags, request);
    codec::encode_into(body, out).map_err(|source| MessageError::Body { kind, source })?;
    frame::finish(out, start, MAX).map_err(|source| MessageError::TooLarge { kind, source })
}

fn decode<T: Decode<()>, const MAX: usize>(frame: &Frame) -> Result<T, MessageError> {
    codec::decode::<T, MAX>(&frame.body).map_err(|source| MessageError::Body { kind: frame.kind, source })
}
