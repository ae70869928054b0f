//! What is told really arrives, once, through restarts of both sides.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    alerts::fire,
    daemon::Home,
    program::{Run, ctl},
    schema::Schema,
};

/// How long something may take. Only a test that fails waits this long.
const DEADLINE: Duration = Duration::from_mins(1);

/// A user: where they want to be told, and what was told them.
struct User {
    folder: TempDir,
    server: TcpListener,
}

impl User {
    /// Somebody with a webhook on this machine, and a command that writes down what it is given.
    fn new() -> Self {
        let user =
            Self { folder: tempfile::tempdir().unwrap(), server: TcpListener::bind("127.0.0.1:0").unwrap() };
        let script =
            "printf '%s\\n' \"$BWUSAGE_TEXT\" \"$BWUSAGE_NOTE\" \"$#\" >> \"$0.told\"; cat >> \"$0.json\"";
        user.configure(&format!(
            "[webhook.ops]\nurl = 'http://{}/hook'\n[command.log]\nargv = ['/bin/sh', '-c', '''{script}''', '{}']\n",
            user.server.local_addr().unwrap(),
            user.path("log").display(),
        ));
        user
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn configure(&self, text: &str) {
        fs::write(self.path("notify.toml"), text).unwrap();
        fs::set_permissions(self.path("notify.toml"), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn notify(&self, socket: &Path, arguments: &[&str]) -> std::process::Command {
        let mut command = ctl(socket, &["notify"]);
        for proxy in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env_remove(proxy);
        }
        command.arg("--config").arg(self.path("notify.toml")).arg("--state").arg(self.path("state.json"));
        command.args(arguments);
        command
    }

    fn run(&self, socket: &Path, arguments: &[&str]) -> Run {
        self.notify(socket, arguments).output().unwrap().into()
    }

    /// Waits for somebody who posts, answers them, and gives the event that came.
    fn posted(&self, status: &str) -> Value {
        let mut stream = BufReader::new(self.caller());
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(stream.read_line(&mut head).unwrap() > 0, "the request ended in its head: {head}");
        }
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap()];
        stream.read_exact(&mut body).unwrap();
        let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.get_mut().write_all(answer.as_bytes()).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn caller(&self) -> TcpStream {
        self.server.set_nonblocking(true).unwrap();
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Ok((stream, _)) = self.server.accept() {
                stream.set_nonblocking(false).unwrap();
                return stream;
            }
            assert!(Instant::now() < deadline, "nobody came");
            std::thread::yield_now();
        }
    }

    /// Whether somebody posts who was not answered yet.
    fn is_called(&self) -> bool {
        self.server.set_nonblocking(true).unwrap();
        self.server.accept().is_ok()
    }

    fn told(&self) -> Vec<String> {
        let told = fs::read_to_string(self.path("log.told")).unwrap_or_default();
        told.lines().map(str::to_owned).collect()
    }
}

/// `notify` as it runs for a long time. It is killed with the value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::yield_now();
    }
}

/// Answers one post in the background while `during` runs.
fn answering<T>(user: &User, status: &str, during: impl FnOnce() -> T) -> (Value, T) {
    std::thread::scope(|scope| {
        let posted = scope.spawn(|| user.posted(status));
        let outcome = during();
        (posted.join().unwrap(), outcome)
    })
}

#[test]
fn an_event_reaches_webhook_and_command_once_and_survives_restarts_of_both_sides() {
    let (home, user) = (Home::new(), User::new());
    let daemon = home.start();
    // From now on it is to be told.
    let first = user.run(&home.socket(), &["--once"]);
    assert_eq!((first.exit_code, first.stderr.as_str()), (Some(0), ""));
    assert_eq!(user.told(), [""; 0]);

    let event = fire(&home.socket());
    drop(daemon);
    let _daemon = home.start();
    let (posted, run) = answering(&user, "204", || user.run(&home.socket(), &["--once"]));
    assert_eq!((run.exit_code, run.stderr.as_str()), (Some(0), ""));
    Schema::of("alert-event").check(&posted);
    assert_eq!(posted, event);
    let told = user.told();
    assert_eq!((told.len(), told[2].as_str()), (3, "0"), "{told:?}");
    assert!(
        told[0].contains("curl") && told[1].starts_with(r"=evil,\x1b[2J\u{202e}$(id)`id`<b>"),
        "{told:?}"
    );
    let json: Value = serde_json::from_str(&fs::read_to_string(user.path("log.json")).unwrap()).unwrap();
    assert_eq!(json, event);

    let again = user.run(&home.socket(), &["--once"]);
    assert_eq!((again.exit_code, again.stderr.as_str()), (Some(0), ""));
    assert!(!user.is_called(), "it was posted twice");
    assert_eq!(user.told().len(), 3, "it was told twice");
}

