//! What goes wrong with a file, seen from the daemon: what was counted waits, is told, and is stored once when it can be.

use std::fs;

use bwusage_proto::{
    history::{Bucket, Per},
    units::Scope,
};
use bwusaged::history::{fault::Fault, schema};
use rusqlite::Connection;

use crate::machine::{Machine, at, bytes, process, question, rx};

fn machine(dir: &tempfile::TempDir) -> Machine {
    Machine::new(dir.path().join("history.sqlite3"), "UTC", at("2026-05-01T10:00:00Z"))
}

fn count(machine: &mut Machine, bytes: u64) {
    machine.tick(1, &[(process("firefox", 1), rx(Scope::Internet, bytes))]);
}

fn stored(machine: &Machine) -> u64 {
    let question = question(at("2026-05-01T00:00:00Z"), machine.now + 1, Bucket::Day, Per::App);
    bytes(&machine.ask(&question, None).unwrap())[0]
}

fn files(dir: &tempfile::TempDir) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(name).collect();
    files.sort();
    files
}

#[test]
fn a_file_that_breaks_while_it_is_used_is_set_aside_and_what_was_counted_goes_into_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut machine = machine(&dir);
    for _ in 0..200 {
        count(&mut machine, 10);
        machine.tick(3600, &[]);
        machine.flush().unwrap();
    }
    // The daemon was restarted after something wrote over the middle of the file.
    machine.restart(1, 2);
    let mut garbled = fs::read(&machine.settings.file).unwrap();
    garbled[100..].fill(0xa5);
    fs::write(&machine.settings.file, &garbled).unwrap();
    count(&mut machine, 7);
    machine.flush().unwrap();
    assert_eq!(stored(&machine), 7);
    let notes = machine.keeper.take_notes();
    assert!(notes.iter().any(|note| note.contains("broken") && note.contains(".broken-")), "{notes:?}");
    let aside = files(&dir).into_iter().find(|name| name.contains(".broken-")).unwrap();
    assert_eq!(fs::read(dir.path().join(aside)).unwrap(), garbled, "the broken file is there as it was");
    count(&mut machine, 5);
    machine.flush().unwrap();
    assert_eq!(stored(&machine), 12);
}

#[test]
fn a_file_of_a_newer_version_is_told_and_left_alone_and_counting_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut machine = machine(&dir);
    count(&mut machine, 10);
    machine.flush().unwrap();
    machine.restart(1, 2);
    let version = |version: i32| {
        Connection::open(dir.path().join("history.sqlite3")).unwrap().pragma_update(None, "user_version", version).unwrap();
    };
    version(schema::VERSION + 1);
    for _ in 0..3 {
        count(&mut machine, 5);
        let fault = machine.flush().unwrap_err();
        assert!(matches!(fault, Fault::Refused(_)) && fault.to_string().contains("newer"), "{fault}");
    }
    assert_eq!(files(&dir), ["history.sqlite3"]);
    // Once it can be stored, what waited is stored, and once.
    version(schema::VERSION);
    count(&mut machine, 5);
    machine.flush().unwrap();
    machine.flush().unwrap();
    assert_eq!(stored(&machine), 30);
}

#[test]
fn while_another_program_holds_the_file_what_was_counted_waits() {
    let dir = tempfile::tempdir().unwrap();
    let mut machine = machine(&dir);
    count(&mut machine, 10);
    machine.flush().unwrap();
    let other = Connection::open(&machine.settings.file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    count(&mut machine, 5);
    let fault = machine.flush().unwrap_err();
    assert!(matches!(fault, Fault::Busy), "{fault}");
    assert_eq!(stored(&machine), 10, "it can be read meanwhile");
    other.execute_batch("ROLLBACK").unwrap();
    count(&mut machine, 5);
    machine.flush().unwrap();
    assert_eq!(stored(&machine), 20);
}

#[test]
fn a_database_without_room_is_told_and_what_waited_is_stored_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let mut machine = machine(&dir);
    count(&mut machine, 10);
    machine.flush().unwrap();
    // SQLite keeps this limit per connection: the file is held at its present size from inside.
    machine.keeper.limit_pages(Some(1));
    let mut counted = 10;
    let mut full = 0;
    for number in 0..400 {
        machine.tick(1, &[(process(&format!("program {number}"), 1), rx(Scope::Lan, 3))]);
        counted += 3;
        full += u32::from(matches!(machine.flush(), Err(Fault::Full)));
    }
    assert!(full > 100, "{full}");
    machine.keeper.limit_pages(None);
    machine.flush().unwrap();
    assert_eq!(stored(&machine), counted);
}

#[test]
fn a_file_that_somebody_deletes_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let mut machine = machine(&dir);
    count(&mut machine, 10);
    machine.flush().unwrap();
    for name in files(&dir) {
        fs::remove_file(dir.path().join(name)).unwrap();
    }
    count(&mut machine, 5);
    machine.flush().unwrap();
    assert_eq!(stored(&machine), 5);
}
