//! The schema that `bwusage-ctl schema` prints.

use std::path::Path;

use serde_json::Value;

use crate::program::run;

#[path = "../support/schema.rs"]
mod checker;
pub(crate) use checker::Schema;

impl Schema {
    /// The schema of `answer`.
    pub(crate) fn of(answer: &str) -> Self {
        let run = run(Path::new("/nonexistent"), &["schema", answer]);
        assert_eq!(run.exit_code, Some(0), "{}", run.stderr);
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        Self::new(document.clone(), document)
    }
}

#[test]
fn the_checker_refuses_what_is_missing_wrong_or_not_described() {
    let schema = Schema::of("error");
    let good = || serde_json::json!({"schema": "bwusage.error/1", "code": "x", "exit_code": 3, "message": "m", "hint": null});
    assert!(schema.errors(&good()).is_ok());
    for (name, value) in
        [("hint", None), ("exit_code", Some(Value::from("3"))), ("extra", Some(Value::from(1)))]
    {
        let mut bad = good();
        match value {
            Some(value) => bad[name] = value,
            None => drop(bad.as_object_mut().unwrap().remove(name)),
        }
        assert!(schema.errors(&bad).is_err(), "{bad}");
    }
}
