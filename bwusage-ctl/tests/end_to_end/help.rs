use std::path::Path;

use crate::program::{Run, run};

fn ask(arguments: &[&str]) -> Run {
    let run = run(Path::new("/nonexistent"), arguments);
    assert_eq!((run.exit_code, run.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    run
}

#[test]
fn every_exit_status_is_in_the_help() {
    let help = ask(&["--help"]).stdout;
    for status in [
        "0  done",
        "1  failed",
        "2  wrong usage",
        "3  daemon not reachable",
        "4  permission denied",
        "8  no answer",
    ] {
        assert!(help.contains(status), "{status}\n{help}");
    }
}

#[test]
fn every_shell_gets_its_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(ask(&["completions", shell]).stdout.contains("no-trunc"), "{shell}");
    }
}

#[test]
fn the_version_is_told() {
    assert_eq!(ask(&["--version"]).stdout, format!("bwusage-ctl {}\n", env!("CARGO_PKG_VERSION")));
}
