//! What events do to the model, beyond what a single screen shows.

#[path = "screens/fixture.rs"]
mod fixture;
#[path = "model/questions.rs"]
mod questions;

use std::{sync::Arc, time::Duration};

use bwusage_proto::{
    mirror::Mirror,
    snapshot::RowId,
    table::{Grouping, Order, RowKey, SortKey},
};
use bwusage_tui::{
    app::{Drawn, DrawnTable, Effect, Msg, Pointer, Settings, SortBy, Trouble},
    keys::{Action, Key},
};
use fixture::Running;

fn by_process() -> Running {
    fixture::app(Settings { by: Grouping::Process, ..Settings::default() })
}

fn press(running: &mut Running, key: Key) -> Vec<Effect> {
    running.send(Msg::Key(key))
}

fn selected(running: &Running) -> String {
    running.app.selected(0).map(|row| row.line.name).unwrap_or_default()
}

fn names(running: &Running) -> Vec<String> {
    running.app.lines(0, 99, 0).map(|line| line.name).collect()
}

fn lost() -> Msg {
    Msg::Down(Trouble { retry_in: Duration::from_secs(2), ..Trouble::default() })
}

/// The fixture's machine, its rows numbered the other way round, as another run of the daemon could do.
fn renumbered(mirror: &Mirror) -> Mirror {
    let mut again = mirror.clone();
    let last = mirror.processes.len() as u64 - 1;
    again.processes = mirror
        .processes
        .iter()
        .map(|(row, process)| {
            let mut process = process.clone();
            process.info.row = RowId(last - row.0);
            (process.info.row, process)
        })
        .collect();
    again
}

#[test]
fn a_paused_screen_stands_still_while_ticks_arrive() {
    let mut running = by_process();
    let before = running.app.host();
    assert_eq!(press(&mut running, Key::Char('p')), [Effect::Draw]);
    let tick = Msg::Tick(Arc::new(fixture::crowd(50)));
    assert_eq!(running.send(tick), [], "nothing is to be drawn");
    assert_eq!(running.app.host(), before);
    assert_eq!(running.app.counts().0, 10);
    press(&mut running, Key::Char('p'));
    assert_eq!(running.app.counts().0, 60, "nothing was lost meanwhile");
}

#[test]
fn sorting_and_filtering_go_on_while_paused() {
    let mut running = by_process();
    press(&mut running, Key::Char('p'));
    for key in "/alice".chars() {
        press(&mut running, Key::Char(key));
    }
    assert_eq!(names(&running), ["Web Content", "firefox", "syncthing"]);
}

#[test]
fn the_order_begins_with_what_received_most() {
    let running = by_process();
    assert_eq!(running.app.order(), Order { key: SortKey::RxTotal, reversed: false });
    assert_eq!(names(&running)[..3], ["Web Content", "rsync", "http"]);
}

#[test]
fn the_same_column_again_turns_the_order_around() {
    let mut running = by_process();
    running.send(Msg::Pointer(Pointer::Column(SortBy::Process(SortKey::Name))));
    assert_eq!(names(&running)[0], "bash");
    running.send(Msg::Pointer(Pointer::Column(SortBy::Process(SortKey::Name))));
    assert_eq!(names(&running)[0], "Web Content");
}

#[test]
fn arrows_sort_by_the_neighbouring_column_and_stop_at_the_ends() {
    let mut running = by_process();
    let columns = [SortKey::Name, SortKey::RxTotal, SortKey::TxTotal].map(SortBy::Process).into();
    running.app.drawn(&Drawn { table: Some(DrawnTable { columns, ..DrawnTable::default() }), overlay: None });
    for (key, sorted) in [
        (Key::Right, SortKey::TxTotal),
        (Key::Right, SortKey::TxTotal),
        (Key::Left, SortKey::RxTotal),
        (Key::Left, SortKey::Name),
        (Key::Left, SortKey::Name),
    ] {
        press(&mut running, key);
        assert_eq!(running.app.order().key, sorted);
    }
}

#[test]
fn the_sort_list_begins_at_the_present_key() {
    let mut running = by_process();
    for key in [Key::Char('s'), Key::Down, Key::Enter] {
        press(&mut running, key);
    }
    assert_eq!(running.app.order().key, SortKey::TxTotal);
    assert_eq!(names(&running)[0], "rsync");
}

#[test]
fn totals_and_speeds_swap_together_with_the_order() {
    let mut running = by_process();
    press(&mut running, Key::Char('t'));
    assert_eq!(running.app.order().key, SortKey::RxRate);
    press(&mut running, Key::Char('t'));
    assert_eq!(running.app.order().key, SortKey::RxTotal);
}

#[test]
fn the_cursor_follows_its_process_through_a_new_order() {
    let mut running = by_process();
    press(&mut running, Key::Down);
    assert_eq!(selected(&running), "rsync");
    running.send(Msg::Pointer(Pointer::Column(SortBy::Process(SortKey::TxTotal))));
    assert_eq!((selected(&running).as_str(), running.app.cursor().index()), ("rsync", 0));
}

#[test]
fn the_cursor_finds_its_process_again_after_the_daemon_was_restarted() {
    let mut running = by_process();
    press(&mut running, Key::Down);
    let again = renumbered(&fixture::mirror(1));
    running.send(lost());
    running.send(Msg::Up { mirror: Arc::new(again), restarted: true });
    assert_eq!(selected(&running), "rsync");
    assert_eq!(running.app.cursor().chosen(), Some(&RowKey::Process(RowId(7))));
}

