use bwusage_proto::{
    connection::{Protocol, State},
    frame,
    transport::Peer,
    units::{Counters, Scope},
};
use bytes::BytesMut;

use super::*;
use crate::{
    engine::{Identity, InterfaceSample, ProcessSample, Sample},
    host::HostTick,
    server::access::{Policy, Visibility},
    usage::{Moment, store::KEEP_ENDED_MS},
};

const ALICES: ProcessId = ProcessId::new(1, 1);
const BOBS: ProcessId = ProcessId::new(2, 1);
/// It ended long ago.
const GONE: ProcessId = ProcessId::new(3, 1);

fn moved(rx_bytes: u64, tx_bytes: u64) -> Moved {
    Moved { rx_bytes, tx_bytes }
}

fn process(id: ProcessId, uid: u32) -> ProcessSample {
    let mut counters = Counters::default();
    counters[Scope::Internet].wire.rx_bytes = 1;
    let identity =
        Identity { name: format!("p{}", id.pid), user: Some(UserId::Uid(uid)), ..Identity::default() };
    ProcessSample { id, counters, identity: Some(identity), ended: id == GONE }
}

/// Alice's and Bob's processes have rows, the third one's was given up.
fn store() -> Store {
    let mut store = Store::default();
    let sample = Sample {
        processes: vec![process(ALICES, 1000), process(BOBS, 1001), process(GONE, 1000)],
        interfaces: vec![InterfaceSample { index: 7, name: "eth0".into(), ..InterfaceSample::default() }],
        names: vec![("192.0.2.7".parse().unwrap(), "example.org".into())],
        ..Sample::default()
    };
    let at = |ms| Moment { unix_ms: ms, steady_ms: ms };
    store.advance(at(1000), sample, HostTick::default());
    let released = Sample { released: vec![GONE], ..Sample::default() };
    store.advance(at(2000 + KEEP_ENDED_MS), released, HostTick::default());
    assert!(store.row(GONE).is_none() && store.row(ALICES).is_some());
    store
}

fn socket(process: Option<ProcessId>, moved: Moved) -> SocketSample {
    SocketSample {
        process,
        protocol: Protocol::TCP,
        local: "10.0.0.2:50000".parse().unwrap(),
        remote: Some("192.0.2.7:443".parse().unwrap()),
        inbound: Some(false),
        state: State::Established,
        interface: Some(7),
        opened_at_unix_ms: Some(500),
        moved,
    }
}

fn remote(process: ProcessId, moved: Moved) -> RemoteSample {
    RemoteSample {
        process,
        protocol: Protocol::UDP,
        remote: Some("192.0.2.7".parse().unwrap()),
        port: 443,
        inbound: false,
        interface: Some(8),
        connections: 2,
        moved,
        last_at_unix_ms: 900,
    }
}

fn reading() -> Reading {
    let talk = Talk {
        sockets: vec![
            socket(Some(ALICES), moved(100, 10)),
            socket(Some(BOBS), moved(200, 20)),
            socket(None, moved(0, 0)),
        ],
        remotes: vec![remote(ALICES, moved(30, 3)), remote(BOBS, moved(40, 4)), remote(GONE, moved(5, 6))],
        processes: vec![(ALICES, moved(150, 13)), (BOBS, moved(239, 24)), (GONE, moved(5, 6))],
    };
    Reading { taken_at_unix_ms: 3000, talk }
}

fn viewer(visibility: Visibility, uid: u32) -> Viewer {
    let peer = Peer { user: UserId::Uid(uid), superuser: uid == 0, groups: Vec::new() };
    Policy { visibility, group: None }.viewer(&peer)
}

fn seen(visibility: Visibility, uid: u32, pid: Option<u32>) -> Connections {
    answer(&reading(), &store(), &viewer(visibility, uid), ConnectionsQuery { pid })
}

/// Numbers of open connections, remote totals, process totals and hidden lines.
fn counts(answer: &Connections) -> (usize, usize, usize, u64) {
    (answer.open.len(), answer.remotes.len(), answer.processes.len(), answer.hidden)
}

fn assert_sums(answer: &Connections) {
    assert!(!answer.processes.is_empty());
    for total in &answer.processes {
        let mut sum = total.not_itemised;
        let open = answer.open.iter().filter(|line| line.row == Some(total.row)).map(|line| line.moved);
        let closed = answer.remotes.iter().filter(|line| line.row == Some(total.row)).map(|line| line.moved);
        for moved in open.chain(closed) {
            sum += moved;
        }
        assert_eq!(sum, total.moved, "{:?}", total.row);
    }
}

#[test]
fn lines_and_what_was_not_itemised_add_up_to_each_process() {
    let all = seen(Visibility::Names, 0, None);
    assert_sums(&all);
    assert_eq!(all.processes[0].moved, moved(150, 13));
    assert_eq!(all.processes[0].not_itemised, moved(20, 0));
}

#[test]
fn a_line_that_is_ahead_of_its_total_takes_the_total_along() {
    let bobs = seen(Visibility::All, 1, Some(BOBS.pid));
    assert_eq!((bobs.processes[0].moved, bobs.processes[0].not_itemised), (moved(240, 24), moved(0, 0)));
    assert_sums(&bobs);
    let mut reading = reading();
    reading.talk.processes.clear();
    assert_sums(&answer(&reading, &store(), &viewer(Visibility::All, 1), ConnectionsQuery::default()));
}

