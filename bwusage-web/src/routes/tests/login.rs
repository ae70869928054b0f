//! In and out, and what stands in the way of whoever should not come in.

use std::{net::SocketAddr, pin::pin};

use axum::{extract::ConnectInfo, http::Method};
use futures_util::future::join_all;
use serde_json::json;

use super::{
    house::{House, Who, cookie_of, json_of},
    *,
};
use crate::access::testing::PASSWORD;

/// What `session` is answered.
async fn me(house: &House, session: &str) -> (StatusCode, Value) {
    let request = ask("/api/v1/me").header(header::COOKIE, format!("bwusage_sid={session}"));
    let response = house.answer(request, Body::empty()).await;
    (response.status(), json_of(response).await)
}

#[tokio::test]
async fn a_login_hands_out_a_cookie_that_opens_the_door() {
    let house = House::new();
    let response = house.log_in("Vera", PASSWORD).await;
    assert_eq!(response.status(), StatusCode::OK);
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    for part in ["; Path=/; ", "; HttpOnly", "; SameSite=Strict", "; Max-Age=1209600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let (status, me) = me(&house, &cookie_of(&response).unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&me["user"], &me["role"]), (&"vera".into(), &"viewer".into()));
    assert_eq!((&me["os_user"], &me["sees_connections"]), (&Value::Null, &false.into()));
}

#[tokio::test]
async fn a_wrong_password_and_a_user_who_is_not_there_are_the_same_answer() {
    let house = House::new();
    let mut answers = Vec::new();
    for user in ["vera", "nobody", "vera' OR '1'='1", ""] {
        let response = house.log_in(user, "wrong horse battery").await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(!response.headers().contains_key(header::SET_COOKIE));
        answers.push(json_of(response).await);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

/// Session fixation: a secret that an attacker planted in the browser is worth nothing after the login.
#[tokio::test]
async fn what_the_browser_held_before_a_login_is_worth_nothing_after_it() {
    let house = House::new();
    let planted = house.key(Who::Viewer).unwrap();
    let body = json!({ "user": "ann", "password": PASSWORD }).to_string();
    let request = house.ask(Who::Viewer, Method::POST, "/api/v1/login");
    let response = house.answer(request, body).await;
    let got = cookie_of(&response).unwrap();
    assert_ne!(got, planted);
    assert_eq!(me(&house, planted).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(me(&house, &got).await.1["user"], "ann");
}

#[tokio::test]
async fn two_cookies_are_none() {
    let house = House::new();
    let key = house.key(Who::Admin).unwrap();
    let request = ask("/api/v1/me").header(header::COOKIE, format!("bwusage_sid=planted; bwusage_sid={key}"));
    assert_eq!(house.answer(request, Body::empty()).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn logging_out_ends_the_session_here_and_everywhere_all_of_that_user() {
    let house = House::new();
    let others = cookie_of(&house.log_in("vera", PASSWORD).await).unwrap();
    let (status, _) = house.json(Who::Viewer, Method::POST, "/api/v1/logout", json!({})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(house.get(Who::Viewer, "/api/v1/me").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(me(&house, &others).await.0, StatusCode::OK);

    let everywhere = json!({ "everywhere": true }).to_string();
    let request = house
        .ask(Who::Anonymous, Method::POST, "/api/v1/logout")
        .header(header::COOKIE, format!("bwusage_sid={others}"));
    let response = house.answer(request, everywhere).await;
    assert!(response.headers()[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(me(&house, &others).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nothing_is_changed_for_another_page_in_the_same_browser() {
    let house = House::new();
    let new = json!({ "user": "eve", "password": PASSWORD, "role": "admin" }).to_string();
    let request = |site: &str, content_type: &str| {
        ask("/api/v1/users")
            .method(Method::POST)
            .header(header::COOKIE, format!("bwusage_sid={}", house.key(Who::Admin).unwrap()))
            .header("sec-fetch-site", site)
            .header(header::CONTENT_TYPE, content_type)
    };
    for (site, content_type) in [
        ("cross-site", "application/json"),
        ("same-site", "application/json"),
        ("none", "application/json"),
        ("same-origin", "text/plain"),
        ("same-origin", "application/x-www-form-urlencoded"),
    ] {
        let response = house.answer(request(site, content_type), new.clone()).await;
        assert!(response.status().is_client_error(), "{site} {content_type}");
    }
    assert!(house.store.user("eve").unwrap().is_none());
    let response = house.answer(request("same-origin", "application/json"), new.clone()).await;
    assert_eq!(response.status(), StatusCode::CREATED, "the same, from our own page");
}

#[tokio::test]
async fn a_body_larger_than_anybody_needs_is_refused_and_one_of_somebody_unknown_not_even_read() {
    let house = House::new();
    let large = format!("{{\"user\":\"{}\"", "x".repeat(1 << 20));
    let response =
        house.answer(house.ask(Who::Anonymous, Method::POST, "/api/v1/login"), large.clone()).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let endless = Body::from_stream(futures_util::stream::repeat_with(|| Ok::<_, Infallible>("x")));
    let response = house.answer(house.ask(Who::Anonymous, Method::POST, "/api/v1/users"), endless).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let house = House::new();
    let never = Body::from_stream(futures_util::stream::pending::<Result<Bytes, Infallible>>());
    let response = house.answer(house.ask(Who::Anonymous, Method::POST, "/api/v1/login"), never).await;
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn a_refusal_never_repeats_what_was_sent() {
    let house = House::new();
    for body in ["{\"user\":1,\"password\":\"sesame street\"}", "\"sesame street\"", "{\"sesame street\":1}"]
    {
        let response = house.answer(house.ask(Who::Anonymous, Method::POST, "/api/v1/login"), body).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert!(!json_of(response).await.to_string().contains("sesame"), "{body}");
    }
}

/// A thousand wrong passwords at once, from one address: a few are compared, the rest refused, and whoever is logged in
/// is answered while that goes on.
#[tokio::test]
async fn a_thousand_wrong_passwords_hold_up_nobody_else() {
    let house = House::new();
    let from = |address: [u8; 4]| {
        ConnectInfo(Peer::new(SocketAddr::from((address, 50_000)), SocketAddr::from(([127, 0, 0, 1], 8787))))
    };
    let attempt = |address| {
        let body = json!({ "user": "ann", "password": "wrong horse battery" }).to_string();
        let request = house.ask(Who::Anonymous, Method::POST, "/api/v1/login");
        house.answer(request.extension(from(address)), body)
    };
    let mut flood = pin!(join_all((0..1000).map(|_| attempt([192, 0, 2, 66]))));
    tokio::select! {
        biased;
        _ = &mut flood => panic!("the flood was over before anything else was answered"),
        (status, _) = house.get(Who::Viewer, "/api/v1/top") => assert_eq!(status, StatusCode::OK),
    }
    let count =
        |answers: &[Response], status| answers.iter().filter(|answer| answer.status() == status).count();
    let answers = flood.await;
    let compared = count(&answers, StatusCode::UNAUTHORIZED);
    // Ten at once, and one more for every six seconds that this test takes.
    assert!((10..20).contains(&compared), "{compared}");
    assert_eq!(count(&answers, StatusCode::TOO_MANY_REQUESTS), 1000 - compared);
    let refused = answers.iter().find(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS).unwrap();
    let wait: u64 = refused.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");

    // Another user from another address is let in at once; the one who was attacked waits, but not for long.
    let body = json!({ "user": "otto", "password": PASSWORD }).to_string();
    let request = house.ask(Who::Anonymous, Method::POST, "/api/v1/login").extension(from([192, 0, 2, 7]));
    assert_eq!(house.answer(request, body).await.status(), StatusCode::OK);
    let delayed = attempt([192, 0, 2, 7]).await;
    assert_eq!(delayed.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = delayed.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!(wait <= 15 * 60 + 1, "{wait}");

    let lines = house.store.audit(None, 1000).unwrap();
    assert_eq!(lines.iter().filter(|line| line.action == "login_failed").count(), compared);
    assert!(lines.iter().any(|line| line.action == "login_delayed"));
}

#[tokio::test]
async fn with_the_link_the_first_admin_is_made_once() {
    let house = House::empty();
    let first = house.answer(ask("/"), Body::empty()).await;
    assert_eq!(
        (first.status(), &first.headers()[header::LOCATION]),
        (StatusCode::SEE_OTHER, &"setup".parse().unwrap())
    );
    let token = house.gate.set_up_token().unwrap().unwrap();
    let set_up = |token: &str, user: &str, password: &str| {
        let body = json!({ "token": token, "user": user, "password": password }).to_string();
        house.answer(house.ask(Who::Anonymous, Method::POST, "/api/v1/setup"), body)
    };
    assert_eq!(set_up("guess", "ann", PASSWORD).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(set_up(token.reveal(), "ann", "short").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(set_up(token.reveal(), "<b>", PASSWORD).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let made = set_up(token.reveal(), "ann", PASSWORD).await;
    assert_eq!(made.status(), StatusCode::OK);
    assert_eq!(me(&house, &cookie_of(&made).unwrap()).await.1["role"], "admin");
    assert_eq!(set_up(token.reveal(), "eve", PASSWORD).await.status(), StatusCode::CONFLICT);
    assert!(house.gate.set_up_token().unwrap().is_none(), "no further link");
    let later = house.answer(ask("/"), Body::empty()).await;
    assert_eq!(later.headers()[header::LOCATION], "login");
}

#[tokio::test]
async fn ones_own_password_is_changed_with_the_old_one_and_ends_all_other_sessions() {
    let house = House::new();
    let other = cookie_of(&house.log_in("vera", PASSWORD).await).unwrap();
    let change = |old: &str| json!({ "old": old, "new": "another horse battery" });
    let (status, _) = house.json(Who::Viewer, Method::POST, "/api/v1/password", change("wrong")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let request = house.ask(Who::Viewer, Method::POST, "/api/v1/password");
    let changed = house.answer(request, change(PASSWORD).to_string()).await;
    assert_eq!(changed.status(), StatusCode::OK);
    assert_eq!(me(&house, &other).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(house.get(Who::Viewer, "/api/v1/me").await.0, StatusCode::UNAUTHORIZED, "it got a new secret");
    assert_eq!(me(&house, &cookie_of(&changed).unwrap()).await.0, StatusCode::OK);
    assert_eq!(house.log_in("vera", PASSWORD).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_admin_manages_users_and_everything_is_written_down() {
    let house = House::new();
    let ask = |method, path: &'static str, body| house.json(Who::Admin, method, path, body);
    let new = json!({ "user": "nina", "password": PASSWORD, "role": "viewer", "os_user": "0" });
    assert_eq!(ask(Method::POST, "/api/v1/users", new.clone()).await.0, StatusCode::CREATED);
    assert_eq!(ask(Method::POST, "/api/v1/users", new).await.0, StatusCode::CONFLICT);
    let ghost = json!({ "user": "g", "password": PASSWORD, "role": "viewer", "os_user": "no such user" });
    assert_eq!(ask(Method::POST, "/api/v1/users", ghost).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let changed = json!({ "role": "operator", "os_user": "" });
    assert_eq!(ask(Method::PATCH, "/api/v1/users/nina", changed).await.0, StatusCode::NO_CONTENT);
    let (_, users) = ask(Method::GET, "/api/v1/users", Value::Null).await;
    let nina = users["users"].as_array().unwrap().iter().find(|user| user["name"] == "nina").unwrap();
    assert_eq!((&nina["role"], &nina["os_user"]), (&"operator".into(), &Value::Null));
    assert_eq!(ask(Method::DELETE, "/api/v1/users/nina", json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ask(Method::DELETE, "/api/v1/users/nina", json!({})).await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        ask(Method::DELETE, "/api/v1/users/ann", json!({})).await.0,
        StatusCode::CONFLICT,
        "the only admin"
    );

    let (status, made) =
        ask(Method::POST, "/api/v1/tokens", json!({ "name": "prom", "scope": "metrics" })).await;
    assert_eq!(status, StatusCode::CREATED);
    let token = made["token"].as_str().unwrap();
    let request = super::ask("/metrics").header(header::AUTHORIZATION, format!("Bearer {token}"));
    assert_eq!(house.answer(request, Body::empty()).await.status(), StatusCode::OK);
    let (_, tokens) = ask(Method::GET, "/api/v1/tokens", Value::Null).await;
    assert!(
        !tokens.to_string().contains(token) && !tokens["tokens"][0]["used_at_unix_ms"].is_null(),
        "{tokens}"
    );

    let (_, audit) = ask(Method::GET, "/api/v1/audit", Value::Null).await;
    let actions: Vec<_> =
        audit["lines"].as_array().unwrap().iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions[..5],
        ["token_made", "user_removed", "os_user_changed", "role_changed", "user_added"],
        "newest first"
    );
    assert_eq!(audit["lines"][0]["actor"], "ann");
}

#[tokio::test]
async fn a_session_that_an_admin_ends_is_over_at_once() {
    let house = House::new();
    let (_, sessions) = house.get(Who::Admin, "/api/v1/sessions").await;
    let sessions = sessions["sessions"].as_array().unwrap();
    let veras = sessions.iter().find(|session| session["user"] == "vera").unwrap();
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    let path = format!("/api/v1/sessions/{}", veras["id"]);
    assert_eq!(house.json(Who::Admin, Method::DELETE, &path, json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(house.get(Who::Viewer, "/api/v1/top").await.0, StatusCode::UNAUTHORIZED);
}
