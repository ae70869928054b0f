//! The page without scripts, and how one comes in without them.

use axum::http::Method;

use super::{
    house::{House, Who, cookie_of},
    *,
};
use crate::access::testing::PASSWORD;

async fn page(response: Response) -> (StatusCode, String) {
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
    let status = response.status();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// What a browser without scripts sends from the form of our page.
fn form(path: &str) -> request::Builder {
    ask(path)
        .method(Method::POST)
        .header("sec-fetch-site", "same-origin")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "document")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
}

fn credentials(user: &str, password: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("user", user)
        .append_pair("password", password)
        .finish()
}

#[tokio::test]
async fn it_is_the_table_of_the_api_as_a_page_that_nobody_keeps() {
    let response = answer(live(), ask("/?plain=1&by=pid&sort=-rx_total&all=true")).await;
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let (status, text) = page(response).await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("curl") && text.contains("cron") && !text.contains("sesame"), "{text}");
    let (_, other) = page(answer(live(), ask("/?plainly=1")).await).await;
    assert!(
        other.contains("assets/app.js") && other.contains("href=\"?plain=1\""),
        "the page with scripts leads to it"
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_said_on_the_page() {
    for (query, word) in [
        ("filter=%2F%5B%2F", "role=\"alert\""),
        ("sort=size", "rx_total"),
        ("colour=red", "colour"),
        ("refresh=1", "none of 2,"),
    ] {
        let (status, text) = page(answer(live(), ask(&format!("/?plain=1&{query}"))).await).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(text.contains(word) && text.contains("<form"), "{query} {text}");
    }
}

#[tokio::test]
async fn without_the_daemon_it_says_what_to_do_and_comes_anew_all_the_same() {
    let down = Down { message: "gone".into(), hints: vec!["sudo bwusaged".into()], retry_in_ms: None };
    let (status, text) = page(answer(server(Moment::Away(down)), ask("/?plain=1&refresh=5")).await).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        text.contains("gone")
            && text.contains("<code>sudo bwusaged</code>")
            && text.contains("content=\"5\""),
        "{text}"
    );
}

#[tokio::test]
async fn each_is_shown_what_the_api_shows_them() {
    let house = House::new();
    let ask = async |who, query: &str| {
        let path = format!("/?plain=1&by=pid&all=true{query}");
        page(house.answer(house.ask(who, Method::GET, &path), "").await).await.1
    };
    for who in [Who::Operator, Who::Admin] {
        assert!(ask(who, "").await.contains("--password=sesame"), "{who:?}");
    }
    let viewer = ask(Who::Viewer, "").await;
    assert!(viewer.contains("curl") && !viewer.contains("sesame"), "{viewer}");
    assert!(!ask(Who::Viewer, "&filter=sesame").await.contains(">curl<"), "nor is it found by guessing");
    let tied = ask(Who::Tied, "").await;
    assert!(tied.contains("other users") && !tied.contains("curl"), "{tied}");
}

