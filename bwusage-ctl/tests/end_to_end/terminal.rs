//! `watch` on a real terminal: tmux, with a server of its own and nobody's configuration.

use std::{
    process::{Command, Output},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::daemon::Home;

/// How long a screen may take. Only a test that fails waits this long.
const DEADLINE: Duration = Duration::from_mins(1);

/// A terminal of 80 by 12 in which `watch` runs. Its tmux server ends with the value.
struct Terminal {
    /// Holds the socket of the server.
    folder: TempDir,
}

impl Terminal {
    fn watch(home: &Home) -> Self {
        let terminal = Self { folder: tempfile::tempdir().unwrap() };
        let program = env!("CARGO_BIN_EXE_bwusage-ctl");
        let socket = home.socket();
        // The shell stays, so that what is on the screen after the program can be read.
        let script = format!(
            "'{program}' --socket '{}' watch --by pid --interval 100ms; echo exit $?; read wait",
            socket.display()
        );
        let mut command = terminal.tmux();
        for name in ["NO_COLOR", "TMUX", "BWUSAGE_SOCKET", "LC_ALL"] {
            command.env_remove(name);
        }
        succeed(
            command
                .args(["new-session", "-d", "-x", "80", "-y", "12", "-e", "LANG=C.UTF-8", &script])
                .output(),
        );
        terminal
    }

    fn tmux(&self) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-u", "-f", "/dev/null", "-S"]).arg(self.folder.path().join("tmux"));
        command
    }

    fn ask(&self, arguments: &[&str]) -> String {
        String::from_utf8(succeed(self.tmux().args(arguments).output()).stdout).unwrap()
    }

    /// Looks at the screen until it is as wanted.
    fn wait_until(&self, is_wanted: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let screen = self.ask(&["capture-pane", "-p"]);
            if is_wanted(&screen) {
                return;
            }
            assert!(Instant::now() < deadline, "waited in vain; the screen shows:\n{screen}");
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The server has ended already when its only program did.
        let _ = self.tmux().arg("kill-server").output();
    }
}

fn succeed(output: std::io::Result<Output>) -> Output {
    let output = output.unwrap_or_else(|error| {
        panic!("cannot run tmux ({error}): this test needs it, install it with: sudo apt-get install tmux")
    });
    assert!(output.status.success(), "tmux failed: {}", String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn the_table_stays_in_place_through_a_restart_and_gives_the_screen_back() {
    let home = Home::new();
    let daemon = home.start();
    let terminal = Terminal::watch(&home);
    // In one look each: the screen may be read while half of a picture is on it.
    terminal.wait_until(|screen| {
        let lines: Vec<&str> = screen.lines().collect();
        // The head is followed by the largest receiver.
        lines[0].starts_with("web01  ▼") && lines[1].contains("NAME") && lines[2].contains("4242  curl")
    });

    drop(daemon);
    // The last rows stay.
    terminal.wait_until(|screen| screen.contains("bwusaged is lost") && screen.contains("4242"));
    let _daemon = home.start();
    terminal.wait_until(|screen| screen.starts_with("web01  ▼"));

    terminal.ask(&["send-keys", "q"]);
    terminal.wait_until(|screen| screen.contains("exit 0") && !screen.contains("4242"));
}

#[test]
fn control_c_interrupts() {
    let home = Home::new();
    let _daemon = home.start();
    let terminal = Terminal::watch(&home);
    terminal.wait_until(|screen| screen.contains("4242"));
    terminal.ask(&["send-keys", "C-c"]);
    terminal.wait_until(|screen| screen.contains("exit 130"));
}
