//! The whole program in a real terminal against a real daemon.
#![cfg(unix)]

mod daemon;
#[path = "../../../bwusaged/tests/support/daemon_program.rs"]
mod daemon_program;
mod tmux;

use std::{fs, io::Write as _, os::unix::net::UnixListener, process::Command};

use bwusage_proto::{
    greeting::{DaemonGreeting, Verdict},
    version::VersionRange,
};
use daemon::Home;
use tmux::{Tmux, quoted};

const PROGRAM: &str = env!("CARGO_BIN_EXE_bwusage-tui");

/// Runs the program in a terminal; when it ends, its exit status is shown.
fn open(home: &Home, size: (u16, u16), arguments: &str, variables: &[(&str, &str)]) -> Tmux {
    let (socket, pid) = (quoted(&home.socket()), quoted(&home.file("pid")));
    let (before, after) = (quoted(&home.file("before")), quoted(&home.file("after")));
    let script = format!(
        "stty -a >{before}\n(sh -c 'echo $$ >\"$0\"; exec \"$@\"' {pid} {PROGRAM} --socket {socket} {arguments})\n\
         echo \"EXIT $?\"; stty -a >{after}"
    );
    Tmux::run(size, &script, variables)
}

/// The terminal is as it was before the program began.
fn assert_given_back(home: &Home, tmux: &Tmux) {
    tmux.wait_for("END");
    for (variable, expected) in [("alternate_on", "0"), ("cursor_flag", "1"), ("mouse_any_flag", "0")] {
        assert_eq!(tmux.variable(variable), expected, "{variable}");
    }
    let settings = |name| fs::read_to_string(home.file(name)).expect("the script wrote it");
    assert_eq!(settings("before"), settings("after"));
}

#[test]
fn a_session_from_the_first_frame_to_the_last() {
    let home = Home::new();
    let _daemon = home.start();
    let tmux = open(&home, (80, 24), "--by pid", &[]);
    tmux.wait_for_all(&["firefox", "web01", "● live"]);

    tmux.type_text("/dock");
    tmux.wait_until("only dockerd", |screen| {
        screen.contains("dockerd") && screen.contains("1 of ") && !screen.contains("firefox")
    });
    tmux.type_text(" (");
    tmux.wait_for_all(&["the last good filter stays", "dockerd"]);
    tmux.press("Escape");
    tmux.wait_for("firefox");

    tmux.resize((200, 60));
    tmux.wait_for("COMMAND");
    tmux.resize((60, 18));
    tmux.wait_until("the small layout", |screen| screen.contains("cpu ") && !screen.contains("╭ cpu"));
    tmux.resize((30, 8));
    tmux.wait_for("bwusage needs 40x10");
    tmux.resize((80, 24));

    tmux.press("Enter");
    tmux.wait_for("since start");
    tmux.press("Escape");
    tmux.wait_for("▼TOTAL▾");
    tmux.type_text("p");
    tmux.wait_for("PAUSED");
    tmux.type_text("?");
    tmux.wait_for("╭ help");
    tmux.press("Escape");
    // A key right behind Escape would be read as Alt and that key.
    tmux.wait_until("no help", |screen| !screen.contains("╭ help"));

    tmux.type_text("q");
    tmux.wait_for("EXIT 0");
    assert_given_back(&home, &tmux);
}

#[test]
fn a_killed_daemon_is_announced_and_found_again_without_a_key() {
    let home = Home::new();
    let daemon = home.start();
    let tmux = open(&home, (80, 24), "", &[]);
    tmux.wait_for("● live");
    drop(daemon);
    // The last state stays.
    tmux.wait_for_all(&["daemon lost", "firefox"]);
    let _again = home.start();
    tmux.wait_until("a live table", |screen| {
        screen.contains("● live") && screen.contains("firefox") && !screen.contains("daemon lost")
    });
}

#[test]
fn a_daemon_that_is_not_there_yet_is_waited_for() {
    let home = Home::new();
    let tmux = open(&home, (80, 24), "", &[]);
    tmux.wait_for_all(&["no connection to the daemon", "sudo bwusaged", "R tries now"]);
    let _daemon = home.start();
    tmux.wait_for("firefox");
}

