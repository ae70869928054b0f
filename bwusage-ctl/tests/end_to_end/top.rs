use serde_json::{Value, json};

use crate::{
    daemon::Home,
    program::{json, run},
    recording::{
        CONTAINER_ID, CURL_PAYLOAD, CURL_PID, CURL_WIRE, FIREFOX_RX, HIDDEN_PID, HIDDEN_RX, HOSTILE_NAME,
        KERNEL_RX,
    },
    schema::Schema,
};

/// One field of every row.
fn column<'a>(report: &'a Value, name: &str) -> Vec<&'a Value> {
    report["rows"].as_array().unwrap().iter().map(|row| &row[name]).collect()
}

#[test]
fn a_process_is_listed_under_its_own_name_and_number_with_its_exact_bytes() {
    let home = Home::new();
    let _daemon = home.start();
    let report = json(&home.socket(), &["top", "--json"]);
    Schema::of("top").check(&report);
    let curl = &report["rows"][0];
    let expected = json!({
        "pid": CURL_PID, "name": "curl", "app": "curl", "user": "3999999999", "rx_bytes_total": CURL_WIRE,
        "rx_payload_bytes_total": CURL_PAYLOAD, "tx_bytes_total": 0, "rss_bytes": 8_388_608, "exited_at": null,
        "unit": "backup.service", "container": null, "title": null, "category": "service",
        "parents": [{"pid": 1, "name": null}],
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&curl[name], value, "{name}");
    }
    assert_eq!(curl["scopes"]["internet"]["rx_bytes_total"], CURL_WIRE);
    assert_eq!(report["rows"][1]["rss_bytes"], Value::Null, "what was not measured is not 0");
    assert_eq!(report["unattributed"]["rx_bytes_total"], KERNEL_RX);
    assert_eq!(report["unattributed"]["by_reason"][0]["reason"], "kernel_icmp");
    assert_eq!((&report["host"], &report["boot_id"]), (&json!("web01"), &json!("b00t")));
}

#[test]
fn by_default_rows_are_applications_with_the_largest_receiver_first() {
    let home = Home::new();
    let _daemon = home.start();
    let report = json(&home.socket(), &["top", "--by", "app", "--json"]);
    Schema::of("top").check(&report);
    assert_eq!(column(&report, "app"), ["curl", "firefox", "evil", "hidden"]);
    assert_eq!(report["rows"][1]["title"], "Firefox Web Browser");
    let firefox = &report["rows"][1];
    assert_eq!((&firefox["rx_bytes_total"], &firefox["pids"]), (&json!(FIREFOX_RX), &json!([100, 101])));
    assert_eq!(report["truncated"], false);
}

#[test]
fn rows_may_be_users_units_and_containers_and_add_up_to_the_same() {
    let home = Home::new();
    let _daemon = home.start();
    let by = |by: &str| {
        let report = json(&home.socket(), &["top", "--by", by, "--json"]);
        Schema::of("top").check(&report);
        let sum: u64 = column(&report, "rx_bytes_total").into_iter().filter_map(Value::as_u64).sum();
        assert_eq!(sum, CURL_WIRE + FIREFOX_RX + 1_000 + HIDDEN_RX, "{by}");
        report
    };
    assert_eq!(column(&by("user"), "user"), ["3999999999"]);
    assert_eq!(column(&by("unit"), "unit"), [&json!("backup.service"), &Value::Null]);
    let container = json!({"runtime": "docker", "id": CONTAINER_ID, "name": null});
    assert_eq!(column(&by("container"), "container"), [&Value::Null, &container]);
    assert_eq!(column(&by("category"), "category"), ["service", "app", "container", "background"]);
    let table = run(&home.socket(), &["top", "--by", "unit"]).stdout;
    assert!(table.starts_with("UNIT ") && table.contains("\n(no unit) "), "{table}");
    let csv = run(&home.socket(), &["top", "--by", "container", "--csv", "--filter", "ct:docker"]).stdout;
    assert!(
        csv.starts_with("container,pids,users,") && csv.contains("\r\ndocker:4b1c9e0f2a7d,200,"),
        "{csv}"
    );
    let filtered = json(&home.socket(), &["top", "--by", "pid", "--json", "--filter", "unit:backup"]);
    assert_eq!(column(&filtered, "pid"), [CURL_PID]);
}

#[test]
fn rows_are_chosen_sorted_and_cut_as_asked() {
    let home = Home::new();
    let _daemon = home.start();
    let pids = |arguments: &[&str]| {
        let report = json(&home.socket(), &[&["top", "--json", "--by", "pid"], arguments].concat());
        let pids: Vec<u64> = column(&report, "pid").into_iter().filter_map(Value::as_u64).collect();
        (pids, report["truncated"].as_bool().unwrap())
    };
    assert_eq!(pids(&["--sort", "-pid", "--all"]), (vec![4242, 401, 400, 300, 200, 101, 100], false));
    assert_eq!(pids(&["--limit", "2"]), (vec![4242, 100], true));
    assert_eq!(pids(&["--filter", "app:firefox rx_total<1M"]), (vec![101], false));
}

