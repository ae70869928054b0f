use serde_json::{Value, json};

use super::*;
use crate::{
    message::Retired,
    mirror::Process,
    process::{Category, Container, ProcessId, UserId},
    snapshot::{Coverage, HostInfo, ProcessInfo, Residual, Resources, RowId},
    table::{Query, table},
    users::Users,
};

fn counters(scope: Scope, rx_wire: u64, rx_payload: u64) -> Counters {
    let mut counters = Counters::default();
    counters[scope].wire.rx_bytes = rx_wire;
    counters[scope].wire.rx_packets = 3;
    counters[scope].payload.rx_bytes = rx_payload;
    counters
}

fn mirror() -> Mirror {
    let process = Process {
        info: ProcessInfo {
            id: Some(ProcessId::new(4242, 1)),
            name: "curl".into(),
            app: "curl".into(),
            exe: Some("/usr/bin/curl".into()),
            user: Some(UserId::Uid(1000)),
            started_at_unix_ms: Some(1_000),
            unit: Some("cron.service".into()),
            container: Some(Container { runtime: "lxc".into(), id: "web".into(), name: Some("web".into()) }),
            parent: Some(17),
            title: Some("Transfer".into()),
            category: Some(Category::Background),
            first_traffic_at_unix_ms: Some(1_500),
            ..ProcessInfo::unknown(RowId(1))
        },
        counters: counters(Scope::Internet, 1_040, 1_000),
        rates: Rates { rx_bytes_per_s: 7, tx_bytes_per_s: 8 },
        resources: Some(Resources { cpu_centipercent: Some(840), rss_bytes: 4096, ..Resources::default() }),
        exited_at_unix_ms: None,
    };
    let residual = |reason, rx| Residual {
        reason,
        counters: counters(Scope::Lan, rx, 0),
        rates: Rates { rx_bytes_per_s: rx, tx_bytes_per_s: 0 },
    };
    let retired = Retired {
        app: "wget".into(),
        user: None,
        unit: None,
        container: None,
        category: None,
        processes: 2,
        first_traffic_at_unix_ms: None,
        counters: counters(Scope::Lan, 50, 40),
    };
    Mirror {
        host: HostInfo { hostname: "web01".into(), boot_id: Some("b00t".into()), ..HostInfo::default() },
        coverage: Coverage { quality: "computed".into(), ..Coverage::default() },
        taken_at_unix_ms: 2_500,
        started_at_unix_ms: 500,
        window_ms: 1_000,
        processes: [(RowId(1), process)].into(),
        residuals: vec![residual(ResidualReason::KernelTcp, 5), residual(ResidualReason::KernelIcmp, 6)],
        retired: [(retired.key(), retired)].into(),
        ..Mirror::default()
    }
}

fn report(by: Grouping) -> Value {
    let mirror = mirror();
    let users = Users::from_iter([(UserId::Uid(1000), "alice")]);
    let table = table(&mirror, &users, &Query { by, limit: Some(1), ..Query::default() });
    serde_json::to_value(TopReport::new(&mirror, &table, by, "1.2.3")).unwrap()
}

const NOTHING: fn() -> Value = || json!({"rx_bytes_total": 0, "tx_bytes_total": 0, "rx_payload_bytes_total": 0, "tx_payload_bytes_total": 0});

