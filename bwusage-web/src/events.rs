//! What the page is told over its event stream, as the bytes that go out: pure, a [`Mirror`] in, frames out.
//!
//! | event | when | data |
//! |---|---|---|
//! | `hello` | first, and after every reconnect to the daemon | the machine, the versions, the interval, the coverage |
//! | `backfill` | after `hello`, and when this viewer missed ticks | columns of the rolling window |
//! | `tick` | every tick of the daemon | the machine now, and one more point of the window |
//! | `top` | after every `tick` | the process table as this viewer asked for it: the JSON of `/api/v1/top` |
//! | `alert` | a rule fired or ended | the event: the JSON of one line of `bwusage-ctl alerts log --ndjson` |
//! | `alerts_missed` | events of rules were given up | how many; `null` where nobody counted them |
//! | `down` | the daemon is away | why, what to do, when the next try is made |
//!
//! Every `tick` has the time of its point as its event id, so a browser that reconnects says from where it needs the
//! window. Keys carry their unit; what is not known is `null`.

use axum::body::Bytes;
use bwusage_proto::{
    client::ClientError,
    ledger::Reason,
    mirror::{Mirror, window_point},
    process::Category,
    quality::Estimate,
    report::{AlertEventReport, SummaryReport},
    snapshot::{Coverage, HostInfo, Interface, Memory, WindowPoint},
    table::Grouping,
    talk,
    version::PACKAGE_VERSION,
};
use serde::Serialize;

/// Opens a stream: tells the browser to come back after this long, and proves to proxies that something flows.
pub(crate) const CONNECTED: &[u8] = b"retry: 1000\n: connected\n\n";
/// Sent when nothing else was for a while, so that neither side nor a proxy takes the silence for an end.
pub(crate) const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// One event in the text form of an event stream.
///
/// JSON holds no raw line break, so no text that a process chose can end the event or begin another.
fn frame(event: &str, id: Option<u64>, json: &str) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("event: {event}\n{id}data: {json}\n\n").into()
}

/// `data` as JSON. The types of this module have only text keys and no writer that fails, so it always succeeds.
pub(crate) fn json(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("plain data with text keys")
}