#[tokio::test]
async fn whoever_is_not_logged_in_comes_back_to_what_was_asked_for() {
    let house = House::new();
    let asked = house.answer(ask("/?plain=1&by=pid&filter=a%26b"), Body::empty()).await;
    assert_eq!(
        (asked.status(), &asked.headers()[header::LOCATION]),
        (StatusCode::SEE_OTHER, &"login?plain=1&by=pid&filter=a%26b".parse().unwrap())
    );
    let request = form("/login?plain=1&by=pid&filter=a%26b");
    let let_in = house.answer(request, credentials(" Vera ", PASSWORD)).await;
    assert_eq!(
        (let_in.status(), &let_in.headers()[header::LOCATION]),
        (StatusCode::SEE_OTHER, &"./?plain=1&by=pid&filter=a%26b".parse().unwrap())
    );
    let set = let_in.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(set.contains("; HttpOnly; SameSite=Strict"), "{set}");
    let cookie = format!("bwusage_sid={}", cookie_of(&let_in).unwrap());
    let (status, text) =
        page(house.answer(ask("/?plain=1").header(header::COOKIE, &cookie), Body::empty()).await).await;
    assert!(
        status == StatusCode::OK && text.contains("<bdi>vera</bdi>") && text.contains("action=\"logout\""),
        "{text}"
    );

    let out = house.answer(form("/logout").header(header::COOKIE, &cookie), Body::empty()).await;
    assert_eq!(
        (out.status(), &out.headers()[header::LOCATION]),
        (StatusCode::SEE_OTHER, &"login?plain=1".parse().unwrap())
    );
    assert!(out.headers()[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    let again = house.answer(ask("/?plain=1").header(header::COOKIE, cookie), Body::empty()).await;
    assert_eq!(again.status(), StatusCode::SEE_OTHER);
}

/// An address leads to our own page and nowhere else, whatever stands in it.
#[tokio::test]
async fn a_login_leads_nowhere_but_to_our_own_page() {
    let house = House::new();
    for (path, leads_to) in [
        ("/login", "./?plain=1"),
        ("/login?next=//evil.example", "./?plain=1"),
        (
            "/login?plain=//evil.example/&x=%0d%0aset-cookie:a",
            "./?plain=//evil.example/&x=%0d%0aset-cookie:a",
        ),
    ] {
        let let_in = house.answer(form(path), credentials("otto", PASSWORD)).await;
        assert_eq!(let_in.headers()[header::LOCATION], leads_to);
    }
}

#[tokio::test]
async fn a_wrong_password_is_said_on_the_page_of_the_login_and_counts_as_any() {
    let house = House::new();
    let mut said = Vec::new();
    for user in ["vera", "nobody", "<script>"] {
        let response = house.answer(form("/login"), credentials(user, "wrong horse battery")).await;
        assert!(!response.headers().contains_key(header::SET_COOKIE));
        let (status, text) = page(response).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(text.contains("role=\"alert\">the user name or the password is wrong</p>"), "{text}");
        said.push(text);
    }
    assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "nobody learns which users there are");
    let mut last = StatusCode::OK;
    for _ in 0..10 {
        last = house.answer(form("/login"), credentials("vera", "wrong horse battery")).await.status();
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let lines = house.store.audit(None, 100).unwrap();
    assert!(lines.iter().filter(|line| line.action == "login_failed").count() >= 3);
}

#[tokio::test]
async fn the_form_of_another_page_logs_nobody_in_or_out() {
    let house = House::new();
    let session = format!("bwusage_sid={}", house.key(Who::Viewer).unwrap());
    let foreign = |path: &str, headers: &[(&'static str, &'static str)]| {
        let request = ask(path).method(Method::POST).header(header::COOKIE, &session);
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    };
    for headers in [
        &[
            FORM,
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ][..],
        &[
            FORM,
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ],
        &[FORM, ("origin", "https://evil.example")],
        &[FORM, ("origin", "null")],
        &[FORM],
        &[("content-type", "text/plain"), ("sec-fetch-site", "same-origin")],
    ] {
        for path in ["/login", "/logout"] {
            let response = house.answer(foreign(path, headers), credentials("ann", PASSWORD)).await;
            assert!(response.status().is_client_error(), "{path} {headers:?}");
            assert!(!response.headers().contains_key(header::SET_COOKIE), "{path} {headers:?}");
        }
    }
    assert_eq!(house.get(Who::Viewer, "/api/v1/me").await.0, StatusCode::OK, "still logged in, as the same");
    let own = [FORM, ("origin", "http://127.0.0.1:8787")];
    let response = house.answer(foreign("/login", &own), credentials("ann", PASSWORD)).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER, "the same, from our own page");
}

#[tokio::test]
async fn no_other_request_is_taken_as_a_form() {
    let house = House::new();
    for path in ["/api/v1/login", "/api/v1/logout", "/api/v1/alerts", "/api/v1/users", "/api/v1/setup"] {
        let key = format!("bwusage_sid={}", house.key(Who::Admin).unwrap());
        let response =
            house.answer(form(path).header(header::COOKIE, key), credentials("ann", PASSWORD)).await;
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{path}");
    }
}
