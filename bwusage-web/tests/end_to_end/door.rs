//! The real server from the outside: the first login, encryption, and clients who are slow, many, or both. No daemon is
//! needed for any of it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::Arc,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};

const PASSWORD: &str = "correct horse battery";

/// A server without a daemon, with a folder of its own.
struct Door {
    folder: TempDir,
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    /// `127.0.0.1:PORT`
    address: String,
}

impl Drop for Door {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

impl Door {
    fn open(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = program(folder.path())
            .args(["--listen", "127.0.0.1:0", "--socket"])
            .arg(folder.path().join("no-daemon"))
            .arg("--state")
            .arg(folder.path())
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line.rsplit_once("//").unwrap().1.split('/').next().unwrap().to_owned();
        Self { folder, child, output, address }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).unwrap()
    }

    fn ask(&self, method: &str, path: &str, cookie: &str, body: &Value) -> (u16, String, Value) {
        exchange(self.connect(), &self.address, "http", method, path, cookie, body)
    }

    fn get(&self, path: &str) -> u16 {
        self.ask("GET", path, "", &Value::Null).0
    }

    /// What an open page asks for.
    fn stream_request(&self) -> String {
        format!("GET /api/v1/stream HTTP/1.1\r\nHost: {}\r\n\r\n", self.address)
    }
}

/// Status, head and JSON of one answer over `stream`.
fn exchange(
    mut stream: impl Read + Write,
    address: &str,
    scheme: &str,
    method: &str,
    path: &str,
    cookie: &str,
    body: &Value,
) -> (u16, String, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: {scheme}://{address}\r\nCookie: {cookie}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    // In one piece: a refusal may come, and the connection be closed, before a second one is written.
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null))
}

fn cookie(head: &str) -> String {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("set-cookie:")).unwrap();
    line.split_once(": ").unwrap().1.split(';').next().unwrap().to_owned()
}

fn program(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bwusage-web"));
    command.env_remove("STATE_DIRECTORY").env("XDG_STATE_HOME", home);
    command
}

/// `bwusage-web user …`, with `input` on its standard input.
fn user(state: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = program(state)
        .arg("user")
        .args(arguments)
        .arg("--state")
        .arg(state)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may refuse before it reads.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn the_first_admin_is_made_with_the_printed_link_and_once() {
    let mut door = Door::open(&[]);
    assert_eq!((door.get("/healthz"), door.get("/"), door.get("/api/v1/top")), (200, 303, 401));
    let mut line = String::new();
    door.output.read_line(&mut line).unwrap();
    let (_, token) = line.trim_end().split_once("/setup?token=").expect(&line);
    assert!(line.contains("15 minutes"), "{line}");
    let first = json!({ "token": token, "user": "ann", "password": PASSWORD });
    let (status, head, _) = door.ask("POST", "/api/v1/setup", "", &first);
    assert_eq!(status, 200, "{head}");
    let cookie = cookie(&head);
    let (status, _, me) = door.ask("GET", "/api/v1/me", &cookie, &Value::Null);
    assert_eq!((status, &me["user"], &me["role"]), (200, &"ann".into(), &"admin".into()));
    assert_eq!(door.ask("GET", "/", &cookie, &Value::Null).0, 200);
    assert_eq!(door.ask("POST", "/api/v1/setup", "", &first).0, 409);
}

#[test]
fn the_link_can_go_into_a_file_that_nobody_else_reads() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("link");
    let door = Door::open(&["--setup-token-file", file.to_str().unwrap()]);
    // The file is written before the first request is answered.
    assert_eq!(door.get("/healthz"), 200);
    let link = fs::read_to_string(&file).unwrap();
    assert!(link.starts_with(&format!("http://{}/setup?token=", door.address)), "{link}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn users_are_managed_on_the_machine_itself_while_the_server_runs() {
    let door = Door::open(&[]);
    let state = door.folder.path();
    let said = |output: &Output| {
        (
            output.status.success(),
            String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned(),
        )
    };
    let added = user(state, &["add", "ann", "--role", "admin"], &format!("{PASSWORD}\n"));
    assert!(added.status.success(), "{}", said(&added).1);
    let log_in = json!({ "user": "ann", "password": PASSWORD });
    let (status, head, _) = door.ask("POST", "/api/v1/login", "", &log_in);
    assert_eq!(status, 200, "{head}");
    let session = cookie(&head);

    for (arguments, input, words) in [
        (&["add", "ann"][..], PASSWORD, "a user of this name already"),
        (&["add", "<b>"], PASSWORD, "a user name has"),
        (&["add", "bob"], "short\n", "12 to 1024 characters"),
        (&["add", "bob", "--os-user", "no such user"], PASSWORD, "--os-user"),
        (&["password", "nobody"], PASSWORD, "no user of this name"),
        (&["remove", "ann"], "", "only admin"),
        (&["role", "ann", "viewer"], "", "only admin"),
        (&["role", "ann", "king"], "", "viewer, operator or admin"),
        (&["add", "bob", PASSWORD], "", "unexpected argument"),
    ] {
        let (done, text) = said(&user(state, arguments, input));
        assert!(!done && text.contains(words), "{arguments:?}: {text}");
    }

    assert!(user(state, &["add", "bob", "--os-user", "0"], PASSWORD).status.success());
    let (_, list) = said(&user(state, &["list"], ""));
    assert!(
        list.contains("ann  admin") && list.contains("bob  viewer") && !list.contains("$argon2"),
        "{list}"
    );
    assert!(user(state, &["password", "ann"], "another horse battery\n").status.success());
    assert_eq!(door.ask("GET", "/api/v1/me", &session, &Value::Null).0, 401, "her session is over");
    assert_eq!(door.ask("POST", "/api/v1/login", "", &log_in).0, 401);
    assert!(user(state, &["remove", "bob"], "").status.success());
}

#[test]
fn over_an_encrypted_connection_everything_is_the_same_and_plain_text_gets_nothing() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls");
    let (certificate, key) = (data.join("first.crt"), data.join("first.key"));
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let door = Door::open(&["--tls-cert", certificate, "--tls-key", key]);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let config = Arc::new(config);
    let connect = || {
        let client = ClientConnection::new(Arc::clone(&config), "localhost".try_into().unwrap()).unwrap();
        StreamOwned::new(client, door.connect())
    };
    assert!(user(door.folder.path(), &["add", "ann", "--role", "admin"], PASSWORD).status.success());
    let log_in = json!({ "user": "ann", "password": PASSWORD });
    let (status, head, _) = exchange(connect(), &door.address, "https", "POST", "/api/v1/login", "", &log_in);
    assert_eq!(status, 200, "{head}");
    assert!(
        head.contains("; Secure") && head.to_ascii_lowercase().contains("strict-transport-security:"),
        "{head}"
    );
    let (status, ..) =
        exchange(connect(), &door.address, "https", "GET", "/api/v1/me", &cookie(&head), &Value::Null);
    assert_eq!(status, 200);

    let mut plain = door.connect();
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", door.address);
    // The first bytes may be refused before the last ones are written: in one piece none of them meets a closed connection.
    plain.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A refusal of TLS, or nothing: the connection is closed either way.
    let _ = plain.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
}

