use jiff::{Timestamp, tz::TimeZone};

use super::*;

const JSON: &str = r#"{"vnstatversion":"2.10","jsonversion":"2","interfaces":[{"name":"eth0","alias":"",
    "created":{"date":{"year":2025,"month":1,"day":1}},"traffic":{"total":{"rx":1,"tx":1},
    "fiveminute":[],"hour":[],
    "day":[{"id":1,"date":{"year":2025,"month":3,"day":1},"rx":100,"tx":10},
           {"id":2,"date":{"year":2025,"month":3,"day":2},"rx":200,"tx":20}],
    "month":[{"id":1,"date":{"year":2025,"month":2},"rx":1000,"tx":500},
             {"id":2,"date":{"year":2025,"month":3},"rx":350,"tx":30}],
    "year":[],"top":[]}}]}"#;

fn settings(dir: &Path) -> Settings {
    Settings {
        file: dir.join("h.sqlite3"),
        retention: super::super::Retention::default(),
        billing_day: 5,
        time_zone: Some(TimeZone::get("Europe/Berlin").unwrap()),
    }
}

fn write(dir: &Path, text: &str) -> PathBuf {
    let file = dir.join("vnstat.json");
    fs::write(&file, text).unwrap();
    file
}

fn stored(connection: &Connection, tier: &str) -> Vec<(i64, i64, i64)> {
    let mut read =
        connection.prepare(&format!("SELECT start, rx_bytes, tx_bytes FROM {tier} ORDER BY start")).unwrap();
    read.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

#[test]
fn days_are_local_days_and_a_month_has_what_its_days_do_not_once() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    let connection = fault::open(&settings.file).unwrap();
    let imported = vnstat(&settings, &write(dir.path(), JSON)).unwrap();
    let totals = Totals { days: 2, months: 2, rx_bytes: 1350, tx_bytes: 530 };
    assert_eq!(imported.interfaces, BTreeMap::from([("eth0".into(), totals)]));
    assert_eq!(
        stored(&connection, "days"),
        [(at("2025-02-28T23:00:00Z"), 100, 10), (at("2025-03-01T23:00:00Z"), 200, 20)]
    );
    assert_eq!(
        stored(&connection, "months"),
        [(at("2025-01-31T23:00:00Z"), 1000, 500), (at("2025-02-28T23:00:00Z"), 350, 30)]
    );
}

#[test]
fn what_is_imported_already_is_refused_and_not_added_again() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    let connection = fault::open(&settings.file).unwrap();
    let file = write(dir.path(), JSON);
    vnstat(&settings, &file).unwrap();
    let before = stored(&connection, "months");
    let error = vnstat(&settings, &file).unwrap_err().to_string();
    assert!(error.contains("eth0") && error.contains("2025-02-01") && error.contains("once"), "{error}");
    assert_eq!(stored(&connection, "months"), before);
}

#[test]
fn what_was_counted_here_is_not_imported_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    let connection = fault::open(&settings.file).unwrap();
    let cover = |begins: &str| {
        let values = params![[0_u8; 16], 1, at(begins), at(begins) + 60];
        connection.execute("INSERT OR REPLACE INTO covered VALUES(?1, ?2, ?3, ?4)", values).unwrap();
    };
    cover("2025-03-02T12:00:00Z");
    let imported = vnstat(&settings, &write(dir.path(), JSON)).unwrap();
    assert_eq!((imported.interfaces["eth0"].days, imported.left_out), (1, 1));

    let dir = tempfile::tempdir().unwrap();
    let settings = self::settings(dir.path());
    let connection = fault::open(&settings.file).unwrap();
    connection
        .execute("INSERT INTO covered VALUES(?1, 1, ?2, ?2)", params![[0_u8; 16], at("2020-01-01T00:00:00Z")])
        .unwrap();
    let error = vnstat(&settings, &write(dir.path(), JSON)).unwrap_err();
    assert!(matches!(error, ImportError::NothingOlder(_)), "{error}");
}

#[test]
fn the_kibibytes_of_version_1_are_bytes_here() {
    let text = r#"{"vnstatversion":"1.18","jsonversion":"1","interfaces":[{"id":"eth0","traffic":{
        "days":[{"id":0,"date":{"year":2019,"month":3,"day":1},"rx":2,"tx":1}]}}]}"#;
    let entries = read_json(text.as_bytes()).unwrap();
    assert_eq!((entries[0].rx_bytes, entries[0].tx_bytes, entries[0].is_month), (2048, 1024, false));
}

#[test]
fn a_database_of_vnstat_is_read_as_its_json_is() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("vnstat.db");
    let connection = Connection::open(&file).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE interface(id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
             CREATE TABLE day(id INTEGER PRIMARY KEY, interface INTEGER, date DATE NOT NULL, rx INTEGER NOT NULL, tx INTEGER NOT NULL);
             CREATE TABLE month(id INTEGER PRIMARY KEY, interface INTEGER, date DATE NOT NULL, rx INTEGER NOT NULL, tx INTEGER NOT NULL);
             INSERT INTO interface VALUES(1, 'eth0');
             INSERT INTO day VALUES(1, 1, '2025-03-01', 100, 10), (2, 1, '2025-03-02', 200, 20);
             INSERT INTO month VALUES(1, 1, '2025-02-01', 1000, 500), (2, 1, '2025-03-01', 350, 30);",
        )
        .unwrap();
    assert_eq!(read(&file).unwrap(), read_json(JSON.as_bytes()).unwrap());
}

#[test]
fn another_file_is_refused_with_words() {
    let dir = tempfile::tempdir().unwrap();
    let settings = settings(dir.path());
    for (text, word) in [("hello", "JSON"), (r#"{"jsonversion":"9","interfaces":[]}"#, "known are 1 and 2")] {
        let error = vnstat(&settings, &write(dir.path(), text)).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    let error = vnstat(&settings, &write(dir.path(), JSON)).unwrap_err().to_string();
    assert!(error.contains("start bwusaged once"), "{error}");
}
