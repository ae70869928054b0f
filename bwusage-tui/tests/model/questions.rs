//! What the model has the daemon asked, and what it makes of the answers: the ledger, and who talks to whom.

use std::sync::Arc;

use bwusage_proto::{
    connection::ConnectionsQuery,
    table::SortKey,
    talk::{self, Grouping as By},
};
use bwusage_tui::{
    app::{Answer, Drawn, DrawnTable, Effect, Msg, Questions, Screen, Settings, SortBy},
    keys::{Action, Key},
};

use super::{by_process, fixture, fixture::Running, press, selected};

/// What the daemon was told to be asked, if it was told anything.
fn asked(effects: &[Effect]) -> Option<Questions> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ask(questions) => Some(*questions),
        _ => None,
    })
}

fn ledger() -> Msg {
    Msg::Answer(Answer::Ledger(Arc::new(fixture::ledger())))
}

#[test]
fn the_ledger_is_asked_for_only_while_somebody_looks_at_it() {
    let mut running = by_process();
    let wanted = Questions { ledger: true, connections: None };
    assert_eq!(asked(&press(&mut running, Key::Char('L'))), Some(wanted));
    assert_eq!(running.app.book().map(|book| book.accounts.len()), Some(1), "the sum of every tick");
    assert_eq!(running.send(ledger()), [Effect::Draw]);
    assert_eq!(running.app.book().map(|book| book.accounts.len()), Some(3));
    assert_eq!(asked(&press(&mut running, Key::Esc)), Some(Questions::default()));
    assert_eq!(running.send(ledger()), [], "an answer that comes too late");
}

#[test]
fn a_stopped_screen_asks_once_for_what_it_lacks() {
    let mut running = by_process();
    press(&mut running, Key::Char('p'));
    assert!(asked(&press(&mut running, Key::Char('L'))).is_some_and(|asked| asked.ledger));
    assert_eq!(asked(&running.send(ledger())), Some(Questions::default()));
    assert_eq!(running.app.book().map(|book| book.accounts.len()), Some(3));
}

#[test]
fn another_run_of_the_daemon_has_another_ledger() {
    let mut running = by_process();
    press(&mut running, Key::Char('L'));
    running.send(ledger());
    running.send(Msg::Up { mirror: Arc::new(fixture::mirror(1)), restarted: true });
    assert_eq!(running.app.book().map(|book| book.accounts.len()), Some(1));
}

const ALL: ConnectionsQuery = ConnectionsQuery { pid: None };

fn connections(query: ConnectionsQuery) -> Msg {
    Msg::Answer(Answer::Connections(query, Arc::new(fixture::talk::connections())))
}

/// The screen of connections after the daemon's answer.
fn talking() -> Running {
    let mut running = by_process();
    press(&mut running, Key::Char('3'));
    running.send(connections(ALL));
    running.app.drawn(&Drawn {
        table: Some(DrawnTable { first: 0, viewport: 20, columns: running.app.sort_keys() }),
        overlay: None,
    });
    running
}

fn titles(running: &Running) -> Vec<String> {
    let flows = running.app.flows(0, 99).map(|flows| flows.flows).unwrap_or_default();
    flows.into_iter().map(|flow| flow.title).collect()
}

#[test]
fn connections_are_asked_for_only_while_they_are_in_view() {
    let mut running = by_process();
    let wanted = Questions { ledger: false, connections: Some(ALL) };
    assert_eq!(asked(&press(&mut running, Key::Char('3'))), Some(wanted));
    assert_eq!(running.app.flows(0, 9), None, "nothing is known yet");
    running.send(connections(ALL));
    assert!(!titles(&running).is_empty());
    assert_eq!(asked(&press(&mut running, Key::Char('1'))), Some(Questions::default()));
    assert_eq!(running.send(connections(ALL)), [], "an answer that comes too late");
}