#[test]
fn the_background_is_exactly_what_moved_data_unseen_and_since_when() {
    let home = Home::new();
    let _daemon = home.start();
    let report = json(&home.socket(), &["top", "--background", "--json"]);
    Schema::of("top").check(&report);
    assert_eq!(column(&report, "pid"), [HIDDEN_PID]);
    let (row, taken_at) = (&report["rows"][0], report["taken_at"].as_str().unwrap());
    assert_eq!((&row["category"], &row["rx_bytes_total"]), (&json!("background"), &json!(HIDDEN_RX)));
    let first_seen_at = row["first_seen_at"].as_str().unwrap();
    assert!(first_seen_at <= taken_at && first_seen_at >= report["started_at"].as_str().unwrap(), "{report}");
    let table = run(&home.socket(), &["top", "--background"]).stdout;
    let words: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!((words.len(), &words[0][4..6], words[1][0]), (2, &["FIRST", "SEEN"][..], "400"));
    assert_eq!(words[1][4], format!("{}Z", &first_seen_at[..19]));
    let asked = |arguments: &[&str]| {
        let arguments = [&["top", "--json"], arguments].concat();
        column(&json(&home.socket(), &arguments), "pid")
            .into_iter()
            .filter_map(Value::as_u64)
            .collect::<Vec<_>>()
    };
    assert_eq!(asked(&["--background", "--all"]), [400, 401]);
    assert_eq!(asked(&["--background", "--filter", "firefox"]), [0; 0]);
    assert_eq!(asked(&["--filter", "category:background"]), [400]);
    assert_eq!(asked(&["--filter", "web browser"]), [100, 101]);
}

#[test]
fn nothing_matched_is_an_exit_status_only_on_request() {
    let home = Home::new();
    let _daemon = home.start();
    let quiet = run(&home.socket(), &["top", "--json", "--filter", "nobody"]);
    assert_eq!((quiet.exit_code, quiet.stderr.as_str()), (Some(0), ""));
    let told = run(&home.socket(), &["top", "--json", "--filter", "nobody", "--fail-empty"]);
    assert_eq!(told.exit_code, Some(6));
    let error: Value = serde_json::from_str(told.stderr.lines().last().unwrap()).unwrap();
    Schema::of("error").check(&error);
    assert_eq!(error["code"], "empty");
}

#[test]
fn the_table_is_plain_text_in_a_pipe_whatever_a_process_calls_itself() {
    let home = Home::new();
    let _daemon = home.start();
    let table = run(&home.socket(), &["top", "--by", "pid"]).stdout;
    assert!(!table.chars().any(|c| c != '\n' && bwusage_proto::text::is_unsafe(c)), "{table:?}");
    assert!(table.contains(r"=evil,\x1b[2J\u{202e}\x9btxt"), "{table}");
    let words: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words[0][..3], ["PID", "NAME", "APP"]);
    assert_eq!(words[1][..4], ["4242", "curl", "curl", "3999999999"]);
    assert_eq!(words[1][8..10], ["98.0", "MiB"]);
    assert_eq!(words.last().unwrap()[1], "(unattributed)");
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let home = Home::new();
    let _daemon = home.start();
    assert!(run(&home.socket(), &["top", "--color", "always"]).stdout.contains("\x1b[1m"));
    assert!(!run(&home.socket(), &["top", "--color", "never"]).stdout.contains('\x1b'));
    assert!(!run(&home.socket(), &["top", "--no-header", "--color", "always"]).stdout.contains("APP"));
}

#[test]
fn json_carries_a_hostile_name_unharmed_and_harmless() {
    let home = Home::new();
    let _daemon = home.start();
    let run = run(&home.socket(), &["top", "--by", "pid", "--json", "--filter", "pid:200"]);
    assert!(!run.stdout.trim_end().chars().any(bwusage_proto::text::is_unsafe), "{:?}", run.stdout);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["rows"][0]["name"], HOSTILE_NAME);
}

#[test]
fn csv_has_the_names_of_json_and_no_formula() {
    let home = Home::new();
    let _daemon = home.start();
    let csv = run(&home.socket(), &["top", "--by", "pid", "--csv"]).stdout;
    let lines: Vec<&str> = csv.split("\r\n").collect();
    let report = json(&home.socket(), &["top", "--by", "pid", "--json"]);
    // The last one is of the whole answer.
    let names = lines[0].strip_suffix(",quality").unwrap();
    for name in names.split(',') {
        assert!(report["rows"][0].as_object().unwrap().contains_key(name), "{name}");
    }
    assert!(lines[1].ends_with(",recorded") && report["quality"] == "recorded", "{}", lines[1]);
    assert!(
        lines[1].starts_with("4242,curl,curl,3999999999,/usr/bin/curl,curl --flag,2026-11-1"),
        "{}",
        lines[1]
    );
    assert!(lines[4].starts_with(r#"200,"'=evil,\x1b[2J\u{202e}\x9btxt","#), "{}", lines[4]);
    let bare = run(&home.socket(), &["top", "--by", "pid", "-o", "csv", "--no-header"]).stdout;
    assert!(bare.starts_with("4242,"), "{bare}");
}
