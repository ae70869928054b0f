//! The typed client: connect, ask, follow. No front-end sees a frame.

use std::{io, time::Duration};

use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::{Instant, timeout, timeout_at},
};

use crate::{
    bounds::Bounds,
    codec::CODEC_ID,
    connection::{Connections, ConnectionsQuery},
    frame::{self, DAEMON_TO_CLIENT_MAX, FLAG_MORE, FrameError},
    greeting::{self, ClientGreeting, DaemonGreeting, GreetingError, Verdict},
    history::{History, HistoryQuery},
    ledger::Ledger,
    message::{MessageError, Refusal, Reply, Request, Status, Subscribe},
    mirror::{Mirror, UnknownRow},
    transport::{Endpoint, Stream},
    version::{FEATURES, PACKAGE_VERSION, VersionRange},
};

mod alerts;
mod follow;
mod news;
pub use alerts::EventStream;
pub use follow::{Event, Follow};
pub use news::{News, NewsFeed};

/// How long an answer may take before the daemon counts as hung.
pub const ANSWER_DEADLINE: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens there.
    #[error("cannot reach bwusaged at {endpoint} ({})", reason(source))]
    Unreachable {
        /// Where.
        endpoint: Endpoint,
        /// Why.
        source: io::Error,
    },
    /// The greeting failed.
    #[error("{endpoint} does not answer as bwusaged")]
    Greeting {
        /// Where.
        endpoint: Endpoint,
        /// Why.
        source: GreetingError,
    },
    /// No version in common.
    #[error(
        "bwusaged {daemon_version} speaks protocol {theirs}, this {client} {PACKAGE_VERSION} speaks {ours}"
    )]
    VersionMismatch {
        /// The daemon's package version.
        daemon_version: String,
        /// What it speaks.
        theirs: VersionRange,
        /// What we speak.
        ours: VersionRange,
        /// Our name.
        client: String,
    },
    /// Too many connections.
    #[error("bwusaged at {endpoint} serves as many connections as it may")]
    Busy {
        /// Where.
        endpoint: Endpoint,
    },
    /// The daemon turned us away for a reason that this build does not know.
    #[error("bwusaged at {endpoint} refused the connection (verdict {verdict:?})")]
    TurnedAway {
        /// Where.
        endpoint: Endpoint,
        /// The reason.
        verdict: Verdict,
    },
    /// The daemon refused the request.
    #[error("bwusaged refused: {}", .0.message)]
    Refused(Refusal),
    /// The daemon ends in an orderly way.
    #[error("bwusaged is shutting down")]
    Goodbye,
    /// The connection ended.
    #[error("the connection to bwusaged was lost")]
    Lost(#[source] io::Error),
    /// No answer in time.
    #[error("bwusaged did not answer within {} s", .0.as_secs())]
    Timeout(Duration),
    /// The daemon said something that is not of this protocol.
    #[error("bwusaged sent something that is not of this protocol")]
    Protocol(#[source] ProtocolError),
}

/// How the daemon broke the protocol.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// The bytes are no frames.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The frame is no message.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The message does not fit the table.
    #[error(transparent)]
    Row(#[from] UnknownRow),
    /// The message is out of order.
    #[error("a reply came that nobody asked for")]
    Unexpected,
}

fn reason(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::NotFound => "no such file".into(),
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => source.to_string(),
    }
}

