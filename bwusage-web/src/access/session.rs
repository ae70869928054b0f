//! The cookie that holds a session, and how long a session lasts.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

use super::secret::Secret;

/// The cookie's name.
const COOKIE: &str = "bwusage_sid";
/// Random bytes in it: 256 bits, four times what the OWASP Session Management Cheat Sheet asks for.
const BYTES: usize = 32;
/// A longer cookie is none of ours.
const MAX_TEXT: usize = 64;
/// Without a request for so long, a session ends.
pub(crate) const IDLE: Duration = Duration::from_hours(24);
/// It ends after so long whatever happens.
pub(crate) const LIFE: Duration = Duration::from_hours(14 * 24);
/// A session is said to be seen again only after so long, so that not every request writes.
pub(crate) const SEEN_EVERY: Duration = Duration::from_mins(1);

/// A new session's secret.
pub(crate) fn secret() -> Secret {
    Secret::random::<BYTES>("")
}

/// The secret that a browser presents. Two cookies of this name are none: one of them was planted by somebody.
pub(crate) fn presented(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut ours = cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='));
    match (ours.next(), ours.next()) {
        (Some(secret), None) if secret.len() <= MAX_TEXT => Some(secret),
        _ => None,
    }
}

/// Hands `secret` to the browser, for requests below `path` alone; `secure` when they come by https.
pub(crate) fn set_cookie(secret: &Secret, path: &str, secure: bool) -> HeaderValue {
    cookie(secret.reveal(), path, LIFE, secure)
}

/// Takes it away from the browser.
pub(crate) fn clear_cookie(path: &str, secure: bool) -> HeaderValue {
    cookie("", path, Duration::ZERO, secure)
}

fn cookie(text: &str, path: &str, life: Duration, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let life_s = life.as_secs();
    let text = format!("{COOKIE}={text}; Path={path}; Max-Age={life_s}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::try_from(text).expect("base64 and a checked path are visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (header::COOKIE, HeaderValue::from_static(line))).collect()
    }

    #[test]
    fn the_cookie_is_for_this_server_and_not_for_scripts() {
        let secret = secret();
        let text =
            format!("bwusage_sid={}; Path=/bw/; Max-Age=1209600; HttpOnly; SameSite=Strict", secret.reveal());
        assert_eq!(set_cookie(&secret, "/bw/", false), text);
        assert_eq!(set_cookie(&secret, "/bw/", true), format!("{text}; Secure"));
    }

    #[test]
    fn what_was_set_is_read_among_the_cookies_of_others() {
        assert_eq!(presented(&cookies(&["a=1; bwusage_sid=abc; b=2"])), Some("abc"));
        assert_eq!(presented(&cookies(&["bwusage_sid_2=1", "bwusage_sid=abc"])), Some("abc"));
    }

    #[test]
    fn two_sessions_at_once_are_none_and_so_is_a_monster() {
        assert_eq!(presented(&cookies(&["bwusage_sid=planted; bwusage_sid=abc"])), None);
        assert_eq!(presented(&cookies(&["bwusage_sid=planted", "bwusage_sid=abc"])), None);
        let long = HeaderValue::try_from(format!("bwusage_sid={}", "x".repeat(65))).unwrap();
        assert_eq!(presented(&HeaderMap::from_iter([(header::COOKIE, long)])), None);
        assert_eq!(presented(&HeaderMap::new()), None);
    }
}
