//! Any size, any state, any name: nothing panics, and nothing that others chose acts on the terminal.

use std::sync::Arc;

use bwusage_proto::{connection::ConnectionsQuery, mirror::Mirror, table::Grouping, units::Rates};
use bwusage_tui::{
    app::{Answer, Msg, Settings},
    keys::Key,
    view::{Depth, Theme},
};

use super::{SIZES, answer, by_process, fixture, quality::refused, render, shown, trouble};

#[test]
fn no_size_and_no_state_panics() {
    const WIDTHS: [u16; 11] = [1, 2, 10, 39, 40, 41, 79, 80, 110, 180, 400];
    const HEIGHTS: [u16; 11] = [1, 2, 3, 9, 10, 11, 19, 20, 30, 45, 200];
    let down = Msg::Down(trouble(false));
    let mismatch = Msg::Down(trouble(true));
    let crowd = Msg::Tick(Arc::new(fixture::crowd(300)));
    let many = Arc::new(fixture::talk::many_connections(300));
    let many = Msg::Answer(Answer::Connections(ConnectionsQuery::default(), many));
    let states: [(&str, Option<Msg>); 15] = [
        ("", None),
        ("G", Some(crowd)),
        ("/a very long filter that does not fit into the frame of the table at all", None),
        ("/fire (x", Some(down)),
        ("sjjjjjjjjjjj", None),
        ("?G", None),
        ("?/sort", None),
        ("LG", Some(Msg::Answer(Answer::Ledger(Arc::new(fixture::ledger()))))),
        ("3", Some(answer())),
        ("3G\n", Some(many)),
        ("3b\n", Some(answer())),
        ("3sG", Some(answer())),
        ("3/port:", None),
        ("q", Some(mismatch)),
        ("p\n", None),
    ];
    for (keys, msg) in states {
        let mut running = by_process();
        for key in keys.chars() {
            running.send(Msg::Key(if key == '\n' { Key::Enter } else { Key::Char(key) }));
            if key == '3' {
                running.send(answer());
            }
        }
        if let Some(msg) = msg {
            running.send(msg);
        }
        for width in WIDTHS {
            for height in HEIGHTS {
                for theme in [Theme::FULL, Theme { depth: Depth::None, ascii: true }] {
                    render(&mut running, (width, height), theme);
                }
            }
        }
    }
}

#[test]
fn a_hostile_name_never_acts_on_the_terminal() {
    const NAMES: [&str; 6] = [
        "\x1b[2J\x1b]0;owned\x07",
        "cod\u{202e}exe.tpircs",
        "zero\u{200b}width\u{feff}",
        "日本語日本語日本語日本語日本語日本語日本語日本語日本語",
        "a\r\nb\tc\0d\u{9b}31m",
        "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    ];
    let mut tick = fixture::tick(1);
    for (row, name) in (50..).zip(NAMES) {
        let mut info = fixture::info(row, name, name, 1000);
        info.exe = Some(name.into());
        info.command_line = Some(vec![name.into()]);
        tick.infos.push(info);
        tick.changed.push(fixture::activity(row, fixture::counters(1 << 50, 1 << 50), Rates::default()));
    }
    let mut head = fixture::head();
    head.host.hostname = NAMES[0].into();
    head.coverage.blind_spots = NAMES.map(String::from).into();
    head.coverage.quality = NAMES[0].into();
    head.coverage.rungs = NAMES.map(refused).into();
    let mut mirror = Mirror::new(head);
    mirror.apply(tick).expect("every row is described");
    let mirror = Arc::new(mirror);

    let mut ledger = fixture::ledger();
    for (interface, name) in ledger.interfaces.iter_mut().zip(NAMES) {
        interface.name = name.into();
    }
    ledger.carriers[0].interface = NAMES[1].into();
    (ledger.losses[0].what, ledger.missing) = (NAMES[4].into(), Some(NAMES[2].into()));
    let ledger = Arc::new(ledger);
    let mut talk = fixture::talk::connections();
    for (connection, name) in talk.open.iter_mut().zip(NAMES) {
        (connection.remote_name, connection.interface) = (Some(name.into()), Some(name.into()));
    }
    for (total, name) in talk.remotes.iter_mut().zip(NAMES) {
        (total.remote_name, total.interface, total.app) = (Some(name.into()), Some(name.into()), name.into());
        total.row = None;
    }
    let talk = Arc::new(talk);

    let mut running = by_process();
    running.send(Msg::Up { mirror: Arc::clone(&mirror), restarted: true });
    let screen = shown(&mut running, (200, 60));
    for visible in
        [r"\x1b[2J\x1b]0;owned\x07", r"cod\u{202e}exe.tpircs", r"zero\u{200b}width", r"a\x0d\x0ab\x09c"]
    {
        assert!(screen.contains(visible), "{visible} in\n{screen}");
    }

    for by in Grouping::ALL {
        let on_connections: &[&str] = match by {
            Grouping::Process => &["3", "3b", "3bb", "3bbb", "3bbbbb", "3b\n", "3\n"],
            _ => &[],
        };
        for keys in ["", "\n", "?G", "/\u{202e}zzz", "L"].iter().chain(on_connections) {
            let mut running = fixture::app(Settings { by, ..Settings::default() });
            running.send(Msg::Up { mirror: Arc::clone(&mirror), restarted: true });
            for key in keys.chars() {
                running.send(Msg::Key(if key == '\n' { Key::Enter } else { Key::Char(key) }));
                running.send(Msg::Answer(Answer::Ledger(Arc::clone(&ledger))));
                running
                    .send(Msg::Answer(Answer::Connections(ConnectionsQuery::default(), Arc::clone(&talk))));
            }
            for row in 0..NAMES.len() {
                for size in SIZES {
                    let buffer = render(&mut running, size, Theme::FULL);
                    let symbols = buffer.content.iter().map(ratatui::buffer::Cell::symbol);
                    let acts = |c: char| {
                        c.is_control() || bwusage_proto::text::escape(&c.to_string()) != c.to_string()
                    };
                    let raw: Vec<_> = symbols.filter(|symbol| symbol.chars().any(acts)).collect();
                    assert!(raw.is_empty(), "{raw:?} after {keys:?} at {size:?} in row {row}");
                }
                running.send(Msg::Key(Key::Down));
            }
        }
    }
}