#[test]
fn a_certificate_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls");
    let start = |certificate: &Path, key: &Path| {
        let output = program(folder.path())
            .args(["--listen", "127.0.0.1:0", "--no-login", "--tls-cert"])
            .args([certificate.as_os_str(), "--tls-key".as_ref(), key.as_os_str()])
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let missing = folder.path().join("missing.crt");
    assert!(start(&missing, &data.join("first.key")).contains("missing.crt"));
    assert!(start(&data.join("first.crt"), &data.join("second.key")).contains("do not work together"));
    assert!(start(&data.join("first.key"), &data.join("first.key")).contains("no certificate"));
}

#[test]
fn two_hundred_pages_are_told_and_others_are_still_answered() {
    let door = Door::open(&["--no-login"]);
    let mut pages: Vec<_> = (0..200)
        .map(|_| {
            let mut stream = door.connect();
            stream.write_all(door.stream_request().as_bytes()).unwrap();
            BufReader::new(stream)
        })
        .collect();
    for (number, page) in pages.iter_mut().enumerate() {
        let mut said = String::new();
        while !said.contains("event: down") {
            assert!(page.read_line(&mut said).unwrap() > 0, "page {number}: {said}");
        }
    }
    assert_eq!(door.get("/healthz"), 200);
}

#[test]
fn more_pages_than_were_allowed_are_refused_until_one_is_closed() {
    let door = Door::open(&["--no-login", "--max-streams", "2"]);
    let open = || {
        let mut stream = BufReader::new(door.connect());
        stream.get_mut().write_all(door.stream_request().as_bytes()).unwrap();
        let mut status = String::new();
        stream.read_line(&mut status).unwrap();
        (status.split(' ').nth(1).unwrap().to_owned(), stream)
    };
    let (first, second) = (open(), open());
    assert_eq!((&*first.0, &*second.0, &*open().0), ("200", "200", "503"));
    drop(first);
    // The server hears of it when it next has something to say, or tries to.
    while open().0 == "503" {}
}

#[test]
fn whoever_sends_slowly_is_not_waited_for_and_holds_up_nobody() {
    let door = Door::open(&[]);
    let begin = |text: &str| {
        let mut stream = door.connect();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let address = &door.address;
    let heads: Vec<_> =
        (0..100).map(|_| begin(&format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nX: "))).collect();
    let silent: Vec<_> = (0..100).map(|_| begin("")).collect();
    let bodies: Vec<_> = (0..50)
        .map(|_| {
            begin(&format!(
                "POST /api/v1/login HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n\
                 Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{{"
            ))
        })
        .collect();
    assert_eq!(door.get("/healthz"), 200, "while all of them are open");
    for mut stream in heads.into_iter().chain(silent) {
        let mut answer = Vec::new();
        // Closed, with or without a last word; never left open.
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{answer:?}");
    }
    for stream in bodies {
        let mut status = String::new();
        BufReader::new(stream).read_line(&mut status).unwrap();
        assert!(status.starts_with("HTTP/1.1 408"), "{status}");
    }
}
