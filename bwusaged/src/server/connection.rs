//! One connection: bytes in, bytes out, deadlines.

use std::{io, rc::Rc, time::Duration};

use bwusage_proto::{
    alert::{Alerts, AlertsRequest, NewRule},
    codec::CODEC_ID,
    connection::ConnectionsQuery,
    frame::{self, CLIENT_TO_DAEMON_MAX, FrameError},
    greeting::{self, ClientGreeting, DaemonGreeting, GreetingError, Verdict},
    history::HistoryQuery,
    message::{Encoded, MessageError, Refusal, Reply},
    process::UserId,
    transport::{Peer, Stream},
    version::{FEATURES, PACKAGE_VERSION, VersionRange},
};
use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};

use super::{
    Shared,
    feed::{self, Pages},
    past,
    session::{Answer, Session},
    talk::Silence,
};
use crate::alerts::{
    Asker,
    past::{Past, Question},
};

/// A write that makes no progress for this long ends the connection.
const STALL: Duration = Duration::from_secs(10);
/// A connection that asks nothing and is subscribed to nothing ends after this long.
const IDLE: Duration = Duration::from_mins(1);
/// So long the history may take to say what was before a rule.
const RECALL: Duration = Duration::from_secs(1);
/// So long the second look at a rule that is tried out may be in coming: well within a client's patience.
const SECOND_LOOK: Duration = Duration::from_millis(2500);

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("the greeting failed: {0}")]
    Greeting(#[from] GreetingError),
    #[error("the client was too slow to greet")]
    GreetingLate,
    #[error("the client was turned away: {0:?}")]
    TurnedAway(Verdict),
    #[error("the client sent no frames: {0}")]
    Frames(#[from] FrameError),
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    #[error("the client did not read for {} s", STALL.as_secs())]
    Stalled,
    #[error("the client neither asked nor listened for {} s", IDLE.as_secs())]
    Idle,
    #[error("the client fell too far behind")]
    TooFarBehind,
    #[error("a reply could not be encoded: {0}")]
    Encode(#[from] MessageError),
}

/// Serves `stream` until either side ends it.
pub(super) async fn run(mut stream: Stream, shared: Rc<Shared>) -> Result<(), Ended> {
    // Known before a word is said, so that a crowd is turned away without reading: it must not hold descriptors by greeting
    // slowly. Windows tells who a client is only once it has said something.
    let known = Peer::of(&stream).ok();
    let early = known.as_ref().map(|peer| Seat::take(&shared, peer));
    if let Some(None) = early {
        return turn_away(&mut stream, Verdict::Busy, &shared).await;
    }
    let hello = timeout(greeting::DEADLINE, ClientGreeting::read(&mut stream))
        .await
        .map_err(|_| Ended::GreetingLate)??;
    let peer = known.map_or_else(|| Peer::of(&stream), Ok)?;
    let Some(_seat) = early.flatten().or_else(|| Seat::take(&shared, &peer)) else {
        return turn_away(&mut stream, Verdict::Busy, &shared).await;
    };
    // The name is the client's own word: quoted, so that it cannot forge a line of the log.
    tracing::debug!(client = ?hello.name, user = %peer.user, "greeted");
    let chosen = match VersionRange::OURS.newest_common(hello.versions) {
        None => return turn_away(&mut stream, Verdict::NoCommonVersion, &shared).await,
        Some(_) if hello.codec != CODEC_ID => {
            return turn_away(&mut stream, Verdict::UnknownCodec, &shared).await;
        }
        Some(version) => version,
    };
    let welcome =
        DaemonGreeting { chosen, features: FEATURES & hello.features, ..answer(Verdict::Welcome, &shared) };
    say(&mut stream, &welcome).await?;
    let policy = &shared.about.policy;
    let asker = Asker { user: peer.user.clone(), administrator: policy.is_administrator(&peer) };
    let mut connection = Connection {
        asker,
        session: Session::new(shared.about.policy.viewer(&peer)),
        inbox: BytesMut::new(),
        stream,
        shared,
        counted: false,
    };
    connection.converse().await
}

async fn turn_away(stream: &mut Stream, verdict: Verdict, shared: &Shared) -> Result<(), Ended> {
    say(stream, &answer(verdict, shared)).await?;
    Err(Ended::TurnedAway(verdict))
}

async fn say(stream: &mut Stream, greeting: &DaemonGreeting) -> Result<(), Ended> {
    let bytes = greeting.to_bytes();
    let said = timeout(greeting::DEADLINE, stream.write_all(&bytes));
    Ok(said.await.map_err(|_| Ended::Stalled)??)
}

fn answer(verdict: Verdict, shared: &Shared) -> DaemonGreeting {
    DaemonGreeting {
        verdict,
        chosen: 0,
        versions: VersionRange::OURS,
        features: 0,
        instance: shared.about.instance,
        pid: std::process::id(),
        version: PACKAGE_VERSION.into(),
    }
}

struct Connection {
    stream: Stream,
    inbox: BytesMut,
    session: Session,
    asker: Asker,
    shared: Rc<Shared>,
    /// Whether the subscription is among those that `status` counts.
    counted: bool,
}

impl Connection {
    async fn converse(&mut self) -> Result<(), Ended> {
        let mut ticks = self.shared.tick.subscribe();
        let mut saved = self.shared.keeper.saved();
        let mut ending = self.shared.ending.subscribe();
        loop {
            while let Some(frame) = frame::take(&mut self.inbox, CLIENT_TO_DAEMON_MAX)? {
                self.answer(&frame).await?;
            }
            self.send_changes().await?;
            saved.mark_unchanged();
            self.send_events().await?;
            let (subscribed, hears_events) = (self.session.is_subscribed(), self.session.hears_events());
            tokio::select! {
                read = self.stream.read_buf(&mut self.inbox) => {
                    if read? == 0 {
                        return Ok(());
                    }
                }
                changed = ticks.changed(), if subscribed => {
                    if changed.is_err() {
                        return Ok(());
                    }
                }
                changed = saved.changed(), if hears_events => {
                    if changed.is_err() {
                        return Ok(());
                    }
                }
                _ = ending.wait_for(|&ending| ending) => return self.send(&Reply::Goodbye, 0).await,
                () = tokio::time::sleep(IDLE), if !subscribed && !hears_events => return Err(Ended::Idle),
            }
        }
    }

    async fn answer(&mut self, frame: &frame::Frame) -> Result<(), Ended> {
        let request = frame.request;
        match self.session.request(frame) {
            Answer::Reply(reply) => self.send(&reply, request).await,
            Answer::Status => {
                let status = self.shared.status(&self.session.viewer);
                self.send(&Reply::Status(Box::new(status)), request).await
            }
            Answer::Ledger => {
                let ledger = self.shared.ledger(&self.session.viewer);
                self.send(&Reply::Ledger(Box::new(ledger)), request).await
            }
            Answer::Bounds => self.send(&Reply::Bounds(Box::new(self.shared.bounds())), request).await,
            Answer::Connections(query) => match self.connections(query)? {
                Ok(pages) => self.send_pages(&pages, request).await,
                Err(silence) => self.send(&Reply::Error(silence.into()), request).await,
            },
            Answer::History(query) => match self.history(*query).await? {
                Ok(pages) => self.send_pages(&pages, request).await,
                Err(refusal) => self.send(&Reply::Error(refusal), request).await,
            },
            Answer::Alerts(about) => {
                let reply = match *about {
                    AlertsRequest::Test(new) => self.try_out(&new).await,
                    AlertsRequest::Add(new) => self.add_rule(new).await,
                    AlertsRequest::DryRun(new) => self.dry_run(&new).await?,
                    about => self.shared.answer_alerts(&self.asker, about),
                };
                let reply = reply.map_or_else(Reply::Error, |said| Reply::Alerts(Box::new(said)));
                self.send(&reply, request).await
            }
            Answer::Events => self.send_events().await,
            Answer::Snapshot => self.send_everything(request).await.map(drop),
            Answer::Subscribed => {
                self.count(true);
                let seq = self.send_everything(request).await?;
                self.session.sent(seq, self.shared.steady_ms());
                Ok(())
            }
            Answer::Unsubscribed => {
                self.count(false);
                self.send(&Reply::Pong, request).await
            }
        }
    }

    fn count(&mut self, subscribed: bool) {
        if self.counted != subscribed {
            self.counted = subscribed;
            self.shared.limits.borrow_mut().subscribed(if subscribed { 1 } else { -1 });
        }
    }

    /// Sends what changed since the last tick that this client got, if anything is due.
    async fn send_changes(&mut self) -> Result<(), Ended> {
        let seq = self.shared.store.borrow().seq();
        let Some((request, since)) = self.session.due(seq, self.shared.steady_ms()) else { return Ok(()) };
        let pages = self.pages(since)?.ok_or(Ended::TooFarBehind)?;
        self.session.sent(seq, self.shared.steady_ms());
        self.send_pages(&pages, request).await
    }

    /// Sends events that this client does not know, if there are any.
    async fn send_events(&mut self) -> Result<(), Ended> {
        while self.session.hears_events() {
            let events = self.shared.events(&self.asker, self.session.events_after());
            let Some(request) = self.session.tell(&events) else { break };
            self.send(&Reply::Events(Box::new(events)), request).await?;
        }
        Ok(())
    }

    async fn add_rule(&self, new: NewRule) -> Result<Alerts, Refusal> {
        let question = self.shared.question(&self.asker, &new);
        let added = self.shared.answer_alerts(&self.asker, AlertsRequest::Add(new))?;
        if let Alerts::Rule(rule) = &added
            && let Some(past) = self.past(question).await
        {
            self.shared.recall(rule.id, &past);
        }
        Ok(added)
    }

    /// What was moved before a rule, where the history knows it in time.
    async fn past(&self, question: Option<Question>) -> Option<Past> {
        let question = question?;
        let asked = past::ask(&self.shared, &self.session.viewer, question.query.clone());
        let pages = timeout(RECALL, asked.ok()?.answer()).await.ok()?.ok()?;
        question.read(&pages)
    }

    async fn try_out(&self, new: &NewRule) -> Result<Alerts, Refusal> {
        let mut ticks = self.shared.tick.subscribe();
        let mut attempt = self.shared.begin_attempt(&self.asker, new)?;
        if let Some(past) = self.past(self.shared.question(&self.asker, new)).await {
            attempt.recall(&past);
            self.shared.try_out(&mut attempt);
        }
        if attempt.needs_another() && timeout(SECOND_LOOK, ticks.changed()).await.is_ok() {
            self.shared.try_out(&mut attempt);
        }
        Ok(Alerts::Trial(Box::new(self.shared.end_attempt(attempt))))
    }

    /// Asks the history how often a rule would have fired.
    async fn dry_run(&mut self, new: &NewRule) -> Result<Result<Alerts, Refusal>, Ended> {
        let mut run = match self.shared.begin_dry_run(&self.asker, new) {
            Ok(run) => run,
            Err(refusal) => return Ok(Err(refusal)),
        };
        for question in run.questions() {
            match self.history(question).await? {
                Ok(pages) => run.hear(&pages),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        Ok(Ok(Alerts::DryRun(Box::new(run.told()))))
    }

    async fn send_everything(&mut self, request: u32) -> Result<u64, Ended> {
        let (seq, head) = {
            let store = self.shared.store.borrow();
            (store.seq(), feed::head(&store, &self.shared.about))
        };
        let pages = self.pages(0)?.ok_or(Ended::TooFarBehind)?;
        let head = head.encode(true)?;
        self.send_pages(&[head].into_iter().collect(), request).await?;
        self.send_pages(&pages, request).await?;
        Ok(seq)
    }

    fn connections(&self, query: ConnectionsQuery) -> Result<Result<Pages, Silence>, MessageError> {
        let (store, mut desk) = (self.shared.store.borrow(), self.shared.desk.borrow_mut());
        desk.answer(&store, &self.session.viewer, query, self.shared.steady_ms())
    }

    /// Waits for the answer of another thread, as long as the client is there: without it nobody needs one.
    async fn history(&mut self, query: HistoryQuery) -> Result<Result<Pages, Refusal>, Ended> {
        let mut asked = match past::ask(&self.shared, &self.session.viewer, query) {
            Ok(asked) => asked,
            Err(refusal) => return Ok(Err(refusal)),
        };
        loop {
            let has_room = self.inbox.len() < CLIENT_TO_DAEMON_MAX;
            tokio::select! {
                answer = asked.answer() => return Ok(answer.map(Into::into)),
                read = self.stream.read_buf(&mut self.inbox), if has_room => {
                    if read? == 0 {
                        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                    }
                }
            }
        }
    }

    fn pages(&self, since: u64) -> Result<Option<Pages>, MessageError> {
        self.shared.feed.borrow_mut().since(&self.shared.store.borrow(), &self.session.viewer, since)
    }

    async fn send(&mut self, reply: &Reply, request: u32) -> Result<(), Ended> {
        let encoded = reply.encode(false)?;
        self.send_frame(&encoded, request).await
    }

    async fn send_pages(&mut self, pages: &Pages, request: u32) -> Result<(), Ended> {
        for page in pages.iter() {
            self.send_frame(page, request).await?;
        }
        Ok(())
    }

    async fn send_frame(&mut self, frame: &Encoded, request: u32) -> Result<(), Ended> {
        let header = frame.header(request);
        for mut rest in [&header[..], &frame.body()[..]] {
            while !rest.is_empty() {
                let written = timeout(STALL, self.stream.write(rest)).await.map_err(|_| Ended::Stalled)??;
                if written == 0 {
                    return Err(io::Error::from(io::ErrorKind::WriteZero).into());
                }
                rest = &rest[written..];
            }
        }
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.count(false);
    }
}

/// A place among the connections, given back when dropped.
struct Seat {
    shared: Rc<Shared>,
    user: UserId,
}

impl Seat {
    fn take(shared: &Rc<Shared>, peer: &Peer) -> Option<Self> {
        let admitted = shared.limits.borrow_mut().enter(&peer.user, peer.superuser);
        admitted.then(|| Self { shared: Rc::clone(shared), user: peer.user.clone() })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.limits.borrow_mut().leave(&self.user);
    }
}
