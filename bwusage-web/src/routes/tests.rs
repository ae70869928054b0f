//! Every route, asked without a network.

use axum::{
    extract::connect_info::MockConnectInfo,
    http::{Method, request},
};
use serde_json::Value;
use tower::ServiceExt as _;

use super::*;
use crate::{access::Settings, events::Down, moment::Moment, peer::Peer, sample};

mod below;
#[cfg(unix)]
mod cancel;
mod holes;
mod house;
mod login;
mod openapi;
mod plain;
mod roles;
mod sights;

const MAX_STREAMS: usize = 64;

const ROUTES: [&str; 7] =
    ["/", "/assets/app.js", "/api/v1/top", "/api/v1/ledger", "/api/v1/connections", "/healthz", "/nowhere"];

fn server(moment: Moment) -> Router {
    server_for(&Peer::known(true), moment, false)
}

fn server_for(peer: &Peer, moment: Moment, share_connections: bool) -> Router {
    let hosts = AllowedHosts::new(["stats.example".to_owned()]);
    let settings = Settings { share_connections, ..Settings::default() };
    let sources = sources(sample::moments(moment));
    let gate = Gate::new(settings, sources.endpoint.clone());
    router(sources, hosts, &gate, MAX_STREAMS).layer(MockConnectInfo(peer.clone()))
}

/// These moments, and nobody to ask for more.
fn sources(moments: Moments) -> Sources {
    let endpoint = Endpoint::new("/nonexistent/bwusage.sock");
    Sources {
        moments,
        alerts: AlertFeed::silent(),
        endpoint,
        users: Arc::default(),
        deliveries: None,
        metrics: Metrics::new(50, Memory::default()),
        metrics_file: Remembered::nowhere(),
    }
}

fn live() -> Router {
    server(sample::live(1, 5))
}

fn ask(path: &str) -> request::Builder {
    Request::builder().uri(path).header(header::HOST, "127.0.0.1:8787")
}

async fn answer(server: Router, request: request::Builder) -> Response {
    server.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn get_json(server: Router, path: &str) -> (StatusCode, Value) {
    let response = answer(server, ask(path)).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json", "{path}");
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_bind_the_browser() {
    for path in ROUTES {
        for host in ["localhost", "evil.example"] {
            let request = Request::builder().uri(path).header(header::HOST, host);
            let response = answer(live(), request).await;
            let headers = response.headers();
            let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(
                policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
                "{policy}"
            );
            assert!(!policy.contains("unsafe"), "{policy}");
            assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
            assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
            assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "{path}");
        }
    }
}

#[tokio::test]
async fn a_foreign_host_gets_nothing_whatever_it_resolves_to() {
    for path in ROUTES {
        for host in ["evil.example", "evil.example:8787", "192.168.1.1:8787"] {
            let response = answer(live(), Request::builder().uri(path).header(header::HOST, host)).await;
            assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST, "{host} {path}");
        }
    }
}