#[test]
fn a_process_is_reported_under_the_names_of_the_schema() {
    let row = json!({
        "pid": 4242, "name": "curl", "app": "curl", "user": "alice", "exe": "/usr/bin/curl", "command_line": null,
        "started_at": "1970-01-01T00:00:01.000Z", "exited_at": null,
        "unit": "cron.service", "container": {"runtime": "lxc", "id": "web", "name": "web"},
        "title": "Transfer", "category": "background", "first_seen_at": "1970-01-01T00:00:01.500Z",
        "parents": [{"pid": 17, "name": null}],
        "rx_bytes_per_s": 7, "tx_bytes_per_s": 8,
        "rx_bytes_total": 1040, "tx_bytes_total": 0, "rx_payload_bytes_total": 1000, "tx_payload_bytes_total": 0,
        "rx_packets_total": 3, "tx_packets_total": 0,
        "cpu_percent": 8.4, "rss_bytes": 4096, "disk_read_bytes_per_s": null, "disk_write_bytes_per_s": null,
        "scopes": {
            "loopback": NOTHING(), "lan": NOTHING(),
            "internet": {"rx_bytes_total": 1040, "tx_bytes_total": 0, "rx_payload_bytes_total": 1000, "tx_payload_bytes_total": 0},
        },
    });
    let expected = json!({
        "schema": "bwusage.top/1", "host": "web01", "daemon_version": "1.2.3", "quality": "computed", "boot_id": "b00t",
        "taken_at": "1970-01-01T00:00:02.500Z", "started_at": "1970-01-01T00:00:00.500Z", "window_ms": 1000, "by": "pid",
        "rows": [row],
        "unattributed": {
            "rx_bytes_per_s": 11, "tx_bytes_per_s": 0, "rx_bytes_total": 11, "tx_bytes_total": 0,
            "by_reason": [
                {"reason": "kernel_tcp", "rx_bytes_per_s": 5, "tx_bytes_per_s": 0, "rx_bytes_total": 5, "tx_bytes_total": 0},
                {"reason": "kernel_icmp", "rx_bytes_per_s": 6, "tx_bytes_per_s": 0, "rx_bytes_total": 6, "tx_bytes_total": 0},
            ],
        },
        "retired": {"processes": 2, "rx_bytes_total": 50, "tx_bytes_total": 0, "rx_payload_bytes_total": 40, "tx_payload_bytes_total": 0},
        "truncated": false,
    });
    assert_eq!(report(Grouping::Process), expected);
}

#[test]
fn an_application_names_its_processes_and_holds_those_that_were_given_up() {
    let report = report(Grouping::App);
    let row = report["rows"][0].as_object().unwrap();
    let identity: Vec<_> = row.keys().filter(|key| !key.contains("bytes") && !key.contains("_t")).collect();
    assert_eq!(
        (&report["by"], &report["retired"], &report["truncated"]),
        (&json!("app"), &Value::Null, &json!(true))
    );
    for (name, value) in [
        ("app", json!("curl")),
        ("pids", json!([4242])),
        ("users", json!(["alice"])),
        ("processes", json!(1)),
    ] {
        assert_eq!(row[name], value, "{identity:?}");
    }
    assert!(!row.contains_key("pid") && !row.contains_key("command_line"));
}

#[test]
fn a_row_of_many_is_named_under_its_kind_and_null_where_it_is_no_unit_and_no_container() {
    let first = |by| report(by)["rows"][0].clone();
    assert_eq!(first(Grouping::User)["user"], "alice");
    assert_eq!(first(Grouping::Unit)["unit"], "cron.service");
    assert_eq!(first(Grouping::Container)["container"]["name"], "web");
    assert_eq!(first(Grouping::Category)["category"], "background");
    let app = first(Grouping::App);
    assert_eq!((&app["category"], &app["title"]), (&json!("background"), &json!("Transfer")));
    assert_eq!(app["first_seen_at"], "1970-01-01T00:00:01.500Z");
    let mirror = Mirror { processes: [].into(), ..mirror() };
    for by in [Grouping::User, Grouping::Unit, Grouping::Container, Grouping::Category] {
        let table = table(&mirror, &Users::default(), &Query { by, ..Query::default() });
        let report = serde_json::to_value(TopReport::new(&mirror, &table, by, "1.2.3")).unwrap();
        assert_eq!(report["rows"][0].get(by.name()), Some(&Value::Null), "{report}");
        assert_eq!((&report["rows"][0]["processes"], &report["retired"]), (&json!(2), &Value::Null));
    }
}
