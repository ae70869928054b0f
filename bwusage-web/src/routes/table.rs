//! Everything that the server answers, and what each asks of whoever calls it. There is no route beside these.

use axum::{
    http::Method,
    routing::{self, MethodRouter},
};

use super::{App, alerts, csv, history, metrics, plain, process};
use crate::{
    access::{Needs, Role, login, manage},
    assets,
};

/// One thing that the server answers.
pub(super) struct Route {
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the handler has it, but does not tell it: tests go through the table")
    )]
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) needs: Needs,
    pub(super) handler: MethodRouter<App>,
}

const ANYONE: Needs = Needs::Nothing;
const FORM: Needs = Needs::Form;
const READ: Needs = Needs::Read;
const LOGGED_IN: Needs = Needs::Role(Role::Viewer);
const OPERATOR: Needs = Needs::Role(Role::Operator);
const ADMIN: Needs = Needs::Role(Role::Admin);

/// Every route.
pub(super) fn table() -> Vec<Route> {
    let get = |path, needs, handler| Route { method: Method::GET, path, needs, handler };
    let post = |path, needs, handler| Route { method: Method::POST, path, needs, handler };
    let patch = |path, needs, handler| Route { method: Method::PATCH, path, needs, handler };
    let delete = |path, needs, handler| Route { method: Method::DELETE, path, needs, handler };
    vec![
        get("/", Needs::Page, routing::get(plain::page)),
        get("/login", ANYONE, routing::get(assets::login_page)),
        post("/login", FORM, routing::post(login::log_in_by_form)),
        post("/logout", FORM, routing::post(login::log_out_by_form)),
        get("/setup", ANYONE, routing::get(assets::setup_page)),
        get("/password", Needs::Page, routing::get(assets::password_page)),
        get("/assets/{*path}", ANYONE, routing::get(assets::asset)),
        get("/healthz", ANYONE, routing::get(async || "ok\n")),
        get("/api/v1/top", READ, routing::get(super::top)),
        get("/api/v1/top.csv", READ, routing::get(csv::top)),
        get("/api/v1/status", READ, routing::get(super::status)),
        get("/api/v1/ledger", READ, routing::get(super::ledger)),
        get("/api/v1/ledger.csv", READ, routing::get(csv::ledger)),
        get("/api/v1/connections", READ, routing::get(super::connections)),
        get("/api/v1/connections.csv", READ, routing::get(csv::connections)),
        get("/api/v1/history", READ, routing::get(history::history)),
        get("/api/v1/history.csv", READ, routing::get(csv::past)),
        get("/api/v1/process/{pid}", READ, routing::get(process::process)),
        get("/api/v1/stream", READ, routing::get(super::stream)),
        get("/api/v1/alerts", READ, routing::get(alerts::list)),
        get("/api/v1/alerts/log", READ, routing::get(alerts::log)),
        get("/api/v1/alerts/log.csv", READ, routing::get(csv::log)),
        post("/api/v1/alerts", OPERATOR, routing::post(alerts::add)),
        post("/api/v1/alerts/test", OPERATOR, routing::post(alerts::test_new)),
        post("/api/v1/alerts/dry_run", OPERATOR, routing::post(alerts::dry_run)),
        delete("/api/v1/alerts/{rule}", OPERATOR, routing::delete(alerts::remove)),
        post("/api/v1/alerts/{rule}/test", OPERATOR, routing::post(alerts::test)),
        post("/api/v1/alerts/{rule}/snooze", OPERATOR, routing::post(alerts::snooze)),
        post("/api/v1/alerts/{rule}/enable", OPERATOR, routing::post(alerts::enable)),
        post("/api/v1/alerts/{rule}/disable", OPERATOR, routing::post(alerts::disable)),
        get("/api/v1/openapi.json", ANYONE, routing::get(super::openapi)),
        get("/api/v1/deliveries", OPERATOR, routing::get(super::deliveries)),
        get("/metrics", Needs::Metrics, routing::get(metrics::metrics)),
        post("/api/v1/login", ANYONE, routing::post(login::login)),
        post("/api/v1/logout", ANYONE, routing::post(login::logout)),
        post("/api/v1/setup", ANYONE, routing::post(login::set_up)),
        get("/api/v1/me", LOGGED_IN, routing::get(login::me)),
        post("/api/v1/password", LOGGED_IN, routing::post(login::change_password)),
        get("/api/v1/users", ADMIN, routing::get(manage::users)),
        post("/api/v1/users", ADMIN, routing::post(manage::add_user)),
        patch("/api/v1/users/{name}", ADMIN, routing::patch(manage::change_user)),
        delete("/api/v1/users/{name}", ADMIN, routing::delete(manage::remove_user)),
        get("/api/v1/sessions", ADMIN, routing::get(manage::sessions)),
        delete("/api/v1/sessions/{id}", ADMIN, routing::delete(manage::revoke_session)),
        get("/api/v1/tokens", ADMIN, routing::get(manage::tokens)),
        post("/api/v1/tokens", ADMIN, routing::post(manage::make_token)),
        delete("/api/v1/tokens/{id}", ADMIN, routing::delete(manage::remove_token)),
        get("/api/v1/audit", ADMIN, routing::get(manage::audit)),
    ]
}
