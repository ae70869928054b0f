//! How the invented programs were started, which makes them applications, services or something that nobody sees run.

use bwusaged::{desktop::Application, engine::Identity};

const SESSION: &str = "/user.slice/user-1000.slice/session-4.scope";
const MANAGER: &str = "/user.slice/user-1000.slice/user@1000.service/app.slice";
const CONTAINER: &str = "4b1c9e0f2a7d5c3e8f6a1b0d9c7e5f3a2b4d6c8e0f1a3b5d7c9e2f4a6b8d0c1e";

/// What the system says about the program `name` beside what the program says itself.
pub(super) fn origin(name: &str) -> Identity {
    let cgroup = match name {
        "firefox" | "Socket Process" => format!("{MANAGER}/app-firefox-2207.scope"),
        "syncthing" => format!("{MANAGER}/syncthing.service"),
        "python3" | "apt-get" | "bash" => SESSION.into(),
        "node" => format!("/system.slice/docker-{CONTAINER}.scope"),
        _ => format!("/system.slice/{name}.service"),
    };
    let has_window = cgroup.contains("firefox");
    let firefox =
        Application { app: "firefox".into(), title: "Firefox Web Browser".into(), in_terminal: false };
    Identity {
        cgroup: Some(cgroup),
        // The backup was left behind by a terminal that is closed.
        terminal: Some(matches!(name, "apt-get" | "bash")),
        desktop: has_window.then_some(firefox),
        container_name: (name == "node").then(|| "shop".into()),
        ..Identity::default()
    }
}
