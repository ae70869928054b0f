//! The unit that ships with `notify` starts what there is.

use std::{fs, path::Path};

use crate::program::run;

fn unit() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/bwusage-notify.service")).unwrap()
}

#[test]
fn the_unit_starts_a_command_that_exists() {
    let unit = unit();
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/bwusage-ctl ")).unwrap();
    let arguments: Vec<&str> = start.split(' ').collect();
    let checked = run(Path::new("/nonexistent"), &[&arguments[..], &["--help"]].concat());
    assert_eq!(checked.exit_code, Some(0), "{}", checked.stderr);
}

#[test]
fn a_stop_is_no_failure_of_the_unit_and_a_wrong_configuration_is_not_tried_for_ever() {
    // The numbers are exit statuses of the program: terminated, and wrong usage.
    for line in ["SuccessExitStatus=143", "RestartPreventExitStatus=2"] {
        assert!(unit().lines().any(|found| found == line), "{line}");
    }
}
