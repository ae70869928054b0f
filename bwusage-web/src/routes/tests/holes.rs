//! The eighteen holes that a monitor of the same kind, glances, had to close in 2026: each class, tried here.

use std::fmt::Write as _;

use axum::http::Method;
use serde_json::json;

use super::{
    house::{House, Who, cookie_of},
    *,
};
use crate::access::{Settings, testing::PASSWORD};

const READS: [&str; 16] = [
    "/api/v1/top",
    "/api/v1/top.csv",
    "/api/v1/status",
    "/api/v1/ledger",
    "/api/v1/ledger.csv",
    "/api/v1/connections",
    "/api/v1/connections.csv",
    "/api/v1/history",
    "/api/v1/process/101",
    "/api/v1/alerts",
    "/api/v1/alerts/log",
    "/api/v1/me",
    "/api/v1/users",
    "/api/v1/sessions",
    "/api/v1/tokens",
    "/api/v1/audit",
];

async fn text_of(response: Response) -> String {
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8_lossy(&body).into_owned()
}

/// `text` as a part of a path or query.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        write!(encoded, "%{byte:02x}").unwrap();
        encoded
    })
}

/// Every source file of this program but its tests.
fn sources_of_this_program() -> Vec<(std::path::PathBuf, String)> {
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.extend((!path.ends_with("tests")).then_some(path));
            } else if path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with("tests.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    assert!(files.len() > 30);
    files
}

