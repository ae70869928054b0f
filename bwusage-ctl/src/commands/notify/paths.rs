//! Where a user's configuration and state are kept, as the system has it.

use std::{env, path::PathBuf};

/// What the user wrote: `~/.config/bwusage/notify.toml`.
pub(super) fn config() -> Option<PathBuf> {
    folder("XDG_CONFIG_HOME", "APPDATA", ".config").map(|folder| folder.join("bwusage").join("notify.toml"))
}

/// What we wrote: `~/.local/state/bwusage/notify.json`.
pub(super) fn state() -> Option<PathBuf> {
    let folder = folder("XDG_STATE_HOME", "LOCALAPPDATA", ".local/state");
    folder.map(|folder| folder.join("bwusage").join("notify.json"))
}

fn folder(xdg: &str, windows: &str, below_home: &str) -> Option<PathBuf> {
    // A relative path in these is to be ignored, says the XDG Base Directory Specification.
    let named = |variable| env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    named(xdg)
        .or_else(|| if cfg!(windows) { named(windows) } else { None })
        .or_else(|| env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(below_home)))
}
