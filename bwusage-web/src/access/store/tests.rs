//! The database on its own: what is in force when, and what goes with what.

use super::*;
use crate::access::{
    role::{Role, Scope},
    secret::{Digest, Secret},
    session::{IDLE, LIFE},
    time::UnixMs,
};

const NOW: UnixMs = UnixMs(1_795_000_000_000);
const BY: Entry<'_> = Entry {
    at: NOW,
    actor: Some("root"),
    address: None,
    action: Action::UserAdded,
    subject: None,
    detail: None,
};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// An admin, an operator and a viewer.
fn store() -> Store {
    let store = Store::in_memory();
    for (user, role) in [("ann", Role::Admin), ("otto", Role::Operator), ("vera", Role::Viewer)] {
        store.add_user(&name(user), role, "hash", None, &BY).unwrap();
    }
    store
}

fn begin(store: &Store, user: &str) -> Digest {
    store.log_in(user, None, Visit::default(), NOW).unwrap().digest()
}

fn is_in(store: &Store, session: Digest) -> bool {
    store.session(session, NOW).unwrap().is_some()
}

#[test]
fn names_are_the_same_in_any_case_and_a_second_one_is_refused() {
    let store = store();
    assert_eq!(store.user("VERA").unwrap().unwrap().name, "vera");
    let twice = store.add_user(&name("Vera"), Role::Admin, "hash", None, &BY);
    assert!(matches!(twice, Err(StoreError::NameTaken)));
}

#[test]
fn what_could_act_on_a_page_a_log_or_a_shell_is_no_name() {
    for text in ["", "-rf", ".hidden", "a b", "a\n", "<script>", "a'--", "ä", "a\u{202e}b", &"x".repeat(65)]
    {
        assert!(text.parse::<Name>().is_err(), "{text:?}");
    }
    for text in ["a", "vera", "vera.k", "vera_k-2@example.org", &"x".repeat(64)] {
        assert!(text.parse::<Name>().is_ok(), "{text:?}");
    }
}

#[test]
fn a_session_ends_after_a_day_without_a_request() {
    let store = store();
    let session = begin(&store, "vera");
    let mut now = NOW;
    for _ in 0..3 {
        now = UnixMs(now.after(IDLE).0 - 1);
        assert!(store.session(session, now).unwrap().is_some(), "each request puts it off");
    }
    assert!(store.session(session, now.after(IDLE)).unwrap().is_none());
}

#[test]
fn a_session_ends_after_two_weeks_whatever_happens() {
    let store = store();
    let session = begin(&store, "vera");
    let (mut now, end) = (NOW, NOW.after(LIFE));
    while now < end {
        assert!(store.session(session, now).unwrap().is_some());
        now = now.after(IDLE / 2);
    }
    assert!(store.session(session, now).unwrap().is_none());
}

#[test]
fn a_login_ends_the_session_that_the_browser_had_before() {
    let store = store();
    let before = begin(&store, "vera");
    let after = store.log_in("otto", Some(before), Visit::default(), NOW).unwrap().digest();
    assert!(!is_in(&store, before) && is_in(&store, after));
}

#[test]
fn a_planted_secret_is_never_taken_over() {
    let store = store();
    let planted = Secret::random::<32>("");
    let got = store.log_in("vera", Some(planted.digest()), Visit::default(), NOW).unwrap();
    assert_ne!(got.reveal(), planted.reveal());
    assert!(!is_in(&store, planted.digest()));
}

#[test]
fn a_change_of_role_ends_every_session_of_that_user_alone() {
    let store = store();
    let (veras, ottos) = (begin(&store, "vera"), begin(&store, "otto"));
    store.set_role("vera", Role::Operator, &BY).unwrap();
    assert!(!is_in(&store, veras) && is_in(&store, ottos));
}

#[test]
fn a_new_password_ends_every_session_but_the_one_that_asked() {
    let store = store();
    let (one, other) = (begin(&store, "vera"), begin(&store, "vera"));
    store.set_password("vera", "new", Some(one), &BY).unwrap();
    assert!(is_in(&store, one) && !is_in(&store, other));
    store.set_password("vera", "newer", None, &BY).unwrap();
    assert!(!is_in(&store, one));
}

#[test]
fn logging_out_ends_one_session_and_everywhere_all() {
    let store = store();
    let sessions = [begin(&store, "vera"), begin(&store, "vera"), begin(&store, "vera")];
    store.log_out(sessions[0], false, None, NOW).unwrap();
    assert_eq!(sessions.map(|session| is_in(&store, session)), [false, true, true]);
    store.log_out(sessions[1], true, None, NOW).unwrap();
    assert_eq!(sessions.map(|session| is_in(&store, session)), [false; 3]);
}

#[test]
fn a_user_has_so_many_sessions_and_the_oldest_goes() {
    let store = store();
    let first = begin(&store, "vera");
    let others: Vec<_> = (1..=32)
        .map(|n| store.log_in("vera", None, Visit::default(), UnixMs(NOW.0 + n)).unwrap().digest())
        .collect();
    assert!(!is_in(&store, first) && others.into_iter().all(|session| is_in(&store, session)));
}

