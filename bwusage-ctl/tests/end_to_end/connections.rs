use serde_json::{Value, json};

use crate::{
    daemon::Home,
    program::{json, run},
    recording::{CURL_CLOSED_RX, CURL_OPEN_RX, CURL_PID, CURL_REST_RX, CURL_WIRE},
    schema::Schema,
};

/// One field of every row.
fn column<'a>(report: &'a Value, name: &str) -> Vec<&'a Value> {
    report["rows"].as_array().unwrap().iter().map(|row| &row[name]).collect()
}

/// The report for these arguments, true to its schema.
fn ask(home: &Home, arguments: &[&str]) -> Value {
    let report = json(&home.socket(), &[&["connections", "--json"], arguments].concat());
    Schema::of("connections").check(&report);
    report
}

#[test]
fn open_connections_are_listed_with_both_ends_and_their_exact_bytes() {
    let home = Home::new();
    let _daemon = home.start();
    let report = ask(&home, &[]);
    assert_eq!(report["rows"].as_array().unwrap().len(), 4);
    let expected = json!({
        "kind": "open", "pid": CURL_PID, "name": "curl", "protocol": "tcp", "local_address": "192.0.2.15", "local_port": 50000,
        "remote_address": "198.51.100.7", "remote_port": 443, "remote_name": "files.example.org", "service": "https",
        "inbound": false, "state": "established", "interface": "eth0", "rx_bytes_total": CURL_OPEN_RX, "group": null,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&report["rows"][0][name], value, "{name}");
    }
    let served = &report["rows"][3];
    assert_eq!((&served["name"].is_null(), &served["port"]), (&true, &json!(22)), "nobody used it: {served}");
    assert_eq!(report["hidden"], 0);
}

#[test]
fn sums_by_host_add_up_to_the_processes() {
    let home = Home::new();
    let _daemon = home.start();
    for by in ["remote", "port", "interface", "process", "app"] {
        let report = ask(&home, &["--by", by]);
        let sum: u64 = column(&report, "rx_bytes_total").into_iter().filter_map(Value::as_u64).sum();
        assert_eq!(sum, CURL_WIRE + 1_000, "{by}");
        assert_eq!(report["rx_bytes_total"], sum, "{by}");
    }
    let report = ask(&home, &["--by", "remote"]);
    assert_eq!(
        column(&report, "group"),
        [&json!("files.example.org"), &json!("198.51.100.9"), &Value::Null, &json!("192.0.2.44")]
    );
    assert_eq!(
        column(&report, "rx_bytes_total"),
        [CURL_OPEN_RX + 2_440, CURL_CLOSED_RX, CURL_REST_RX, 1_000].map(|bytes| json!(bytes)).each_ref()
    );
    assert_eq!(report["rows"][1]["closed"], 12);
    let numeric = ask(&home, &["--by", "remote", "-n"]);
    assert_eq!(numeric["rows"][0]["group"], "198.51.100.7");
}

#[test]
fn every_narrowing_leaves_what_was_asked_for() {
    let home = Home::new();
    let _daemon = home.start();
    let count = |arguments: &[&str]| ask(&home, arguments)["rows"].as_array().unwrap().len();
    assert_eq!(count(&["--pid", "4242"]), 2);
    assert_eq!(count(&["--pid", "4242", "--closed"]), 4);
    assert_eq!((count(&["--app", "curl"]), count(&["--app", "firefox"])), (2, 0));
    assert_eq!(
        (count(&["--remote", "198.51.100.7"]), count(&["--remote", "198.51.100.0/24", "--closed"])),
        (1, 2)
    );
    assert_eq!(count(&["--remote", "files.example"]), 2);
    assert_eq!(
        (count(&["--port", "https"]), count(&["--port", "8080"]), count(&["--port", "80", "--closed"])),
        (2, 1, 1)
    );
    assert_eq!((count(&["--proto", "tcp"]), count(&["--proto", "udp"])), (4, 0));
    assert_eq!((count(&["--state", "close_wait"]), count(&["--state", "listen"])), (1, 1));
    assert_eq!((count(&["--interface", "eth0"]), count(&["--interface", "lo"])), (4, 0));
    assert_eq!(count(&["--filter", "port:443 | state:listen"]), 3);
    let cut = ask(&home, &["--limit", "1"]);
    assert_eq!((cut["rows"].as_array().unwrap().len(), &cut["truncated"]), (1, &json!(true)));
}

