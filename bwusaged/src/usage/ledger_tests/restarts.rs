//! What was before the first sight of an interface, and counters that begin anew.

use bwusage_proto::{connection::Moved, ledger::Reason};

use super::{Books, DirectionSample, InterfaceSample, KEEP_GONE, check, cut, interface, of, plain, sent, tx};
use crate::engine::InterfaceKind::{Loopback, Namespace};

#[test]
fn what_was_counted_before_the_first_sight_has_its_line_and_stays() {
    let mut books = of(&[sent(plain(1, 1000), 500_000)]);
    books.take(&[sent(plain(3, 1000), 502_028)]);
    let expected = [(Reason::Processes, 3000), (Reason::LinkHeaders, 42), (Reason::BeforeStart, 498_986)];
    check(&tx(&books, "eth0"), &expected);
}

#[test]
fn an_interface_that_appears_later_has_nothing_before_the_start() {
    let mut books = of(&[interface(1, "lo", Loopback)]);
    books.take(&[sent(cut(1, 10), 15_140)]);
    assert_eq!(tx(&books, "eth0").bytes(Reason::BeforeStart), 0);
}

#[test]
fn an_interface_that_returns_under_its_name_begins_anew_and_the_summary_keeps_both() {
    let mut books = of(&[sent(plain(10, 1000), 10_140)]);
    let gone = InterfaceSample { name: String::new(), counters: None, ..sent(plain(10, 1000), 0) };
    books.take(std::slice::from_ref(&gone));
    assert!(books.interfaces().is_empty());
    let again = InterfaceSample { index: 7, ..sent(plain(1, 500), 514) };
    books.take(&[gone, again]);
    check(&tx(&books, "eth0"), &[(Reason::Processes, 500), (Reason::LinkHeaders, 14)]);
    check(&books.summary().unwrap().tx, &[(Reason::Processes, 10_500), (Reason::LinkHeaders, 154)]);
}

#[test]
fn an_interface_whose_counter_was_reset_begins_anew() {
    let mut books = of(&[sent(plain(10, 1000), 10_140)]);
    books.take(&[sent(plain(12, 1000), 2028)]);
    check(&tx(&books, "eth0"), &[(Reason::Processes, 2000), (Reason::LinkHeaders, 28)]);
    check(&books.summary().unwrap().tx, &[(Reason::Processes, 12_000), (Reason::LinkHeaders, 168)]);
}

#[test]
fn an_interface_that_begins_anew_while_a_part_shrinks_keeps_every_name() {
    let forwarded = |forwarded, namespaces| {
        let frames = plain(10, 1000);
        sent(DirectionSample { frames: frames.frames + forwarded, forwarded, namespaces, ..frames }, 0)
    };
    let mut books = Books::default();
    for (now, counter) in
        [(forwarded(5000, 5000), 15_140), (forwarded(6000, 1000), 100), (forwarded(6000, 500), 200)]
    {
        let counters = Some(Moved { rx_bytes: 0, tx_bytes: counter });
        books.take(&[InterfaceSample { counters, ..now }]);
        assert_eq!(tx(&books, "eth0").unnamed(), 0);
    }
}

#[test]
fn an_engine_that_began_anew_leaves_what_it_missed_before_its_start() {
    let mut books = of(&[sent(plain(10, 1000), 10_140)]);
    // 3,000 bytes passed while there was no engine.
    books.take(&[sent(plain(2, 1000), 10_140 + 3000 + 2028)]);
    let expected = [(Reason::Processes, 12_000), (Reason::LinkHeaders, 168), (Reason::BeforeStart, 3000)];
    check(&tx(&books, "eth0"), &expected);
}

#[test]
fn interfaces_that_come_and_go_for_ever_take_no_more_room() {
    let mut books = Books::default();
    for index in 2..500 {
        books.take(&[InterfaceSample { index, ..sent(plain(1, 1000), 1014) }]);
    }
    assert!(books.accounts.len() <= KEEP_GONE + 1, "{}", books.accounts.len());
    assert_eq!(books.summary().unwrap().tx.bytes(Reason::Processes), 498 * 1000);
    let veth = |index| InterfaceSample { index, ..interface(0, "veth", Namespace) };
    for index in 500..900 {
        books.take(&[veth(index)]);
    }
    assert!(books.accounts.len() <= KEEP_GONE + 1);
}

#[test]
fn nothing_said_is_nothing_changed() {
    let mut books = of(&[sent(plain(10, 1000), 10_140)]);
    let before = (books.interfaces(), books.summary());
    books.take(&[]);
    assert_eq!((books.interfaces(), books.summary()), before);
    assert_eq!(Books::default().summary(), None);
}
