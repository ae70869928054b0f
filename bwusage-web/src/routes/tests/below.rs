//! Below a path of a proxy, and over an encrypted connection.

use axum::http::Method;
use serde_json::json;

use super::{
    house::{House, Who},
    *,
};
use crate::access::{Settings, testing::PASSWORD};

fn house(settings: Settings) -> House {
    House::with(settings, sample::live(1, 5), 64)
}

#[tokio::test]
async fn everything_is_below_the_path_and_nothing_beside_it() {
    let house = house(Settings { base: "/a/bw/".into(), ..Settings::default() });
    let get = async |who, path| house.answer(house.ask(who, Method::GET, path), "").await;
    let bare = get(Who::Viewer, "/a/bw").await;
    assert_eq!(bare.status(), StatusCode::PERMANENT_REDIRECT);
    assert_eq!(bare.headers()[header::LOCATION], "/a/bw/");
    assert_eq!(get(Who::Viewer, "/a/bw/").await.status(), StatusCode::OK);
    assert_eq!(get(Who::Viewer, "/a/bw/api/v1/top").await.status(), StatusCode::OK);
    assert_eq!(get(Who::Anonymous, "/a/bw/").await.headers()[header::LOCATION], "login", "relative");
    for path in ["/", "/healthz", "/api/v1/top", "/a", "/a/bwx", "/bw/", "/a/bw/nowhere"] {
        let response = get(Who::Viewer, path).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY), "{path}");
    }
    let body = json!({ "user": "vera", "password": PASSWORD }).to_string();
    let login = house.answer(house.ask(Who::Anonymous, Method::POST, "/a/bw/api/v1/login"), body).await;
    assert!(login.headers()[header::SET_COOKIE].to_str().unwrap().contains("; Path=/a/bw/;"));
}

#[tokio::test]
async fn over_an_encrypted_connection_the_cookie_stays_there_and_the_browser_too() {
    for tls in [false, true] {
        let house = house(Settings { tls, ..Settings::default() });
        let login = house.log_in("vera", PASSWORD).await;
        assert_eq!(login.headers()[header::SET_COOKIE].to_str().unwrap().contains("; Secure"), tls);
        assert_eq!(login.headers().contains_key(header::STRICT_TRANSPORT_SECURITY), tls);
    }
}

#[tokio::test]
async fn a_proxy_that_is_trusted_says_that_the_browser_came_by_https() {
    let proxy: std::net::SocketAddr = "127.0.0.1:50000".parse().unwrap();
    for (trusted, secure) in [(vec![proxy.ip()], true), (vec![], false)] {
        let house = house(Settings { trusted_proxies: trusted, ..Settings::default() });
        let body = json!({ "user": "vera", "password": PASSWORD }).to_string();
        let request = house
            .ask(Who::Anonymous, Method::POST, "/api/v1/login")
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-for", "203.0.113.9")
            .extension(axum::extract::ConnectInfo(Peer::new(proxy, "127.0.0.1:8787".parse().unwrap())));
        let login = house.answer(request, body).await;
        assert_eq!(login.headers()[header::SET_COOKIE].to_str().unwrap().contains("; Secure"), secure);
        let address = house.store.audit(None, 1).unwrap()[0].address.clone();
        assert_eq!(address.as_deref(), Some(if secure { "203.0.113.9" } else { "127.0.0.1" }));
    }
}
