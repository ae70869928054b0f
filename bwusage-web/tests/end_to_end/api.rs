//! The past, one process, and rules, as programs and the page ask for them.

use serde_json::{Value, json};

use crate::servers::Servers;

fn get(servers: &Servers, path: &str) -> Value {
    serde_json::from_str(&servers.get(path)).unwrap()
}

#[test]
fn the_past_comes_through_with_the_parameters_of_the_command_line() {
    let servers = Servers::start();
    let apps = get(&servers, "/api/v1/history?by=app&bucket=second&range=10m");
    assert_eq!(
        (&apps["schema"], &apps["per"], &apps["by"]),
        (&json!("bwusage.history/1"), &json!("app"), &json!("second"))
    );
    assert_eq!(
        apps["buckets"].as_array().unwrap().len(),
        apps["series"][0]["points"].as_array().unwrap().len()
    );

    let machine = get(&servers, "/api/v1/history?by=host&bucket=second&range=10m");
    let known: Vec<&Value> =
        machine["machine"].as_array().unwrap().iter().filter(|point| !point.is_null()).collect();
    assert!(known.iter().any(|point| point["processors_percent"].as_f64().unwrap() > 0.0), "{machine}");
    assert!(known.iter().any(|point| point["memory_used_bytes"].as_u64().unwrap() > 0), "{machine}");

    let minutes = get(&servers, "/api/v1/history?by=host&range=24h");
    assert_eq!(minutes["by"], "minute");
    assert!(minutes["machine"].as_array().unwrap().len() >= 1440);

    let wrong = get(&servers, "/api/v1/history?by=interface&bucket=second");
    assert_eq!((&wrong["schema"], &wrong["code"]), (&json!("bwusage.error/1"), &json!("unavailable")));
    let wrong = get(&servers, "/api/v1/history?by=colour");
    assert_eq!((&wrong["schema"], &wrong["code"]), (&json!("bwusage.error/1"), &json!("bad_request")));
}

#[test]
fn one_process_is_told_with_all_that_its_owner_may_know() {
    let servers = Servers::start();
    let top = get(&servers, "/api/v1/top?by=pid&filter=firefox");
    let (pid, started) = (&top["rows"][0]["pid"], top["rows"][0]["started_at"].as_str().unwrap());
    let process = get(&servers, &format!("/api/v1/process/{pid}?started_at={started}"));
    assert_eq!(
        (&process["schema"], &process["row"]["name"]),
        (&json!("bwusage.process/1"), &json!("firefox"))
    );
    assert_eq!(process["row"]["exe"], "/usr/bin/firefox");
    assert_eq!(process["row"]["command_line"], json!(["firefox", "--token=secret"]));
    assert!(
        process["app_totals"].as_object().unwrap().keys().eq(["last_30d", "last_7d", "today"]),
        "{process}"
    );

    let other = get(&servers, &format!("/api/v1/process/{pid}?started_at=2001-01-01T00:00:00Z"));
    assert_eq!(other["code"], "not_found", "another run of that number");
    assert_eq!(get(&servers, "/api/v1/process/4000000")["code"], "not_found");
    assert_eq!(get(&servers, "/api/v1/process/firefox")["code"], "bad_request");
}

