//! What a real server answers is what its document says.

use serde_json::{Value, json};

use crate::{schema::Schema, servers::Servers};

/// The schema of the answer, with its status, to `method` at `path`, as the document names it.
fn schema(document: &Value, method: &str, path: &str, status: u16) -> Schema {
    let answer = &document["paths"][path][method]["responses"][status.to_string()];
    let start = answer["content"]["application/json"]["schema"].clone();
    assert!(start.is_object(), "{method} {path} {status} has no schema");
    Schema::new(document.clone(), start)
}

#[test]
fn every_answer_is_as_described() {
    let servers = Servers::start();
    let document: Value = serde_json::from_str(&servers.get("/api/v1/openapi.json")).unwrap();
    let read = |path: &str, asked: &str| {
        let answer: Value = serde_json::from_str(&servers.get(asked)).unwrap();
        assert_ne!(answer["schema"], "bwusage.error/1", "{asked}: {answer}");
        schema(&document, "get", path, 200).check(&answer);
        answer
    };
    for by in ["app", "pid", "user", "unit", "container", "category"] {
        read("/api/v1/top", &format!("/api/v1/top?by={by}&all=true"));
    }
    for path in ["status", "ledger", "connections", "alerts", "alerts/log", "deliveries", "me"] {
        let path = format!("/api/v1/{path}");
        read(&path, &path);
    }
    for by in ["total", "app", "user", "scope", "category", "host"] {
        read("/api/v1/history", &format!("/api/v1/history?by={by}&bucket=second&range=10m"));
        read("/api/v1/history", &format!("/api/v1/history?by={by}&range=24h"));
    }
    let top: Value = serde_json::from_str(&servers.get("/api/v1/top?by=pid&limit=1")).unwrap();
    read("/api/v1/process/{pid}", &format!("/api/v1/process/{}", top["rows"][0]["pid"]));

    let send = |path: &str, asked: &str, body: Value| {
        let (status, answer) = servers.send("POST", asked, &body);
        schema(&document, "post", path, status).check(&answer);
        answer
    };
    let wanted =
        || json!({ "rule": "mem > 1B", "note": "n", "severity": "info", "cooldown_s": 60, "enabled": true });
    let kept = send("/api/v1/alerts", "/api/v1/alerts", wanted());
    send("/api/v1/alerts/test", "/api/v1/alerts/test", wanted());
    send("/api/v1/alerts/dry_run", "/api/v1/alerts/dry_run", wanted());
    for (action, body) in [
        ("test", json!({})),
        ("disable", json!({})),
        ("enable", json!({})),
        ("snooze", json!({ "for_s": 60 })),
    ] {
        let asked = format!("/api/v1/alerts/{}/{action}", kept["rule"]);
        send(&format!("/api/v1/alerts/{{rule}}/{action}"), &asked, body);
    }
    read("/api/v1/alerts", "/api/v1/alerts");
    read("/api/v1/alerts/log", "/api/v1/alerts/log");

    let refused: Value = serde_json::from_str(&servers.get("/api/v1/top?by=colour")).unwrap();
    let start = document["paths"]["/api/v1/top"]["get"]["responses"]["default"]["content"]["application/json"]
        ["schema"]
        .clone();
    Schema::new(document.clone(), start).check(&refused);
}