#[test]
fn pasted_text_becomes_the_filter() {
    let home = Home::new();
    let _daemon = home.start();
    let tmux = open(&home, (80, 24), "", &[]);
    tmux.wait_for("firefox");
    tmux.paste("sync\n");
    tmux.wait_until("only syncthing", |screen| {
        screen.contains("/sync") && screen.contains("syncthing") && !screen.contains("firefox")
    });
}

#[test]
fn the_mouse_sorts_and_the_interval_can_be_changed() {
    let home = Home::new();
    let _daemon = home.start();
    let tmux = open(&home, (80, 24), "", &[]);
    let screen = tmux.wait_for("▲TOTAL");
    let heading = |line: &str| Some(line[..line.find("▲TOTAL")?].chars().count() + 1);
    let place = screen.lines().enumerate().find_map(|(y, line)| Some((heading(line)?, y + 1)));
    let (x, y) = place.expect("the heading is there");
    tmux.type_text(&format!("\x1b[<0;{x};{y}M"));
    tmux.wait_for("▲TOTAL▾");
    tmux.type_text("+");
    tmux.wait_for("● live 2s");
}

#[test]
fn a_suspended_program_gives_the_terminal_back_and_takes_it_again() {
    let home = Home::new();
    let _daemon = home.start();
    let tmux = Tmux::run((80, 24), "PS1='shell> ' bash --norc --noprofile -i", &[]);
    tmux.wait_for("shell>");
    tmux.type_text(&format!("{PROGRAM} --socket {}", quoted(&home.socket())));
    tmux.press("Enter");
    tmux.wait_for("● live");
    tmux.press("C-z");
    tmux.wait_for("Stopped");
    assert_eq!((tmux.variable("alternate_on"), tmux.variable("mouse_any_flag")), ("0".into(), "0".into()));
    tmux.type_text("fg");
    tmux.press("Enter");
    tmux.wait_for("● live");
    tmux.type_text("q");
    tmux.wait_until("the shell", |screen| screen.trim_end().ends_with("shell>"));
}

#[test]
fn the_ledger_opens_over_the_table_with_every_interface() {
    let home = Home::new();
    let _daemon = home.start();
    let tmux = open(&home, (86, 60), "", &[]);
    tmux.wait_for("attributed 9");
    tmux.type_text("L");
    tmux.wait_until("the ledger", |screen| {
        let parts =
            ["eth0 (device)", "all that lead out", "headers of the link", "before the daemon started"];
        let mut unnamed = screen.lines().filter(|line| line.contains("without a reason")).peekable();
        parts.iter().all(|part| screen.contains(part))
            && unnamed.peek().is_some()
            && unnamed.all(|line| line.matches(" 0 B").count() == 2)
    });
    tmux.type_text("G");
    tmux.wait_for_all(&["openvpn, pid ", "tun0 (tunnel)", "carries a tunnel: "]);
    tmux.type_text("L");
    tmux.wait_until("no ledger", |screen| !screen.contains("╭ ledger"));
}

#[test]
fn connections_are_shown_grouped_filtered_and_by_address() {
    let home = Home::new();
    let _daemon = home.start();
    let tmux = open(&home, (120, 40), "", &[]);
    tmux.wait_for("firefox");
    tmux.type_text("3");
    tmux.wait_for_all(&["www.example.org:443", "established", "→ ", "← "]);
    tmux.type_text("n");
    tmux.wait_for("198.51.100.10:443");
    tmux.type_text("n");
    tmux.type_text("b");
    tmux.wait_for_all(&["REMOTE HOST", "www.example.org ", "by remote host"]);
    tmux.press("Enter");
    tmux.wait_for("sockets");
    tmux.press("Escape");
    tmux.wait_for("REMOTE HOST");
    tmux.type_text("/port:ssh");
    tmux.wait_until("only ssh", |screen| screen.contains("sshd") && !screen.contains("www.example.org"));
    tmux.press("Escape");
    tmux.wait_for("www.example.org");
    tmux.press("Tab");
    tmux.wait_for("▼TOTAL▾");
    tmux.type_text("/firefox");
    tmux.wait_for("/firefox");
    tmux.press("Enter");
    tmux.press("Enter");
    tmux.wait_for_all(&["www.example.org:443", "since start", "connections, "]);
}

