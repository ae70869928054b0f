//! Desktop entries by what they are looked for: a program, or a package.

use std::collections::HashMap;

use super::{Application, Entry};
use crate::usage::apps::{self, file_name};

/// Programs that start others: an entry that names one of them is about what it starts.
const LAUNCHERS: [&str; 12] = [
    "env",
    "flatpak",
    "snap",
    "gtk-launch",
    "gapplication",
    "dbus-launch",
    "pkexec",
    "sudo",
    "xdg-open",
    "x-terminal-emulator",
    "systemctl",
    "busctl",
];
/// Where programs are that came with the system or were installed for all. Only there a file name is enough.
const INSTALLED: [&str; 5] = ["/usr/", "/opt/", "/bin/", "/snap/", "/nix/store/"];

/// Everything that the entries say.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    paths: HashMap<String, Application>,
    file_names: HashMap<String, Application>,
    directories: HashMap<String, Application>,
    packages: HashMap<String, Application>,
}

impl Catalog {
    /// Of entries with their identifier and the file that their program is. Where several name the same, the one that is
    /// about the program itself wins: it is in menus and starts it without arguments.
    pub(super) fn new(entries: impl Iterator<Item = (String, Entry, Option<String>)>) -> Self {
        let mut entries: Vec<_> = entries.collect();
        entries.sort_by(|(a_id, a, _), (b_id, b, _)| {
            (a.hidden, a.words, a_id.len(), a_id).cmp(&(b.hidden, b.words, b_id.len(), b_id))
        });
        let mut catalog = Self::default();
        for (id, entry, file) in entries {
            catalog.add(id, entry, file.as_deref());
        }
        catalog
    }

    fn add(&mut self, id: String, entry: Entry, file: Option<&str>) {
        let named = file_name(&entry.program);
        let app = entry.package.as_deref().unwrap_or(named).to_owned();
        let application = Application { app, title: entry.name, in_terminal: entry.in_terminal };
        if let Some(package) = entry.package {
            for name in [package, id] {
                self.packages.entry(name).or_insert_with(|| application.clone());
            }
            return;
        }
        let starts_others = |program: &str| LAUNCHERS.contains(&program) || apps::runs_others(program);
        if starts_others(named) || starts_others(file.map_or(named, file_name)) {
            return;
        }
        for name in [Some(named), file.map(file_name)].into_iter().flatten() {
            self.file_names.entry(name.into()).or_insert_with(|| application.clone());
        }
        let written = Some(entry.program.as_str()).filter(|program| program.starts_with('/'));
        for path in [written, file].into_iter().flatten() {
            self.paths.entry(path.into()).or_insert_with(|| application.clone());
            if let Some(directory) = apps::directory(path).filter(|_| !application.in_terminal) {
                self.directories.entry(directory.into()).or_insert_with(|| application.clone());
            }
        }
    }

    /// By its path, its file name, or the directory of an application that it is in: `/usr/lib/chromium/crashpad` is part
    /// of the program `chromium`.
    pub(super) fn of_program(&self, path: &str) -> Option<&Application> {
        let by_name = |name: &str| {
            self.file_names.get(name).filter(|_| INSTALLED.iter().any(|place| path.starts_with(place)))
        };
        let exactly = self.paths.get(path).or_else(|| by_name(file_name(path)));
        exactly.or_else(|| {
            let (directory, _) = path.rsplit_once('/')?;
            let mut directories =
                std::iter::successors(Some(directory), |inner| Some(inner.rsplit_once('/')?.0));
            directories.find_map(|directory| {
                let in_place =
                    || apps::is_place_of_applications(directory).then(|| by_name(file_name(directory)))?;
                let found = self.directories.get(directory).or_else(in_place);
                found.filter(|application| !application.in_terminal)
            })
        })
    }

    pub(super) fn of_package(&self, package: &str) -> Option<&Application> {
        self.packages.get(package)
    }
}
