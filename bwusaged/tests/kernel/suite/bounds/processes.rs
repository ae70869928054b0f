//! One short process after the other, each with one datagram.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use bwusage_proto::{mirror::Mirror, units::Counters};

use super::{Daemon, Family, Folder, INTERVAL_MS, Network, cost::Costs};
use crate::suite::traffic::Generator;

const NAME: &str = "bw-crowd";
const SINK: &str = "bw-sink";
const DATAGRAM_BYTES: u64 = 100;
/// IPv4 and UDP headers.
const WIRE_BYTES: u64 = DATAGRAM_BYTES + 20 + 8;
/// Ended processes that keep a row, and as many as end within the three ticks that it takes to give one up.
const MOST_ROWS: u64 = 4096;
const TICKS_TO_FOLD: u64 = 3;
/// For all other rows: the machine's processes.
const OTHERS: u64 = 2000;
/// The daemon's memory, however many processes there were.
const MOST_RSS: u64 = 96 << 20;

/// What an application came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    processes: u64,
    counters: Counters,
}

impl Sum {
    fn of(mirror: &Mirror, app: &str) -> Self {
        let mut sum = Self::default();
        for process in mirror.processes.values().filter(|process| process.info.app == app) {
            sum.processes += u64::from(!process.counters.is_zero());
            sum.counters += process.counters;
        }
        for retired in mirror.retired.values().filter(|retired| retired.app == app) {
            sum.processes += retired.processes;
            sum.counters += retired.counters;
        }
        sum
    }
}

pub(super) fn play(count: u64, per_second: u64, costs: &mut Costs) {
    let (folder, network) = (Folder::new(), Network::new());
    let daemon = Daemon::start_every(&folder, INTERVAL_MS);
    let mut sink = Generator::start(&folder, network.far(), SINK, &["sink", Family::V4.far_address()]);
    let address = sink.address();
    daemon.settle();
    let before = network.carried();
    let idle = costs.of("before", &daemon);

    let words = ["crowd", &address, &count.to_string(), &DATAGRAM_BYTES.to_string(), &per_second.to_string()];
    let mut crowd = Generator::start(&folder, network.near(), NAME, &words);
    let most_rows = MOST_ROWS + TICKS_TO_FOLD * per_second * u64::from(INTERVAL_MS) / 1000 + OTHERS;
    let (rate, peak_rows) = while_it_runs(&mut crowd, |quarter| {
        let cost = costs.of(&format!("during, look {quarter}"), &daemon);
        cost.rows as u64
    });
    let truth = crowd.done();
    assert_eq!(truth.sent, count * DATAGRAM_BYTES);
    daemon.settle();
    let carried = network.carried().since(before);
    let cost = costs.of("all have ended", &daemon);

    let mirror = daemon.mirror();
    let sum = Sum::of(&mirror, NAME);
    let total = sum.counters.total();
    assert_eq!((total.wire.tx_packets, total.wire.tx_bytes), (count, count * WIRE_BYTES), "sent");
    assert_eq!(total.payload.tx_bytes, count * DATAGRAM_BYTES, "payload sent");
    assert_eq!(sum.processes, count, "every process is counted once");
    assert_eq!((carried.rx_packets, carried.rx_bytes), (count, count * WIRE_BYTES), "what the cable carried");
    let received = Sum::of(&mirror, SINK).counters.total();
    assert_eq!((received.wire.rx_packets, received.wire.rx_bytes), (count, count * WIRE_BYTES), "received");
    daemon.assert_nothing_lost();
    let seen_by_nobody = daemon.top_by_app();
    let row = seen_by_nobody.app(NAME);
    // The one that started them all has sent nothing and is there too.
    assert_eq!((row.total.tx_payload_bytes_total, row.processes), (count * DATAGRAM_BYTES, Some(count + 1)));

    assert!(peak_rows <= most_rows, "{peak_rows} rows at a time, and {most_rows} are the bound");
    assert!(cost.rss_peak <= MOST_RSS, "{} bytes of memory, and {MOST_RSS} are the bound", cost.rss_peak);
    costs.wait(Duration::from_mins(3));
    costs.of("3 min later", &daemon);
    costs.note(&format!(
        "\n{count} processes at {rate} a second: {} packets, {} wire bytes, {} payload bytes, each as sent; processor {:.2} \
         s in {:.0} s; nothing lost.",
        total.wire.tx_packets,
        total.wire.tx_bytes,
        total.payload.tx_bytes,
        (cost.cpu_ms - idle.cpu_ms) as f64 / 1000.0,
        count as f64 / rate as f64,
    ));
}

/// Looks now and then until the crowd has said its rate; the rate, and the most rows at a look.
fn while_it_runs(crowd: &mut Generator, mut look: impl FnMut(u32) -> u64) -> (u64, u64) {
    thread::scope(|scope| {
        let (say, heard) = mpsc::channel();
        scope.spawn(move || say.send(crowd.rate()));
        let mut most_rows = 0;
        for number in 1.. {
            most_rows = most_rows.max(look(number));
            // The first look comes late in a short run, and each later one after twice as long.
            match heard.recv_timeout(Duration::from_secs(2 << number.min(6))) {
                Ok(rate) => return (rate, most_rows),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        panic!("the crowd ended without a word")
    })
}