#[test]
fn what_did_not_arrive_holds_up_nobody_else_and_is_tried_again() {
    let (home, user) = (Home::new(), User::new());
    let _daemon = home.start();
    user.run(&home.socket(), &["--once"]);
    let event = fire(&home.socket());
    let (_, run) = answering(&user, "503", || user.run(&home.socket(), &["--once"]));
    assert_eq!(run.exit_code, Some(1), "{}", run.stderr);
    assert!(
        run.stderr.contains("webhook ops: event ") && run.stderr.contains("answered with status 503"),
        "{}",
        run.stderr
    );
    assert_eq!(user.told().len(), 3, "the command was told");

    let (posted, run) = answering(&user, "200", || user.run(&home.socket(), &["--once"]));
    assert_eq!((run.exit_code, posted), (Some(0), event));
    assert_eq!(user.told().len(), 3, "the command was not told again");
}

#[test]
fn whoever_waits_is_told_at_once_and_can_be_asked_to_stop() {
    let (home, user) = (Home::new(), User::new());
    let _daemon = home.start();
    let child = user.notify(&home.socket(), &["--verbose"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut running = Running(child);
    wait_until("it remembers where it began", || user.path("state.json").exists());
    let second = user.run(&home.socket(), &["--once"]);
    assert_eq!(second.exit_code, Some(1));
    assert!(second.stderr.contains("another process tells of alerts already"), "{}", second.stderr);

    let (posted, event) = answering(&user, "200", || fire(&home.socket()));
    assert_eq!(posted, event);
    let mut said = BufReader::new(running.0.stderr.take().unwrap()).lines();
    let told: Vec<String> = said.by_ref().take(2).map(Result::unwrap).collect();
    assert!(told.iter().any(|line| line.starts_with("webhook ops: ")), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("command log: ")), "{told:?}");

    let pid = rustix::process::Pid::from_child(&running.0);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(running.0.wait().unwrap().code(), Some(143));
}

#[test]
fn a_daemon_that_comes_back_is_followed_by_itself() {
    let (home, user) = (Home::new(), User::new());
    let daemon = home.start();
    let child = user.notify(&home.socket(), &[]).stderr(Stdio::piped()).spawn().unwrap();
    let mut running = Running(child);
    wait_until("it remembers where it began", || user.path("state.json").exists());
    drop(daemon);
    let mut said = BufReader::new(running.0.stderr.take().unwrap()).lines();
    assert!(said.next().unwrap().unwrap().ends_with("; waiting for it"));
    let _daemon = home.start();
    let (posted, event) = answering(&user, "200", || fire(&home.socket()));
    assert_eq!(posted, event);
}

#[test]
fn a_configuration_can_be_tried_without_a_daemon() {
    let user = User::new();
    let nowhere = Path::new("/nonexistent/bwusage.sock");
    let check = user.run(nowhere, &["--check"]);
    assert_eq!((check.exit_code, check.stderr.as_str()), (Some(0), ""));
    assert!(check.stdout.contains("webhook ops: posts to http://127.0.0.1:"), "{}", check.stdout);

    let (posted, run) = answering(&user, "200", || user.run(nowhere, &["--test"]));
    assert_eq!(run.stdout, "webhook ops: told\ncommand log: told\n");
    assert_eq!((run.exit_code, &posted["event"]), (Some(0), &json!(0)));
    Schema::of("alert-event").check(&posted);
    let (_, run) = answering(&user, "404", || user.run(nowhere, &["--test"]));
    assert_eq!(run.exit_code, Some(1));
    assert!(run.stdout.contains("answered with status 404\n"), "{}", run.stdout);
}

#[test]
fn a_wrong_configuration_says_where_and_what_to_type() {
    let user = User::new();
    let nowhere = Path::new("/nonexistent/bwusage.sock");
    user.configure("[webhook.ops]\nurl = 'https://h/'\ntimeout = 3\n");
    let wrong = user.run(nowhere, &["--check"]);
    assert_eq!(wrong.exit_code, Some(2));
    for words in ["notify.toml, line 3: unknown field `timeout`", "bwusage-ctl notify --example"] {
        assert!(wrong.stderr.contains(words), "{}", wrong.stderr);
    }
    fs::set_permissions(user.path("notify.toml"), fs::Permissions::from_mode(0o666)).unwrap();
    let open = user.run(nowhere, &["--check"]);
    assert!(
        open.stderr.contains("can be written by others") && open.stderr.contains("chmod go-w"),
        "{}",
        open.stderr
    );
}

#[test]
fn the_example_is_a_configuration() {
    let user = User::new();
    let example = user.run(Path::new("/nonexistent"), &["--example"]);
    user.configure(&example.stdout);
    let check = user.run(Path::new("/nonexistent"), &["--check"]);
    assert_eq!(check.stdout, "desktop: shows it when every rule of info or more is firing or resolved\n");
}