#[derive(Serialize)]
struct Hello<'a> {
    schema: &'static str,
    server_version: &'static str,
    daemon_version: &'a str,
    host: &'a HostInfo,
    interval_ms: u32,
    window_points: usize,
    started_at_unix_ms: u64,
    coverage: &'a Coverage,
    /// What wire bytes are where they are not the count of each packet.
    estimate: Option<Estimate<'a>>,
    /// What [`crate::question`] takes as `by`.
    groupings: [&'static str; Grouping::ALL.len()],
    /// What it takes as `category`.
    categories: [&'static str; Category::ALL.len()],
    /// What [`crate::talk_question`] takes as `by`.
    connection_groupings: [&'static str; talk::Grouping::ALL.len()],
    /// Every reason of the ledger's lines, in the order in which they are shown.
    reasons: [ReasonName; Reason::ALL.len()],
}

#[derive(Serialize)]
struct ReasonName {
    name: &'static str,
    title: &'static str,
}

/// The machine and the daemon, once.
pub(crate) fn hello(mirror: &Mirror, daemon_version: &str) -> Bytes {
    let hello = Hello {
        schema: "bwusage.stream/1",
        server_version: PACKAGE_VERSION,
        daemon_version,
        host: &mirror.host,
        interval_ms: mirror.interval_ms,
        window_points: bwusage_proto::mirror::WINDOW_POINTS,
        started_at_unix_ms: mirror.started_at_unix_ms,
        coverage: &mirror.coverage,
        estimate: mirror.coverage.estimate(),
        groupings: Grouping::ALL.map(Grouping::name),
        categories: Category::ALL.map(Category::name),
        connection_groupings: talk::Grouping::ALL.map(talk::Grouping::name),
        reasons: Reason::ALL.map(|reason| ReasonName { name: reason.name(), title: reason.title() }),
    };
    frame("hello", None, &json(&hello))
}

#[derive(Default, Serialize)]
struct Columns {
    at_unix_ms: Vec<u64>,
    rx_bytes_per_s: Vec<Option<u64>>,
    tx_bytes_per_s: Vec<Option<u64>>,
    cpu_percent: Vec<Option<f64>>,
    memory_used_bytes: Vec<Option<u64>>,
    disk_read_bytes_per_s: Vec<Option<u64>>,
    disk_write_bytes_per_s: Vec<Option<u64>>,
}

/// Points of the rolling window, oldest first, a column each.
pub(crate) fn backfill<'a>(points: impl IntoIterator<Item = &'a WindowPoint>) -> Bytes {
    let mut columns = Columns::default();
    for point in points {
        columns.at_unix_ms.push(point.at_unix_ms);
        columns.rx_bytes_per_s.push(point.network.map(|rates| rates.rx_bytes_per_s));
        columns.tx_bytes_per_s.push(point.network.map(|rates| rates.tx_bytes_per_s));
        columns.cpu_percent.push(point.cpu_centipercent.map(percent));
        columns.memory_used_bytes.push(point.memory_used_bytes);
        columns.disk_read_bytes_per_s.push(point.disk_read_bytes_per_s);
        columns.disk_write_bytes_per_s.push(point.disk_write_bytes_per_s);
    }
    frame("backfill", None, &json(&columns))
}

#[derive(Serialize)]
struct Tick<'a> {
    seq: u64,
    window_ms: u32,
    at_unix_ms: u64,
    rx_bytes_per_s: Option<u64>,
    tx_bytes_per_s: Option<u64>,
    cpu_percent: Option<f64>,
    cores_percent: Vec<f64>,
    memory_used_bytes: Option<u64>,
    memory: Option<Memory>,
    disk_read_bytes_per_s: Option<u64>,
    disk_write_bytes_per_s: Option<u64>,
    interfaces: Vec<InterfaceRates<'a>>,
    load: Option<[f64; 3]>,
    uptime_ms: Option<u64>,
    process_count: Option<u32>,
    ledger: Option<SummaryReport<'a>>,
    fault: Option<&'a str>,
}

/// One interface that leads out, as it counts itself.
#[derive(Serialize)]
struct InterfaceRates<'a> {
    name: &'a str,
    rx_bytes_per_s: Option<u64>,
    tx_bytes_per_s: Option<u64>,
}

/// The machine at the last tick, and with it one point for every column of [`backfill`].
pub(crate) fn tick(mirror: &Mirror) -> Bytes {
    let sample = &mirror.sample;
    let point = window_point(mirror.taken_at_unix_ms, sample);
    let tick = Tick {
        seq: mirror.seq,
        window_ms: mirror.window_ms,
        at_unix_ms: point.at_unix_ms,
        rx_bytes_per_s: point.network.map(|rates| rates.rx_bytes_per_s),
        tx_bytes_per_s: point.network.map(|rates| rates.tx_bytes_per_s),
        cpu_percent: point.cpu_centipercent.map(percent),
        cores_percent: sample.core_centipercent.iter().copied().map(percent).collect(),
        memory_used_bytes: point.memory_used_bytes,
        memory: sample.memory,
        disk_read_bytes_per_s: point.disk_read_bytes_per_s,
        disk_write_bytes_per_s: point.disk_write_bytes_per_s,
        interfaces: sample.interfaces.iter().filter(|interface| !interface.loopback).map(interface).collect(),
        load: sample.load_centi.map(|load| load.map(percent)),
        uptime_ms: sample.uptime_ms,
        process_count: sample.process_count,
        ledger: mirror.ledger.as_ref().map(SummaryReport::new),
        fault: mirror.fault.as_deref(),
    };
    frame("tick", Some(point.at_unix_ms), &json(&tick))
}

fn interface(interface: &Interface) -> InterfaceRates<'_> {
    InterfaceRates {
        name: &interface.name,
        rx_bytes_per_s: interface.rates.map(|rates| rates.rx_bytes_per_s),
        tx_bytes_per_s: interface.rates.map(|rates| rates.tx_bytes_per_s),
    }
}

