//! The ledger on a real kernel: every byte that an interface counted has a name, and the right one.
//!
//! The daemon runs in a network namespace of the test's own, so that the interfaces that it watches are the test's. What is
//! true is known from the interface's own counter, from the interface at the far end of its cable, and from the processes
//! that moved the bytes.

use libtest_mimic::Trial;

use self::book::{Interface, Ledger, Side};
use super::{Test, daemon::Daemon, folder::Folder, namespace, namespace::Namespace, run, traffic::Generator};

pub(super) mod book;
mod direct;
mod routed;
mod stacked;
mod tunnels;

/// A test after the kind of interface that it needs.
type TestOfKind = (&'static str, Test);

/// Every test. One whose kind of interface the kernel does not offer is reported as ignored.
pub(super) fn trials(missing: Option<&String>, in_ci: bool) -> Vec<Trial> {
    let plain = [direct::TESTS, routed::TESTS, stacked::TESTS, tunnels::TESTS].into_iter().flatten();
    let of_kinds = [stacked::TESTS_OF_KINDS, tunnels::TESTS_OF_KINDS].into_iter().flatten();
    plain
        .map(|&test| (test, true))
        .chain(of_kinds.map(|&(kind, test)| (test, namespace::is_offered(kind))))
        .map(|((name, test), offered)| {
            let missing = missing.cloned();
            let ignored = (missing.is_some() && !in_ci) || !offered;
            Trial::test(format!("ledger::{name}"), move || run(test, missing)).with_ignored_flag(ignored)
        })
        .collect()
}

/// Where a test plays: a daemon that watches the interfaces of `host`.
struct Scene<'a> {
    folder: &'a Folder,
    host: &'a Namespace,
    daemon: Daemon<'a>,
}

impl<'a> Scene<'a> {
    fn new(folder: &'a Folder, host: &'a Namespace) -> Self {
        Self { folder, host, daemon: Daemon::start_in(folder, host) }
    }

    fn run(&self, namespace: &Namespace, name: &str, words: &[&str]) -> Generator {
        Generator::start(self.folder, namespace, name, words)
    }

    /// Starts a server. Returns its address too.
    fn serve(&self, namespace: &Namespace, words: &[&str]) -> (Generator, String) {
        let mut server = self.run(namespace, "bw-server", words);
        let address = server.address();
        (server, address)
    }

    /// The ledger at rest, in which everything is true that is true of every ledger.
    fn ledger(&self) -> Ledger {
        let names: Vec<String> = self.host.interfaces();
        loop {
            let before: Vec<_> = names.iter().map(|name| self.host.frames(name)).collect();
            self.daemon.settle();
            let ledger = self.daemon.ledger();
            let after: Vec<_> = names.iter().map(|name| self.host.frames(name)).collect();
            if before == after {
                for (name, frames) in names.iter().zip(after) {
                    // One without traffic need not be there.
                    if let Some(interface) = ledger.find(name) {
                        check(interface, "received", &interface.rx, frames.rx_bytes);
                        check(interface, "sent", &interface.tx, frames.tx_bytes);
                    } else {
                        assert_eq!(frames.rx_bytes + frames.tx_bytes, 0, "{name} is not in the ledger");
                    }
                }
                self.daemon.assert_nothing_lost();
                return ledger;
            }
        }
    }
}

fn check(interface: &Interface, way: &str, side: &Side, counted: u64) {
    assert_eq!(side.counter_bytes, counted, "{} {way}: {side:?}", interface.name);
    assert_eq!(side.unnamed_bytes, 0, "{} {way}: {side:?}", interface.name);
    let named: i64 = side.lines.values().sum();
    assert_eq!(u64::try_from(named), Ok(counted), "{} {way}: {side:?}", interface.name);
}

/// Not more than a thousandth of what the interface counted, either way, has nobody.
#[track_caller]
fn assert_attributed(interface: &Interface) {
    const NOBODY: [&str; 5] = ["kernel", "no_socket", "non_ip", "driver", "lost"];
    let sides = [&interface.rx, &interface.tx];
    let nobody: i64 = sides.iter().flat_map(|side| NOBODY.map(|reason| side.bytes(reason).abs())).sum();
    let counted: u64 = sides.iter().map(|side| side.counter_bytes).sum();
    assert!(nobody.unsigned_abs() <= counted / 1000, "{nobody} bytes are nobody's: {interface:?}");
}

/// The bytes with this reason are `truth`, to a thousandth.
#[track_caller]
fn assert_reason(side: &Side, reason: &str, truth: u64) {
    let named = side.bytes(reason).unsigned_abs();
    assert!(named.abs_diff(truth) <= truth / 1000, "{reason}: {named} of {truth} bytes in {side:?}");
}