impl ClientError {
    /// What to type next, a line each.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Unreachable { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => vec![
                    "the daemon is not running - start it:   sudo bwusaged".into(),
                    "it listens elsewhere? name the socket:  --socket PATH, or BWUSAGE_SOCKET=PATH".into(),
                ],
                io::ErrorKind::ConnectionRefused => {
                    vec!["the daemon ended without cleaning up - start it again:   sudo bwusaged".into()]
                }
                io::ErrorKind::PermissionDenied => {
                    vec!["the socket's folder keeps you out - see who may enter:   ls -ld on each folder above it".into()]
                }
                _ => Vec::new(),
            },
            Self::VersionMismatch { theirs, ours, .. } if theirs.min > ours.max => {
                vec!["upgrade this client to the version of the daemon".into()]
            }
            Self::VersionMismatch { .. } => {
                vec!["restart the daemon after an upgrade, so that the new version runs".into()]
            }
            Self::Busy { .. } => vec!["close some of the clients that you have open and try again".into()],
            Self::Refused(refusal) => refusal.hint.clone().into_iter().collect(),
            Self::Timeout(_) => {
                vec!["see what the daemon is doing:   bwusage-ctl status --timeout 30s".into()]
            }
            Self::Greeting { .. } => {
                vec!["is this really the socket of bwusaged? check --socket and BWUSAGE_SOCKET".into()]
            }
            Self::TurnedAway { .. } | Self::Goodbye | Self::Lost(_) | Self::Protocol(_) => Vec::new(),
        }
    }

    /// True when trying again later can help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        !matches!(self, Self::VersionMismatch { .. } | Self::TurnedAway { .. })
    }
}

/// A connection to the daemon that asks one thing at a time.
#[derive(Debug)]
pub struct Client {
    stream: Stream,
    inbox: BytesMut,
    greeting: DaemonGreeting,
    last_request: u32,
}

impl Client {
    /// Connects and greets. `name` is the program's name, for the daemon's log.
    ///
    /// # Errors
    ///
    /// Says why the daemon cannot be reached or does not want us; [`ClientError::hints`] says what to do.
    pub async fn connect(endpoint: &Endpoint, name: &str) -> Result<Self, ClientError> {
        let deadline = Instant::now() + greeting::DEADLINE;
        let unreachable = |source| ClientError::Unreachable { endpoint: endpoint.clone(), source };
        let mut stream = timeout_at(deadline, endpoint.connect())
            .await
            .map_err(|_| unreachable(io::ErrorKind::TimedOut.into()))?
            .map_err(unreachable)?;
        let failed = |source| ClientError::Greeting { endpoint: endpoint.clone(), source };
        let hello = ClientGreeting {
            versions: VersionRange::OURS,
            features: FEATURES,
            codec: CODEC_ID,
            name: format!("{name} {PACKAGE_VERSION}"),
        };
        let exchange = async {
            // A daemon that is full answers and closes without reading, so a failed write is judged by what can be read.
            let written = stream.write_all(&hello.to_bytes()).await;
            match DaemonGreeting::read(&mut stream).await {
                Err(GreetingError::Io(_)) if written.is_err() => Err(GreetingError::Io(written.unwrap_err())),
                outcome => outcome,
            }
        };
        let greeting = timeout_at(deadline, exchange)
            .await
            .map_err(|_| failed(GreetingError::Io(io::ErrorKind::TimedOut.into())))?
            .map_err(failed)?;
        match greeting.verdict {
            Verdict::Welcome
                if VersionRange::OURS.newest_common(greeting.versions) == Some(greeting.chosen) => {}
            Verdict::Welcome | Verdict::NoCommonVersion => {
                return Err(ClientError::VersionMismatch {
                    daemon_version: greeting.version,
                    theirs: greeting.versions,
                    ours: VersionRange::OURS,
                    client: name.to_owned(),
                });
            }
            Verdict::Busy => return Err(ClientError::Busy { endpoint: endpoint.clone() }),
            verdict => return Err(ClientError::TurnedAway { endpoint: endpoint.clone(), verdict }),
        }
        Ok(Self { stream, inbox: BytesMut::new(), greeting, last_request: 0 })
    }

    /// The daemon as it introduced itself.
    #[must_use]
    pub fn daemon(&self) -> &DaemonGreeting {
        &self.greeting
    }

    /// Asks whether the daemon is there, and waits for the answer.
    ///
    /// # Errors
    ///
    /// Fails when it is not, or says something else.
    pub async fn ping(&mut self) -> Result<(), ClientError> {
        match self.ask(&Request::Ping).await? {
            Reply::Pong => Ok(()),
            _ => Err(ClientError::Protocol(ProtocolError::Unexpected)),
        }
    }

