//! What sort of program a process is, by how it was started. Pure.

use bwusage_proto::process::{Category, Pid};

use super::apps::Own;
use crate::{cgroup::Place, engine::Identity};

/// The kernel's thread that starts all others.
const KTHREADD: Pid = 2;
/// Units that hold what the service manager started.
const SERVICE_SUFFIXES: [&str; 4] = [".service", ".socket", ".mount", ".swap"];

/// What is known about how a process was started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// Where its control group puts it; `None` where that is not known.
    pub place: Option<Place>,
    /// Whether it has a controlling terminal; `None` where that is not known.
    pub terminal: Option<bool>,
    /// Whether it is the kernel's own.
    pub is_kernel: bool,
}

/// What is known about the process that started it, as long as that one lives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parent {
    /// What sort of program it is.
    pub category: Option<Category>,
    /// Whether the child belongs to its application.
    pub same_application: bool,
    /// Whether it, or one that it comes from, has a terminal.
    pub below_terminal: bool,
}

impl Circumstances {
    /// As the identity of process `pid` tells them.
    #[must_use]
    pub fn of(identity: &Identity, place: Option<Place>, pid: Option<Pid>) -> Self {
        let nameless = identity.exe.is_none() && identity.command_line.is_none();
        let is_kernel = nameless && (identity.parent == Some(KTHREADD) || pid == Some(KTHREADD));
        Self { place, terminal: identity.terminal, is_kernel }
    }

