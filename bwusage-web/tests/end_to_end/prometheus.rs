//! A real Prometheus collects the metrics of two machines, and the dashboard's questions have answers.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::servers::{Servers, answer};

/// Longer than any machine takes until something was collected often enough to have a speed.
const DEADLINE: Duration = Duration::from_mins(2);
/// Between two questions whether it is so.
const PAUSE: Duration = Duration::from_millis(100);

/// A Prometheus that ends with the test.
struct Prometheus {
    child: Child,
    origin: String,
    _folder: TempDir,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

impl Prometheus {
    /// Returns when it answers.
    fn scraping(machines: &[&Servers]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let targets: Vec<&str> =
            machines.iter().map(|machine| machine.origin().strip_prefix("http://").unwrap()).collect();
        let configuration = format!(
            "global:\n  scrape_interval: 1s\nrule_files: [\"{}\"]\nscrape_configs:\n  - job_name: bwusage\n    \
             static_configs:\n      - targets: {targets:?}\n",
            grafana("alerts.yml").display()
        );
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, configuration).unwrap();
        let mut child = Command::new(tool("prometheus"))
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .args(["--web.listen-address=127.0.0.1:0", "--log.format=json"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let (mut address, mut is_ready) = (None, false);
        while !(is_ready && address.is_some()) {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "prometheus ended before it was ready");
            let said: Value = serde_json::from_str(&line).unwrap_or_default();
            match said["msg"].as_str() {
                Some("Listening on") => address = said["address"].as_str().map(str::to_owned),
                Some("Server is ready to receive web requests.") => is_ready = true,
                _ => {}
            }
        }
        let origin = format!("http://{}", address.unwrap());
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { child, origin, _folder: folder }
    }

    /// What `expression` is now: a list of samples.
    fn query(&self, expression: &str) -> Vec<Value> {
        let encoded = expression.bytes().fold(String::new(), |mut encoded, byte| {
            write!(encoded, "%{byte:02x}").unwrap();
            encoded
        });
        let (head, body) = answer(&self.origin, &format!("/api/v1/query?query={encoded}"));
        let said: Value = serde_json::from_str(&body).unwrap_or_default();
        assert_eq!(said["status"], "success", "{expression}: {head}\n{body}");
        said["data"]["result"].as_array().unwrap().clone()
    }

    /// Waits until `expression` has so many samples.
    fn until(&self, expression: &str, samples: usize) -> Vec<Value> {
        let started = Instant::now();
        loop {
            let found = self.query(expression);
            if found.len() >= samples {
                return found;
            }
            assert!(started.elapsed() < DEADLINE, "{expression} has {} samples, not {samples}", found.len());
            std::thread::sleep(PAUSE);
        }
    }
}

/// Where a program of the Debian package is.
fn tool(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!("{name} is missing: sudo apt-get install --no-install-recommends prometheus")
    })
}

fn grafana(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("grafana").join(file)
}

/// Runs promtool, which must have nothing to say against `input`.
fn promtool(arguments: &[&str], input: &str) {
    let mut child = Command::new(tool("promtool"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "promtool {arguments:?}: {said}");
}

/// Every question of the dashboard, with everything chosen.
fn dashboard_questions() -> Vec<String> {
    let text = fs::read_to_string(grafana("dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets
        .map(|target| {
            let mut question = target["expr"].as_str().unwrap().to_owned();
            for (variable, value) in [
                ("$__rate_interval", "10s"),
                ("$__range", "10s"),
                ("$instance", ".*"),
                ("$app", ".*"),
                ("$user", ".*"),
                ("$scope", ".*"),
            ] {
                question = question.replace(variable, value);
            }
            assert!(!question.contains('$'), "{question}");
            question
        })
        .collect()
}

#[test]
fn the_metrics_and_the_rules_are_as_their_authors_want_them() {
    let servers = Servers::start();
    let (head, metrics) = answer(servers.origin(), "/metrics");
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    promtool(&["check", "metrics"], &metrics);
    promtool(&["check", "rules", grafana("alerts.yml").to_str().unwrap()], "");
}

#[test]
fn two_machines_are_watched_by_one_prometheus() {
    let machines = [Servers::start(), Servers::start_computing()];
    let prometheus = Prometheus::scraping(&[&machines[0], &machines[1]]);
    prometheus.until("up{job=\"bwusage\"} == 1", 2);
    prometheus.until("bwusage_up == 1", 2);
    for question in dashboard_questions() {
        prometheus.until(&question, 1);
    }
    let both = prometheus.until("sum by (instance) (rate(bwusage_app_wire_receive_bytes_total[10s])) > 0", 2);
    assert_eq!(both.len(), 2);
    // What applications moved is everything that users moved, and everything that units moved.
    let of = |label: &str| {
        let sum = format!("sum(bwusage_{label}_wire_receive_bytes_total)");
        prometheus.query(&sum)[0]["value"][1].as_str().unwrap().parse::<f64>().unwrap()
    };
    let (before, users, units, after) = (of("app"), of("user"), of("unit"), of("app"));
    assert!(before <= users && users <= after, "{before} {users} {after}");
    assert!(before <= units && units <= after, "{before} {units} {after}");
}

#[test]
fn a_daemon_that_is_away_is_told_and_not_a_failed_scrape() {
    let mut servers = Servers::start();
    servers.kill_daemon();
    assert!(servers.stream().any(|line| line == "event: down"));
    let (head, metrics) = answer(servers.origin(), "/metrics");
    assert!(head.contains(" 200 ok") && metrics.contains("bwusage_up 0\n"), "{head}\n{metrics}");
}