#[tokio::test]
async fn a_request_must_name_one_host_everywhere_the_same() {
    let none = Request::builder().uri("/healthz");
    assert_eq!(answer(live(), none).await.status(), StatusCode::BAD_REQUEST);
    let two = ask("/healthz").header(header::HOST, "localhost");
    assert_eq!(answer(live(), two).await.status(), StatusCode::BAD_REQUEST);
    let hidden = ask("http://evil.example/healthz");
    assert_eq!(answer(live(), hidden).await.status(), StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn an_allowed_host_is_answered() {
    let request = Request::builder().uri("/healthz").header(header::HOST, "stats.example");
    assert_eq!(answer(live(), request).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_page_of_another_site_gets_nothing_but_a_person_may_follow_its_link() {
    let foreign =
        ask("/api/v1/stream").header("sec-fetch-site", "cross-site").header("sec-fetch-mode", "no-cors");
    assert_eq!(answer(live(), foreign).await.status(), StatusCode::FORBIDDEN);
    let neighbour = ask("/api/v1/top").header("sec-fetch-site", "same-site").header("sec-fetch-mode", "cors");
    assert_eq!(answer(live(), neighbour).await.status(), StatusCode::FORBIDDEN);
    let link = ask("/")
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "document");
    assert_eq!(answer(live(), link).await.status(), StatusCode::OK);
    let own = ask("/api/v1/top").header("sec-fetch-site", "same-origin").header("sec-fetch-mode", "cors");
    assert_eq!(answer(live(), own).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn nothing_is_changed_from_here() {
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        for path in
            ["/", "/api/v1/top", "/api/v1/status", "/api/v1/ledger", "/api/v1/connections", "/api/v1/stream"]
        {
            let response = answer(live(), ask(path).method(method.clone())).await;
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn the_page_is_kept_by_the_browser_until_it_changes() {
    for (path, media_type) in
        [("/", "text/html; charset=utf-8"), ("/assets/app.js", "text/javascript; charset=utf-8")]
    {
        let first = answer(live(), ask(path)).await;
        assert_eq!(first.headers()[header::CONTENT_TYPE], media_type);
        let again = ask(path).header(header::IF_NONE_MATCH, first.headers()[header::ETAG].clone());
        assert_eq!(answer(live(), again).await.status(), StatusCode::NOT_MODIFIED);
        let other = ask(path).header(header::IF_NONE_MATCH, "\"0\"");
        assert_eq!(answer(live(), other).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn there_is_nothing_beside_the_embedded_files() {
    for path in [
        "/assets/",
        "/assets/../Cargo.toml",
        "/assets/..%2fCargo.toml",
        "/assets//etc/passwd",
        "/assets/app.rs",
    ] {
        assert_eq!(answer(live(), ask(path)).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let (status, error) = get_json(live(), "/nowhere").await;
    assert_eq!((status, &error["code"]), (StatusCode::NOT_FOUND, &"not_found".into()));
}

#[tokio::test]
async fn the_table_has_the_schema_of_the_command_line() {
    let (status, top) = get_json(live(), "/api/v1/top?by=pid&sort=-rx_total&limit=1").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&top["schema"], &top["by"]), (&"bwusage.top/1".into(), &"pid".into()));
    assert_eq!((&top["daemon_version"], &top["truncated"]), (&"1.2.3".into(), &true.into()));
    let row = &top["rows"][0];
    assert_eq!(
        (&row["pid"], &row["rx_bytes_total"], &row["rx_bytes_per_s"]),
        (&102.into(), &500.into(), &50.into())
    );
}

#[tokio::test]
async fn command_lines_are_neither_shown_nor_found_by_guessing() {
    let (_, top) = get_json(live(), "/api/v1/top?by=pid&all=true").await;
    assert_eq!(top["rows"].as_array().unwrap().len(), 3);
    assert!(!top.to_string().contains("sesame"), "{top}");
    let (_, found) = get_json(live(), "/api/v1/top?by=pid&all=true&filter=sesame").await;
    assert_eq!(found["rows"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused_in_words() {
    let everywhere = ["filter=%2F%5B%2F", "sort=size", "by=colour", "limit=many", "colour=red"];
    let table = ["all=maybe", "since=now", "category=game"];
    let routes = [
        ("top", &table[..]),
        ("stream", &table[..]),
        ("connections", &["closed=maybe", "pid=firefox", "all=true"][..]),
    ];
    for (route, questions) in routes {
        for question in everywhere.iter().chain(questions) {
            let (status, error) = get_json(live(), &format!("/api/v1/{route}?{question}")).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{route} {question}");
            assert_eq!(
                (&error["schema"], &error["code"]),
                (&"bwusage.error/1".into(), &"bad_request".into())
            );
            assert_ne!(error["message"], "", "{route} {question}");
        }
    }
}

#[tokio::test]
async fn who_talks_to_whom_is_told_only_to_the_own_user() {
    let other = Peer::known(false);
    let refused = server_for(&other, sample::live(1, 5), false);
    let (status, error) = get_json(refused, "/api/v1/connections").await;
    assert_eq!((status, &error["code"]), (StatusCode::FORBIDDEN, &"not_for_others".into()));
    assert!(error["hints"][0].as_str().unwrap().contains("bwusage-ctl connections"), "{error}");

    let shared = server_for(&other, sample::live(1, 5), true);
    let (status, _) = get_json(shared, "/api/v1/connections").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "only the daemon is missing");
}

#[tokio::test]
async fn without_the_daemon_the_answer_is_what_to_do() {
    let down = Down { message: "gone".into(), hints: vec!["sudo bwusaged".into()], retry_in_ms: None };
    let (status, error) = get_json(server(Moment::Away(down)), "/api/v1/top").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((&error["message"], &error["hints"][0]), (&"gone".into(), &"sudo bwusaged".into()));

    for route in ["status", "ledger", "connections"] {
        let (status, error) = get_json(live(), &format!("/api/v1/{route}")).await;
        assert_eq!((status, &error["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"daemon_away".into()));
        assert!(error["message"].as_str().unwrap().contains("/nonexistent/bwusage.sock"), "{error}");
    }

    assert_eq!(answer(server(Moment::Connecting), ask("/healthz")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_stream_opens_at_once_and_tells_everything() {
    let response = answer(live(), ask("/api/v1/stream")).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let mut body = response.into_body().into_data_stream();
    assert_eq!(body.next().await.unwrap().unwrap(), CONNECTED);
    let mut text = String::new();
    while !text.contains("event: top") {
        text.push_str(std::str::from_utf8(&body.next().await.unwrap().unwrap()).unwrap());
    }
    assert!(text.starts_with("event: hello\ndata: {"), "{text}");
    assert!(
        text.contains("event: backfill\n") && text.contains("event: tick\nid: 1795000005000\n"),
        "{text}"
    );
}

#[tokio::test]
async fn a_browser_that_reconnects_gets_only_what_it_lacks() {
    let request = ask("/api/v1/stream?since=1").header("last-event-id", "1795000005000");
    let mut body = answer(live(), request).await.into_body().into_data_stream();
    let mut text = String::new();
    while !text.contains("event: tick") {
        text.push_str(std::str::from_utf8(&body.next().await.unwrap().unwrap()).unwrap());
    }
    assert!(!text.contains("event: backfill"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_is_kept_alive() {
    let (_daemon_never_answers, moments) = tokio::sync::watch::channel(Arc::new(Moment::Connecting));
    let sources = sources(moments);
    let gate = Gate::new(Settings::default(), sources.endpoint.clone());
    let server = router(sources, AllowedHosts::default(), &gate, MAX_STREAMS);
    let mut body = answer(server, ask("/api/v1/stream")).await.into_body().into_data_stream();
    assert_eq!(body.next().await.unwrap().unwrap(), CONNECTED);
    for _ in 0..3 {
        assert_eq!(body.next().await.unwrap().unwrap(), KEEP_ALIVE);
    }
}

#[tokio::test]
async fn one_stream_too_many_is_refused_until_another_ends() {
    let server = live();
    let mut open = Vec::new();
    for _ in 0..MAX_STREAMS {
        let response = answer(server.clone(), ask("/api/v1/stream")).await;
        assert_eq!(response.status(), StatusCode::OK);
        open.push(response);
    }
    let (status, error) = get_json(server.clone(), "/api/v1/stream").await;
    assert_eq!((status, &error["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"too_many_streams".into()));
    open.pop();
    assert_eq!(answer(server, ask("/api/v1/stream")).await.status(), StatusCode::OK);
}