    /// The daemon about itself.
    ///
    /// # Errors
    ///
    /// Fails when the connection does.
    pub async fn status(&mut self) -> Result<Status, ClientError> {
        match self.ask(&Request::Status).await? {
            Reply::Status(status) => Ok(*status),
            _ => Err(ClientError::Protocol(ProtocolError::Unexpected)),
        }
    }

    /// What the daemon has room for. A daemon of an earlier version does not know the question.
    ///
    /// # Errors
    ///
    /// Fails when the connection does, or the daemon refuses; after a refusal the connection goes on.
    pub async fn bounds(&mut self) -> Result<Bounds, ClientError> {
        match self.ask(&Request::Bounds).await? {
            Reply::Bounds(bounds) => Ok(*bounds),
            _ => Err(ClientError::Protocol(ProtocolError::Unexpected)),
        }
    }

    /// Where the bytes of every interface went.
    ///
    /// # Errors
    ///
    /// Fails when the connection does, or the daemon refuses.
    pub async fn ledger(&mut self) -> Result<Ledger, ClientError> {
        match self.ask(&Request::Ledger).await? {
            Reply::Ledger(ledger) => Ok(*ledger),
            _ => Err(ClientError::Protocol(ProtocolError::Unexpected)),
        }
    }

    /// The whole state at the daemon's last tick.
    ///
    /// # Errors
    ///
    /// Fails when the connection does.
    pub async fn snapshot(&mut self) -> Result<Mirror, ClientError> {
        self.opened_by(&Request::Snapshot).await
    }

    /// The whole state, and from now on every tick.
    ///
    /// # Errors
    ///
    /// Fails when the connection does, or the daemon refuses.
    pub async fn subscribe(mut self, interval: Duration) -> Result<Subscription, ClientError> {
        let interval_ms = u32::try_from(interval.as_millis()).unwrap_or(u32::MAX);
        let mirror = self.opened_by(&Request::Subscribe(Subscribe { interval_ms })).await?;
        Ok(Subscription { client: self, mirror })
    }

    /// Who talks to whom, now: every page of the answer as one.
    ///
    /// # Errors
    ///
    /// Fails when the connection does, or the daemon refuses.
    pub async fn connections(&mut self, query: ConnectionsQuery) -> Result<Connections, ClientError> {
        let mut all = Connections::default();
        let request = Request::Connections(query);
        self.paged(&request, |reply| match reply {
            Reply::Connections(page) => {
                all.append(*page);
                Some(())
            }
            _ => None,
        })
        .await?;
        Ok(all)
    }

    /// How much was moved when: every page of the answer as one. Dropping the future and the client ends the daemon's work.
    ///
    /// # Errors
    ///
    /// Fails when the connection does, or the daemon refuses.
    pub async fn history(&mut self, query: HistoryQuery) -> Result<History, ClientError> {
        let mut all = History::default();
        let request = Request::History(query);
        self.paged(&request, |reply| match reply {
            Reply::History(page) => {
                all.append(*page);
                Some(())
            }
            _ => None,
        })
        .await?;
        Ok(all)
    }

    /// Hands every page of the answer to `take`, which knows those that fit the question.
    async fn paged(
        &mut self,
        request: &Request,
        mut take: impl FnMut(Reply) -> Option<()>,
    ) -> Result<(), ClientError> {
        let (mut flags, mut reply) = self.exchange(request).await?;
        let deadline = Instant::now() + ANSWER_DEADLINE;
        loop {
            match reply {
                Reply::Goodbye => return Err(ClientError::Goodbye),
                Reply::Error(refusal) => return Err(ClientError::Refused(refusal)),
                page => take(page).ok_or(ClientError::Protocol(ProtocolError::Unexpected))?,
            }
            if flags & FLAG_MORE == 0 {
                return Ok(());
            }
            let next = timeout_at(deadline, self.receive());
            (_, flags, reply) = next.await.map_err(|_| ClientError::Timeout(ANSWER_DEADLINE))??;
        }
    }

