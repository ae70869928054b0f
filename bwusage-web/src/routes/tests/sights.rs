//! What each is shown is decided here, not in the page.

use axum::http::Method;
use serde_json::json;

use super::{
    house::{House, Who},
    *,
};
use crate::access::Settings;

/// Everything that `who` is told over the stream up to the first table.
async fn told(house: &House, who: Who) -> String {
    let response = house.answer(house.ask(who, Method::GET, "/api/v1/stream?by=pid&all=true"), "").await;
    let mut body = response.into_body().into_data_stream();
    let mut text = String::new();
    while !(text.contains("event: top") && text.ends_with("\n\n")) {
        text.push_str(std::str::from_utf8(&body.next().await.unwrap().unwrap()).unwrap());
    }
    text
}

async fn text(house: &House, who: Who, path: &str) -> String {
    let response = house.answer(house.ask(who, Method::GET, path), "").await;
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

const TABLE: &str = "by=pid&all=true";
const GUESS: &str = "by=pid&all=true&filter=sesame";

#[tokio::test]
async fn no_command_line_reaches_a_viewer_by_any_way_nor_a_token() {
    let house = House::new();
    for who in [Who::Viewer, Who::TokenRead] {
        for path in ["top", "top.csv"] {
            let table = text(&house, who, &format!("/api/v1/{path}?{TABLE}")).await;
            assert!(table.contains("curl") && !table.contains("sesame"), "{who:?} {path} {table}");
            let guess = text(&house, who, &format!("/api/v1/{path}?{GUESS}")).await;
            assert!(!guess.contains("curl"), "{who:?} {path} {guess}");
        }
        let stream = told(&house, who).await;
        assert!(stream.contains("curl") && !stream.contains("sesame"), "{who:?} {stream}");
        assert!(!text(&house, who, "/metrics").await.contains("sesame"));
    }
}

#[tokio::test]
async fn whoever_may_is_shown_command_lines() {
    let house = House::new();
    for who in [Who::Operator, Who::Admin] {
        assert!(text(&house, who, &format!("/api/v1/top?{TABLE}")).await.contains("sesame"), "{who:?}");
        assert!(text(&house, who, &format!("/api/v1/top?{GUESS}")).await.contains("curl"), "{who:?}");
        assert!(told(&house, who).await.contains("sesame"), "{who:?}");
    }
    let open = House::with(Settings { redact_viewers: false, ..Settings::default() }, sample::live(1, 5), 64);
    assert!(text(&open, Who::Viewer, &format!("/api/v1/top?{TABLE}")).await.contains("sesame"));
}

#[tokio::test]
async fn with_whom_programs_talk_is_not_for_viewers_now_or_in_the_past() {
    let house = House::new();
    for path in ["connections", "connections.csv", "history?by=remote", "history.csv?by=remote"] {
        let path = format!("/api/v1/{path}");
        for who in [Who::Viewer, Who::TokenRead] {
            let (status, error) = house.get(who, &path).await;
            assert_eq!(
                (status, &error["code"]),
                (StatusCode::FORBIDDEN, &"not_for_viewers".into()),
                "{who:?} {path}"
            );
        }
        // Only the daemon is missing.
        assert_eq!(house.get(Who::Operator, &path).await.0, StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
}

/// There is no daemon that says its rule, so it is the strictest: one's own.
#[tokio::test]
async fn whoever_is_tied_to_a_user_of_the_machine_sees_what_that_user_may_see() {
    let house = House::new();
    let (_, table) = house.get(Who::Tied, &format!("/api/v1/top?{TABLE}")).await;
    let rows = table["rows"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["name"]), (1, &"other users".into()), "{table}");
    assert_eq!(rows[0]["rx_bytes_total"], 1400, "the sum of all stays");
    for telling in [
        table.to_string(),
        text(&house, Who::Tied, &format!("/api/v1/top.csv?{TABLE}")).await,
        told(&house, Who::Tied).await,
    ] {
        assert!(!telling.contains("curl") && !telling.contains("sesame"), "{telling}");
    }
    assert_eq!(
        house.get(Who::Tied, "/metrics").await.0,
        StatusCode::FORBIDDEN,
        "sums over everybody's programs"
    );
    assert_eq!(house.get(Who::Tied, "/api/v1/process/101").await.0, StatusCode::NOT_FOUND);
    let others = house.get(Who::Tied, "/api/v1/history?user=0").await;
    assert_eq!((others.0, &others.1["code"]), (StatusCode::FORBIDDEN, &"not_for_you".into()));
    let own = house.get(Who::Tied, "/api/v1/history?user=1000").await;
    assert_eq!(own.0, StatusCode::SERVICE_UNAVAILABLE, "only the daemon is missing");
    let (_, me) = house.get(Who::Tied, "/api/v1/me").await;
    assert!(!me["os_user"].is_null(), "{me}");
}

#[tokio::test]
async fn rules_see_everything_and_so_are_not_changed_by_whoever_does_not() {
    let house = House::new();
    let operator = json!({ "role": "operator" });
    house.json(Who::Admin, Method::PATCH, "/api/v1/users/tess", operator).await;
    let session = house::cookie_of(&house.log_in("tess", crate::access::testing::PASSWORD).await).unwrap();
    let request = ask("/api/v1/alerts/test")
        .method(Method::POST)
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::COOKIE, format!("bwusage_sid={session}"));
    let response = house.answer(request, "{\"rule\":\"rx > 1GiB / 1d\"}").await;
    assert_eq!(house::json_of(response).await["code"], "not_for_you");
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let (sender, moments) = tokio::sync::watch::channel(Arc::new(sample::live(1, 5)));
    let house = House::over(moments);
    let response = house.answer(house.ask(Who::Viewer, Method::GET, "/api/v1/stream"), "").await;
    let mut body = response.into_body().into_data_stream();
    let mut text = String::new();
    while !text.contains("event: top") {
        text.push_str(std::str::from_utf8(&body.next().await.unwrap().unwrap()).unwrap());
    }
    house.json(Who::Viewer, Method::POST, "/api/v1/logout", json!({})).await;
    sender.send_replace(Arc::new(sample::live(1, 6)));
    let mut rest = String::new();
    while let Some(bytes) = body.next().await {
        rest.push_str(std::str::from_utf8(&bytes.unwrap()).unwrap());
    }
    assert!(!rest.contains("event: tick"), "nothing of the next moment: {rest}");
}

#[tokio::test]
async fn one_user_has_eight_streams_and_leaves_room_for_others() {
    let house = House::new();
    let open = async |who| house.answer(house.ask(who, Method::GET, "/api/v1/stream"), "").await;
    let mut streams = Vec::new();
    for _ in 0..8 {
        let response = open(Who::Viewer).await;
        assert_eq!(response.status(), StatusCode::OK);
        streams.push(response);
    }
    assert_eq!(open(Who::Viewer).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(open(Who::Operator).await.status(), StatusCode::OK);
    streams.pop();
    assert_eq!(open(Who::Viewer).await.status(), StatusCode::OK);
}
