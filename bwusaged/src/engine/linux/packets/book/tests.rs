use proptest::prelude::*;

use super::*;
use bwusage_proto::units::Scope;

const HTTPD: ProcessId = ProcessId::new(80, 1);
const CURL: ProcessId = ProcessId::new(81, 2);

fn flow(protocol: Protocol, port: u16) -> Flow {
    Flow {
        protocol,
        scope: Scope::Internet,
        local: ([10, 0, 0, 1], port).into(),
        remote: ([203, 0, 113, 1], 443).into(),
    }
}

fn tcp(port: u16) -> Flow {
    flow(Protocol::TCP, port)
}

fn size(bytes: u64) -> Size {
    Size { bytes, packets: 1, payload: bytes.saturating_sub(52) }
}

impl Book {
    fn receive(&mut self, flow: Flow, bytes: u64, now_ms: u64) {
        self.count(flow, Way::Received, size(bytes), Signs::default(), now_ms);
    }

    fn say(&mut self, flow: Flow, finding: Finding, now_ms: u64) {
        self.learn(&[(flow, finding)], now_ms);
    }
}

fn received(sample: &Sample, process: ProcessId) -> Option<u64> {
    let process = sample.processes.iter().find(|sample| sample.id == process)?;
    Some(process.counters[Scope::Internet].wire.rx_bytes)
}

fn residual(sample: &Sample, reason: ResidualReason) -> u64 {
    sample.residuals.iter().find(|residual| residual.0 == reason).unwrap().1.total().wire.rx_bytes
}

#[test]
fn payload_that_is_sent_again_is_payload_once_and_wire_twice() {
    let mut book = Book::default();
    let at = |sequence| Signs { sequence: Some(sequence), ..Signs::default() };
    book.count(tcp(1), Way::Received, size(1052), at(7), 0);
    book.count(tcp(1), Way::Received, size(1052), at(7), 1);
    book.count(tcp(1), Way::Sent, size(552), at(7), 2);
    // The same addresses with a connection that begins anew, at a number that was had.
    book.count(tcp(1), Way::Sent, size(52), Signs { opens: true, ..at(7) }, 3);
    book.count(tcp(1), Way::Sent, size(552), at(7), 4);
    book.say(tcp(1), Finding::Process(CURL), 5);
    let counters = book.sample(10).processes[0].counters[Scope::Internet];
    assert_eq!((counters.wire.rx_bytes, counters.payload.rx_bytes), (2104, 1000));
    assert_eq!((counters.wire.tx_bytes, counters.payload.tx_bytes), (1156, 1000));
}

#[test]
fn what_came_before_the_process_was_known_is_its_own() {
    let mut book = Book::default();
    book.receive(tcp(1), 1000, 0);
    let early = book.sample(10);
    assert_eq!((received(&early, CURL), residual(&early, ResidualReason::Stale)), (None, 0));
    book.say(tcp(1), Finding::Process(CURL), 20);
    book.receive(tcp(1), 500, 30);
    let sample = book.sample(40);
    assert_eq!(received(&sample, CURL), Some(1500));
    let counters = sample.processes[0].counters[Scope::Internet];
    assert_eq!((counters.wire.rx_packets, counters.payload.rx_bytes), (2, 1396));
    assert_eq!((counters.wire.tx_bytes, counters.payload.tx_bytes), (0, 0));
}

#[test]
fn a_process_without_news_is_left_out_and_its_totals_grow() {
    let mut book = Book::default();
    book.receive(tcp(1), 1000, 0);
    book.say(tcp(1), Finding::Process(CURL), 0);
    assert_eq!(received(&book.sample(10), CURL), Some(1000));
    assert_eq!(received(&book.sample(20), CURL), None);
    book.receive(tcp(1), 1, 30);
    assert_eq!(received(&book.sample(40), CURL), Some(1001));
}

#[test]
fn a_new_flow_makes_curious_once_and_waits_until_it_is_known() {
    let mut book = Book::default();
    book.receive(tcp(1), 1000, 0);
    assert!(book.is_curious() && book.is_waiting());
    assert_eq!(book.open_questions(), [(tcp(1), false)]);
    book.receive(tcp(1), 1000, 1);
    assert!(!book.is_curious() && book.is_waiting());
    book.say(tcp(1), Finding::Process(CURL), 2);
    assert!(!book.is_waiting());
}

