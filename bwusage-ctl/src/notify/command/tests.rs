use super::*;

#[test]
fn a_program_is_named_by_its_whole_path() {
    let argv = |argv: &[&str]| {
        let argv: Vec<String> = argv.iter().map(|&argument| argument.to_owned()).collect();
        Command::new(&argv, Duration::from_secs(1)).map(drop)
    };
    assert_eq!(argv(&[]), Err(ArgvError::Empty));
    assert_eq!(argv(&["logger", "-t"]), Err(ArgvError::NotAbsolute));
    let here = std::env::current_exe().unwrap();
    assert_eq!(argv(&[here.to_str().unwrap()]), Ok(()));
}

#[cfg(unix)]
mod unix {
    use std::fs;

    use bwusage_proto::notify::Obstacle as _;

    use super::*;
    use crate::notify::{
        sample::{HOSTILE_NAME, notice},
        undelivered::TRY_AGAIN,
    };

    /// Runs a script of the user's own; its arguments are fixed, as in the configuration.
    fn run(script: &str, folder: &std::path::Path, timeout: Duration) -> Result<(), Undelivered> {
        let argv = ["/bin/sh", "-c", script, "sh", folder.to_str().unwrap()].map(str::to_owned);
        let command = Command::new(&argv, timeout).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(command.deliver(&notice(7)))
    }

    const LONG: Duration = Duration::from_mins(1);

    #[test]
    fn the_event_is_on_standard_input_and_in_the_environment_and_never_an_argument() {
        let folder = tempfile::tempdir().unwrap();
        let script = "cd \"$1\" && cat > json && printf %s \"$BWUSAGE_SUBJECT\" > subject && echo $# > count";
        run(script, folder.path(), LONG).unwrap();
        let written = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        let event: serde_json::Value = serde_json::from_str(&written("json")).unwrap();
        assert_eq!(event["subject"], HOSTILE_NAME);
        assert_eq!(written("subject"), bwusage_proto::text::escape(HOSTILE_NAME));
        assert_eq!(written("count"), "1\n", "only what the user wrote");
    }

    #[test]
    fn a_name_is_no_word_for_a_shell() {
        let folder = tempfile::tempdir().unwrap();
        // Unquoted on purpose: the worst that a careless script does short of eval.
        run("cd \"$1\" && echo $BWUSAGE_TEXT > text", folder.path(), LONG).unwrap();
        let text = fs::read_to_string(folder.path().join("text")).unwrap();
        assert!(text.contains("$(id)`id`"), "nothing of it was run: {text}");
        assert_eq!(text.lines().count(), 1);
    }

    #[test]
    fn status_75_is_tried_again_and_any_other_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let outcome = |script: &str| run(script, folder.path(), LONG);
        assert!(outcome("exit 0").is_ok());
        assert!(outcome(&format!("exit {TRY_AGAIN}")).unwrap_err().is_transient());
        assert!(!outcome("exit 1").unwrap_err().is_transient());
        assert!(matches!(outcome("kill -9 $$").unwrap_err(), Undelivered::Signal { .. }));
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let script = "cd \"$1\" && echo $$ > pid && exec sleep 1000";
        let error = run(script, folder.path(), Duration::from_secs(1)).unwrap_err();
        assert!(matches!(error, Undelivered::TooLong { .. }), "{error:?}");
    }

    #[test]
    fn a_program_that_is_not_there_is_not_tried_again() {
        let command = Command::new(&["/nonexistent/program".into()], LONG).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let error = runtime.block_on(command.deliver(&notice(7))).unwrap_err();
        assert!(!error.is_transient() && error.hint().is_some(), "{error:?}");
        assert_eq!(error.to_string(), "cannot run /nonexistent/program");
    }
}
