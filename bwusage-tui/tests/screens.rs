//! What the screen shows, state by state and size by size.

#[path = "screens/fixture.rs"]
mod fixture;
#[path = "screens/quality.rs"]
mod quality;
#[path = "screens/robust.rs"]
mod robust;

use std::{sync::Arc, time::Duration};

use bwusage_proto::{
    connection::{Connections, ConnectionsQuery},
    mirror::Mirror,
    table::{Grouping, SortKey},
    units::Rates,
};
use bwusage_tui::{
    app::{Answer, Msg, Pointer, Settings, SortBy, Trouble},
    keys::Key,
    view::{self, Depth, Theme},
};
use fixture::Running;
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, style::Color};

const SIZES: [(u16, u16); 5] = [(80, 24), (120, 40), (200, 60), (60, 18), (40, 10)];

fn render(running: &mut Running, (width, height): (u16, u16), theme: Theme) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a test backend always works");
    let mut drawn = None;
    let frame =
        terminal.draw(|frame| drawn = Some(view::draw(frame, &running.app, theme))).expect("it never fails");
    let buffer = frame.buffer.clone();
    running.app.drawn(&drawn.expect("a frame was drawn").0);
    buffer
}

fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let line = |cells: &[ratatui::buffer::Cell]| {
        let line: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        line.trim_end().to_owned()
    };
    buffer.content.chunks(width).map(line).collect::<Vec<_>>().join("\n")
}

fn shown(running: &mut Running, size: (u16, u16)) -> String {
    text(&render(running, size, Theme::FULL))
}

/// A snapshot for each size.
fn at_every_size(name: &str, make: impl Fn() -> Running) {
    for size in SIZES {
        let screen = shown(&mut make(), size);
        insta::assert_snapshot!(format!("{name}-{}x{}", size.0, size.1), screen);
    }
}

fn typed(running: &mut Running, keys: &str) {
    for key in keys.chars() {
        running.send(Msg::Key(Key::Char(key)));
    }
}

fn by_process() -> Running {
    fixture::app(Settings { by: Grouping::Process, ..Settings::default() })
}

fn trouble(needs_user: bool) -> Trouble {
    Trouble {
        headline: "connection refused".into(),
        sentence: "bwusaged 2.1 speaks protocol 2-3, this bwusage-tui 0.1.0 speaks 1".into(),
        hints: vec!["restart the daemon after an upgrade:   sudo systemctl restart bwusaged".into()],
        needs_user,
        retry_in: Duration::from_secs(3),
    }
}

#[test]
fn live() {
    at_every_size("live", || fixture::app(Settings::default()));
    at_every_size("live-processes", by_process);
}

#[test]
fn paused() {
    at_every_size("paused", || {
        let mut running = by_process();
        typed(&mut running, "p");
        running.seconds += 12;
        running.send(Msg::Clock);
        running
    });
}

#[test]
fn filter() {
    at_every_size("filter", || {
        let mut running = by_process();
        typed(&mut running, "/fire");
        running
    });
}

#[test]
fn bad_filter() {
    at_every_size("bad-filter", || {
        let mut running = by_process();
        typed(&mut running, "/fire (x");
        running
    });
}

#[test]
fn no_match() {
    at_every_size("no-match", || {
        let mut running = by_process();
        typed(&mut running, "/zzz");
        running
    });
}

#[test]
fn empty() {
    at_every_size("empty", || {
        let mut running =
            Running { app: bwusage_tui::app::App::new(Settings::default(), fixture::users()), seconds: 0 };
        let mirror = Arc::new(Mirror::new(fixture::head()));
        running.send(Msg::Up { mirror, restarted: false });
        running
    });
}

#[test]
fn disconnected() {
    at_every_size("disconnected", || {
        let mut running = by_process();
        running.send(Msg::Down(trouble(false)));
        running
    });
}

#[test]
fn mismatch() {
    at_every_size("mismatch", || {
        let mut running = by_process();
        running.send(Msg::Down(trouble(true)));
        running
    });
}

#[test]
fn detail() {
    at_every_size("detail", || {
        let mut running = by_process();
        running.send(Msg::Key(Key::Enter));
        running
    });
}

#[test]
fn a_background_program_that_moved_bytes_is_marked_in_words() {
    let mut running = by_process();
    let screen = shown(&mut running, (80, 24));
    let marked: Vec<_> = screen.lines().filter(|line| line.contains("◦bg")).collect();
    assert!(marked.len() == 1 && marked[0].contains("curl † ◦bg"), "{screen}");
    typed(&mut running, "/category:background");
    let screen = shown(&mut running, (80, 24));
    assert!(screen.contains("curl") && !screen.contains("firefox"), "{screen}");
    running.send(Msg::Key(Key::Enter));
    running.send(Msg::Key(Key::Enter));
    let screen = shown(&mut running, (80, 24));
    assert!(screen.contains("background ◦bg") && screen.contains("first seen"), "{screen}");
}

