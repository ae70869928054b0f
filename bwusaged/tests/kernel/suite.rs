//! Which tests there are, and whether they can run here.

use std::{
    env,
    process::{Command, ExitCode},
};

use libtest_mimic::{Arguments, Failed, Trial};

use self::counting::Counting;

mod bounds;
mod conformance;
mod connections;
mod counting;
mod daemon;
mod folder;
mod generator;
mod group;
mod identity;
mod ledger;
mod lifecycle;
mod namespace;
mod network;
mod ownership;
mod packets;
mod privilege;
mod processes;
mod refusals;
mod top;
mod traffic;
mod transfers;
mod units;
mod witness;

/// Programs that the tests use, and the Debian packages that bring them.
const PROGRAMS: [(&str, &str); 11] = [
    ("ip", "iproute2"),
    ("ethtool", "ethtool"),
    ("bpftool", "bpftool"),
    ("python3", "python3"),
    ("script", "bsdutils"),
    ("tc", "iproute2"),
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("su", "util-linux"),
    ("setpriv", "util-linux"),
    ("prlimit", "util-linux"),
];

const IN_BOTH_MODES: &[&[Test]] = &[
    transfers::TESTS,
    ownership::TESTS,
    processes::TESTS,
    units::TESTS,
    identity::TESTS,
    lifecycle::TESTS,
    connections::TESTS,
    bounds::TESTS,
];

/// Those for which it does not matter how packets are counted, or which ask for what only the exact mode sees.
const IN_EXACT_MODE: &[&[Test]] = &[
    refusals::TESTS,
    connections::TESTS_OF_EXACT_MODE,
    bounds::TESTS_OF_EXACT_MODE,
    packets::TESTS,
    privilege::TESTS,
    privilege::needs::TESTS,
];

pub(super) fn main() -> ExitCode {
    // This program is also the one that makes the traffic: see `traffic`.
    if let Some(code) = generator::main() {
        return code;
    }
    let words: Vec<String> = env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == conformance::report::VERB) {
        // Who asks for it made a machine for it, with the programs of these tests alone.
        return conformance::report::report(words.get(1).map_or("", String::as_str));
    }
    let missing = missing();
    if let Some(missing) = &missing {
        eprintln!("The kernel tests cannot run: {missing}");
    }
    if words.first().is_some_and(|word| word == conformance::VERB) {
        let counting = words.get(1).and_then(|word| Counting::named(word)).unwrap_or(Counting::Exact);
        let filter = words.get(2).map_or("", String::as_str);
        return if missing.is_some() { ExitCode::FAILURE } else { conformance::print(counting, filter) };
    }
    if words.first().is_some_and(|word| word == bounds::VERB) {
        return if missing.is_some() { ExitCode::FAILURE } else { bounds::print(&words[1..]) };
    }
    let arguments = Arguments::from_args();
    let in_ci = env::var_os("CI").is_some();
    let in_mode = |counting: Counting, prefix: &'static str, tests: &'static [&[Test]]| {
        let (missing, ignored) = (missing.clone(), missing.is_some() && !in_ci);
        tests.iter().copied().flatten().map(move |&(name, test)| {
            let missing = missing.clone();
            Trial::test(format!("{prefix}{name}"), move || counting.run(|| run(test, missing)))
                .with_ignored_flag(ignored)
        })
    };
    let mut trials: Vec<Trial> = in_mode(Counting::Exact, "", IN_BOTH_MODES)
        .chain(in_mode(Counting::Exact, "", IN_EXACT_MODE))
        .chain(in_mode(Counting::Light, "light::", IN_BOTH_MODES))
        .collect();
    trials.extend(ledger::trials(missing.as_ref(), in_ci));
    trials.extend(conformance::trials(missing.as_ref(), in_ci));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A test's name and body. It fails by panicking.
type Test = (&'static str, fn());

fn run(test: fn(), missing: Option<String>) -> Result<(), Failed> {
    if let Some(missing) = missing {
        return Err(missing.into());
    }
    witness::watched(test, |()| false);
    Ok(())
}

/// What is missing, and what to type.
fn missing() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some(
            "root is missing: run them as root, or  sudo -E env \"PATH=$PATH\" cargo xtask test --only tests"
                .into(),
        );
    }
    let starts = |program: &str| Command::new(program).arg("--help").output().is_ok();
    let packages: Vec<_> =
        PROGRAMS.into_iter().filter(|(program, _)| !starts(program)).map(|(_, package)| package).collect();
    (!packages.is_empty()).then(|| format!("run  apt-get install {}", packages.join(" ")))
}