#[test]
fn with_a_user_go_sessions_and_tokens_and_the_log_stays() {
    let store = store();
    let session = begin(&store, "vera");
    let token = store.make_token("vera", "t", Scope::Read, None, &BY).unwrap().digest();
    store.remove_user("vera", &BY).unwrap();
    assert!(!is_in(&store, session) && store.token(token, NOW).unwrap().is_none());
    assert!(store.audit(None, 100).unwrap().iter().any(|line| line.subject.as_deref() == Some("vera")));
}

#[test]
fn the_only_admin_can_neither_be_removed_nor_made_less() {
    let store = store();
    let refused = |result| matches!(result, Err(StoreError::LastAdmin));
    assert!(refused(store.remove_user("ann", &BY)) && refused(store.set_role("ann", Role::Viewer, &BY)));
    assert!(store.users().unwrap().iter().any(|user| user.name == "ann" && user.role == Role::Admin));
    store.set_role("vera", Role::Admin, &BY).unwrap();
    store.remove_user("ann", &BY).unwrap();
}

#[test]
fn a_token_is_good_until_it_expires_or_is_removed() {
    let store = store();
    let day = std::time::Duration::from_hours(24);
    let token = store.make_token("ann", "t", Scope::Metrics, Some(day), &BY).unwrap();
    assert!(token.reveal().starts_with("bwu_"));
    let found = |now| store.token(token.digest(), now).unwrap().map(|token| token.scope);
    assert_eq!(found(UnixMs(NOW.0 + 86_399_999)), Some(Scope::Metrics));
    assert_eq!(found(NOW.after(day)), None);
    let line = &store.tokens().unwrap()[0];
    assert_eq!(line.used_at_unix_ms, Some(UnixMs(NOW.0 + 86_399_999)));
    store.remove_token(line.id, &BY).unwrap();
    assert_eq!(found(NOW), None);
    assert!(matches!(store.remove_token(1, &BY), Err(StoreError::NoEntry)));
}

#[test]
fn no_secret_is_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Folder::resolve(Some(folder.path().to_owned()))).unwrap();
    store.add_user(&name("ann"), Role::Admin, "hash", None, &BY).unwrap();
    let session = store.log_in("ann", None, Visit::default(), NOW).unwrap();
    let token = store.make_token("ann", "t", Scope::Read, None, &BY).unwrap();
    store.read().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let file = std::fs::read(folder.path().join(FILE)).unwrap();
    let holds = |text: &str| file.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("ann"), "the names are there");
    assert!(!holds(session.reveal()) && !holds(token.reveal()) && !holds(&token.reveal()[4..]));
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_file_and_one_that_others_can_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let state = Folder::resolve(Some(folder.path().to_owned()));
    drop(Store::open(&state).unwrap());
    let path = folder.path().join(FILE);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(Store::open(&state), Err(StoreError::Create { .. })));
}

#[test]
fn a_file_of_another_program_or_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let state = Folder::resolve(Some(folder.path().to_owned()));
    drop(Store::open(&state).unwrap());
    drop(Store::open(&state).unwrap());
    let change = |sql| {
        let connection = Connection::open(folder.path().join(FILE)).unwrap();
        connection.execute_batch(sql).unwrap();
        let error = Store::open(&state).unwrap_err();
        std::error::Error::source(&error).unwrap().to_string()
    };
    assert!(change("PRAGMA user_version = 2").contains("newer bwusage-web"));
    assert!(change("PRAGMA application_id = 1").contains("another program"));
}

#[test]
fn a_line_of_the_log_holds_no_escape_and_is_of_bounded_length() {
    let store = store();
    let hostile = format!("\u{1b}[2J\n<script>\u{202e}{}", "x".repeat(1 << 20));
    let entry = Entry { subject: Some(&hostile), detail: Some(&hostile), ..BY };
    store.note(&entry).unwrap();
    let line = &store.audit(None, 1).unwrap()[0];
    for text in [line.subject.as_deref().unwrap(), line.detail.as_deref().unwrap()] {
        assert!(text.starts_with("\\x1b[2J\\x0a<script>\\u{202e}xxx") && text.len() < 200, "{text}");
        assert!(!text.chars().any(bwusage_proto::text::is_unsafe), "{text}");
    }
}

#[test]
fn the_log_keeps_the_newest_lines_and_is_read_page_by_page() {
    let store = Store::in_memory();
    for _ in 0..10_050 {
        store.note(&BY).unwrap();
    }
    let count: i64 = store.read().query_row("SELECT count(*) FROM audit", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 10_000);
    let first = store.audit(None, 100).unwrap();
    let second = store.audit(first.last().map(|line| line.id), 100).unwrap();
    assert_eq!((first[0].id, second[0].id), (10_050, 9_950));
}

#[test]
fn the_first_admin_is_made_once() {
    let store = Store::in_memory();
    assert!(!store.has_users().unwrap());
    let session = store.set_up(&name("ann"), "hash", Visit::default(), NOW).unwrap();
    assert_eq!(store.session(session.digest(), NOW).unwrap().unwrap().role, Role::Admin);
    let again = store.set_up(&name("eve"), "hash", Visit::default(), NOW);
    assert!(matches!(again, Err(StoreError::NameTaken)));
    assert_eq!(store.users().unwrap().len(), 1);
}