/// Runs itself inside a terminal, where it then panics.
#[test]
fn a_panic_gives_the_terminal_back_and_is_readable() {
    const INSIDE: &str = "BWUSAGE_TEST_PANICS";
    const MYSELF: &str = "a_panic_gives_the_terminal_back_and_is_readable";
    if std::env::var_os(INSIDE).is_some() {
        let _screen = bwusage_tui::terminal::Screen::open(true).expect("this runs in a terminal");
        panic!("on purpose");
    }
    let home = Home::new();
    let program = quoted(&std::env::current_exe().expect("a test knows its file"));
    let (before, after) = (quoted(&home.file("before")), quoted(&home.file("after")));
    let script = format!(
        "stty -a >{before}\n{program} --exact {MYSELF} --nocapture; echo \"EXIT $?\"; stty -a >{after}"
    );
    let tmux = Tmux::run((80, 24), &script, &[(INSIDE, "1"), ("RUST_BACKTRACE", "0")]);
    tmux.wait_for_all(&["EXIT 101", "on purpose"]);
    assert_given_back(&home, &tmux);
}

#[test]
fn another_version_is_explained_with_both_ranges() {
    let home = Home::new();
    let listener = UnixListener::bind(home.socket()).expect("the folder is new");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let greeting = DaemonGreeting {
                verdict: Verdict::NoCommonVersion,
                chosen: 0,
                versions: VersionRange { min: 98, max: 99 },
                features: 0,
                instance: [0; 16],
                pid: 1,
                version: "9.9.9".into(),
            };
            // The client may be gone already.
            let _ = stream.and_then(|mut stream| stream.write_all(&greeting.to_bytes()));
        }
    });
    let tmux = open(&home, (80, 24), "", &[]);
    tmux.wait_for_all(&["bwusaged 9.9.9 speaks protocol 98-99", "upgrade this client", "R tries now"]);
}

#[test]
fn a_request_to_end_gives_the_terminal_back() {
    let home = Home::new();
    let _daemon = home.start();
    let tmux = open(&home, (80, 24), "", &[]);
    tmux.wait_for("firefox");
    assert_eq!((tmux.variable("alternate_on"), tmux.variable("mouse_any_flag")), ("1".into(), "1".into()));
    let pid = fs::read_to_string(home.file("pid")).expect("the script wrote it");
    let kill = Command::new("kill").args(["-TERM", pid.trim()]).status().expect("kill starts");
    assert!(kill.success());
    tmux.wait_for("EXIT 0");
    assert_given_back(&home, &tmux);
}

#[test]
fn no_color_is_obeyed_and_can_be_overruled() {
    let coloured = |screen: &str| {
        let codes =
            screen.split("\x1b[").skip(1).map(|rest| rest.split_once('m').map_or("", |(codes, _)| codes));
        let mut codes = codes.flat_map(|codes| codes.split([';', ':']));
        codes.any(|code| matches!(code.parse(), Ok(30..=38 | 40..=48 | 90..=107)))
    };
    let home = Home::new();
    let _daemon = home.start();
    for (arguments, variables, expected) in [
        ("", &[("NO_COLOR", "1")][..], false),
        ("--color never", &[], false),
        ("--color always", &[("NO_COLOR", "1")], true),
        ("", &[], true),
    ] {
        let tmux = open(&home, (80, 24), arguments, variables);
        tmux.wait_for("firefox");
        assert_eq!(coloured(&tmux.styled_screen()), expected, "{arguments} {variables:?}");
    }
}

#[test]
fn a_locale_without_unicode_gets_plain_characters() {
    let home = Home::new();
    let _daemon = home.start();
    let tmux = open(&home, (80, 24), "", &[("LC_ALL", "C")]);
    let screen = tmux.wait_for("firefox");
    assert!(screen.is_ascii(), "{screen}");
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_is_refused() {
    let home = Home::new();
    let tmux = Tmux::run((80, 24), &format!("TERM=dumb {PROGRAM}; echo \"EXIT $?\""), &[]);
    tmux.wait_for_all(&["EXIT 2", "bwusage-ctl top"]);
    drop(home);
}

#[test]
fn without_a_terminal_it_says_what_to_use_instead() {
    let output = Command::new(PROGRAM).output().expect("the program starts");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let said = String::from_utf8(output.stderr).expect("it speaks UTF-8");
    assert!(said.contains("bwusage-ctl top") && said.contains("bwusage-ctl watch"), "{said}");
}
