//! Encoding, decoding and drawing up 5,000 open connections of one process.
//!
//! Budget: far below the 50 ms from the question to the printed answer.

use std::hint::black_box;

use bwusage_proto::{
    connection::{Connection, Connections, Moved, ProcessTotal, Protocol, State},
    frame::{self, DAEMON_TO_CLIENT_MAX, Frame},
    message::Reply,
    mirror::Mirror,
    snapshot::RowId,
    talk::{self, Grouping, Query},
    users::Users,
};
use bytes::BytesMut;
use criterion::{Criterion, criterion_group, criterion_main};

const CONNECTIONS: u16 = 5_000;
/// Entries in a page, as the daemon sends them.
const PAGE_ENTRIES: usize = 4096;

fn connection(number: u16) -> Connection {
    let [high, low] = number.to_be_bytes();
    Connection {
        row: Some(RowId(7)),
        protocol: Protocol::TCP,
        local: ([192, 0, 2, 15], 10_000 + number).into(),
        remote: Some(([198, 51, 100 + high, low], 443).into()),
        inbound: Some(false),
        state: State::Established,
        interface: Some("eth0".into()),
        opened_at_unix_ms: Some(1_795_000_000_000 + u64::from(number)),
        moved: Moved { rx_bytes: 1_000_341_504 + u64::from(number), tx_bytes: 100_030_000 },
        remote_name: Some(format!("edge-{low}.cdn.example.org")),
    }
}

fn answer() -> Connections {
    let total = Moved { rx_bytes: 1 << 43, tx_bytes: 1 << 40 };
    Connections {
        taken_at_unix_ms: 1_795_000_100_000,
        open: (0..CONNECTIONS).map(connection).collect(),
        processes: vec![ProcessTotal { row: RowId(7), moved: total, not_itemised: Moved::default() }],
        ..Connections::default()
    }
}

fn frame_of(page: &Reply) -> Frame {
    let encoded = page.encode(false).expect("a page fits");
    let mut bytes = BytesMut::from(&encoded.header(1)[..]);
    bytes.extend_from_slice(encoded.body());
    frame::take(&mut bytes, DAEMON_TO_CLIENT_MAX).expect("a frame").expect("a whole one")
}

fn connections(criterion: &mut Criterion) {
    let answer = answer();
    let page = |open: &[Connection]| {
        Reply::Connections(Box::new(Connections { open: open.to_vec(), ..Connections::default() }))
    };
    let pages: Vec<Reply> = answer.open.chunks(PAGE_ENTRIES).map(page).collect();
    let frames: Vec<Frame> = pages.iter().map(frame_of).collect();
    let mut group = criterion.benchmark_group("connections");
    group.bench_function("encode", |bencher| {
        bencher.iter(|| black_box(&pages).iter().map(|page| page.encode(false)).collect::<Vec<_>>());
    });
    group.bench_function("decode", |bencher| {
        bencher.iter(|| frames.iter().map(|frame| Reply::decode(frame).expect("a page")).collect::<Vec<_>>());
    });
    let (mirror, users) = (Mirror::default(), Users::new());
    group.bench_function("rows", |bencher| bencher.iter(|| talk::rows(black_box(&answer), &mirror, &users)));
    let rows = talk::rows(&answer, &mirror, &users);
    for by in [Grouping::Connection, Grouping::Remote, Grouping::Process] {
        let query = Query { by, closed: true, ..Query::default() };
        group.bench_function(format!("table by {}", by.name()), |bencher| {
            bencher.iter(|| talk::table(black_box(&rows), &query));
        });
    }
    group.finish();
}

criterion_group!(benches, connections);
criterion_main!(benches);