#[test]
fn a_rule_is_kept_changed_tried_out_and_forgotten() {
    let servers = Servers::start();
    let wanted = json!({ "rule": "rx > 999TiB / 1d", "of": { "app": "firefox" }, "note": "a lot" });
    let (status, rule) = servers.send("POST", "/api/v1/alerts", &wanted);
    assert_eq!((status, &rule["text"]), (201, &json!("app firefox: rx > 999TiB / 1d")), "{rule}");
    let number = &rule["rule"];

    let rules = get(&servers, "/api/v1/alerts");
    assert_eq!((&rules["schema"], &rules["rules"][0]["note"]), (&json!("bwusage.alerts/1"), &json!("a lot")));
    let act = |action: &str, body: Value| {
        servers.send("POST", &format!("/api/v1/alerts/{number}/{action}"), &body).1
    };
    assert_eq!(act("disable", json!({}))["enabled"], false);
    assert_eq!(act("enable", json!({}))["enabled"], true);
    assert!(act("snooze", json!({ "for_s": 3600 }))["snoozed_until_at"].is_string());
    assert_eq!(act("snooze", json!({ "for_s": 0 }))["snoozed_until_at"], Value::Null);
    let trial = act("test", json!({}));
    assert_eq!(
        (&trial["schema"], &trial["holds"]),
        (&json!("bwusage.alert_trial/1"), &Value::Null),
        "{trial}"
    );
    let (status, run) = servers.send("POST", "/api/v1/alerts/dry_run", &wanted);
    assert_eq!((status, &run["schema"]), (200, &json!("bwusage.alert_dry_run/1")), "{run}");
    let (status, trial) = servers.send("POST", "/api/v1/alerts/test", &json!({ "rule": "mem > 1B" }));
    assert_eq!((status, &trial["holds"]), (200, &json!(true)), "{trial}");

    let path = format!("/api/v1/alerts/{number}");
    assert_eq!(servers.send("DELETE", &path, &json!({})).0, 204);
    assert_eq!(servers.send("DELETE", &path, &json!({})).0, 404);
    assert_eq!(servers.send("POST", &format!("{path}/test"), &json!({})).0, 404);
    assert_eq!(get(&servers, "/api/v1/alerts")["rules"], json!([]));

    let (status, error) = servers.send("POST", "/api/v1/alerts", &json!({ "rule": "rx > lots" }));
    assert_eq!((status, &error["code"]), (400, &json!("bad_request")));
}

#[test]
fn an_alert_reaches_every_open_page_and_the_log() {
    let servers = Servers::start();
    let mut pages = [servers.stream(), servers.stream()];
    for page in &mut pages {
        assert!(page.any(|line| line == "event: top"));
    }
    let (status, rule) =
        servers.send("POST", "/api/v1/alerts", &json!({ "rule": "mem > 1B", "note": "<b>" }));
    assert_eq!(status, 201, "{rule}");
    for page in &mut pages {
        assert!(page.any(|line| line == "event: alert"));
        let event: Value =
            serde_json::from_str(page.next().unwrap().strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!((&event["schema"], &event["state"]), (&json!("bwusage.alert_event/1"), &json!("firing")));
        assert_eq!((&event["rule"], &event["host"]), (&rule["rule"], &json!("workstation")));
    }
    let log = get(&servers, "/api/v1/alerts/log?limit=1");
    assert_eq!((&log["schema"], &log["events"][0]["note"]), (&json!("bwusage.alert_log/1"), &json!("<b>")));
}

#[test]
fn every_table_is_also_a_file_that_computes_nothing() {
    let servers = Servers::start();
    for (path, first) in [
        ("top.csv?by=pid&all=true", "pid,name,app,user,exe,command_line,started_at,"),
        ("connections.csv", "kind,group,pid,name,"),
        ("ledger.csv", "interface,kind,direction,reason,bytes"),
        (
            "history.csv?by=app&bucket=second",
            "start_at,end_at,label,length_s,covered_s,kind,name,rx_bytes,tx_bytes",
        ),
        ("history.csv?by=host&bucket=second", "start_at,end_at,label,length_s,covered_s,processors_percent,"),
        ("alerts/log.csv", "log,event,at,state,"),
    ] {
        let (head, body) = servers.answer(&format!("/api/v1/{path}"));
        assert!(head.contains(" 200 ok"), "{path}: {head}");
        assert!(head.contains("content-type: text/csv; charset=utf-8; header=present"), "{path}: {head}");
        assert!(head.contains("content-disposition: attachment; filename=\"bwusage-"), "{path}: {head}");
        assert!(body.starts_with(first), "{path}: {body}");
        assert!(body.ends_with("\r\n") && !body.replace("\r\n", "").contains(['\r', '\n']), "{path}: {body}");
        assert!(!body.contains("token=secret"), "{path}: nobody asked for command lines");
    }
    let rows = servers.answer("/api/v1/top.csv?by=pid&all=true").1.lines().count();
    assert_eq!(servers.answer("/api/v1/top.csv?by=pid&all=true&limit=2").1.lines().count(), 3);
    assert!(rows > 3, "{rows}");
    assert!(servers.answer("/api/v1/top.csv?by=colour").0.contains(" 400 "));
}
