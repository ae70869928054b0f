use std::fs;

use super::*;
use crate::notify::sample::notice;

fn parsed(text: &str) -> Result<Vec<Destination>, String> {
    parse(text, Path::new("notify.toml")).map_err(|error| error.to_string())
}

#[test]
fn the_example_is_right_and_so_is_all_that_it_leaves_out() {
    let names = |text: &str| parsed(text).unwrap().into_iter().map(|one| one.name).collect::<Vec<_>>();
    assert_eq!(names(EXAMPLE), ["desktop"]);
    let is_left_out = |rest: &&str| rest.contains(" = ") || rest.starts_with('[');
    let all = EXAMPLE.lines().map(|line| line.strip_prefix("# ").filter(is_left_out).unwrap_or(line));
    let everything = all.collect::<Vec<_>>().join("\n");
    assert_eq!(names(&everything), ["desktop", "webhook ops", "command log"]);
}

#[test]
fn mistakes_say_where_and_what_to_write() {
    for (text, expected) in [
        ("[webhook.ops]\nurl = 'example.org'", "[webhook.ops] url must begin with https:// or http://"),
        ("[webhook.ops]\nurl = 'ftp://example.org'", "[webhook.ops] url must begin"),
        ("[webhook.ops]\nurl = 'https://me:secret@example.org/'", "put a token into headers"),
        (
            "[webhook.ops]\nurl = 'https://h/'\nheaders = { 'a b' = 'c' }",
            "\"a b\" cannot be the name of a header",
        ),
        ("[webhook.ops]\nurl = 'https://h/'\nheaders = { x = \"a\\nb\" }", "the value of header x holds"),
        ("[webhook.ops]\nurl = 'https://h/'\ntimeout_s = 0", "timeout_s must be from 1 to 300"),
        ("[command.log]\nargv = []", "[command.log] argv must name a program"),
        ("[command.log]\nargv = ['logger']", "argv must begin with the whole path of a program"),
        ("[desktop]\nstates = []", "states must name firing, resolved or both"),
        ("[desktop]\nstates = ['pending']", "unknown variant `pending`"),
        ("[desktop]\nsound = true", "unknown field `sound`"),
        ("[mail]\nto = 'x'", "unknown field `mail`"),
    ] {
        let error = parsed(text).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_secret_does_not_get_into_a_message() {
    for text in [
        "[webhook.ops]\nurl = 'https://me:s3cret@example.org/'",
        "[webhook.ops]\nurl = 'https://h/'\nheaders = { x = \"s3cret\\n\" }",
    ] {
        let error = parsed(text).unwrap_err();
        assert!(!error.contains("s3cret"), "{error}");
    }
    let Way::Webhook(webhook) =
        &parsed("[webhook.ops]\nurl = 'https://example.org/s3cret?token=s3cret'").unwrap()[0].way
    else {
        panic!("it is a webhook")
    };
    assert_eq!(webhook.host(), "https://example.org");
}

#[test]
fn everybody_is_told_what_they_want_to_be_told() {
    let told =
        |section: &str, notice: &Notice| parsed(&format!("[desktop]\n{section}")).unwrap()[0].wants(notice);
    let critical = notice(1);
    let info = Notice { severity: Severity::Info, ..notice(1) };
    let over = Notice { kind: EventKind::Resolved, ..notice(1) };
    assert!(told("", &critical) && told("", &info) && told("", &over));
    assert!(told("states = ['firing']", &critical) && !told("states = ['firing']", &over));
    assert!(told("severity = 'warning'", &critical) && !told("severity = 'warning'", &info));
    assert!(told("rules = [2, 3]", &critical) && !told("rules = [2]", &critical));
}

#[test]
fn without_a_file_it_is_the_desktop_and_a_file_that_was_asked_for_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("notify.toml");
    assert_eq!(load(None, Some(&missing)).unwrap()[0].name, "desktop");
    assert_eq!(load(None, None).unwrap()[0].name, "desktop");
    assert!(matches!(load(Some(&missing), None), Err(ConfigError::Read { .. })));
    fs::write(&missing, "# nobody\n").unwrap();
    assert!(matches!(load(None, Some(&missing)), Err(ConfigError::Nobody { .. })));
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify.toml");
    fs::write(&path, EXAMPLE).unwrap();
    for (mode, is_good) in [(0o600, true), (0o644, true), (0o664, false), (0o602, false)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let loaded = load(Some(&path), None);
        assert_eq!(loaded.is_ok(), is_good, "{mode:o}");
        if let Err(error) = loaded {
            assert!(error.hint().starts_with("keep others out:   chmod go-w "), "{}", error.hint());
        }
    }
}