#[test]
fn top_groups_by_host_service_and_interface_as_connections_do() {
    let home = Home::new();
    let _daemon = home.start();
    for by in ["remote", "port", "interface"] {
        let top = json(&home.socket(), &["top", "--by", by, "--json"]);
        let connections = ask(&home, &["--by", by, "--sort", "rx"]);
        assert_eq!(top["rows"], connections["rows"], "{by}");
    }
    let refused = run(&home.socket(), &["top", "--by", "remote", "--sort", "cpu"]);
    assert_eq!(refused.exit_code, Some(2));
    assert!(refused.stderr.contains("--sort cpu does not go with --by remote"), "{}", refused.stderr);
    let refused = run(&home.socket(), &["watch", "--by", "port"]);
    assert!(refused.stderr.contains("watch does not go with --by port"), "{}", refused.stderr);
}

#[test]
fn a_filter_for_connections_is_refused_for_processes_and_good_for_hosts() {
    let home = Home::new();
    let _daemon = home.start();
    for command in ["top", "watch"] {
        let refused = run(&home.socket(), &[command, "--filter", "port:443"]);
        assert_eq!((refused.exit_code, refused.stdout.as_str()), (Some(2), ""), "{command}");
        for words in [
            "port: filters connections, not processes",
            "bwusage-ctl connections --filter",
            "top --by remote",
        ] {
            assert!(refused.stderr.contains(words), "{command}: {}", refused.stderr);
        }
    }
    for by in ["remote", "port", "interface"] {
        let top = json(&home.socket(), &["top", "--by", by, "--json", "--filter", "port:443"]);
        assert_ne!(top["rows"], json!([]), "{by}");
    }
}

#[test]
fn the_table_shows_hosts_and_escapes_what_processes_call_themselves() {
    let home = Home::new();
    let _daemon = home.start();
    let table = run(&home.socket(), &["conns"]);
    assert_eq!((table.exit_code, table.stderr.as_str()), (Some(0), ""));
    assert!(table.stdout.contains("files.example.org:443"), "{}", table.stdout);
    assert!(table.stdout.contains(r"=evil,\x1b[2J\u{202e}\x9btxt"), "{}", table.stdout);
    let numeric = run(&home.socket(), &["conns", "-n"]).stdout;
    assert!(numeric.contains("[2001:db8::7]:443") && !numeric.contains("example"), "{numeric}");
}

#[test]
fn a_spreadsheet_gets_no_formula_and_a_stream_ends_with_what_was_left_out() {
    let home = Home::new();
    let _daemon = home.start();
    let csv = run(&home.socket(), &["connections", "--csv"]).stdout;
    assert!(csv.starts_with("kind,group,pid,name,") && csv.contains("\"'=evil,"), "{csv}");
    assert_eq!(csv.lines().count(), 5);
    let stream = run(&home.socket(), &["connections", "--ndjson", "--limit", "2"]).stdout;
    let records: Vec<Value> = stream.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = records.iter().map(|record| record["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["row", "row", "end"]);
    assert_eq!((&records[0]["pid"], &records[2]["truncated"]), (&json!(CURL_PID), &json!(true)));
}

#[test]
fn nothing_left_is_told_to_a_script_that_asks() {
    let home = Home::new();
    let _daemon = home.start();
    let empty = run(&home.socket(), &["connections", "--port", "9", "--fail-empty"]);
    assert_eq!(empty.exit_code, Some(6));
    let wrong = run(&home.socket(), &["connections", "--port", "nothing"]);
    assert_eq!(wrong.exit_code, Some(2));
    assert!(wrong.stderr.contains("a port number or the name of a service"), "{}", wrong.stderr);
}
