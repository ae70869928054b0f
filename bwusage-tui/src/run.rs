//! The loop: events from the terminal, the daemon and the clock go into the model; its effects come out.

use std::{io, time::Duration};

use anyhow::Context as _;
use crossterm::event::EventStream;
use futures_util::StreamExt as _;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::{
    app::{App, Effect, Msg},
    feed::{Command, Feed},
    resolver::Resolver,
    terminal::{Endings, Screen, input},
    view::{self, Hits, Theme},
};

/// Runs until the user quits, the terminal is gone, or a signal asks to end. Must be called inside a tokio runtime.
///
/// # Errors
///
/// Fails when the terminal or the task that follows the daemon breaks down.
pub async fn run(mut app: App, mut feed: Feed, screen: &mut Screen, theme: Theme) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut endings = Endings::listen().context("cannot listen for signals")?;
    let mut resolver = Resolver::new();
    let mut events = EventStream::new();
    let mut clock = interval(Duration::from_secs(1));
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut hits = paint(screen, &mut app, theme)?;
    loop {
        let msg = tokio::select! {
            event = events.next() => match event {
                Some(Ok(event)) => input::msg(event, &hits),
                Some(Err(error)) => return Err(error).context("cannot read from the terminal"),
                None => return Ok(()),
            },
            Some((address, name)) = resolver.next() => Some(Msg::Named(address, name)),
            msg = feed.next() => Some(msg.context("the connection to the daemon broke down")?),
            _ = clock.tick(), if app.wants_clock() => Some(Msg::Clock),
            () = endings.asked() => return Ok(()),
        };
        let Some(msg) = msg else { continue };
        let mut draw = false;
        for effect in app.update(msg, started.elapsed()) {
            match effect {
                Effect::Draw => draw = true,
                Effect::DrawAnew => {
                    screen.clear()?;
                    draw = true;
                }
                Effect::Quit => return Ok(()),
                Effect::Suspend => {
                    screen.suspend()?;
                    draw = true;
                }
                Effect::RetryNow => feed.command(Command::RetryNow),
                Effect::Interval(interval) => feed.command(Command::Interval(interval)),
                Effect::Ask(questions) => feed.command(Command::Ask(questions)),
                Effect::LookUp(addresses) => resolver.look_up(addresses),
                Effect::CaptureMouse(capture) => screen.capture_mouse(capture)?,
                Effect::Copy(text) => screen.copy(&text)?,
            }
        }
        if draw {
            hits = paint(screen, &mut app, theme)?;
        }
    }
}

fn paint(screen: &mut Screen, app: &mut App, theme: Theme) -> io::Result<Hits> {
    let (drawn, hits) = screen.draw(|frame| view::draw(frame, app, theme))?;
    app.drawn(&drawn);
    Ok(hits)
}
