//! Notifications on a desktop: a message bus of our own, and a service on it that writes down what it is to show.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

use tempfile::TempDir;
use tokio::sync::oneshot;
use zbus::{OwnedVariant, connection};

use crate::{
    alerts::fire,
    daemon::Home,
    program::{Run, ctl},
};

/// How long a notification may take. Only a test that fails waits this long.
const DEADLINE: Duration = Duration::from_mins(1);

/// What is to be shown.
#[derive(Debug)]
struct Shown {
    app: String,
    summary: String,
    body: String,
    urgency: u8,
}

struct Service(Sender<Shown>);

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Service {
    #[expect(clippy::too_many_arguments, reason = "the Desktop Notifications Specification has them")]
    fn notify(
        &self,
        app_name: String,
        replaces_id: u32,
        app_icon: &str,
        summary: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedVariant>,
        expire_timeout: i32,
    ) -> u32 {
        let urgency = hints.into_iter().find(|(name, _)| name == "urgency");
        let urgency = urgency.and_then(|(_, value)| u8::try_from(value).ok()).unwrap_or(u8::MAX);
        assert_eq!((replaces_id, actions.into_iter().next(), expire_timeout), (0, None, -1));
        assert_eq!(app_icon, "network-transmit-receive");
        self.0.send(Shown { app: app_name, summary, body, urgency }).unwrap();
        1
    }
}

/// A desktop. Its bus ends with the value.
struct Desktop {
    bus: Child,
    address: String,
    /// The service ends when this is dropped.
    _stop: oneshot::Sender<()>,
    shown: Receiver<Shown>,
    folder: TempDir,
}

impl Desktop {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("unix:path={}", folder.path().join("bus").display());
        let mut bus = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address", "--address", &address])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("cannot run dbus-daemon ({error}): this test needs it, install it with: sudo apt-get install dbus-daemon")
            });
        // It prints its address when it listens.
        let mut printed = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut printed).unwrap();
        let (told, shown) = channel();
        let address = printed.trim().to_owned();
        let (stop, stopped) = oneshot::channel();
        let (up, is_up) = channel();
        let bus_address = address.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let service = connection::Builder::address(bus_address.as_str())
                    .name("org.freedesktop.Notifications")
                    .serve_at("/org/freedesktop/Notifications", Service(told));
                let _connection = service.build().await.unwrap();
                up.send(()).unwrap();
                // An error is the end of the sender, which is all that is waited for.
                let _ = stopped.await;
            });
        });
        is_up.recv_timeout(DEADLINE).expect("the service has its name");
        Self { bus, address, _stop: stop, shown, folder }
    }

    fn notify(&self, socket: &Path, arguments: &[&str]) -> Run {
        notify(&self.address, self.folder.path(), socket, arguments)
    }

    fn shown(&self) -> Shown {
        self.shown.recv_timeout(DEADLINE).expect("a notification is shown")
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.bus.kill().and_then(|()| self.bus.wait());
    }
}

fn notify(bus: &str, folder: &Path, socket: &Path, arguments: &[&str]) -> Run {
    let config = folder.join("notify.toml");
    fs::write(&config, "[desktop]\n").unwrap();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
    let mut command = ctl(socket, &["notify"]);
    command.env("DBUS_SESSION_BUS_ADDRESS", bus).arg("--config").arg(config);
    command.arg("--state").arg(folder.join("state.json")).args(arguments).output().unwrap().into()
}

#[test]
fn an_alert_is_shown_on_the_desktop_and_a_name_in_it_is_no_markup() {
    let (home, desktop) = (Home::new(), Desktop::start());
    let _daemon = home.start();
    assert_eq!(desktop.notify(&home.socket(), &["--once"]).exit_code, Some(0));
    let event = fire(&home.socket());
    let run = desktop.notify(&home.socket(), &["--once"]);
    assert_eq!((run.exit_code, run.stderr.as_str()), (Some(0), ""));
    let shown = desktop.shown();
    assert_eq!((shown.app.as_str(), shown.urgency), ("bwusage", 2), "it is critical");
    assert_eq!(shown.summary, event["text"].as_str().unwrap());
    assert!(shown.body.starts_with(r"=evil,\x1b[2J\u{202e}$(id)`id`&lt;b&gt;"), "{}", shown.body);
    assert!(shown.body.ends_with("\nweb01"), "{}", shown.body);
}

#[test]
fn without_a_desktop_it_says_what_else_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let run = notify("unix:path=/nonexistent/bus", folder.path(), Path::new("/nonexistent"), &["--test"]);
    assert_eq!(run.exit_code, Some(1));
    assert!(run.stdout.starts_with("desktop: this session shows no notifications: "), "{}", run.stdout);
    assert!(run.stdout.contains("bwusage-ctl notify --example"), "{}", run.stdout);
}
