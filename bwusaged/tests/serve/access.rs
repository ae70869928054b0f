//! Who sees what, with the identity that the kernel gives: root reads the daemon as itself and as another user.

use std::{fs, os::unix::fs::PermissionsExt as _};

use bwusage_proto::{client::Client, connection::ConnectionsQuery, mirror::Mirror};
use rustix::process::{Gid, Uid};

use crate::daemon::{Daemon, block_on};

/// A user that owns programs in the recording.
pub(crate) const ALICE: u32 = 1000;

fn daemon(visibility: &str) -> Daemon {
    let folder = tempfile::tempdir().unwrap();
    // Others must be able to reach the socket.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let config = folder.path().join("bwusaged.toml");
    fs::write(&config, format!("visibility = {visibility:?}\n")).unwrap();
    let config = config.display().to_string();
    Daemon::start_with(folder, &["--config", &config])
}

/// What `uid` is answered. The user changes for one thread only, which ends with it.
pub(crate) fn asked_by<T: Send + 'static>(
    daemon: &Daemon,
    uid: u32,
    ask: impl AsyncFnOnce(&mut Client) -> T + Send + 'static,
) -> T {
    let endpoint = daemon.endpoint();
    std::thread::spawn(move || {
        rustix::thread::set_thread_groups(&[]).unwrap();
        rustix::thread::set_thread_res_gid(Gid::from_raw(uid), Gid::from_raw(uid), Gid::from_raw(uid))
            .unwrap();
        rustix::thread::set_thread_res_uid(Uid::from_raw(uid), Uid::from_raw(uid), Uid::from_raw(uid))
            .unwrap();
        block_on(async { ask(&mut Client::connect(&endpoint, "test").await.unwrap()).await })
    })
    .join()
    .unwrap()
}

fn seen_by(daemon: &Daemon, uid: u32) -> (Mirror, String) {
    asked_by(daemon, uid, async |client: &mut Client| {
        (client.snapshot().await.unwrap(), client.status().await.unwrap().you_see)
    })
}

fn command_lines(mirror: &Mirror) -> Vec<&str> {
    let known = mirror.processes.values().filter(|process| process.info.command_line.is_some());
    let mut names: Vec<_> = known.map(|process| process.info.name.as_str()).collect();
    names.sort_unstable();
    names
}

/// Changing the user needs root; without it the test says so and checks nothing.
pub(crate) fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        assert!(std::env::var_os("CI").is_none(), "run the tests as root in CI");
        eprintln!("skipped: only root can connect as another user (run: sudo cargo xtask test)");
    }
    root
}

#[test]
fn by_default_everyone_sees_names_and_only_their_own_command_lines() {
    if !is_root() {
        return;
    }
    let daemon = daemon("names");
    let (alice, alice_sees) = seen_by(&daemon, ALICE);
    assert_eq!(alice_sees, "names");
    assert_eq!(alice.processes.len(), 14);
    assert_eq!(command_lines(&alice), ["Socket Process", "bash", "firefox", "syncthing"]);
    let (root, root_sees) = seen_by(&daemon, 0);
    assert_eq!((root_sees.as_str(), command_lines(&root).len()), ("all", 14));
}

#[test]
fn under_own_a_user_sees_their_own_and_one_sum() {
    if !is_root() {
        return;
    }
    let daemon = daemon("own");
    let (alice, _) = seen_by(&daemon, ALICE);
    let mut names: Vec<_> = alice.processes.values().map(|process| process.info.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["Socket Process", "bash", "firefox", "other users", "syncthing"]);
    let (stranger, _) = seen_by(&daemon, 65_534);
    assert_eq!(stranger.processes.len(), 1);
    let total = |mirror: &Mirror| -> u64 {
        mirror.processes.values().map(|process| process.counters.total().wire.rx_bytes).sum()
    };
    let (alice, stranger) = (total(&alice), total(&stranger));
    assert!(alice > 0 && stranger >= alice, "sums hold for everybody: {alice}, {stranger}");
}

#[test]
fn under_all_everyone_sees_everything() {
    if !is_root() {
        return;
    }
    let (stranger, sees) = seen_by(&daemon("all"), 65_534);
    assert_eq!((sees.as_str(), command_lines(&stranger).len()), ("all", 14));
}

#[test]
fn interfaces_are_everybodys_to_see_and_carriers_only_with_their_rows() {
    if !is_root() {
        return;
    }
    let daemon = daemon("own");
    let ledger = |uid| asked_by(&daemon, uid, async |client: &mut Client| client.ledger().await.unwrap());
    let (alice, root) = (ledger(ALICE), ledger(0));
    let names: Vec<_> = alice.interfaces.iter().map(|interface| interface.name.as_str()).collect();
    assert_eq!(names, ["eth0", "lo", "tun0", "veth3f1a2b"]);
    assert!(alice.summary.attributed().is_some_and(|share| share > 9_900));
    assert!(alice.carriers.is_empty(), "openvpn is not hers");
    assert_eq!(root.carriers.len(), 1);
}

/// Open connections, remote totals, and how many lines are hidden.
fn connections_seen_by(daemon: &Daemon, uid: u32) -> (usize, usize, u64) {
    let connections =
        asked_by(daemon, uid, async |client| client.connections(ConnectionsQuery::default()).await.unwrap());
    (connections.open.len(), connections.remotes.len(), connections.hidden)
}

#[test]
fn whom_others_talk_to_is_only_counted() {
    if !is_root() {
        return;
    }
    let daemon = daemon("names");
    let (open, closed, hidden) = connections_seen_by(&daemon, 0);
    assert_eq!(hidden, 0);
    let (own_open, own_closed, hidden) = connections_seen_by(&daemon, ALICE);
    assert!(own_open > 0 && own_open < open && own_closed > 0 && own_closed < closed);
    assert_eq!(own_open + own_closed + hidden as usize, open + closed);
    assert_eq!(connections_seen_by(&daemon, 65_534), (0, 0, (open + closed) as u64));
}
