//! All routes × everyone.

use std::collections::BTreeSet;

use axum::http::Method;

use super::{
    house::{House, Who, json_of},
    *,
};

/// Who may ask for what. Written down a second time on purpose: a route that is added, or opened to others, is seen here.
/// `anyone`; `metrics`: the token for metrics and everybody below; `read`: the token for reading and every person;
/// `person`: every role; then the role.
const EXPECTED: &str = "
    GET / person
    GET /login anyone
    POST /login anyone
    POST /logout anyone
    GET /setup anyone
    GET /password person
    GET /assets/{*path} anyone
    GET /healthz anyone
    GET /metrics metrics
    GET /api/v1/openapi.json anyone
    GET /api/v1/deliveries operator
    GET /api/v1/top read
    GET /api/v1/top.csv read
    GET /api/v1/status read
    GET /api/v1/ledger read
    GET /api/v1/ledger.csv read
    GET /api/v1/connections read
    GET /api/v1/connections.csv read
    GET /api/v1/history read
    GET /api/v1/history.csv read
    GET /api/v1/process/{pid} read
    GET /api/v1/stream read
    GET /api/v1/alerts read
    GET /api/v1/alerts/log read
    GET /api/v1/alerts/log.csv read
    POST /api/v1/alerts operator
    POST /api/v1/alerts/test operator
    POST /api/v1/alerts/dry_run operator
    DELETE /api/v1/alerts/{rule} operator
    POST /api/v1/alerts/{rule}/test operator
    POST /api/v1/alerts/{rule}/snooze operator
    POST /api/v1/alerts/{rule}/enable operator
    POST /api/v1/alerts/{rule}/disable operator
    POST /api/v1/login anyone
    POST /api/v1/logout anyone
    POST /api/v1/setup anyone
    GET /api/v1/me person
    POST /api/v1/password person
    GET /api/v1/users admin
    POST /api/v1/users admin
    PATCH /api/v1/users/{name} admin
    DELETE /api/v1/users/{name} admin
    GET /api/v1/sessions admin
    DELETE /api/v1/sessions/{id} admin
    GET /api/v1/tokens admin
    POST /api/v1/tokens admin
    DELETE /api/v1/tokens/{id} admin
    GET /api/v1/audit admin
";

fn expected() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    EXPECTED.lines().filter(|line| !line.trim().is_empty()).map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        (words[0], words[1], words[2])
    })
}

fn may(who: Who, least: &str) -> bool {
    let allowed: &[Who] = match least {
        "anyone" => &Who::ALL,
        "metrics" => &[Who::TokenMetrics, Who::TokenRead, Who::Viewer, Who::Operator, Who::Admin],
        "read" => &[Who::TokenRead, Who::Viewer, Who::Operator, Who::Admin],
        "person" => &[Who::Viewer, Who::Operator, Who::Admin],
        "operator" => &[Who::Operator, Who::Admin],
        "admin" => &[Who::Admin],
        other => panic!("{other}"),
    };
    allowed.contains(&who)
}

/// A path that fits `pattern` and names nothing that there is.
fn example(pattern: &str) -> String {
    let examples = [
        ("{*path}", "app.js"),
        ("{pid}", "4242"),
        ("{rule}", "4242"),
        ("{name}", "nobody"),
        ("{id}", "4242"),
    ];
    examples.into_iter().fold(pattern.to_owned(), |path, (word, example)| path.replace(word, example))
}

#[test]
fn every_route_is_in_the_table_of_who_may_and_the_other_way_round() {
    let listed: BTreeSet<_> = expected().map(|(method, path, _)| (method.to_owned(), path)).collect();
    let routes: BTreeSet<_> =
        table::table().iter().map(|route| (route.method.to_string(), route.path)).collect();
    assert_eq!(routes, listed);
    assert_eq!(table::table().len(), routes.len(), "no route twice");
    assert_eq!(expected().count(), listed.len(), "nor in the table");
}

#[tokio::test]
async fn every_route_lets_through_whom_it_should_and_nobody_else() {
    let house = House::new();
    let mut asked = 0;
    for (method, pattern, least) in expected() {
        for who in Who::ALL {
            // A logout would end the session that is needed next.
            if pattern == "/api/v1/logout" && who != Who::Anonymous {
                continue;
            }
            let method: Method = method.parse().unwrap();
            let response = house.answer(house.ask(who, method.clone(), &example(pattern)), "{}").await;
            let status = response.status();
            let is_stream = pattern == "/api/v1/stream" && status == StatusCode::OK;
            let code = if is_stream { Value::Null } else { json_of(response).await["code"].clone() };
            let at_the_door = ["login_needed", "may_not", "not_allowed"].iter().any(|known| code == *known)
                || status == StatusCode::SEE_OTHER;
            assert_eq!(!at_the_door, may(who, least), "{method} {pattern} {who:?}: {status} {code}");
            if at_the_door {
                let right = match (who, pattern) {
                    (Who::Anonymous, "/" | "/password") => status == StatusCode::SEE_OTHER,
                    (Who::Anonymous, "/metrics") => status == StatusCode::FORBIDDEN,
                    (Who::Anonymous, _) => status == StatusCode::UNAUTHORIZED,
                    _ => status == StatusCode::FORBIDDEN,
                };
                assert!(right, "{method} {pattern} {who:?}: {status}");
            }
            asked += 1;
        }
    }
    assert_eq!(asked, expected().count() * Who::ALL.len() - 5);
}

#[tokio::test]
async fn no_other_method_does_anything_on_any_route() {
    let house = House::new();
    for pattern in expected().map(|(_, path, _)| path).collect::<BTreeSet<_>>() {
        let known: Vec<_> =
            expected().filter(|(_, path, _)| *path == pattern).map(|(method, ..)| method).collect();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            if known.contains(&method) {
                continue;
            }
            let method: Method = method.parse().unwrap();
            let response = house.answer(house.ask(Who::Admin, method.clone(), &example(pattern)), "{}").await;
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {pattern}");
        }
    }
}

#[tokio::test]
async fn without_a_login_this_machines_users_look_and_only_the_own_one_changes() {
    for (own, changes) in [(true, true), (false, false)] {
        let server = server_for(&Peer::known(own), sample::live(1, 5), false);
        for (method, pattern, least) in expected() {
            let request = ask(&example(pattern))
                .method(method)
                .header("sec-fetch-site", "same-origin")
                .header(header::CONTENT_TYPE, "application/json");
            let request = request.body(Body::from("{}")).unwrap();
            let response = tower::ServiceExt::oneshot(server.clone(), request).await.unwrap();
            let status = response.status();
            let is_stream = pattern == "/api/v1/stream";
            let code = if is_stream { Value::Null } else { json_of(response).await["code"].clone() };
            let refused = code == "not_for_others" && !pattern.starts_with("/api/v1/connections")
                || code == "not_allowed";
            let may = match least {
                "operator" => changes,
                "admin" | "metrics" => false,
                _ => true,
            };
            assert_eq!(!refused, may, "{method} {pattern} own={own}: {status} {code}");
        }
    }
}
