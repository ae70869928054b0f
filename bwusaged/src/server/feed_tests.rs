use bwusage_proto::{
    mirror::Mirror,
    process::{ProcessId, UserId},
    transport::Peer,
    units::{Counters, Scope},
};

use super::*;
use crate::{
    engine::{Identity, ProcessSample, Sample},
    host::HostTick,
    server::access::{Policy, Visibility},
    usage::Moment,
};

fn advance(store: &mut Store, second: u64, processes: &[(u32, u64)]) {
    let processes = processes.iter().map(|&(pid, bytes)| {
        let mut counters = Counters::default();
        counters[Scope::Lan].wire.rx_bytes = bytes;
        ProcessSample {
            id: ProcessId::new(pid, 1),
            counters,
            identity: Some(Identity {
                name: format!("p{pid}"),
                command_line: Some(vec!["secret".into()]),
                user: Some(UserId::Uid(pid % 2)),
                ..Identity::default()
            }),
            ended: false,
        }
    });
    let now = Moment { unix_ms: second * 1000, steady_ms: second * 1000 };
    store.advance(now, Sample { processes: processes.collect(), ..Sample::default() }, HostTick::default());
}

fn viewer(visibility: Visibility, uid: u32) -> Viewer {
    let peer = Peer { user: UserId::Uid(uid), superuser: false, groups: vec![] };
    Policy { visibility, group: None }.viewer(&peer)
}

fn mirror(store: &Store, viewer: &Viewer) -> Mirror {
    let mut mirror = Mirror::default();
    for tick in ticks(store, viewer, 0).unwrap() {
        mirror.apply(tick).unwrap();
    }
    mirror
}

fn received(mirror: &Mirror) -> u64 {
    mirror.processes.values().map(|process| process.counters.total().wire.rx_bytes).sum()
}

#[test]
fn a_reader_that_skipped_ticks_ends_up_where_one_that_got_each_is() {
    let mut store = Store::default();
    let all = viewer(Visibility::All, 1);
    advance(&mut store, 0, &[(1, 10), (2, 20)]);
    let (mut each, mut skipping) = (mirror(&store, &all), mirror(&store, &all));
    let first = store.seq();
    for second in 1..10 {
        let before = store.seq();
        advance(&mut store, second, &[(1, 10 + second * 7), (second as u32 + 2, 5)]);
        ticks(&store, &all, before).unwrap().into_iter().for_each(|tick| each.apply(tick).unwrap());
    }
    ticks(&store, &all, first).unwrap().into_iter().for_each(|tick| skipping.apply(tick).unwrap());
    assert_eq!(each.processes, skipping.processes);
    assert_eq!(each.processes, mirror(&store, &all).processes);
}

#[test]
fn a_tick_in_which_nothing_changed_has_no_rows() {
    let mut store = Store::default();
    advance(&mut store, 0, &[(1, 10)]);
    advance(&mut store, 1, &[]);
    let pages = ticks(&store, &viewer(Visibility::Names, 5), 1).unwrap();
    assert_eq!((pages.len(), pages[0].infos.len(), pages[0].changed.len()), (1, 0, 0));
}

#[test]
fn many_rows_are_paged_and_arrive_whole() {
    let mut store = Store::default();
    let many: Vec<_> = (1..=10_000).map(|pid| (pid, 3)).collect();
    advance(&mut store, 0, &many);
    let pages = ticks(&store, &viewer(Visibility::All, 1), 0).unwrap();
    assert!(
        pages.len() > 3
            && pages.iter().all(|page| page.infos.len() + page.changed.len() <= PAGE_BYTES / ROW_BYTES)
    );
    assert_eq!(received(&mirror(&store, &viewer(Visibility::All, 1))), 30_000);
    let encoded = encode(pages.into_iter().map(|tick| Reply::Tick(Box::new(tick)))).unwrap();
    for page in encoded.iter() {
        let mut bytes = bytes::BytesMut::from(&page.header(1)[..]);
        bytes.extend_from_slice(page.body());
        let frame =
            bwusage_proto::frame::take(&mut bytes, bwusage_proto::frame::DAEMON_TO_CLIENT_MAX).unwrap();
        Reply::decode(&frame.unwrap()).unwrap();
    }
}

#[test]
fn under_own_the_sums_hold_and_nobody_else_is_named() {
    let mut store = Store::default();
    advance(&mut store, 0, &[(1, 10), (2, 20), (3, 30), (4, 40)]);
    let own = mirror(&store, &viewer(Visibility::Own, 1));
    let names: Vec<_> = own.processes.values().map(|process| process.info.name.as_str()).collect();
    assert_eq!(names, ["other users", "p1", "p3"]);
    assert_eq!(received(&own), 100);
}

#[test]
fn under_names_only_ones_own_command_lines_are_sent() {
    let mut store = Store::default();
    advance(&mut store, 0, &[(1, 10), (2, 20)]);
    let names = mirror(&store, &viewer(Visibility::Names, 1));
    let shown: Vec<_> = names.processes.values().map(|process| process.info.command_line.is_some()).collect();
    assert_eq!(shown, [true, false]);
}

#[test]
fn viewers_of_one_kind_share_one_encoding() {
    let mut store = Store::default();
    advance(&mut store, 0, &[(1, 10)]);
    let mut feed = Feed::default();
    let first = feed.since(&store, &viewer(Visibility::Names, 7), 0).unwrap().unwrap();
    let second = feed.since(&store, &viewer(Visibility::Names, 7), 0).unwrap().unwrap();
    assert!(Rc::ptr_eq(&first, &second));
    assert!(!Rc::ptr_eq(&first, &feed.since(&store, &viewer(Visibility::Names, 8), 0).unwrap().unwrap()));
}

#[test]
fn a_reader_that_fell_too_far_behind_must_start_anew() {
    let mut store = Store::default();
    for second in 0..1300 {
        advance(&mut store, second, &[]);
    }
    assert!(ticks(&store, &viewer(Visibility::All, 1), 50).is_none());
    assert!(ticks(&store, &viewer(Visibility::All, 1), 650).is_some());
}

#[test]
fn rows_whose_programs_chose_long_words_fit_into_what_a_client_accepts() {
    let mut store = Store::default();
    let identity = |words: usize, length: usize| Identity {
        name: "p".into(),
        command_line: Some(vec!["x".repeat(length); words]),
        ..Identity::default()
    };
    let process = |pid| ProcessSample {
        id: ProcessId::new(pid, 1),
        counters: Counters::default(),
        // Few long words, and many short ones, each 16 KiB as the kernel keeps them.
        identity: Some(if pid % 2 == 0 { identity(8192, 1) } else { identity(1, 16_383) }),
        ended: false,
    };
    let processes = (1..=200).map(process).collect();
    let now = Moment { unix_ms: 0, steady_ms: 0 };
    store.advance(now, Sample { processes, ..Sample::default() }, HostTick::default());
    let pages = Feed::default().since(&store, &viewer(Visibility::All, 1), 0).unwrap().unwrap();
    let mut mirror = Mirror::default();
    for page in pages.iter() {
        let mut bytes = bytes::BytesMut::from(&page.header(1)[..]);
        bytes.extend_from_slice(page.body());
        let frame = bwusage_proto::frame::take(&mut bytes, DAEMON_TO_CLIENT_MAX).unwrap().unwrap();
        let Ok(Reply::Tick(tick)) = Reply::decode(&frame) else {
            panic!("a page is not what a client accepts")
        };
        mirror.apply(*tick).unwrap();
    }
    assert_eq!(mirror.processes.len(), 200);
}