#[test]
fn without_a_process_it_has_a_reason_when_patience_ends_and_not_before() {
    for (flow, finding, reason) in [
        (tcp(1), Finding::Gone, ResidualReason::Stale),
        (tcp(1), Finding::Kernel, ResidualReason::KernelTcp),
        (flow(Protocol::UDP, 1), Finding::Gone, ResidualReason::Stale),
        (flow(Protocol::UDP, 1), Finding::Kernel, ResidualReason::KernelUdp),
        (flow(Protocol::ICMP, 0), Finding::Gone, ResidualReason::KernelIcmp),
        (flow(Protocol(47), 0), Finding::Gone, ResidualReason::KernelOther),
    ] {
        let mut book = Book::default();
        book.receive(flow, 1000, 0);
        book.say(flow, finding, PATIENCE_MS - 1);
        assert!(book.is_waiting());
        book.say(flow, finding, PATIENCE_MS);
        assert_eq!(residual(&book.sample(PATIENCE_MS), reason), 1000, "{flow:?} {finding:?}");
        book.receive(flow, 10, PATIENCE_MS);
        assert_eq!(residual(&book.sample(PATIENCE_MS), reason), 1010);
    }
}

#[test]
fn a_connection_that_was_over_too_soon_is_the_listeners() {
    let mut book = Book::default();
    book.receive(tcp(80), 1000, 0);
    book.say(tcp(80), Finding::Listener(HTTPD), 10);
    assert_eq!(received(&book.sample(20), HTTPD), None, "it may still be accepted by another");
    book.say(tcp(80), Finding::Listener(HTTPD), PATIENCE_MS);
    assert_eq!(received(&book.sample(PATIENCE_MS), HTTPD), Some(1000));
}

#[test]
fn who_listened_when_it_came_has_it_though_nobody_listens_any_more() {
    let mut book = Book::default();
    book.receive(tcp(80), 1000, 0);
    book.say(tcp(80), Finding::Listener(HTTPD), 10);
    book.say(tcp(80), Finding::Gone, PATIENCE_MS);
    assert_eq!(received(&book.sample(PATIENCE_MS), HTTPD), Some(1000));
}

#[test]
fn a_connection_that_is_handed_on_is_divided() {
    let mut book = Book::default();
    book.receive(tcp(80), 1000, 0);
    book.say(tcp(80), Finding::Process(HTTPD), 10);
    book.receive(tcp(80), 1, 20);
    book.say(tcp(80), Finding::Process(CURL), 30);
    book.receive(tcp(80), 20, 40);
    let sample = book.sample(50);
    assert_eq!((received(&sample, HTTPD), received(&sample, CURL)), (Some(1001), Some(20)));
}

#[test]
fn the_same_addresses_can_be_another_connection() {
    let mut book = Book::default();
    book.receive(tcp(1), 1000, 0);
    book.say(tcp(1), Finding::Process(HTTPD), 0);
    let opens = Signs { opens: true, ..Signs::default() };
    book.count(tcp(1), Way::Sent, size(60), opens, 10);
    assert!(book.is_curious() && book.is_waiting());
    book.receive(tcp(1), 7, 20);
    book.say(tcp(1), Finding::Process(CURL), 30);
    let sample = book.sample(40);
    assert_eq!((received(&sample, HTTPD), received(&sample, CURL)), (Some(1000), Some(7)));
}

#[test]
fn what_is_passed_on_for_others_is_nobodys() {
    let mut book = Book::default();
    book.receive(tcp(1), 1000, 0);
    book.say(tcp(1), Finding::Forwarded, PATIENCE_MS);
    book.receive(tcp(1), 1000, PATIENCE_MS);
    let sample = book.sample(PATIENCE_MS);
    assert!(sample.processes.is_empty());
    assert!(sample.residuals.iter().all(|(_, counters)| counters.is_zero()));
    assert!(book.open_questions().is_empty(), "that is never asked again");
}

#[test]
fn who_has_ended_is_said_and_what_follows_is_still_counted() {
    let mut book = Book::default();
    book.receive(tcp(1), 1000, 0);
    book.say(tcp(1), Finding::Process(CURL), 0);
    book.sample(10);
    assert_eq!(book.living(), [CURL]);
    book.end([CURL]);
    book.receive(tcp(1), 52, 20);
    let sample = book.sample(20);
    assert!(sample.processes[0].ended);
    assert_eq!(received(&sample, CURL), Some(1052));
    assert!(book.living().is_empty());
}

