//! Follows the daemon's events and hands them to every channel.

use std::time::{SystemTime, UNIX_EPOCH};

use bwusage_proto::{
    alert::Events,
    client::{News, NewsFeed},
    notify::{
        Backlog, Cursor, Notice, Stage,
        courier::{self, Report, World},
    },
    text,
    transport::Endpoint,
    users::Users,
};
use futures_util::future::join_all;
use jiff::tz::TimeZone;

use super::{
    Undelivered,
    board::{Board, Outcome},
    config::Channel,
    reason,
};

/// Never ends: a log that was begun anew is begun with.
pub(super) async fn run(channels: &[Channel], cursor: &Cursor, endpoint: Endpoint, board: &Board) {
    cursor.keep_only(|name| channels.iter().any(|channel| channel.name == name));
    let mut feed = Feed {
        news: NewsFeed::new(endpoint, "bwusage-web", cursor.position()),
        host: String::new(),
        users: Users::new(),
        zone: TimeZone::system(),
    };
    let mut events = feed.next().await;
    loop {
        events = deliver(channels, cursor, board, &mut feed, events).await;
    }
}

struct Feed {
    news: NewsFeed,
    host: String,
    users: Users,
    zone: TimeZone,
}

impl Feed {
    /// Waits for further events.
    async fn next(&mut self) -> Events {
        loop {
            match self.news.next().await {
                News::Up { host } => self.host = host,
                News::Events(events) => {
                    if events.missed {
                        tell(
                            "events are missing that happened while nobody listened; see: bwusage-ctl alerts log",
                        );
                    }
                    return events;
                }
                News::Down { error, is_first: true } => tell(&format!("{error}; alerts wait for it")),
                News::Down { .. } => {}
            }
        }
    }
}

/// Delivers `first` and what follows in the same log; returns the first events of the next one.
async fn deliver(
    channels: &[Channel],
    cursor: &Cursor,
    board: &Board,
    feed: &mut Feed,
    first: Events,
) -> Events {
    let (log, backlog) = (first.log, Backlog::new());
    cursor.begin(log);
    let couriers = channels.iter().map(|channel| {
        // Whoever is new here is told of what is new.
        let mut done = cursor.done(&channel.name).unwrap_or(first.last);
        if first.missed && first.events.is_empty() {
            // The log went back, to an older copy: its next numbers were given before.
            done = done.min(first.last);
        }
        let (post, backlog) = (Post { channel, cursor, board }, &backlog);
        async move {
            post.remember(done);
            courier::run(backlog, done, &post).await;
        }
    });
    let couriers = join_all(couriers);
    tokio::pin!(couriers);
    let follow = async {
        let mut events = first;
        loop {
            for event in &events.events {
                match Notice::new(event, log, &feed.host, &feed.users, &feed.zone) {
                    Ok(notice) => backlog.push(notice),
                    Err(error) => tell(&format!("event {} is not told: {error}", event.number)),
                }
            }
            events = feed.next().await;
            if events.log != log {
                return events;
            }
        }
    };
    let next = tokio::select! {
        next = follow => next,
        _ = &mut couriers => unreachable!("couriers wait for more"),
    };
    backlog.enter(Stage::Draining);
    couriers.await;
    next
}

/// What a courier needs of the world.
struct Post<'a> {
    channel: &'a Channel,
    cursor: &'a Cursor,
    board: &'a Board,
}

impl World for Post<'_> {
    type Why = Undelivered;

    fn wants(&self, notice: &Notice) -> bool {
        self.channel.wants(notice)
    }

    async fn deliver(&self, notice: &Notice) -> Result<(), Undelivered> {
        self.channel.way.deliver(notice).await
    }

    fn remember(&self, event: u64) {
        if let Err(error) = self.cursor.advance(&self.channel.name, event) {
            tell(&format!("{error}; after a restart an alert may be told again"));
        }
    }

    fn report(&self, report: Report<'_, Undelivered>) {
        let name = &self.channel.name;
        let outcome = match report {
            Report::Delivered(_) => Outcome::Delivered { at_unix_ms: self.now_unix_ms() },
            Report::Retry { notice, why, pause } => {
                let why = reason(why);
                tell(&format!("{name}: event {}: {why}; again in {} s", notice.event, pause.as_secs()));
                Outcome::Retry { why }
            }
            Report::GivenUp { notice, why } => {
                let why = reason(why);
                tell(&format!("{name}: event {} is not told: {why}", notice.event));
                Outcome::Lost { events: 1, why }
            }
            Report::Missed(events) => {
                let why = "it is too slow for so many events".to_owned();
                tell(&format!("{name}: {events} events are not told: {why}"));
                Outcome::Lost { events, why }
            }
        };
        self.board.note(name, outcome);
    }

    fn now_unix_ms(&self) -> u64 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
    }
}

/// A line for whoever looks at the log.
fn tell(line: &str) {
    eprintln!("{}", text::escape(line));
}
