//! A terminal to run the program in: tmux, with a server of its own and nobody's configuration.

use std::{
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// How long a string may take to appear. Only a test that fails waits this long.
const DEADLINE: Duration = Duration::from_mins(1);

/// A terminal with a shell script in it. Its tmux server ends with the value.
pub(crate) struct Tmux {
    /// Holds the socket of the server.
    folder: TempDir,
}

impl Tmux {
    /// Runs `script` in a terminal of this size. `variables` are added to a bare environment.
    pub(crate) fn run((width, height): (u16, u16), script: &str, variables: &[(&str, &str)]) -> Self {
        let tmux = Self { folder: tempfile::tempdir().expect("there is room for a folder") };
        let mut command = tmux.command();
        for name in ["NO_COLOR", "TMUX", "BWUSAGE_SOCKET", "LC_ALL", "COLORTERM"] {
            command.env_remove(name);
        }
        command.args(["new-session", "-d", "-x", &width.to_string(), "-y", &height.to_string()]);
        let defaults = [("LANG", "C.UTF-8"), ("COLORTERM", "truecolor")];
        for (name, value) in defaults.iter().chain(variables) {
            command.args(["-e", &format!("{name}={value}")]);
        }
        // The shell stays, so that what is on the screen after the program can be read.
        command.arg(format!("{script}\necho END; read wait"));
        succeed(command.output());
        tmux
    }

    fn command(&self) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-u", "-f", "/dev/null", "-S"]).arg(self.folder.path().join("tmux"));
        command
    }

    fn ask(&self, arguments: &[&str]) -> String {
        let output = succeed(self.command().args(arguments).output());
        String::from_utf8(output.stdout).expect("tmux was asked to speak UTF-8")
    }

    /// Presses keys by tmux's names: `Enter`, `Escape`, `C-c`.
    pub(crate) fn press(&self, key: &str) {
        self.ask(&["send-keys", key]);
    }

    /// Types text, a key a character.
    pub(crate) fn type_text(&self, text: &str) {
        self.ask(&["send-keys", "-l", text]);
    }

    /// Pastes text the way a terminal does, in brackets if the program asked for them.
    pub(crate) fn paste(&self, text: &str) {
        self.ask(&["set-buffer", text]);
        self.ask(&["paste-buffer", "-p"]);
    }

    pub(crate) fn resize(&self, (width, height): (u16, u16)) {
        self.ask(&["resize-window", "-x", &width.to_string(), "-y", &height.to_string()]);
    }

    /// What is on the screen.
    pub(crate) fn screen(&self) -> String {
        self.ask(&["capture-pane", "-p"])
    }

    /// The same with the escape sequences of colours and styles.
    pub(crate) fn styled_screen(&self) -> String {
        self.ask(&["capture-pane", "-p", "-e"])
    }

    /// A variable of the terminal, such as `alternate_on`.
    pub(crate) fn variable(&self, name: &str) -> String {
        self.ask(&["display-message", "-p", &format!("#{{{name}}}")]).trim().to_owned()
    }

    /// Looks at the screen until it is as wanted.
    pub(crate) fn wait_until(&self, wanted: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let screen = self.screen();
            if is_wanted(&screen) {
                return screen;
            }
            assert!(Instant::now() < deadline, "waited in vain for {wanted}; the screen shows:\n{screen}");
        }
    }

    /// Looks at the screen until it holds all of `texts`: in one look, and not in a frame of which only the upper part is there.
    pub(crate) fn wait_for_all(&self, texts: &[&str]) -> String {
        self.wait_until(&format!("{texts:?}"), |screen| texts.iter().all(|text| screen.contains(text)))
    }

    /// Looks at the screen until it holds `text`.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        // The server has ended already when its only program did.
        let _ = self.command().arg("kill-server").output();
    }
}

fn succeed(output: std::io::Result<Output>) -> Output {
    let output = output.unwrap_or_else(|error| {
        panic!("cannot run tmux ({error}): this test needs it, install it with: sudo apt-get install tmux")
    });
    assert!(output.status.success(), "tmux failed: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// A path in quotes for the shell.
pub(crate) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display())
}