#[test]
fn an_ended_process_is_released_when_it_was_quiet_for_long() {
    let mut book = Book::default();
    book.receive(tcp(1), 1000, 0);
    book.say(tcp(1), Finding::Process(CURL), 0);
    book.sample(0);
    book.end([CURL]);
    assert!(book.sample(10).released.is_empty());
    assert!(book.sample(10 + QUIET_MS - 1).released.is_empty());
    assert_eq!(book.sample(10 + QUIET_MS).released, [CURL]);
    assert!(book.accounts.is_empty() && book.flows.is_empty());
}

#[test]
fn flows_are_bounded_and_what_is_too_much_is_named() {
    let mut book = Book::default();
    for number in 0..MAX_FLOWS as u32 + 10 {
        let mut flow = tcp(1);
        flow.local = (number.to_be_bytes(), 1).into();
        book.receive(flow, 100, 0);
    }
    assert_eq!(book.flows.len(), MAX_FLOWS);
    assert_eq!(residual(&book.sample(0), ResidualReason::TableFull), 1000);
}

#[test]
fn packets_that_had_no_room_are_a_named_loss() {
    let mut book = Book::default();
    assert!(book.sample(0).losses.is_empty());
    book.lose(3);
    book.lose(4);
    assert_eq!(book.sample(0).losses[0].events, 7);
}

#[test]
fn what_a_process_is_is_said_once() {
    let mut book = Book::default();
    book.introduce(CURL, Identity { name: "curl".into(), ..Identity::default() });
    book.receive(tcp(1), 1000, 0);
    book.say(tcp(1), Finding::Process(CURL), 0);
    assert_eq!(book.sample(0).processes[0].identity.as_ref().unwrap().name, "curl");
    book.receive(tcp(1), 1000, 1);
    assert_eq!(book.sample(1).processes[0].identity, None);
}

/// Anything that can happen.
#[derive(Debug, Clone)]
enum Event {
    Packet { port: u16, bytes: u64, opens: bool },
    Look { port: u16, finding: Finding },
    End,
    Sample,
    Time(u64),
}

fn events() -> impl Strategy<Value = Event> {
    let finding = prop_oneof![
        Just(Finding::Process(CURL)),
        Just(Finding::Process(HTTPD)),
        Just(Finding::Listener(HTTPD)),
        Just(Finding::Kernel),
        Just(Finding::Gone),
    ];
    prop_oneof![
        4 => (0..4_u16, 0..2000_u64, any::<bool>())
            .prop_map(|(port, bytes, opens)| Event::Packet { port, bytes, opens }),
        3 => (0..4_u16, finding).prop_map(|(port, finding)| Event::Look { port, finding }),
        1 => Just(Event::End),
        2 => Just(Event::Sample),
        2 => (0..QUIET_MS).prop_map(Event::Time),
    ]
}

proptest! {
    #[test]
    fn every_byte_is_a_processs_or_has_a_reason_and_no_total_shrinks(
        events in prop::collection::vec(events(), 0..60),
    ) {
        let mut book = Book::default();
        let (mut counted, mut now_ms) = (0, 0);
        let (mut processes, mut released) = (HashMap::new(), 0);
        let mut residuals = 0;
        let mut take = |sample: Sample| {
            for process in sample.processes {
                let total = process.counters.total().wire.rx_bytes;
                let before = processes.insert(process.id, total).unwrap_or(0);
                assert!(before <= total, "a process's total shrank");
            }
            for process in sample.released {
                released += processes.remove(&process).unwrap_or(0);
            }
            let sum = sample.residuals.iter().map(|(_, counters)| counters.total().wire.rx_bytes).sum();
            assert!(residuals <= sum, "a residual shrank");
            residuals = sum;
            processes.values().sum::<u64>() + released + residuals
        };
        for event in events {
            match event {
                Event::Packet { port, bytes, opens } => {
                    counted += bytes;
                    let signs = Signs { opens, ..Signs::default() };
                    book.count(tcp(port), Way::Received, size(bytes), signs, now_ms);
                }
                Event::Look { port, finding } => book.say(tcp(port), finding, now_ms),
                Event::End => book.end([CURL]),
                Event::Sample => drop(take(book.sample(now_ms))),
                Event::Time(passed_ms) => now_ms += passed_ms,
            }
        }
        now_ms += PATIENCE_MS;
        for port in 0..4 {
            book.say(tcp(port), Finding::Gone, now_ms);
        }
        prop_assert_eq!(take(book.sample(now_ms)), counted);
    }
}
