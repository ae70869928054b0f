//! Far more processes and sockets than there is room for: totals stay exact, memory stays bounded.
//!
//! The tests are a small edition; `cargo xtask load processes 1000000` and `cargo xtask load sockets 200000` play the same
//! loads at full size, and print what they cost.

use std::process::ExitCode;

use super::{
    Test,
    daemon::Daemon,
    folder::Folder,
    network::{Family, Network},
};

mod cost;
mod processes;
mod sockets;

use cost::Costs;

pub(super) const TESTS: &[Test] = &[
    ("more_short_processes_than_the_table_holds_are_counted_to_the_byte_and_folded", || {
        processes::play(20_000, 5_000, &mut Costs::unheard());
    }),
    ("how_full_the_tables_in_the_kernel_are_is_said", sockets::fill),
];

/// No socket counts a SYN that its listener had no room for.
pub(super) const TESTS_OF_EXACT_MODE: &[Test] =
    &[("ten_thousand_sockets_held_at_once_are_counted_to_the_byte", || {
        sockets::play(10_000, &mut Costs::unheard());
    })];

/// The word that makes the test program play a load at full size.
pub(super) const VERB: &str = "print-load";

/// How many processes are started a second at full size.
const PER_SECOND: u64 = 5_000;

/// Time between two ticks: what people have.
const INTERVAL_MS: u32 = 1000;

/// Plays a load and prints what it cost: `processes COUNT`, perhaps with how many a second, or `sockets COUNT`.
pub(super) fn print(words: &[String]) -> ExitCode {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |word: &str| word.parse::<u64>().expect("a number");
    let mut costs = Costs::printed();
    match *words {
        ["processes", count] => processes::play(number(count), PER_SECOND, &mut costs),
        ["processes", count, per_second] => processes::play(number(count), number(per_second), &mut costs),
        ["sockets", count] => sockets::play(number(count), &mut costs),
        _ => {
            eprintln!("say  processes COUNT [PER-SECOND]  or  sockets COUNT");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
