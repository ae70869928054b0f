use crate::{
    daemon::Home,
    program::{json, run},
    recording::{CURL_PID, CURL_WIRE, ETH0_BEFORE, ETH0_RX, FIREFOX_RX, KERNEL_RX},
    schema::Schema,
};

#[test]
fn every_byte_of_every_interface_has_a_name() {
    let home = Home::new();
    let _daemon = home.start();
    let ledger = json(&home.socket(), &["ledger", "--json"]);
    Schema::of("ledger").check(&ledger);
    let [eth0, tun0] = &ledger["interfaces"].as_array().unwrap()[..] else { panic!("{ledger}") };
    let rx = &eth0["rx"];
    for (name, bytes) in [
        ("counter", ETH0_RX),
        ("processes", CURL_WIRE),
        ("kernel", KERNEL_RX),
        ("non_ip", 4_200),
        ("before_start", ETH0_BEFORE),
        ("no_socket", 0),
        ("unnamed", 0),
    ] {
        assert_eq!(rx[format!("{name}_bytes")], bytes, "{name} in {rx}");
    }
    assert_eq!((&ledger["summary"]["rx"], &ledger["missing"]), (rx, &serde_json::Value::Null));
    assert_eq!((&tun0["kind"], &tun0["rx"]["processes_bytes"]), (&"tunnel".into(), &FIREFOX_RX.into()));
    let carrier = &ledger["carriers"][0];
    assert_eq!((&carrier["interface"], &carrier["pid"]), (&"tun0".into(), &CURL_PID.into()));
}

#[test]
fn people_read_who_carries_a_tunnel_and_every_line() {
    let home = Home::new();
    let _daemon = home.start();
    let text = run(&home.socket(), &["ledger", "--exact"]).stdout;
    for expected in [
        "everything that leads out, since ",
        "eth0 (device), 99.99 % attributed to processes",
        "tun0 (tunnel), carried by curl (pid 4242), 100.00 % attributed to processes",
        "not IP",
        "5000000000",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    let one = run(&home.socket(), &["ledger", "--interface", "tun0"]).stdout;
    assert!(one.starts_with("tun0 (tunnel)") && !one.contains("eth0"), "{one}");
}

#[test]
fn an_interface_that_is_not_there_is_nothing_that_matched() {
    let home = Home::new();
    let _daemon = home.start();
    let run = run(&home.socket(), &["ledger", "--interface", "eth9"]);
    assert_eq!((run.exit_code, run.stdout.as_str()), (Some(6), ""));
    assert!(run.stderr.contains("no interface eth9"), "{}", run.stderr);
}

#[test]
fn a_spreadsheet_gets_a_line_for_each_reason() {
    let home = Home::new();
    let _daemon = home.start();
    let csv = run(&home.socket(), &["ledger", "--csv"]).stdout;
    assert!(csv.starts_with("interface,kind,direction,reason,bytes\r\neth0,device,rx,counter,"), "{csv}");
    assert!(csv.contains(&format!("\r\ntun0,tunnel,rx,processes,{FIREFOX_RX}\r\n")), "{csv}");
}