#[test]
fn a_long_name_leaves_room_for_its_mark() {
    let mut info = fixture::info(50, "a-name-that-is-longer-than-its-column", "curl", 1000);
    info.category = Some(bwusage_proto::process::Category::Background);
    let changed = vec![fixture::activity(50, fixture::counters(1 << 50, 0), Rates::default())];
    let mut mirror = fixture::mirror(1);
    mirror
        .apply(bwusage_proto::message::Tick { infos: vec![info], changed, ..fixture::tick(2) })
        .expect("all described");
    let mut running = by_process();
    running.send(Msg::Tick(Arc::new(mirror)));
    let screen = shown(&mut running, (40, 10));
    assert!(screen.contains("… ◦bg"), "{screen}");
}

#[test]
fn the_header_tells_that_nothing_is_stored_and_no_control_characters() {
    let mut mirror = fixture::mirror(2);
    mirror.fault = Some("/x\u{1b}[31m cannot be written: mount it writable".into());
    let mut running = by_process();
    running.send(Msg::Tick(Arc::new(mirror)));
    let screen = shown(&mut running, (120, 24));
    assert!(screen.contains("⚠ not stored: /x\\x1b[31m cannot be written "), "{screen}");
    assert!(!screen.contains("mount it"), "{screen}");
}

#[test]
fn the_chain_of_parents_ends_where_knowledge_ends() {
    let mut running = by_process();
    running.send(Msg::Key(Key::Enter));
    let screen = shown(&mut running, (120, 40));
    assert!(screen.contains("parents   firefox 107 ← 1 "), "{screen}");
}

#[test]
fn help() {
    at_every_size("help", || {
        let mut running = by_process();
        typed(&mut running, "?");
        running
    });
}

#[test]
fn ledger() {
    at_every_size("ledger", || {
        let mut running = by_process();
        typed(&mut running, "L");
        running.send(Msg::Answer(Answer::Ledger(Arc::new(fixture::ledger()))));
        running
    });
}

/// The screen of connections after the daemon's answer.
fn talking(keys: &str) -> Running {
    let mut running = by_process();
    typed(&mut running, "3");
    running.send(answer());
    typed(&mut running, keys);
    running
}

fn answer() -> Msg {
    Msg::Answer(Answer::Connections(ConnectionsQuery::default(), Arc::new(fixture::talk::connections())))
}

#[test]
fn connections() {
    at_every_size("connections", || talking(""));
    at_every_size("connections-by-host", || talking("b"));
    at_every_size("connections-filter", || talking("/iface:eth0 port:https"));
    at_every_size("connections-detail", || {
        let mut running = talking("");
        running.send(Msg::Key(Key::Enter));
        running
    });
    at_every_size("connections-host-detail", || {
        let mut running = talking("b");
        running.send(Msg::Key(Key::Enter));
        running
    });
}

#[test]
fn the_detail_pane_lists_the_connections_of_the_process() {
    at_every_size("detail-connections", || {
        let mut running = by_process();
        running.send(Msg::Key(Key::Enter));
        let query = ConnectionsQuery { pid: Some(100) };
        running.send(Msg::Answer(Answer::Connections(query, Arc::new(fixture::talk::connections()))));
        running
    });
}

#[test]
fn a_table_of_connections_without_any_says_why() {
    let mut running = by_process();
    typed(&mut running, "3");
    assert!(shown(&mut running, (80, 24)).contains("asking the daemon…"));
    running.send(Msg::Answer(Answer::None("bwusaged did not answer within 5 s".into())));
    assert!(shown(&mut running, (80, 24)).contains("did not answer within 5 s"));
    let nothing = |hidden| Connections { hidden, ..Connections::default() };
    let answered =
        |hidden| Msg::Answer(Answer::Connections(ConnectionsQuery::default(), Arc::new(nothing(hidden))));
    running.send(answered(0));
    assert!(shown(&mut running, (80, 24)).contains("no connections"));
    running.send(answered(7));
    let screen = shown(&mut running, (80, 24));
    assert!(screen.contains("connections of others") && screen.contains("7 of others hidden"), "{screen}");
    typed(&mut running, "/zzz");
    assert!(shown(&mut running, (80, 24)).contains("no connection matches “zzz”"));
}

