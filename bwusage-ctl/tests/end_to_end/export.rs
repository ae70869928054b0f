use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    daemon::Home,
    history::remembered,
    program::{Run, run},
    recording::CURL_WIRE,
    schema::Schema,
};

fn export(home: &Home, out: &Path, options: &[&str]) -> Run {
    run(&home.socket(), &[&["export", "--from", "-1h", "--out", out.to_str().unwrap()], options].concat())
}

#[test]
fn every_format_holds_what_the_daemon_remembers() {
    let home = Home::new();
    let _daemon = home.start();
    let whole = remembered(&home.socket());
    // Up to one moment: no minute ends between two files.
    let to = ["--by", "minute", "--to", whole["to_at"].as_str().unwrap()];
    let expected: u64 =
        whole["series"].as_array().unwrap().iter().map(|one| one["rx_bytes"].as_u64().unwrap()).sum();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    for name in ["a.csv", "a.ndjson", "a.sqlite"] {
        let done = export(&home, &file(name), &to);
        assert_eq!((done.exit_code, done.stdout.as_str(), done.stderr.as_str()), (Some(0), "", ""), "{name}");
    }
    let mut records = 0;
    let mut sum = 0;
    for line in fs::read_to_string(file("a.ndjson")).unwrap().lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        Schema::of("history-record").check(&record);
        sum += record["rx_bytes"].as_u64().unwrap_or(0);
        records += 1;
    }
    assert_eq!(sum, expected);
    let csv = fs::read_to_string(file("a.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1 + records);

    let database = rusqlite::Connection::open(file("a.sqlite")).unwrap();
    let number = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    for per in ["app", "user", "scope", "category"] {
        let sum = number(&format!("SELECT sum(rx_bytes) FROM usage WHERE per = '{per}'"));
        assert_eq!(u64::try_from(sum).unwrap(), expected, "{per}");
    }
    assert_eq!(
        number("SELECT sum(rx_bytes) FROM usage WHERE name = 'curl'"),
        i64::try_from(CURL_WIRE).unwrap()
    );
    let files: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files.len(), 3, "{files:?}");
}

#[test]
fn a_stream_goes_to_standard_output_and_a_file_is_kept() {
    let home = Home::new();
    let _daemon = home.start();
    remembered(&home.socket());
    let stream = export(&home, Path::new("-"), &["--format", "csv"]);
    assert_eq!((stream.exit_code, stream.stderr.as_str()), (Some(0), ""));
    assert!(
        stream.stdout.starts_with("start_at,end_at,") && stream.stdout.contains(",app,curl,"),
        "{}",
        stream.stdout
    );

    let folder = tempfile::tempdir().unwrap();
    let mine = folder.path().join("mine.csv");
    fs::write(&mine, "mine").unwrap();
    let kept = export(&home, &mine, &[]);
    assert_eq!(kept.exit_code, Some(1));
    assert!(kept.stderr.contains("is there already") && kept.stderr.contains("--force"), "{}", kept.stderr);
    assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
    assert_eq!(export(&home, &mine, &["--force"]).exit_code, Some(0));
    let written = fs::read_to_string(&mine).unwrap();
    // The daemon may have stored, and so covered, some more seconds before the file was written, or after it.
    let after = export(&home, Path::new("-"), &["--format", "csv"]).stdout;
    assert!(
        [&stream.stdout, &after].contains(&&written),
        "{written} is neither {} nor {after}",
        stream.stdout
    );
}

#[test]
fn what_cannot_be_written_is_said_before_anybody_is_asked() {
    let nowhere = Path::new("/nonexistent/bwusage.sock");
    for (arguments, expected) in [
        (&["--out", "file"][..], "say what to write: --format csv, ndjson or sqlite"),
        (&["--out", "-", "--format", "sqlite"], "a database cannot be written to standard output"),
        (&["--out", "a.csv", "--per", "app,user"], "CSV holds one kind of series"),
    ] {
        let wrong = run(nowhere, &[&["export"], arguments].concat());
        assert_eq!(wrong.exit_code, Some(2), "{arguments:?}: {}", wrong.stderr);
        assert!(wrong.stderr.contains(expected), "{arguments:?}: {}", wrong.stderr);
    }
}
