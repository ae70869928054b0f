//! A writer that is killed at any moment, and a disk that is looked at while it writes: what is stored is whole flushes, each once.
//!
//! This program starts itself as the writer: see [`writer`].

use std::{
    fs,
    io::{BufRead as _, BufReader, Lines, Write as _},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use bwusage_proto::{
    history::{Bucket, Per},
    units::Scope,
};
use bwusaged::history::fault;

use crate::machine::{Machine, at, bytes, process, question, rx};

/// In which directory to write; without it there is nothing to do.
const DIR: &str = "BWUSAGE_TEST_WRITER";
/// Which run of the writer it is.
const RUN: &str = "BWUSAGE_TEST_RUN";
const BEGIN: &str = "2026-03-28T00:00:00Z";
const RUNS: u8 = 200;
/// Each run begins so much later, and moves on by 20 minutes a flush, so that hours, and days, end all the time.
const RUN_S: u32 = 86_400;

/// How much the flush with this number stores: another amount each.
fn amount(flush: u64) -> u64 {
    1_000_000 + flush
}

#[test]
fn writer() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let run: u8 = std::env::var(RUN).unwrap().parse().unwrap();
    let begin = at(BEGIN) + i64::from(run) * i64::from(RUN_S);
    let mut machine = Machine::new(Path::new(&dir).join("h.sqlite3"), "Europe/Berlin", begin);
    machine.restart(0, run);
    let mut out = std::io::stdout().lock();
    for flush in 1..=60 {
        let moved = (0..20).map(|app| {
            let bytes = if app == 0 { amount(flush) - 19 } else { 1 };
            (process(&format!("app{app}"), app), rx(Scope::Internet, bytes))
        });
        machine.tick(1200, &moved.collect::<Vec<_>>());
        machine.flush().unwrap();
        writeln!(out, "stored {flush}").unwrap();
        out.flush().unwrap();
    }
    // Waits for its end: the other side knows when.
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

/// The writer, and what it says.
struct Writer {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Writer {
    fn start(dir: &Path, run: u8) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["killed::writer", "--exact", "--nocapture"]).env(DIR, dir).env(RUN, run.to_string());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, said }
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.child.id().cast_signed()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// The flushes that it says are stored.
    fn stored(&mut self) -> impl Iterator<Item = u64> {
        let number = |line: String| line.rsplit_once("stored ").and_then(|(_, number)| number.parse().ok());
        self.said.by_ref().map_while(Result::ok).filter_map(number)
    }
}

/// What the database has of `run`, which must be whole in itself.
fn stored(dir: &Path, run: u8) -> u64 {
    let begin = at(BEGIN) + i64::from(run) * i64::from(RUN_S);
    let machine = Machine::new(dir.join("h.sqlite3"), "Europe/Berlin", begin + 2 * i64::from(RUN_S));
    let of = |bucket, per| {
        let question = question(begin, begin + i64::from(RUN_S), bucket, per);
        bytes(&machine.ask(&question, None).unwrap())[0]
    };
    let whole = of(Bucket::Whole, Per::Total);
    assert_eq!((of(Bucket::Minute, Per::App), of(Bucket::Hour, Per::Total)), (whole, whole), "run {run}");
    whole
}

/// How many flushes make up `bytes`; `None` when no number does.
fn flushes(bytes: u64) -> Option<u64> {
    let sums = (1..=60).scan(0, |sum, flush| {
        *sum += amount(flush);
        Some((flush, *sum))
    });
    sums.chain([(0, 0)]).find(|&(_, sum)| sum == bytes).map(|(flush, _)| flush)
}

#[test]
fn a_writer_that_is_killed_loses_the_flush_that_it_was_at_and_books_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for run in 0..RUNS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut writer = Writer::start(dir.path(), run);
        let upto = 1 + (random >> 33) % 40;
        let heard = writer.stored().find(|&flush| flush >= upto).unwrap();
        // Some microseconds into the next flush, another number each time: no test waits for this.
        std::thread::sleep(Duration::from_micros((random >> 40) % 3000));
        writer.child.kill().unwrap();
        let said = writer.stored().last().unwrap_or(heard);
        writer.child.wait().unwrap();
        let bytes = stored(dir.path(), run);
        let whole = flushes(bytes).unwrap_or_else(|| panic!("run {run}: {bytes} are no whole flushes"));
        assert!((said..=said + 1).contains(&whole), "run {run}: {whole} are stored, {said} were told");
    }
    let connection = fault::open(&dir.path().join("h.sqlite3")).unwrap();
    let check: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    // Between two runs nobody counted: that is a gap.
    let spans: i64 = connection.query_row("SELECT count(*) FROM covered", [], |row| row.get(0)).unwrap();
    assert_eq!(spans, i64::from(RUNS));
}

#[test]
fn what_is_on_the_disk_at_any_moment_is_a_database_of_whole_flushes() {
    use rustix::process::Signal;

    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::start(dir.path(), 0);
    let mut before = 0;
    for at_flush in 1..=30 {
        let heard = writer.stored().find(|&flush| flush >= 2 * at_flush - 1).unwrap();
        // The power goes: what is written is there, and nothing else of the writer.
        writer.signal(Signal::STOP);
        let copy = tempfile::tempdir().unwrap();
        for name in ["h.sqlite3", "h.sqlite3-wal"] {
            fs::copy(dir.path().join(name), copy.path().join(name)).unwrap();
        }
        writer.signal(Signal::CONT);
        let whole = flushes(stored(copy.path(), 0)).unwrap();
        assert!(whole >= heard && whole >= before, "{whole} of {heard}");
        before = whole;
        let connection = fault::open(&copy.path().join("h.sqlite3")).unwrap();
        let check: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
    }
    drop(writer.child.stdin.take());
    writer.child.wait().unwrap();
}