#[test]
fn the_sum_of_the_ledger_is_there_before_the_answer_and_when_there_is_none() {
    let mut running = by_process();
    typed(&mut running, "L");
    let screen = shown(&mut running, (120, 40));
    assert!(screen.contains("all that lead out") && !screen.contains("eth0"), "{screen}");
    running.send(Msg::Answer(Answer::None("bwusaged refused: not for you".into())));
    let screen = shown(&mut running, (120, 40));
    assert!(screen.contains("all that lead out") && screen.contains("not for you"), "{screen}");
}

#[test]
fn the_header_tells_the_attributed_share_and_what_was_lost() {
    let header = |mirror: Mirror| {
        let mut running = by_process();
        running.send(Msg::Tick(Arc::new(mirror)));
        let screen = shown(&mut running, (120, 40));
        screen.lines().next().unwrap_or_default().to_owned()
    };
    let known = header(fixture::mirror(1));
    assert!(known.contains("attributed 99.94% ⚠") && known.contains("8.79 KiB lost"), "{known}");
    let unknown = header(Mirror { ledger: None, ..fixture::mirror(1) });
    assert!(!unknown.contains("attributed") && !unknown.contains('⚠'), "{unknown}");
}

#[test]
fn sort_list() {
    at_every_size("sort-list", || {
        let mut running = by_process();
        typed(&mut running, "sj");
        running
    });
}

#[test]
fn ascii() {
    let theme = Theme { depth: Depth::None, ascii: true };
    let screen = text(&render(&mut by_process(), (80, 24), theme));
    assert!(screen.is_ascii(), "{screen}");
    insta::assert_snapshot!("ascii-80x24", screen);
}

#[test]
fn without_colour_nothing_is_coloured() {
    let theme = Theme { depth: Depth::None, ascii: false };
    for keys in ["", "/fire (x", "?", "sj"] {
        let mut running = by_process();
        typed(&mut running, keys);
        running.send(Msg::Down(trouble(false)));
        for size in SIZES {
            let buffer = render(&mut running, size, theme);
            let coloured =
                buffer.content.iter().find(|cell| (cell.fg, cell.bg) != (Color::Reset, Color::Reset));
            assert_eq!(coloured, None, "{keys:?} at {size:?}");
        }
    }
}

#[test]
fn received_is_blue_and_sent_is_orange_in_every_depth_of_colour() {
    for (depth, blue, orange) in [
        (Depth::Ansi, Color::LightBlue, Color::Yellow),
        (Depth::Indexed, Color::Indexed(69), Color::Indexed(208)),
        (Depth::True, Color::Rgb(64, 150, 255), Color::Rgb(245, 146, 50)),
    ] {
        let buffer = render(&mut by_process(), (120, 40), Theme { depth, ascii: false });
        for (glyph, colour) in [("▼", blue), ("▲", orange)] {
            let cells: Vec<_> = buffer.content.iter().filter(|cell| cell.symbol() == glyph).collect();
            assert!(cells.len() >= 3 && cells.iter().all(|cell| cell.fg == colour), "{depth:?} {glyph}");
        }
    }
}

#[test]
fn the_sum_of_the_columns_includes_what_has_no_process() {
    let screen = shown(&mut by_process(), (80, 24));
    let line = screen.lines().find(|line| line.contains("(no process)")).expect("there is such traffic");
    assert!(line.contains("2.29 M") && line.contains("1.05 M"), "{line}");
}

#[test]
fn a_click_finds_what_is_under_the_mouse() {
    let mut running = by_process();
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("a test backend always works");
    let mut hits = None;
    let frame = terminal
        .draw(|frame| hits = Some(view::draw(frame, &running.app, Theme::FULL).1))
        .expect("it never fails");
    let lines: Vec<String> = text(frame.buffer).lines().map(String::from).collect();
    let hits = hits.expect("a frame was drawn");
    let place = |what: &str| {
        let (y, line) =
            lines.iter().enumerate().find(|(_, line)| line.contains(what)).expect("it is on screen");
        (line[..line.find(what).unwrap_or(0)].chars().count() as u16, y as u16)
    };
    let (x, y) = place("▲TOTAL");
    assert_eq!(hits.at(x, y), Some(Pointer::Column(SortBy::Process(SortKey::TxTotal))));
    let (x, y) = place("rsync");
    assert_eq!(hits.at(x, y), Some(Pointer::Row(1)));
    assert_eq!(hits.at(0, 0), None);
    running.send(Msg::Pointer(Pointer::Column(SortBy::Process(SortKey::TxTotal))));
    assert_eq!(running.app.order().key, SortKey::TxTotal);
}
