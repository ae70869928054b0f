//! Which application a process belongs to: the thing that a person would name. Pure.
//!
//! A process belongs to the first of these that there is: the flatpak or snap package that it came in, the desktop entry of
//! its program or script, the script that an interpreter runs, the application of its parent where both programs are in one
//! directory of the application's own, the executable's file name, its name.

use crate::{cgroup::Place, engine::Identity};

mod interpreter;
use interpreter::script;

/// Programs that start others on somebody's behalf. What they start is no part of them, wherever it is.
const STARTERS: [&str; 48] = [
    // Shells.
    "ash",
    "bash",
    "busybox",
    "dash",
    "fish",
    "ksh",
    "mksh",
    "nu",
    "sh",
    "tcsh",
    "csh",
    "toybox",
    "xonsh",
    "yash",
    "zsh",
    // Terminals.
    "alacritty",
    "foot",
    "ghostty",
    "gnome-terminal-server",
    "kgx",
    "kitty",
    "konsole",
    "ptyxis",
    "screen",
    "st",
    "terminator",
    "tilix",
    "tmux",
    "urxvt",
    "wezterm-gui",
    "xfce4-terminal",
    "xterm",
    // The first process, and supervisors.
    "containerd-shim",
    "containerd-shim-runc-v2",
    "cron",
    "crond",
    "dumb-init",
    "init",
    "login",
    "openrc-init",
    "runsvdir",
    "s6-svscan",
    "sshd",
    "su",
    "sudo",
    "supervisord",
    "systemd",
    "tini",
];
/// Where each application has a directory of its own.
const PLACES: [&str; 11] = [
    "/opt/",
    "/usr/lib/",
    "/usr/lib64/",
    "/usr/libexec/",
    "/usr/share/",
    "/usr/local/lib/",
    "/usr/local/share/",
    "/usr/games/",
    "/snap/",
    "/app/",
    "/nix/store/",
];
/// Directories that many applications share, wherever they are.
const SHARED: [&str; 8] = ["bin", "games", "lib", "lib64", "libexec", "sbin", "share", "systemd"];

/// What a process is by itself, before its parent is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Own {
    /// Its application.
    pub app: String,
    /// What a person calls it.
    pub title: Option<String>,
    /// Whether it has a window, as far as its desktop entry says it.
    pub has_window: bool,
    /// Whether it is certain of its application whoever started it.
    is_certain: bool,
    /// Where its executable is.
    directory: Option<String>,
    /// The directory whose programs are parts of it when it starts them.
    home: Option<String>,
}

impl Own {
    /// Of a process in `place`.
    #[must_use]
    pub fn of(identity: &Identity, place: &Place) -> Self {
        let exe = identity.exe.as_deref().map(|path| path.trim_end_matches(" (deleted)"));
        // A program that was executed from a descriptor has no file name of its own: memfd:…, or the descriptor's number.
        let exe = exe.filter(|path| {
            let name = file_name(path);
            !name.starts_with("memfd:") && !name.bytes().all(|byte| byte.is_ascii_digit())
        });
        let script = exe.and_then(|exe| script(file_name(exe), identity.command_line.as_deref()?));
        let entry = identity.desktop.as_ref();
        let named = entry.map(|entry| entry.app.as_str());
        let certain = place.package.as_deref().or(named).or(script.map(file_name));
        let program = exe.map(file_name).filter(|name| !name.is_empty());
        let home = exe.filter(|path| script.is_none() && !runs_others(file_name(path))).and_then(directory);
        Self {
            app: certain.or(program).unwrap_or(&identity.name).to_owned(),
            title: entry.map(|entry| entry.title.clone()),
            has_window: entry.is_some_and(|entry| !entry.in_terminal),
            is_certain: certain.is_some(),
            directory: exe.and_then(|path| path.rsplit_once('/')).map(|(directory, _)| directory.to_owned()),
            home: home.map(Into::into),
        }
    }

    /// Whether it is a part of the application of a process that started it: a helper, beside or below that one.
    #[must_use]
    pub fn is_part_of(&self, parent: &Self) -> bool {
        let (Some(home), Some(directory)) = (&parent.home, &self.directory) else { return false };
        let inside = directory.strip_prefix(home.as_str());
        !self.is_certain && inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// The program that a process is about, as a path: the script of an interpreter, else the executable.
#[must_use]
pub fn program(identity: &Identity) -> Option<&str> {
    let exe = identity.exe.as_deref()?.trim_end_matches(" (deleted)");
    let script = identity.command_line.as_deref().and_then(|arguments| script(file_name(exe), arguments));
    Some(script.unwrap_or(exe))
}

/// What follows the last slash.
#[must_use]
pub fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a program of this file name starts others on somebody's behalf, or runs other people's scripts.
#[must_use]
pub fn runs_others(name: &str) -> bool {
    STARTERS.contains(&name) || interpreter::is_one(name)
}

/// The directory of the executable at `path`, if it is one that an application has for itself: one of the places for that,
/// or one that is called as the program is (`/home/alice/Discord/discord`).
#[must_use]
pub fn directory(path: &str) -> Option<&str> {
    let (directory, name) = path.rsplit_once('/')?;
    let last = file_name(directory);
    let own = is_place_of_applications(directory) || (!name.is_empty() && last.eq_ignore_ascii_case(name));
    (own && !SHARED.contains(&last)).then_some(directory)
}

/// Whether `directory` is below one of the places where each application has a directory of its own.
#[must_use]
pub fn is_place_of_applications(directory: &str) -> bool {
    let last = file_name(directory);
    PLACES.iter().any(|place| directory.starts_with(place) && directory.len() > place.len())
        && !SHARED.contains(&last)
        && !last.contains("-linux-gnu")
}

#[cfg(test)]
mod tests;