/// CVE-2026-32610: the REST interface let every site read, with the visitor's login.
#[tokio::test]
async fn no_other_site_may_read_with_the_visitors_login() {
    let house = House::new();
    for path in READS.iter().chain(&["/", "/login", "/healthz", "/metrics", "/nowhere"]) {
        for origin in ["https://evil.example", "null", "http://127.0.0.1:8787"] {
            let request = house.ask(Who::Admin, Method::GET, path).header(header::ORIGIN, origin);
            let response = house.answer(request, "").await;
            let allows = response.headers().keys().find(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(allows, None, "{path} {origin}");
        }
    }
}

/// CVE-2026-33533: the XML-RPC server answered plain posts of other sites, which browsers send without asking.
#[tokio::test]
async fn what_a_browser_sends_without_asking_does_nothing() {
    let house = House::new();
    let body = json!({ "name": "t", "scope": "read" }).to_string();
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml"]
    {
        let request = ask("/api/v1/tokens")
            .method(Method::POST)
            .header(header::COOKIE, format!("bwusage_sid={}", house.key(Who::Admin).unwrap()))
            .header(header::ORIGIN, "http://127.0.0.1:8787")
            .header(header::CONTENT_TYPE, kind);
        let response = house.answer(request, body.clone()).await;
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    assert_eq!(house.store.tokens().unwrap().len(), 2, "those of the tests");
}

/// CVE-2026-46608: the answer to "may I?" allowed every site after the first repair.
#[tokio::test]
async fn the_question_whether_another_site_may_is_never_answered_with_yes() {
    let house = House::new();
    for path in READS {
        let request = ask(path)
            .method(Method::OPTIONS)
            .header(header::ORIGIN, "https://evil.example")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization");
        let response = house.answer(request, "").await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert!(
            response.headers().keys().all(|name| !name.as_str().starts_with("access-control-")),
            "{path}"
        );
    }
}

/// CVE-2026-32632: no check of `Host` on the REST interface and the page: DNS rebinding.
#[tokio::test]
async fn a_name_that_is_none_of_ours_is_answered_nowhere() {
    let house = House::new();
    for path in
        READS.iter().chain(&["/", "/login", "/setup", "/assets/app.js", "/metrics", "/healthz", "/nowhere"])
    {
        let request = Request::builder()
            .uri(*path)
            .header(header::HOST, "rebound.evil.example")
            .header(header::COOKIE, format!("bwusage_sid={}", house.key(Who::Admin).unwrap()));
        assert_eq!(house.answer(request, "").await.status(), StatusCode::MISDIRECTED_REQUEST, "{path}");
    }
}

/// CVE-2026-46611: the same on the other server, and by names that only look like ours.
#[tokio::test]
async fn a_name_that_only_looks_like_ours_cannot_log_in() {
    let house = House::new();
    let body = json!({ "user": "ann", "password": PASSWORD }).to_string();
    for host in [
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "stats.example.evil.example",
        "localhost@evil.example",
        "evil.example:8787",
        "2130706433",
        "0x7f.1",
        "",
    ] {
        let request = Request::builder()
            .uri("/api/v1/login")
            .method(Method::POST)
            .header(header::HOST, host)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/json");
        let response = house.answer(request, body.clone()).await;
        assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST, "{host}");
        assert_eq!(cookie_of(&response), None, "{host}");
    }
}

/// CVE-2026-32609: arguments and configuration were handed out, passwords among them.
#[tokio::test]
async fn no_answer_tells_how_the_server_was_started() {
    let house = House::new();
    for path in ["/api/v1/args", "/api/v1/config", "/api/4/args", "/api/4/config", "/api/v1/settings"] {
        assert_eq!(house.get(Who::Admin, path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    for path in READS {
        let text = text_of(house.answer(house.ask(Who::Viewer, Method::GET, path), "").await).await;
        for secret in ["sesame", "web.db", "tls", "argon2", "trusted"] {
            assert!(!text.contains(secret), "{path} tells {secret}: {text}");
        }
    }
}

/// CVE-2026-32596: everything was answered without a login unless somebody thought of a password.
#[tokio::test]
async fn a_login_is_asked_for_unless_somebody_said_otherwise() {
    let house = House::empty();
    for path in READS {
        assert_eq!(house.get(Who::Anonymous, path).await.0, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(house.get(Who::Anonymous, "/api/v1/stream").await.0, StatusCode::UNAUTHORIZED);
}

/// CVE-2026-34839: and that to every machine of the network.
#[test]
fn without_a_login_nobody_but_this_machine_is_listened_to() {
    use clap::Parser as _;
    let serve = crate::cli::Arguments::try_parse_from(["bwusage-web"]).unwrap().serve;
    assert!(serve.listen.ip().is_loopback() && !serve.no_login && !serve.insecure_http);
}

/// CVE-2026-32608: names of processes were put into a command of the shell.
#[test]
fn this_program_starts_no_other_one() {
    for (path, text) in sources_of_this_program() {
        for word in ["process::Command", "Command::new", "libc::system", "execve", "posix_spawn"] {
            assert!(!text.contains(word), "{} has {word}", path.display());
        }
    }
}

/// CVE-2026-33641: and values of the configuration, in backticks.
#[tokio::test]
async fn what_looks_like_a_command_stays_a_text() {
    let house = House::new();
    let marker = std::env::temp_dir().join(format!("bwusage-hole-{}", std::process::id()));
    for text in [format!("`touch {0}`", marker.display()), format!("$(touch {0})", marker.display())] {
        for path in ["/api/v1/top?filter=", "/api/v1/history?app=", "/api/v1/alerts/log?rule="] {
            let query = encoded(&text);
            house.get(Who::Admin, &format!("{path}{query}")).await;
        }
        let body = json!({ "name": text, "scope": "read" });
        house.json(Who::Admin, Method::POST, "/api/v1/tokens", body).await;
        house.log_in(&text, PASSWORD).await;
    }
    assert!(!marker.exists());
}

/// CVE-2026-53925: names of containers and of users, the same way.
#[tokio::test]
async fn nobody_can_be_called_like_a_command_or_a_tag() {
    let house = House::new();
    for user in ["$(id)", "`id`", "a;id", "a|id", "a\nid", "<img src=x>", "-rf", "../x", "a b", "=1+1"] {
        let body = json!({ "user": user, "password": PASSWORD, "role": "viewer" });
        let (status, error) = house.json(Who::Admin, Method::POST, "/api/v1/users", body).await;
        assert_eq!(
            (status, &error["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &"user_name".into()),
            "{user}"
        );
    }
}

/// CVE-2026-46606: names of processes acted where they were shown.
#[tokio::test]
async fn a_hostile_name_is_a_text_in_json_and_no_formula_in_a_table() {
    let house = House::new();
    let (_, table) = house.get(Who::Admin, "/api/v1/top?by=pid&all=true").await;
    let names: Vec<_> = table["rows"].as_array().unwrap().iter().map(|row| &row["name"]).collect();
    assert!(names.contains(&&sample::HOSTILE_NAME.into()), "{names:?}");
    let mut mirror = sample::mirror(5);
    for process in mirror.processes.values_mut() {
        process.info.name = "=cmd|' /C calc'!A0".into();
        process.info.app = "@SUM(1+9)".into();
    }
    let formula = Moment::Live(Box::new(crate::moment::Live::new(1, &mirror, "1.2.3")));
    let formulas = House::with(Settings::default(), formula, 64);
    let request = formulas.ask(Who::Admin, Method::GET, "/api/v1/top.csv?by=pid");
    let file = text_of(formulas.answer(request, "").await).await;
    assert!(file.contains("'=cmd|") && file.contains("'@SUM"), "{file}");
    for cell in file.split(['\r', '\n', ',']).map(|cell| cell.trim_start_matches('"')) {
        assert!(!cell.starts_with(['=', '+', '@', '\t']), "{cell:?} in {file}");
    }
    house.log_in("\u{1b}]0;owned\u{7}=cmd|x", "wrong horse battery").await;
    let line = &house.store.audit(None, 1).unwrap()[0];
    assert_eq!(line.subject.as_deref(), Some("\\x1b]0;owned\\x07=cmd|x"));
}

/// CVE-2026-32611: names became a part of SQL statements.
#[tokio::test]
async fn no_name_is_a_part_of_a_statement() {
    let house = House::new();
    for name in ["x'); DROP TABLE users; --", "x\" OR \"\"=\"", "vera' --", "%", "_"] {
        let path = encoded(name);
        let path = format!("/api/v1/users/{path}");
        assert_eq!(
            house.json(Who::Admin, Method::DELETE, &path, json!({})).await.0,
            StatusCode::NOT_FOUND,
            "{name}"
        );
        let role = json!({ "role": "admin" });
        assert_eq!(
            house.json(Who::Admin, Method::PATCH, &path, role).await.0,
            StatusCode::NOT_FOUND,
            "{name}"
        );
        let token = json!({ "name": name, "scope": "read" });
        assert_eq!(
            house.json(Who::Admin, Method::POST, "/api/v1/tokens", token).await.0,
            StatusCode::CREATED
        );
    }
    let users: Vec<_> =
        house.store.users().unwrap().into_iter().map(|user| (user.name, user.role.name())).collect();
    let expected = [("ann", "admin"), ("otto", "operator"), ("tess", "viewer"), ("vera", "viewer")];
    assert_eq!(users, expected.map(|(user, role)| (user.to_owned(), role)));
    assert_eq!(house.store.tokens().unwrap()[0].name, "_", "as it was typed");
}

/// CVE-2026-35588: and of statements that make tables.
#[test]
fn no_statement_is_put_together_from_texts() {
    for (path, text) in sources_of_this_program() {
        for made in text.split("format!(").skip(1) {
            let text =
                made.split_once('"').map_or("", |(_, text)| text).split('"').next().unwrap_or_default();
            let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE FROM", "CREATE TABLE", "DROP ", "PRAGMA "];
            assert!(!verbs.iter().any(|verb| text.starts_with(verb)), "{}: {text}", path.display());
        }
    }
}

/// CVE-2026-35587: the server called an address that somebody chose, and sent a password along.
#[tokio::test]
async fn no_request_makes_the_server_call_somebody() {
    let house = House::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}/");
    for path in READS {
        let request = house
            .ask(
                Who::Admin,
                Method::GET,
                &format!("{path}?filter={address}&url={url}&public_api={url}&app={url}"),
            )
            .header("x-forwarded-host", address.to_string())
            .header("x-forwarded-for", "127.0.0.1")
            .header("forwarded", format!("host={address}"))
            .header(header::REFERER, &url);
        text_of(house.answer(request, "").await).await;
    }
    let redirect = house.answer(ask("/").header("x-forwarded-host", "evil.example"), Body::empty()).await;
    assert_eq!(redirect.headers()[header::LOCATION], "login", "to nowhere else either");
    let called = listener.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(called, Err(std::io::ErrorKind::WouldBlock));
}

/// CVE-2026-32633: the list of servers handed out passwords for them.
#[tokio::test]
async fn no_answer_holds_a_secret_or_its_hash() {
    let house = House::new();
    let everyone = [Who::Viewer, Who::Operator, Who::Admin, Who::Tied, Who::TokenRead, Who::TokenMetrics];
    for path in READS {
        let text = text_of(house.answer(house.ask(Who::Admin, Method::GET, path), "").await).await;
        assert!(
            !text.contains("$argon2") && !text.contains("digest") && !text.contains(PASSWORD),
            "{path}: {text}"
        );
        for who in everyone {
            assert!(!text.contains(house.key(who).unwrap()), "{path} holds the key of {who:?}");
        }
    }
}

/// CVE-2026-32634: passwords were sent to whoever said on the network to be a server.
#[cfg(unix)]
#[tokio::test]
async fn the_daemon_is_told_nothing_about_logins() {
    use tokio::io::AsyncReadExt as _;

    use super::house::json_of;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let daemon = tokio::net::UnixListener::bind(&path).unwrap();
    let house = House::beside(Endpoint::new(&path));
    let asking = house.answer(house.ask(Who::Admin, Method::GET, "/api/v1/status"), "");
    let hearing = async {
        let (mut stream, _) = daemon.accept().await.unwrap();
        let mut heard = vec![0; 4096];
        let length = stream.read(&mut heard).await.unwrap();
        heard.truncate(length);
        heard
    };
    let (response, heard) = tokio::join!(asking, hearing);
    assert_eq!(json_of(response).await["code"], "daemon_away");
    let holds = |text: &str| heard.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(!heard.is_empty() && !holds(house.key(Who::Admin).unwrap()) && !holds("ann"), "{heard:?}");
}

/// CVE-2026-46607: a cache was read that could hold code.
#[test]
fn what_is_remembered_is_data_and_anything_else_is_nothing() {
    use crate::{access::Store, state::Folder};
    let folder = tempfile::tempdir().unwrap();
    let pickle = b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.";
    for file in ["metrics.json", "web.db"] {
        let path = folder.path().join(file);
        std::fs::write(&path, pickle).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
    let state = Folder::resolve(Some(folder.path().to_owned()));
    let (_, memory) = Remembered::<Memory>::load(&state, "metrics.json");
    assert_eq!(memory, Memory::default());
    assert!(Store::open(&state).is_err());
}

/// With every hole closed, whoever may come in still can.
#[tokio::test]
async fn and_whoever_may_is_answered() {
    let house = House::with(Settings::default(), sample::live(1, 5), 64);
    assert_eq!(house.get(Who::Viewer, "/api/v1/top").await.0, StatusCode::OK);
}