#[test]
fn numbers_become_names() {
    let all = seen(Visibility::Names, 0, None);
    assert_eq!(all.taken_at_unix_ms, 3000);
    assert_eq!(all.open[0].interface.as_deref(), Some("eth0"));
    assert_eq!(all.open[0].remote_name.as_deref(), Some("example.org"));
    assert_eq!(all.remotes[0].interface, None, "nobody said what it is called");
    assert_eq!(all.remotes[0].remote_name.as_deref(), Some("example.org"));
    assert_eq!((all.remotes[0].app.as_str(), &all.remotes[0].user), ("p1", &Some(UserId::Uid(1000))));
}

#[test]
fn a_process_without_a_row_is_still_known_by_its_application() {
    let all = seen(Visibility::Names, 0, None);
    let gone = &all.remotes[2];
    assert_eq!((gone.row, gone.app.as_str(), gone.moved), (None, "p3", moved(5, 6)));
    assert_eq!(gone.user, Some(UserId::Uid(1000)));
    assert_eq!(all.processes.len(), 2);
}

#[test]
fn root_sees_all_and_an_ordinary_user_only_their_own() {
    assert_eq!(counts(&seen(Visibility::Names, 0, None)), (3, 3, 2, 0));
    assert_eq!(counts(&seen(Visibility::All, 1000, None)), (3, 3, 2, 0));
    for visibility in [Visibility::Names, Visibility::Own] {
        let alice = seen(visibility, 1000, None);
        assert_eq!(counts(&alice), (1, 2, 1, 3), "{visibility:?}");
        assert_sums(&alice);
        let nobody = seen(visibility, 65_534, None);
        assert_eq!(counts(&nobody), (0, 0, 0, 6), "{visibility:?}");
    }
}

#[test]
fn what_is_hidden_is_only_counted() {
    let alice = seen(Visibility::Names, 1000, None);
    let bobs = store().row(BOBS).unwrap().info.value.row;
    assert!(alice.open.iter().all(|line| line.row != Some(bobs)));
    assert!(alice.remotes.iter().all(|line| line.app != "p2"));
    assert!(alice.processes.iter().all(|total| total.row != bobs));
}

#[test]
fn one_process_can_be_asked_for() {
    let alices = seen(Visibility::Names, 0, Some(ALICES.pid));
    assert_eq!(counts(&alices), (1, 1, 1, 0));
    assert_sums(&alices);
    assert_eq!(counts(&seen(Visibility::Names, 1000, Some(BOBS.pid))), (0, 0, 0, 2));
    assert_eq!(counts(&seen(Visibility::Names, 0, Some(99))), (0, 0, 0, 0));
}

#[test]
fn a_long_answer_comes_in_pages_that_make_the_same_whole() {
    let mut reading = reading();
    let talk = &mut reading.talk;
    talk.sockets = (0..6000).map(|n| socket(Some(ALICES), moved(n, 1))).collect();
    talk.remotes = (0..3000).map(|n| remote(BOBS, moved(1, n))).collect();
    let (store, root) = (store(), viewer(Visibility::Names, 0));
    let whole = answer(&reading, &store, &root, ConnectionsQuery::default());
    let parts = split(whole.clone());
    let entries: Vec<_> = parts.iter().map(|page| page.open.len() + page.remotes.len()).collect();
    assert_eq!(entries, [4096, 4096, 808]);
    assert!(parts[..2].iter().all(|page| page.processes.is_empty() && page.hidden == 0));
    let mut joined = Connections::default();
    for page in parts {
        joined.append(page);
    }
    assert_eq!(joined, whole);
    let encoded = pages(&reading, &store, &root, ConnectionsQuery::default()).unwrap();
    assert_eq!(encoded.len(), 3);
}

#[test]
fn the_largest_page_fits_into_a_frame() {
    let longest = Connection {
        remote_name: Some("n".repeat(crate::dns::MAX_NAME)),
        interface: Some("i".repeat(15)),
        row: Some(RowId(u64::MAX)),
        local: "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535".parse().unwrap(),
        remote: Some("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535".parse().unwrap()),
        opened_at_unix_ms: Some(u64::MAX),
        moved: moved(u64::MAX, u64::MAX),
        ..open(&socket(None, moved(0, 0)), None, &store())
    };
    let page = Connections { open: vec![longest; PAGE_ENTRIES], ..Connections::default() };
    let encoded = Reply::Connections(Box::new(page)).encode(false).unwrap();
    assert!(encoded.body().len() < frame::DAEMON_TO_CLIENT_MAX / 2, "{}", encoded.body().len());
    let mut bytes = BytesMut::from(&encoded.header(1)[..]);
    bytes.extend_from_slice(encoded.body());
    let frame = frame::take(&mut bytes, frame::DAEMON_TO_CLIENT_MAX).unwrap().unwrap();
    assert!(Reply::decode(&frame).is_ok(), "the decoder's limit is on memory, not on bytes");
}
