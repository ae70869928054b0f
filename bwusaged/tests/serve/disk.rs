//! The file system of the state directory becomes read-only while the daemon runs, as it does when a disk fails, and later the directory is
//! on a good one; or it is full for a while. Counting goes on, the fault is told, and what was counted meanwhile is stored.
//!
//! A file system that a program writes to cannot be mounted read-only by hand: the kernel calls it busy. So this is ext4 in a file, told
//! to behave as after an error. The mounts are in a namespace of the daemon's own.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use bwusage_proto::{
    client::{Client, Subscription},
    history::HistoryState,
};
use rusqlite::Connection;

use crate::{
    access::is_root,
    daemon::{Daemon, block_on, command, stderr},
    history::counted,
    script,
};

/// What the four busy programs of the recording move in a tick.
const TICK_BYTES: u64 = 400_000;

fn sh(script: &str, arguments: &[&Path]) {
    let output = Command::new("sh").args(["-ec", script, "sh"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{script}: {}", stderr(&output));
}

/// Runs in the mounts that the daemon sees.
fn inside(daemon: &Daemon, script: &str, arguments: &[&Path]) {
    let mut command = Command::new("nsenter");
    command.args(["--mount", "--target", &daemon.pid().to_string(), "sh", "-ec", script, "sh"]);
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "{script}: {}", stderr(&output));
}

/// The daemon with its state on `disk`, which is mounted at `at` for nobody else.
fn start(disk: &Path, at: &Path, recording: &Path) -> Daemon {
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "--propagation=private", "sh", "-ec"]);
    unshare.arg(r#"mount -o loop "$1" "$2"; shift 2; exec "$@""#).arg("sh").args([disk, at]);
    unshare.arg(command().get_program()).env_remove("BWUSAGE_SOCKET").env_remove("BWUSAGE_LOG");
    let state = at.join("state").display().to_string();
    Daemon::start_as(tempfile::tempdir().unwrap(), recording, &["--state-dir", &state], unshare)
}

/// Waits until the history is as it should be; the daemon goes on ticking.
async fn wait(
    client: &mut Client,
    following: &mut Subscription,
    is_so: impl Fn(&HistoryState) -> bool,
) -> HistoryState {
    loop {
        following.tick().await.unwrap();
        let state = client.status().await.unwrap().history.unwrap();
        if is_so(&state) {
            return state;
        }
    }
}

/// What the file on `disk` has: bytes of processes, and spans in which somebody counted.
fn stored(disk: &Path, at: &Path, copy: &Path) -> (u64, u32) {
    let script = r#"unshare --mount --propagation=private sh -ec 'mount -o loop "$1" "$2"; cp "$2"/state/history.sqlite3* "$3"' sh "$@""#;
    sh(script, &[disk, at, copy]);
    let database = Connection::open(copy.join("history.sqlite3")).unwrap();
    let bytes = "SELECT sum(rx_bytes + tx_bytes) FROM (SELECT * FROM recent UNION ALL
         SELECT start, series, scope, rx_bytes, tx_bytes, rx_packets, tx_packets FROM hours)
         JOIN series ON id = series WHERE kind = 0";
    let spans = "SELECT count(*) FROM covered";
    let one = |query: &str| database.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap().unsigned_abs();
    (one(bytes), u32::try_from(one(spans)).unwrap())
}

/// What is done to the disk at the first path, which is mounted at the second; the third is room for another one.
struct Trouble {
    begin: fn(&Daemon, [&Path; 3]),
    says: &'static str,
    end: fn(&Daemon, [&Path; 3]),
    /// Where it is in the end.
    on_the_other: bool,
}

fn counts_on_and_stores_everything_later(trouble: &Trouble) {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |name: &str| -> PathBuf { folder.path().join(name) };
    let (first, other) = (in_folder("first"), in_folder("other"));
    let (at, copy, recording) = (in_folder("disk"), in_folder("copy"), in_folder("busy.jsonl"));
    sh(r#"truncate -s 16M "$1"; mkfs.ext4 -q "$1"; mkdir "$2" "$3""#, &[&first, &at, &copy]);
    script::busy(&recording);
    let mut daemon = start(&first, &at, &recording);
    let places: [&Path; 3] = [&first, &at, &other];

    let seen = block_on(async {
        let connect = async || Client::connect(&daemon.endpoint(), "test").await.unwrap();
        let mut client = connect().await;
        let mut following = connect().await.subscribe(Duration::ZERO).await.unwrap();
        let before = wait(&mut client, &mut following, |state| state.stored_until_unix_s.is_some()).await;
        assert_eq!(before.fault, None);

        (trouble.begin)(&daemon, places);
        let counted_before = counted(following.mirror());
        let is_told =
            |state: &HistoryState| state.fault.as_ref().is_some_and(|fault| fault.contains(trouble.says));
        let faulty = wait(&mut client, &mut following, is_told).await;
        for _ in 0..5 {
            following.tick().await.unwrap();
        }
        assert!(counted(following.mirror()) >= counted_before + 5 * TICK_BYTES, "counting goes on");
        assert_eq!(following.mirror().fault, faulty.fault, "who follows is told, too");

        (trouble.end)(&daemon, places);
        let is_over = |state: &HistoryState| {
            state.fault.is_none() && state.stored_until_unix_s > faulty.stored_until_unix_s
        };
        wait(&mut client, &mut following, is_over).await;
        following.tick().await.unwrap();
        assert_eq!(following.mirror().fault, None);
        counted(following.mirror())
    });
    assert!(daemon.terminate().success());
    drop(daemon);
    let (bytes, spans) = stored(if trouble.on_the_other { &other } else { &first }, &at, &copy);
    assert!((seen..seen + 100 * TICK_BYTES).contains(&bytes), "{bytes} stored, {seen} counted");
    assert_eq!((bytes % TICK_BYTES, spans), (0, 1), "each tick once, and no gap");
}

/// Only root can mount, and not without loop devices.
fn can_mount() -> bool {
    let can = is_root();
    assert!(!can || Path::new("/dev/loop-control").exists(), "needs loop devices: sudo modprobe loop");
    can
}

#[test]
fn a_disk_that_becomes_read_only_is_told_and_what_was_counted_meanwhile_is_stored_later() {
    if !can_mount() {
        return;
    }
    counts_on_and_stores_everything_later(&Trouble {
        begin: |daemon, [_, at, _]| inside(daemon, r#"mount -o remount,abort "$1""#, &[at]),
        says: "cannot be written: mount it writable",
        end: |daemon, [first, at, other]| {
            inside(daemon, r#"cp "$1" "$2"; umount -l "$3"; mount -o loop "$2" "$3""#, &[first, other, at]);
        },
        on_the_other: true,
    });
}

#[test]
fn a_full_disk_is_told_and_what_was_counted_meanwhile_is_stored_when_there_is_room() {
    if !can_mount() {
        return;
    }
    counts_on_and_stores_everything_later(&Trouble {
        begin: |daemon, [_, at, _]| {
            inside(daemon, r#"! dd if=/dev/zero of="$1"/filler bs=1k 2>/dev/null"#, &[at]);
        },
        says: "the disk is full",
        end: |daemon, [_, at, _]| inside(daemon, r#"rm "$1"/filler"#, &[at]),
        on_the_other: false,
    });
}
