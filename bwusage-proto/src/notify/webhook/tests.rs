//! Webhooks, posted to servers on this machine.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    thread::JoinHandle,
    time::Duration,
};

use super::*;
use crate::notify::notice::tests::{HOSTILE_NAME, notice};

/// What a server was sent.
struct Received {
    head: String,
    body: String,
}

/// A server on this machine that answers one request with `answer`.
fn server(answer: &'static str) -> (String, JoinHandle<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook?token=s3cret", listener.local_addr().unwrap());
    let served = std::thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(stream.read_line(&mut head).unwrap() > 0, "the request ended in its head: {head}");
        }
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
        let mut body = vec![0; length.unwrap().parse().unwrap()];
        stream.read_exact(&mut body).unwrap();
        stream.get_mut().write_all(answer.as_bytes()).unwrap();
        Received { head, body: String::from_utf8(body).unwrap() }
    });
    (url, served)
}

fn webhook(url: &str) -> Webhook {
    let written = [("Authorization".to_owned(), "Bearer s3cret".to_owned())];
    let headers = headers(written.iter().map(|(name, value)| (name, value))).unwrap();
    let timeout = Duration::from_secs(20);
    Webhook::new(url.parse().unwrap(), headers, timeout, agent_config(timeout, "test").build().into())
}

fn deliver(webhook: &Webhook) -> Result<(), Unposted> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(webhook.deliver(&notice(7)))
}

#[test]
fn the_event_arrives_as_json_with_the_headers_of_the_user() {
    let (url, served) = server("HTTP/1.1 204 No Content\r\n\r\n");
    deliver(&webhook(&url)).unwrap();
    let Received { head, body } = served.join().unwrap();
    let lines: Vec<String> = head.lines().map(str::to_ascii_lowercase).collect();
    assert_eq!(lines[0], "post /hook?token=s3cret http/1.1");
    for line in [
        "content-type: application/json",
        "authorization: bearer s3cret",
        "idempotency-key: 000000000000beef-7",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line} in\n{head}");
    }
    let event: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&event["schema"], &event["subject"]),
        (&"bwusage.alert_event/1".into(), &HOSTILE_NAME.into())
    );
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let answer = format!(
        "HTTP/1.1 307 x\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n",
        elsewhere.local_addr().unwrap()
    );
    let (url, served) = server(answer.leak());
    let refused = deliver(&webhook(&url)).unwrap_err();
    assert!(matches!(refused, Unposted::Status { status: 307, .. }), "{refused:?}");
    assert!(!refused.is_transient());
    served.join().unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    assert!(elsewhere.accept().is_err(), "nobody came");
}

#[test]
fn a_server_that_is_busy_says_when_to_come_again_and_its_secret_stays_one() {
    let (url, served) = server("HTTP/1.1 503 x\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n");
    let busy = deliver(&webhook(&url)).unwrap_err();
    served.join().unwrap();
    assert!(busy.is_transient());
    assert_eq!(busy.wait_at_least(), Duration::from_mins(2));
    assert!(!busy.to_string().contains("s3cret"), "{busy}");
}

#[test]
fn nobody_there_is_tried_again_later() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/s3cret", listener.local_addr().unwrap());
    drop(listener);
    let error = deliver(&webhook(&url)).unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

#[test]
fn a_server_can_ask_for_an_hour_of_peace_and_no_more() {
    let value = |text| HeaderValue::from_str(text).unwrap();
    assert_eq!(seconds(&value("5")), Some(Duration::from_secs(5)));
    assert_eq!(seconds(&value("99999999")), Some(LONGEST_RETRY_AFTER));
    assert_eq!(seconds(&value("Wed, 21 Oct 2026 07:28:00 GMT")), None);
}

#[test]
fn a_url_shows_only_where_it_leads() {
    let url: Url = "https://hooks.example.org:8443/secret?token=secret".parse().unwrap();
    assert_eq!(url.to_string(), "https://hooks.example.org:8443");
    for wrong in ["", "/x", "https://", "mailto:a@b", "javascript:alert(1)", "file:///etc/passwd"] {
        assert_eq!(wrong.parse::<Url>(), Err(UrlError::NotHttp), "{wrong}");
    }
}

fn status(status: u16) -> Unposted {
    Unposted::Status { host: "h".into(), status, retry_after: None }
}

#[test]
fn what_the_server_may_mend_is_tried_again() {
    for (code, transient) in
        [(500, true), (503, true), (429, true), (408, true), (301, false), (400, false), (404, false)]
    {
        assert_eq!(status(code).is_transient(), transient, "{code}");
    }
}

#[test]
fn the_commonest_mistakes_have_their_hint() {
    assert!(status(302).hint().unwrap().contains("url"));
    assert!(status(401).hint().unwrap().contains("headers"));
    assert_eq!(status(500).hint(), None);
}
