use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdout, Stdio},
};

use serde_json::Value;

use crate::{
    daemon::Home,
    program::{ctl, run},
    recording::CURL_WIRE,
    schema::Schema,
};

/// `watch` into a pipe that we read. It is killed with the value.
struct Watch {
    child: Child,
    lines: BufReader<ChildStdout>,
    schema: Schema,
}

impl Watch {
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut command = ctl(&home.socket(), &[&["watch"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines, schema: Schema::of("watch") }
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        assert!(self.lines.read_line(&mut line).unwrap() > 0, "watch ended");
        let record = serde_json::from_str(&line).unwrap();
        self.schema.check(&record);
        record
    }

    /// The next record of another type than `kind`.
    fn next_but(&mut self, kind: &str) -> Value {
        loop {
            let record = self.next();
            if record["type"] != kind {
                return record;
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

#[test]
fn samples_follow_each_other_tick_by_tick() {
    let home = Home::new();
    let _daemon = home.start();
    let mut watch = Watch::start(&home, &["--by", "pid", "--interval", "100ms"]);
    let (first, second) = (watch.next(), watch.next());
    assert!(first["seq"].as_u64() < second["seq"].as_u64());
    assert_eq!(second["rows"][0]["rx_bytes_total"], CURL_WIRE);
    assert_eq!(second["restarted"], false);
}

#[test]
fn a_killed_daemon_is_a_gap_and_the_next_one_is_followed_by_itself() {
    let home = Home::new();
    let daemon = home.start();
    let mut watch = Watch::start(&home, &["--interval", "100ms"]);
    let sample = watch.next();
    drop(daemon);
    let gap = watch.next_but("sample");
    assert_eq!(gap["type"], "gap");
    assert!(gap["last_sample_at"].as_str() >= sample["taken_at"].as_str());

    let _daemon = home.start();
    let back = watch.next();
    assert_eq!(
        (&back["type"], &back["restarted"]),
        (&"sample".into(), &true.into()),
        "one gap, then samples"
    );
    assert_eq!(back["rows"][0]["rx_bytes_total"], CURL_WIRE);
    assert_eq!(watch.next()["restarted"], false);
}

#[test]
fn a_count_ends_the_stream_and_says_so() {
    let home = Home::new();
    let _daemon = home.start();
    let run = run(&home.socket(), &["watch", "--interval", "100ms", "--count", "2"]);
    let kinds: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|record| record["type"].clone())
        .collect();
    assert_eq!((run.exit_code, kinds), (Some(0), vec!["sample".into(), "sample".into(), "end".into()]));
}

#[test]
fn a_reader_that_goes_away_ends_it_without_a_word() {
    let home = Home::new();
    let _daemon = home.start();
    let mut command = ctl(&home.socket(), &["watch", "--interval", "100ms"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    lines.read_line(&mut String::new()).unwrap();
    drop(lines);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}