#[test]
fn the_detail_pane_asks_for_the_connections_of_its_process() {
    let mut running = by_process();
    let of = |pid| Some(Questions { ledger: false, connections: Some(ConnectionsQuery { pid }) });
    assert_eq!(asked(&press(&mut running, Key::Enter)), of(Some(100)));
    assert_eq!(asked(&press(&mut running, Key::Down)), of(Some(114)), "another row, another question");
    assert_eq!(running.send(connections(ConnectionsQuery { pid: Some(100) })), [], "of the row before");
    assert_eq!(running.app.flows_of_selected(9), None);
    running.send(connections(ConnectionsQuery { pid: Some(114) }));
    let flows = running.app.flows_of_selected(1).expect("it was answered");
    assert_eq!((flows.matched, flows.flows.len()), (2, 1));
    assert_eq!(flows.flows[0].title, "backup.example.org:873");
    assert_eq!(asked(&press(&mut running, Key::Esc)), Some(Questions::default()));
}

#[test]
fn an_application_has_the_connections_of_all_its_processes() {
    let mut running = fixture::app(Settings::default());
    let wanted = Questions { ledger: false, connections: Some(ALL) };
    assert_eq!(asked(&press(&mut running, Key::Enter)), Some(wanted));
    running.send(connections(ALL));
    let flows = running.app.flows_of_selected(99).expect("it was answered");
    let pids: std::collections::BTreeSet<_> = flows.flows.iter().filter_map(|flow| flow.pid).collect();
    assert_eq!(pids.into_iter().collect::<Vec<_>>(), [100, 107]);
}

#[test]
fn connections_are_grouped_by_what_they_have_in_common() {
    let mut running = talking();
    let mut by = || {
        press(&mut running, Key::Char('b'));
        (running.app.flows_by(), titles(&running).into_iter().take(2).collect::<Vec<_>>())
    };
    assert_eq!(by(), (By::Remote, vec!["backup.example.org".into(), "cdn.example.net".into()]));
    assert_eq!(by(), (By::Port, vec!["873/tcp rsync".into(), "443/tcp https".into()]));
    assert_eq!(by(), (By::Interface, vec!["eth0".into(), "(no interface)".into()]));
    assert_eq!(by(), (By::Process, vec!["rsync".into(), "Web Content".into()]));
    assert_eq!(by().0, By::App);
    assert_eq!(by().0, By::Connection);
}

#[test]
fn every_grouping_has_the_same_sum() {
    let mut running = talking();
    let sum = |running: &Running| {
        let flows = running.app.flows(0, 99).expect("it was answered");
        let rows = flows.flows.iter().map(|flow| flow.rx_total).sum::<u64>();
        assert_eq!(rows, flows.rx_total);
        flows.rx_total
    };
    let all = sum(&running);
    for _ in By::ALL {
        press(&mut running, Key::Char('b'));
        assert_eq!(sum(&running), all);
    }
}

#[test]
fn the_screens_have_filters_orders_and_cursors_of_their_own() {
    let mut running = talking();
    for key in "/port:443".chars() {
        press(&mut running, Key::Char(key));
    }
    press(&mut running, Key::Enter);
    assert_eq!(running.app.flow_counts().1, 2);
    press(&mut running, Key::Char('r'));
    assert_eq!(running.app.sorted(), (SortBy::Connection(talk::SortKey::Total), true));
    press(&mut running, Key::Tab);
    assert_eq!((running.app.screen(), running.app.filter().is_empty()), (Screen::Processes, true));
    assert_eq!(running.app.sorted(), (SortBy::Process(SortKey::RxTotal), false));
    press(&mut running, Key::Tab);
    assert_eq!(running.app.filter().field().text(), "port:443");
    press(&mut running, Key::Esc);
    assert!(running.app.flow_counts().1 > 2);
}

#[test]
fn closed_connections_can_be_left_out() {
    let mut running = talking();
    let closed = |running: &Running| titles(running).iter().any(|title| title == "old.example.org");
    assert!(closed(&running));
    press(&mut running, Key::Char('a'));
    assert!(!closed(&running));
}

