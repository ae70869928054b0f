//! What a frame costs: 200x60 with 5,000 rows is to stay below 2 ms, and so is the model's part of a tick.

#[path = "../tests/screens/fixture.rs"]
mod fixture;

use std::{hint::black_box, sync::Arc};

use bwusage_proto::{connection::ConnectionsQuery, table::Grouping};
use bwusage_tui::{
    app::{Answer, Msg, Settings},
    keys::Key,
    rows::History,
    view::{self, Theme},
};
use criterion::{Criterion, criterion_group, criterion_main};
use ratatui::{Terminal, backend::TestBackend};

fn draw(c: &mut Criterion) {
    for (processes, width, height) in [(300, 120, 40), (5_000, 200, 60)] {
        let mut running = fixture::app(Settings { by: Grouping::Process, ..Settings::default() });
        running.send(Msg::Tick(Arc::new(fixture::crowd(processes))));
        let mut terminal =
            Terminal::new(TestBackend::new(width, height)).expect("a test backend always works");
        c.bench_function(&format!("draw {width}x{height} with {processes} rows"), |bencher| {
            bencher.iter(|| {
                let frame =
                    terminal.draw(|frame| drop(black_box(view::draw(frame, &running.app, Theme::FULL))));
                frame.expect("it never fails").count
            });
        });
    }
}

fn connections(c: &mut Criterion) {
    let mut running = fixture::app(Settings::default());
    running.send(Msg::Key(Key::Char('3')));
    let answer = Arc::new(fixture::talk::many_connections(5_000));
    let answered = || Msg::Answer(Answer::Connections(ConnectionsQuery::default(), Arc::clone(&answer)));
    c.bench_function("answer with 5000 connections", |bencher| bencher.iter(|| running.send(answered())));
    for (keys, what) in [("", "connections"), ("b", "connections by host")] {
        for key in keys.chars() {
            running.send(Msg::Key(Key::Char(key)));
        }
        let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a test backend always works");
        c.bench_function(&format!("draw 200x60 with 5000 {what}"), |bencher| {
            bencher.iter(|| {
                let frame =
                    terminal.draw(|frame| drop(black_box(view::draw(frame, &running.app, Theme::FULL))));
                frame.expect("it never fails").count
            });
        });
    }
}

fn update(c: &mut Criterion) {
    for processes in [300, 5_000] {
        let mut running = fixture::app(Settings { by: Grouping::Process, ..Settings::default() });
        let mirror = Arc::new(fixture::crowd(processes));
        c.bench_function(&format!("tick with {processes} rows"), |bencher| {
            bencher.iter(|| running.send(Msg::Tick(Arc::clone(&mirror))));
        });
        let mut history = History::default();
        c.bench_function(&format!("note speeds of {processes} rows"), |bencher| {
            bencher.iter(|| history.push(&mirror));
        });
        c.bench_function(&format!("filter key with {processes} rows"), |bencher| {
            bencher.iter(|| {
                for key in [Key::Char('/'), Key::Char('7'), Key::Esc] {
                    running.send(Msg::Key(key));
                }
            });
        });
    }
}

criterion_group!(benches, draw, connections, update);
criterion_main!(benches);