    /// Decides. `None` where nothing tells.
    #[must_use]
    pub fn category(&self, own: &Own, parent: Parent) -> Option<Category> {
        let place = self.place.as_ref();
        let in_session = place.is_some_and(|place| place.in_session);
        let has_terminal = self.terminal == Some(true);
        let unit = place.and_then(|place| place.unit.as_deref()).unwrap_or_default();
        let is_service = SERVICE_SUFFIXES.iter().any(|suffix| unit.ends_with(suffix)) || unit == "init.scope";
        let from_desktop = place.is_some_and(|place| place.from_desktop);
        Some(if place.is_some_and(|place| place.container.is_some()) {
            Category::Container
        } else if self.is_kernel {
            Category::Kernel
        } else if own.has_window && (in_session || has_terminal || parent.below_terminal) {
            Category::App
        } else if is_service && !from_desktop {
            Category::Service
        } else if has_terminal {
            // The shells in a terminal's window are in the window's scope.
            Category::Terminal
        } else if from_desktop || (parent.same_application && parent.category == Some(Category::App)) {
            Category::App
        } else if parent.below_terminal {
            Category::Terminal
        } else if place.is_some() || self.terminal.is_some() {
            Category::Background
        } else {
            return None;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cgroup::place, desktop::Application};

    const NO_PARENT: Parent = Parent { category: None, same_application: false, below_terminal: false };
    const SHELL: Parent = Parent { category: Some(Category::Terminal), below_terminal: true, ..NO_PARENT };
    const BROWSER: Parent =
        Parent { category: Some(Category::App), same_application: true, below_terminal: false };
    const DOCKER: &str =
        "/system.slice/docker-4b1c9e0f2a7d5c3e8f6a1b0d9c7e5f3a2b4d6c8e0f1a3b5d7c9e2f4a6b8d0c1e.scope";
    const MANAGER: &str = "/user.slice/user-1000.slice/user@1000.service";

    fn identity(exe: &str, terminal: Option<bool>, entry: Option<bool>) -> Identity {
        Identity {
            name: "x".into(),
            exe: (!exe.is_empty()).then(|| exe.into()),
            terminal,
            desktop: entry.map(|in_terminal| Application { app: "x".into(), title: "X".into(), in_terminal }),
            parent: Some(1),
            ..Identity::default()
        }
    }

    fn category(path: Option<&str>, identity: &Identity, parent: Parent) -> Option<Category> {
        let place = path.map(place);
        let own = Own::of(identity, &place.clone().unwrap_or_default());
        Circumstances::of(identity, place, Some(4242)).category(&own, parent)
    }

    /// What it is, its control group, its terminal (? where nobody could look), what its desktop entry says of it, who
    /// started it, and the category.
    const TABLE: &str = "
a container                              | DOCKER                                                            | ?   | -       | -       | container
a shell in a container                   | DOCKER                                                            | tty | -       | -       | container
a daemon in an lxc container             | /lxc.payload.web/system.slice/nginx.service                       | -   | -       | -       | container
a system service                         | /system.slice/nginx.service                                       | -   | -       | -       | service
a login prompt                           | /system.slice/system-getty.slice/getty@tty1.service               | tty | -       | -       | service
a cron job                               | /system.slice/cron.service                                        | -   | -       | -       | service
the first process                        | /init.scope                                                       | -   | -       | -       | service
a snap's daemon                          | /system.slice/snap.lxd.daemon.service                             | -   | -       | -       | service
a user's service                         | MANAGER/app.slice/syncthing.service                               | -   | -       | -       | service
the desktop's shell                      | MANAGER/session.slice/org.gnome.Shell@wayland.service             | -   | -       | -       | service
a user's manager                         | MANAGER/init.scope                                                | -   | -       | -       | service
an application of GNOME                  | MANAGER/app.slice/app-gnome-firefox-3021.scope                    | -   | window  | -       | app
an unknown one of it                     | MANAGER/app.slice/app-gnome-own-3021.scope                        | -   | -       | -       | app
an application of KDE                    | MANAGER/app.slice/app-org.kde.kate@0d1f9a.service                 | -   | -       | -       | app
a flatpak                                | MANAGER/app.slice/app-flatpak-org.x.Y-7.scope                     | -   | -       | -       | app
a snap                                   | MANAGER/app.slice/snap.firefox.firefox-2f7b.scope                 | -   | -       | -       | app
a browser that a service started         | MANAGER/app.slice/dbus-:1.2-org.x@0.service                       | -   | window  | -       | app
a browser of an old desktop              | /user.slice/user-1000.slice/session-2.scope                       | -   | window  | -       | app
a helper of it                           | /user.slice/user-1000.slice/session-2.scope                       | -   | -       | browser | app
a browser from a shell                   | /user.slice/user-1000.slice/session-2.scope                       | tty | window  | shell   | app
an editor in a terminal                  | /user.slice/user-1000.slice/session-2.scope                       | tty | console | shell   | terminal
a download over ssh                      | /user.slice/user-1000.slice/session-7.scope                       | tty | -       | shell   | terminal
one of a moment                          | /user.slice/user-1000.slice/session-7.scope                       | ?   | -       | shell   | terminal
without a terminal from a shell          | /user.slice/user-1000.slice/session-7.scope                       | -   | -       | shell   | terminal
a shell in a window                      | MANAGER/app.slice/app-org.kde.konsole-99.scope                    | tty | -       | -       | terminal
a shell in GNOME's terminal              | MANAGER/app.slice/app-org.gnome.Terminal.slice/vte-spawn-6f.scope | tty | -       | -       | terminal
what an ssh session left behind          | /user.slice/user-1000.slice/session-7.scope                       | -   | -       | -       | background
a daemon without a unit                  | /                                                                 | -   | -       | -       | background
one of a moment without a unit           | /                                                                 | ?   | -       | -       | background
a program in a group of its own          | /my/own/group                                                     | -   | -       | -       | background
a browser without a window, from nowhere | /                                                                 | -   | window  | -       | background
a program in a terminal without systemd  | /                                                                 | tty | -       | -       | terminal
";

    #[test]
    fn a_process_is_what_its_control_group_says_then_its_desktop_entry_then_its_terminal() {
        let rows: Vec<&str> = TABLE.lines().filter(|row| !row.is_empty()).collect();
        for row in &rows {
            let cells: Vec<&str> = row.split(" | ").map(str::trim).collect();
            let [_, path, terminal, entry, parent, expected] = cells[..] else { panic!("{row}") };
            let path = path.replace("DOCKER", DOCKER).replace("MANAGER", MANAGER);
            let terminal = (terminal != "?").then_some(terminal == "tty");
            let entry = (entry != "-").then_some(entry == "console");
            let parent = match parent {
                "shell" => SHELL,
                "browser" => BROWSER,
                _ => NO_PARENT,
            };
            let found = category(Some(&path), &identity("/usr/bin/x", terminal, entry), parent);
            assert_eq!(found.map(Category::name), Some(expected), "{row}");
        }
        assert_eq!(rows.len(), 32);
    }

    #[test]
    fn a_kernel_thread_has_neither_path_nor_arguments_and_comes_from_the_kernel() {
        let thread = Identity { parent: Some(2), ..identity("", Some(false), None) };
        assert_eq!(category(Some("/"), &thread, NO_PARENT), Some(Category::Kernel));
        let nameless = identity("", Some(false), None);
        assert_eq!(category(Some("/"), &nameless, NO_PARENT), Some(Category::Background));
        let disguised = Identity { parent: Some(2), ..identity("/tmp/[kworker]", Some(false), None) };
        assert_eq!(category(Some("/"), &disguised, NO_PARENT), Some(Category::Background));
    }

    #[test]
    fn where_nothing_tells_there_is_no_category() {
        assert_eq!(category(None, &identity("/usr/bin/x", None, None), NO_PARENT), None);
    }
}