/// The addresses that are to be looked up.
fn looked_up(effects: &[Effect]) -> Vec<String> {
    let lists = effects.iter().filter_map(|effect| match effect {
        Effect::LookUp(addresses) => Some(addresses),
        _ => None,
    });
    lists.flatten().map(ToString::to_string).collect()
}

#[test]
fn nameless_hosts_in_view_are_looked_up_once_and_then_have_a_name() {
    let mut running = talking();
    assert_eq!(looked_up(&running.send(Msg::Clock)), ["192.0.2.77"]);
    assert_eq!(looked_up(&running.send(Msg::Clock)), [""; 0]);
    let address = "192.0.2.77".parse().expect("it is an address");
    assert_eq!(running.send(Msg::Named(address, Some("gate.example.com".into()))), [Effect::Draw]);
    assert!(titles(&running).contains(&"gate.example.com:51820".into()), "{:?}", titles(&running));
    running.send(connections(ALL));
    assert!(titles(&running).contains(&"gate.example.com:51820".into()), "the next answer is named too");
    press(&mut running, Key::Char('n'));
    assert!(titles(&running).contains(&"192.0.2.77:51820".into()), "{:?}", titles(&running));
}

#[test]
fn no_name_is_looked_up_while_addresses_are_wanted() {
    let mut running = by_process();
    press(&mut running, Key::Char('3'));
    press(&mut running, Key::Char('n'));
    running.send(connections(ALL));
    running
        .app
        .drawn(&Drawn { table: Some(DrawnTable { viewport: 20, ..DrawnTable::default() }), overlay: None });
    assert_eq!(looked_up(&running.send(Msg::Clock)), [""; 0]);
}

#[test]
fn a_stopped_screen_keeps_its_connections() {
    let mut running = talking();
    let before = titles(&running);
    press(&mut running, Key::Char('p'));
    assert_eq!(running.send(Msg::Answer(Answer::Connections(ALL, Arc::default()))), []);
    assert_eq!(titles(&running), before);
    assert_eq!(asked(&press(&mut running, Key::Char('p'))).and_then(|asked| asked.connections), Some(ALL));
}

#[test]
fn the_detail_of_a_group_lists_what_it_adds_up() {
    let mut running = talking();
    press(&mut running, Key::Char('b'));
    press(&mut running, Key::Enter);
    let flows = running.app.flows_of_selected(99).expect("it is a group");
    assert!(flows.flows.iter().all(|flow| flow.title.starts_with("backup.example.org")), "{flows:?}");
    assert_eq!(running.app.selected_flow().map(|detail| detail.is_group), Some(true));
}

#[test]
fn a_connection_is_copied_as_plain_numbers() {
    let mut running = talking();
    let effects = press(&mut running, Key::Char('y'));
    let Some(Effect::Copy(text)) = effects.first() else { panic!("{effects:?}") };
    assert_eq!(text, "rsync\t114\ttcp\t10.0.0.5:40873\tbackup.example.org:873\t400000000\t6000000000");
}

#[test]
fn the_last_of_very_many_connections_can_be_reached() {
    let mut running = talking();
    let many = Arc::new(fixture::talk::many_connections(5_000));
    running.send(Msg::Answer(Answer::Connections(ALL, many)));
    press(&mut running, Key::End);
    let last = running.app.flow_counts().1 - 1;
    assert!(last > 5_000 && running.app.flow_cursor().index() == last);
    assert_eq!(running.app.flows(last, 9).map(|flows| flows.flows.len()), Some(1));
}

#[test]
fn hosts_in_the_detail_pane_of_a_process_are_looked_up_too() {
    let mut running = by_process();
    for _ in 0..5 {
        press(&mut running, Key::Down);
    }
    assert_eq!(selected(&running), "syncthing");
    press(&mut running, Key::Enter);
    assert_eq!(looked_up(&running.send(connections(ConnectionsQuery { pid: Some(135) }))), ["192.0.2.77"]);
    press(&mut running, Key::Char('n'));
    press(&mut running, Key::Esc);
    assert!(!running.app.offers(Action::Names), "there is nothing to name");
}