/// The process table, already JSON and shared with every viewer who asks the same: pieces of one event.
pub(crate) fn top(json: Bytes) -> [Bytes; 3] {
    [Bytes::from_static(b"event: top\ndata: "), json, Bytes::from_static(b"\n\n")]
}

/// Something happened to a rule.
pub(crate) fn alert(event: &AlertEventReport<'_>) -> Bytes {
    frame("alert", None, &json(event))
}

/// So many events of rules cannot be told any more; they are in the log.
pub(crate) fn alerts_missed(events: Option<u64>) -> Bytes {
    #[derive(Serialize)]
    struct Missed {
        events: Option<u64>,
    }
    frame("alerts_missed", None, &json(&Missed { events }))
}

/// The daemon is away: why, what to type, and when the next try is made.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Down {
    pub(crate) message: String,
    pub(crate) hints: Vec<String>,
    pub(crate) retry_in_ms: Option<u64>,
}

impl Down {
    /// Puts `error` into words.
    pub(crate) fn new(error: &ClientError, retry_in: std::time::Duration) -> Self {
        Self {
            message: error.to_string(),
            hints: error.hints(),
            retry_in_ms: u64::try_from(retry_in.as_millis()).ok(),
        }
    }
}

/// The daemon is away.
pub(crate) fn down(down: &Down) -> Bytes {
    frame("down", None, &json(down))
}

fn percent(hundredths: u32) -> f64 {
    f64::from(hundredths) / 100.0
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::sample;

    fn data(event: &Bytes) -> Value {
        let text = std::str::from_utf8(event).unwrap();
        serde_json::from_str(text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap()).unwrap()
    }

    #[test]
    fn a_tick_says_where_every_byte_of_the_interfaces_went() {
        let ledger = &data(&tick(&sample::mirror(1)))["ledger"];
        assert_eq!(ledger["attributed_percent"], 99.7);
        assert_eq!(
            (&ledger["rx"]["no_socket_bytes"], &ledger["tx"]["segmentation_bytes"]),
            (&6.into(), &(-22).into())
        );
        assert_eq!(
            (&ledger["tx"]["counter_bytes"], &ledger["tx"]["unnamed_bytes"]),
            (&600.into(), &0.into())
        );
    }

    #[test]
    fn a_tick_says_when_nothing_is_stored() {
        assert_eq!(data(&tick(&sample::mirror(1)))["fault"], Value::Null);
        let full = Mirror { fault: Some("the disk is full: make room".into()), ..sample::mirror(1) };
        assert_eq!(data(&tick(&full))["fault"], "the disk is full: make room");
    }

    #[test]
    fn without_a_ledger_a_tick_says_that_it_is_not_known() {
        let nothing = Mirror { ledger: None, ..sample::mirror(1) };
        assert_eq!(data(&tick(&nothing))["ledger"], Value::Null);
    }

    #[test]
    fn a_page_is_told_when_wire_bytes_are_an_estimate_and_how_they_come_about() {
        let mut mirror = sample::mirror(1);
        assert_eq!(data(&hello(&mirror, "1.2.3"))["estimate"], Value::Null);
        mirror.coverage.quality = "computed".into();
        let estimate = &data(&hello(&mirror, "1.2.3"))["estimate"];
        assert_eq!(estimate["word"], "computed");
        assert!(
            estimate["how"].as_str().is_some_and(|how| how.contains("sockets' own counters")),
            "{estimate}"
        );
        assert!(estimate["without_ledger"].as_str().is_some_and(|words| words.contains("--counting exact")));
    }

    #[test]
    fn a_page_is_offered_every_grouping_category_and_reason() {
        let hello = data(&hello(&sample::mirror(1), "1.2.3"));
        assert_eq!(hello["groupings"], json!(Grouping::ALL.map(Grouping::name)));
        assert_eq!(hello["categories"], json!(Category::ALL.map(Category::name)));
        assert_eq!(hello["connection_groupings"], json!(talk::Grouping::ALL.map(talk::Grouping::name)));
        assert_eq!(hello["reasons"][3], json!({"name": "no_socket", "title": "kernel, without a socket"}));
    }
}
