//! `notify`: tells the user of alerts, for as long as it runs.

use std::{cell::Cell, time::SystemTime};

use bwusage_proto::{
    alert::{Events, LogQuery},
    client::{Client, ClientError, News, NewsFeed},
    notify::{Backlog, Cursor, Notice, Stage, courier},
    text,
    users::Users,
};
use futures_util::future::join_all;
use jiff::tz::TimeZone;

use super::stop::Stop;
use crate::{
    cli::notify::Notify,
    connection::{Connection, NAME},
    failure::{Exit, Failure},
    notify::config::{self, Destination},
    output,
};

mod paths;
mod post;
mod trial;
use post::Post;

pub(super) async fn run(connection: &Connection, arguments: &Notify) -> Result<Exit, Failure> {
    if arguments.instead.example {
        output::plain(config::EXAMPLE.as_bytes())?;
        return Ok(Exit::Done);
    }
    let destinations = config::load(arguments.config.as_deref(), paths::config().as_deref())?;
    if arguments.instead.check {
        for destination in &destinations {
            output::plain(format!("{}\n", text::escape(&destination.describe())).as_bytes())?;
        }
        return Ok(Exit::Done);
    }
    if arguments.instead.test {
        return trial::run(&destinations).await;
    }
    let path = arguments.state.clone().or_else(paths::state).ok_or(Failure::NoHome)?;
    let cursor = Cursor::open(&path)?;
    cursor.keep_only(|name| destinations.iter().any(|destination| destination.name == name));
    let watch = Watch {
        destinations,
        cursor,
        newest: if arguments.once { Some(newest(connection).await?) } else { None },
        is_verbose: arguments.verbose,
        failed: Cell::new(false),
        users: Users::new(),
        zone: TimeZone::system(),
    };
    watch.run(connection).await
}

/// The whole of it while it runs.
struct Watch {
    destinations: Vec<Destination>,
    cursor: Cursor,
    /// End when everything up to this event was tried.
    newest: Option<u64>,
    is_verbose: bool,
    /// Whether something could not be delivered.
    failed: Cell<bool>,
    users: Users,
    zone: TimeZone,
}

/// Why events are not followed any more.
enum End {
    /// There were no more, and only those were asked for.
    Once,
    /// The daemon began another log; these are its first events.
    OtherLog(Events),
    /// The daemon cannot be talked to, whatever the wait.
    Failed(Failure),
    /// Somebody asked for it.
    Stopped(Exit),
}

impl Watch {
    async fn run(self, connection: &Connection) -> Result<Exit, Failure> {
        let mut stop = Stop::new().map_err(Failure::Start)?;
        let mut feed = NewsFeed::new(connection.endpoint.clone(), NAME, self.cursor.position());
        let mut host = String::new();
        let mut first = None;
        loop {
            let events = if let Some(events) = first.take() {
                events
            } else {
                tokio::select! {
                    events = self.first(&mut feed, &mut host) => events?,
                    exit = stop.requested() => return Ok(exit),
                }
            };
            match self.deliver(events, &mut feed, &mut host, &mut stop).await {
                End::OtherLog(events) => first = Some(events),
                End::Failed(failure) => return Err(failure),
                End::Stopped(exit) => return Ok(exit),
                End::Once if self.failed.get() => return Err(Failure::Untold),
                End::Once => return Ok(Exit::Done),
            }
        }
    }

    /// Waits for the daemon and its first answer.
    async fn first(&self, feed: &mut NewsFeed, host: &mut String) -> Result<Events, Failure> {
        loop {
            match feed.next().await {
                News::Up { host: name } => *host = name,
                News::Events(events) => return Ok(events),
                News::Down { error, .. } if self.newest.is_some() || !error.is_transient() => {
                    return Err(error.into());
                }
                News::Down { error, is_first } => tell_down(&error, is_first),
            }
        }
    }

    /// Delivers `first` and what follows in the same log. What is under way at the end is finished.
    async fn deliver(&self, first: Events, feed: &mut NewsFeed, host: &mut String, stop: &mut Stop) -> End {
        let log = first.log;
        if first.missed {
            tell("events are missing that happened while nobody listened; see: bwusage-ctl alerts log");
        }
        self.cursor.begin(log);
        let backlog = Backlog::new();
        let couriers = self.destinations.iter().map(|destination| {
            // Whoever is new here is told of what is new.
            let mut done = self.cursor.done(&destination.name).unwrap_or(first.last);
            if first.missed && first.events.is_empty() {
                // The log went back, to an older copy: its next numbers were given before.
                done = done.min(first.last);
            }
            let post = Post {
                destination,
                cursor: &self.cursor,
                failed: &self.failed,
                is_verbose: self.is_verbose,
                now: SystemTime::now,
            };
            let backlog = &backlog;
            async move {
                courier::World::remember(&post, done);
                courier::run(backlog, done, &post).await;
            }
        });
        let couriers = join_all(couriers);
        tokio::pin!(couriers);
        let end = tokio::select! {
            end = self.follow(first, feed, host, &backlog) => end,
            exit = stop.requested() => End::Stopped(exit),
            _ = &mut couriers => unreachable!("couriers wait for more"),
        };
        backlog.enter(if matches!(end, End::Stopped(_)) { Stage::Stopping } else { Stage::Draining });
        tokio::select! {
            _ = couriers => {}
            // Asked again: whatever is under way then is told once more after the next start.
            _ = stop.requested() => {}
        }
        end
    }

    async fn follow(&self, first: Events, feed: &mut NewsFeed, host: &mut String, backlog: &Backlog) -> End {
        let log = first.log;
        let mut events = first;
        loop {
            for event in &events.events {
                match Notice::new(event, log, host, &self.users, &self.zone) {
                    Ok(notice) => backlog.push(notice),
                    Err(error) => return End::Failed(Failure::Json(error)),
                }
            }
            if self.newest.is_some_and(|newest| events.last >= newest) {
                return End::Once;
            }
            events = loop {
                match feed.next().await {
                    News::Events(more) if more.log != log => return End::OtherLog(more),
                    News::Events(more) => break more,
                    News::Up { host: name } => {
                        *host = name;
                        tell("bwusaged is back");
                    }
                    News::Down { error, .. } if !error.is_transient() => return End::Failed(error.into()),
                    News::Down { error, is_first } => tell_down(&error, is_first),
                }
            };
            if events.missed {
                tell("events are missing that happened while nobody listened; see: bwusage-ctl alerts log");
            }
        }
    }
}

/// The newest event that there is; 0 where there is none.
async fn newest(connection: &Connection) -> Result<u64, Failure> {
    let query = LogQuery { rule: None, before: None, limit: 1 };
    let log = connection.ask(async |client: &mut Client| client.alert_log(query).await).await?;
    Ok(log.events.first().map_or(0, |event| event.number))
}

fn tell_down(error: &ClientError, is_first: bool) {
    if is_first {
        tell(&format!("{error}; waiting for it"));
    }
}

/// A line for whoever looks at the log.
fn tell(line: &str) {
    anstream::eprintln!("{}", text::escape(line));
}
