//! The server without a browser.

use std::process::{Command, Output};

use serde_json::Value;

use crate::{recording, servers::Servers};

fn refused(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_bwusage-web")).args(arguments).output().unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    output
}

#[test]
fn the_daemons_status_and_table_come_through() {
    let servers = Servers::start();
    let status: Value = serde_json::from_str(&servers.get("/api/v1/status")).unwrap();
    assert_eq!(status["schema"], "bwusage.status/1");
    assert_eq!(status["coverage"]["quality"], "recorded");
    assert_eq!(status["socket"], servers.socket().to_str().unwrap());
    // Its own subscription, the one to alerts, and the question just asked.
    assert_eq!((&status["subscriptions"], &status["connections"]), (&1.into(), &3.into()));

    let ledger: Value = serde_json::from_str(&servers.get("/api/v1/ledger")).unwrap();
    assert_eq!(ledger["schema"], "bwusage.ledger/1");
    let eth0 = &ledger["interfaces"][0];
    assert_eq!((&eth0["interface"], &eth0["kind"]), (&recording::INTERFACE.into(), &"device".into()));
    assert_eq!(eth0["rx"]["non_ip_bytes"], recording::NOT_IP_BYTES);
    assert_eq!((&eth0["rx"]["unnamed_bytes"], &eth0["tx"]["unnamed_bytes"]), (&0.into(), &0.into()));

    let top: Value = serde_json::from_str(&servers.get("/api/v1/top?by=pid&sort=pid")).unwrap();
    assert_eq!((&top["host"], &top["rows"][0]["name"]), (&"workstation".into(), &"sshd".into()));
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    let output = refused(&["--listen", "0.0.0.0:8787"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("0.0.0.0 can be reached from other machines"), "{text}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn an_address_in_use_is_named_with_a_way_out() {
    let servers = Servers::start();
    let address = servers.origin().strip_prefix("http://").unwrap();
    let text = String::from_utf8(refused(&["--listen", address]).stderr).unwrap();
    assert!(text.contains(&format!("cannot listen on {address}")) && text.contains("--listen"), "{text}");
    assert!(!text.contains("backtrace") && !text.contains("panicked"), "{text}");
}
