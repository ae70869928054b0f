//! Alerts are told to servers on this machine: a webhook, and a mail server that keeps what it is sent.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::servers::Servers;

/// Longer than any machine takes.
const DEADLINE: Duration = Duration::from_mins(1);

/// What a webhook was sent.
struct Posted {
    head: String,
    event: Value,
}

/// A webhook that answers with `statuses`, one after the other, and then with 204.
fn webhook(statuses: &'static [u16]) -> (SocketAddr, Receiver<Posted>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, posted) = mpsc::channel();
    thread::spawn(move || {
        let statuses = statuses.iter().copied().chain(std::iter::repeat(204));
        for (stream, status) in listener.incoming().zip(statuses) {
            let mut stream = BufReader::new(stream.unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).unwrap() > 0 {}
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            stream.read_exact(&mut body).unwrap();
            let answer = format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            let event = serde_json::from_slice(&body).unwrap();
            if sender.send(Posted { head, event }).is_err() {
                return;
            }
        }
    });
    (address, posted)
}

/// A mail server that takes everything: the envelope and the message, line by line.
fn mail_server() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, mails) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            if sender.send(converse(stream.unwrap())).is_err() {
                return;
            }
        }
    });
    (address, mails)
}

fn converse(stream: TcpStream) -> String {
    let mut stream = BufReader::new(stream);
    let mut heard = String::new();
    let say = |stream: &mut BufReader<TcpStream>, line: &str| {
        stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
    };
    say(&mut stream, "220 sink");
    let mut line = String::new();
    while stream.read_line(&mut line).unwrap() > 0 {
        heard.push_str(&line);
        let answer = match line.trim_end() {
            "DATA" => "354 go on",
            "." => "250 kept",
            "QUIT" => {
                say(&mut stream, "221 bye");
                break;
            }
            command if ["EHLO", "MAIL", "RCPT"].iter().any(|known| command.starts_with(known)) => "250 sink",
            _ => "",
        };
        if !answer.is_empty() {
            say(&mut stream, answer);
        }
        line.clear();
    }
    heard
}

fn add_rule(servers: &Servers, rule: &str) -> Value {
    let (status, kept) =
        servers.send("POST", "/api/v1/alerts", &json!({ "rule": rule, "note": "<b>\u{1b}" }));
    assert_eq!(status, 201, "{kept}");
    kept["rule"].clone()
}

/// The line of `channel` once it is as it should be.
fn board(servers: &Servers, channel: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let started = Instant::now();
    loop {
        let board: Value = serde_json::from_str(&servers.get("/api/v1/deliveries")).unwrap();
        assert_eq!(board["schema"], "bwusage.deliveries/1");
        let lines = board["channels"].as_array().unwrap();
        let line = lines.iter().find(|line| line["channel"] == channel).unwrap();
        if is_so(line) {
            return line.clone();
        }
        assert!(started.elapsed() < DEADLINE, "{line}");
        thread::yield_now();
    }
}

#[test]
fn an_alert_is_posted_and_mailed_and_after_a_restart_not_again() {
    let ((hook, posted), (mail, mails)) = (webhook(&[]), mail_server());
    let config = format!(
        "allow_networks = [\"127.0.0.0/8\"]\n\
         [webhook.ops]\nurl = \"http://{hook}/hook?token=s3cret\"\nheaders = {{ Authorization = \"Bearer s3cret\" }}\n\
         [email.me]\nserver = \"127.0.0.1\"\nport = {}\nencryption = \"none\"\nfrom = \"bwusage@example.org\"\n\
         to = [\"Me <me@example.org>\", \"you@example.org\"]\n",
        mail.port()
    );
    let mut servers = Servers::start_telling(&config);

    let first = add_rule(&servers, "mem > 1B");
    let Posted { head, event } = posted.recv_timeout(DEADLINE).unwrap();
    assert!(head.starts_with("post /hook?token=s3cret http/1.1"), "{head}");
    assert!(head.contains("authorization: bearer s3cret") && head.contains("idempotency-key: "), "{head}");
    assert_eq!((&event["schema"], &event["rule"]), (&json!("bwusage.alert_event/1"), &first));
    let sent = mails.recv_timeout(DEADLINE).unwrap();
    assert!(
        sent.contains("RCPT TO:<me@example.org>") && sent.contains("RCPT TO:<you@example.org>"),
        "{sent}"
    );
    assert!(sent.contains("Subject: [bwusage] ") && !sent.contains('\u{1b}'), "{sent}");
    for channel in ["webhook ops", "email me"] {
        let line = board(&servers, channel, |line| line["delivered"] == 1);
        assert_eq!((&line["lost"], &line["fault"]), (&json!(0), &Value::Null));
        assert!(!line.to_string().contains("s3cret"), "{line}");
    }

    servers.kill_web();
    servers.restart_web();
    let second = add_rule(&servers, "mem > 2B");
    assert_eq!(posted.recv_timeout(DEADLINE).unwrap().event["rule"], second, "not the first one again");
    let sent = mails.recv_timeout(DEADLINE).unwrap();
    assert!(sent.contains("more than 2 B"), "{sent}");
}

#[test]
fn a_server_that_is_busy_is_asked_again_with_the_same_event() {
    let (hook, posted) = webhook(&[503]);
    let servers = Servers::start_telling(&format!(
        "allow_networks = [\"127.0.0.1\"]\n[webhook.ops]\nurl = \"http://{hook}/\"\nstates = [\"firing\"]\n"
    ));
    add_rule(&servers, "mem > 1B");
    let key = |posted: &Posted| {
        posted.head.lines().find(|line| line.starts_with("idempotency-key")).unwrap().to_owned()
    };
    let (first, again) = (posted.recv_timeout(DEADLINE).unwrap(), posted.recv_timeout(DEADLINE).unwrap());
    assert_eq!((key(&first), &first.event), (key(&again), &again.event));
    let line = board(&servers, "webhook ops", |line| line["delivered"] == 1);
    assert_eq!((&line["retried"], &line["lost"]), (&json!(1), &json!(0)));
}

#[test]
fn this_machine_is_not_reached_unless_it_is_allowed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let webhooks = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]"].into_iter().zip(0..);
    let webhooks: Vec<String> = webhooks
        .map(|(host, number)| format!("[webhook.w{number}]\nurl = \"http://{host}:{port}/\"\n"))
        .collect();
    let mail = format!(
        "[email.m]\nserver = \"localhost\"\nport = {port}\nencryption = \"none\"\nfrom = \"a@b.example\"\n\
         to = [\"c@d.example\"]\n"
    );
    let config = webhooks.concat() + &mail;
    let servers = Servers::start_telling(&config);
    add_rule(&servers, "mem > 1B");
    for channel in ["webhook w0", "webhook w1", "webhook w2", "webhook w3", "email m"] {
        let line = board(&servers, channel, |line| line["lost"] == 1);
        assert!(line["fault"].as_str().unwrap().contains("no public address"), "{line}");
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "nobody came");
}