    async fn opened_by(&mut self, request: &Request) -> Result<Mirror, ClientError> {
        let Reply::Snapshot(head) = self.ask(request).await? else {
            return Err(ClientError::Protocol(ProtocolError::Unexpected));
        };
        let mut mirror = Mirror::new(*head);
        let deadline = Instant::now() + ANSWER_DEADLINE;
        let pages = async {
            while self.page(&mut mirror).await? {}
            Ok(())
        };
        timeout_at(deadline, pages).await.map_err(|_| ClientError::Timeout(ANSWER_DEADLINE))??;
        Ok(mirror)
    }

    async fn ask(&mut self, request: &Request) -> Result<Reply, ClientError> {
        self.exchange(request).await.map(|(_, reply)| reply)
    }

    /// Sends `request` and waits for the first frame of its answer, with its flags.
    async fn exchange(&mut self, request: &Request) -> Result<(u16, Reply), ClientError> {
        self.last_request = self.last_request.wrapping_add(1).max(1);
        let mut bytes = Vec::new();
        request
            .encode_into(self.last_request, &mut bytes)
            .map_err(|error| ClientError::Protocol(error.into()))?;
        let exchange = async {
            self.stream.write_all(&bytes).await.map_err(ClientError::Lost)?;
            self.receive().await
        };
        let (number, flags, reply) =
            timeout(ANSWER_DEADLINE, exchange).await.map_err(|_| ClientError::Timeout(ANSWER_DEADLINE))??;
        match reply {
            Reply::Error(refusal) => Err(ClientError::Refused(refusal)),
            Reply::Goodbye => Err(ClientError::Goodbye),
            reply if number == self.last_request => Ok((flags, reply)),
            _ => Err(ClientError::Protocol(ProtocolError::Unexpected)),
        }
    }

    /// Applies the next page to `mirror`; true when another page of the same tick follows.
    async fn page(&mut self, mirror: &mut Mirror) -> Result<bool, ClientError> {
        match self.receive().await? {
            (_, flags, Reply::Tick(tick)) => {
                mirror.apply(*tick).map_err(|error| ClientError::Protocol(error.into()))?;
                Ok(flags & FLAG_MORE != 0)
            }
            (_, _, Reply::Goodbye) => Err(ClientError::Goodbye),
            (_, _, Reply::Error(refusal)) => Err(ClientError::Refused(refusal)),
            _ => Err(ClientError::Protocol(ProtocolError::Unexpected)),
        }
    }

    /// The next reply. Dropping the future loses nothing: what was read stays in the inbox.
    async fn receive(&mut self) -> Result<(u32, u16, Reply), ClientError> {
        loop {
            let taken = frame::take(&mut self.inbox, DAEMON_TO_CLIENT_MAX)
                .map_err(|error| ClientError::Protocol(error.into()))?;
            if let Some(frame) = taken {
                let reply = Reply::decode(&frame).map_err(|error| ClientError::Protocol(error.into()))?;
                return Ok((frame.request, frame.flags, reply));
            }
            if self.stream.read_buf(&mut self.inbox).await.map_err(ClientError::Lost)? == 0 {
                return Err(ClientError::Lost(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }
}

/// A connection that keeps a [`Mirror`] up to date.
#[derive(Debug)]
pub struct Subscription {
    client: Client,
    mirror: Mirror,
}

impl Subscription {
    /// The state at the last tick.
    #[must_use]
    pub fn mirror(&self) -> &Mirror {
        &self.mirror
    }

    /// The daemon as it introduced itself.
    #[must_use]
    pub fn daemon(&self) -> &DaemonGreeting {
        self.client.daemon()
    }

    /// Waits for the next whole tick and applies it. Dropping the future loses nothing: call it again.
    ///
    /// # Errors
    ///
    /// Fails when the connection does; [`Subscription::mirror`] then still holds the last state.
    pub async fn tick(&mut self) -> Result<(), ClientError> {
        while self.client.page(&mut self.mirror).await? {}
        Ok(())
    }
}