#[test]
fn a_daemon_that_comes_back_is_announced_on_a_paused_screen_too() {
    let mut running = by_process();
    press(&mut running, Key::Down);
    press(&mut running, Key::Char('p'));
    running.send(lost());
    let again = renumbered(&fixture::mirror(1));
    assert_eq!(running.send(Msg::Up { mirror: Arc::new(again), restarted: true }), [Effect::Draw]);
    assert!(running.app.link().lost().is_none());
    assert_eq!(selected(&running), "rsync");
}

#[test]
fn graphs_begin_anew_when_totals_do() {
    let mut running = by_process();
    assert_eq!(running.app.lines(0, 1, 99).next().map(|line| line.recent.len()), Some(30));
    running.send(Msg::Up { mirror: Arc::new(fixture::mirror(1)), restarted: true });
    assert_eq!(running.app.lines(0, 1, 99).next().map(|line| line.recent.len()), Some(1));
}

#[test]
fn frozen_rows_keep_their_places_and_new_ones_come_last() {
    let mut running = by_process();
    let before = names(&running);
    press(&mut running, Key::Char('F'));
    running.send(Msg::Tick(Arc::new(fixture::crowd(3))));
    let after = names(&running);
    assert_eq!(after[..before.len()], before);
    assert_eq!(after.len(), before.len() + 3);
}

#[test]
fn the_last_row_of_very_many_can_be_reached() {
    let mut running = by_process();
    running.send(Msg::Tick(Arc::new(fixture::crowd(5_000))));
    press(&mut running, Key::End);
    assert_eq!((running.app.cursor().index(), selected(&running).as_str()), (5_009, "bash"));
    running.send(Msg::Tick(Arc::new(fixture::crowd(5_000))));
    assert_eq!(selected(&running), "bash");
    running.send(Msg::Pointer(Pointer::Column(SortBy::Process(SortKey::Name))));
    assert_eq!((running.app.cursor().index(), selected(&running).as_str()), (0, "bash"));
    running.send(Msg::Pointer(Pointer::Column(SortBy::Process(SortKey::Name))));
    assert_eq!((running.app.cursor().index() > 500, selected(&running).as_str()), (true, "bash"));
}

#[test]
fn a_double_click_opens_the_detail_pane_and_two_slow_clicks_do_not() {
    let mut running = by_process();
    let row = Msg::Pointer(Pointer::Row(2));
    running.send(row.clone());
    running.send(row.clone());
    assert!(!running.app.detail_open(), "a second lies between the clicks");
    let now = running.app.now();
    running.app.update(row, now + Duration::from_millis(200));
    assert!(running.app.detail_open());
    assert_eq!(selected(&running), "http");
}

#[test]
fn pasted_text_opens_the_filter_and_keys_in_it_are_text() {
    let mut running = by_process();
    running.send(Msg::Paste("rsync".into()));
    assert_eq!(names(&running), ["rsync"]);
    press(&mut running, Key::Char('q'));
    assert_eq!(running.app.filter().field().text(), "rsyncq");
}

#[test]
fn the_interval_steps_between_half_a_second_and_ten() {
    let mut running = by_process();
    let steps = |running: &mut Running, key| {
        let effects = (0..6).flat_map(|_| press(running, Key::Char(key))).collect::<Vec<_>>();
        effects
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Interval(interval) => Some(interval.as_millis()),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(steps(&mut running, '+'), [2_000, 5_000, 10_000]);
    assert_eq!(steps(&mut running, '-'), [5_000, 2_000, 1_000, 500]);
}

#[test]
fn retrying_is_offered_only_while_the_daemon_is_lost() {
    let mut running = by_process();
    assert_eq!(press(&mut running, Key::Char('R')), []);
    running.send(lost());
    assert!(running.app.wants_clock());
    assert_eq!(press(&mut running, Key::Char('R')), [Effect::RetryNow]);
    running.send(Msg::Up { mirror: Arc::new(fixture::mirror(1)), restarted: false });
    assert!(!running.app.offers(Action::Retry) && !running.app.wants_clock());
}

#[test]
fn nothing_about_rows_is_offered_before_there_are_any() {
    let mut running =
        Running { app: bwusage_tui::app::App::new(Settings::default(), fixture::users()), seconds: 0 };
    for action in [Action::OpenDetail, Action::OpenFilter, Action::Pause, Action::Copy, Action::GroupBy] {
        assert!(!running.app.offers(action), "{action:?}");
    }
    assert_eq!(press(&mut running, Key::Char('q')), [Effect::Quit]);
}

#[test]
fn one_key_goes_through_everything_that_rows_can_stand_for() {
    let mut running = by_process();
    let mut first = |key| {
        press(&mut running, key);
        (running.app.by(), names(&running).first().cloned().unwrap_or_default())
    };
    assert_eq!(first(Key::Char('b')), (Grouping::User, "alice".into()));
    assert_eq!(first(Key::Char('b')).0, Grouping::Unit);
    assert_eq!(first(Key::Char('b')), (Grouping::Container, "docker:4b1c9e0f2a7d".into()));
    assert_eq!(first(Key::Char('b')), (Grouping::Category, "app".into()));
    assert_eq!(first(Key::Char('b')), (Grouping::App, "firefox".into()));
    assert_eq!(first(Key::Char('b')).0, Grouping::Process);
}

#[test]
fn a_row_is_copied_as_plain_numbers() {
    let mut running = by_process();
    let effects = press(&mut running, Key::Char('y'));
    let Some(Effect::Copy(text)) = effects.first() else { panic!("{effects:?}") };
    assert!(text.starts_with("Web Content\t100\talice\t1000341504\t99614720\t"), "{text}");
}

#[test]
fn idle_rows_can_be_left_out() {
    let mut running = by_process();
    assert!(names(&running).contains(&"bash".into()));
    press(&mut running, Key::Char('a'));
    assert!(!names(&running).contains(&"bash".into()));
}
