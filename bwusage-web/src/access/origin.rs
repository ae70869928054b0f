//! Whether a request that changes something was meant: made by our own page, not by another one in the same browser.
//!
//! The cookie is `SameSite=Strict` already. Beside that, every browser of today says with `Sec-Fetch-Site` whose page
//! asks, and a page of another site cannot send JSON without being asked first, which nobody here answers. Only the login
//! and the logout of a browser without scripts are forms: they, too, are taken from our own page only. Reading never
//! changes anything.

use axum::http::{HeaderMap, Method, header, uri::Authority};

use crate::failure::Failure;

/// Refuses a request with `method` and `headers` that changes something and does not come from our own page, as a form where
/// one is taken `as_form`, else as JSON.
pub(super) fn check(method: &Method, headers: &HeaderMap, as_form: bool) -> Result<(), Failure> {
    if method.is_safe() {
        return Ok(());
    }
    if !is_our_own(headers) {
        return Err(Failure::foreign_page());
    }
    match as_form {
        true if !is_of_type("application/x-www-form-urlencoded", headers) => Err(Failure::not_the_form()),
        false if !is_of_type("application/json", headers) => Err(Failure::not_json()),
        _ => Ok(()),
    }
}

fn is_our_own(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else { return false };
    let origin = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    let authority = |text: &str| text.parse::<Authority>().ok();
    origin.and_then(authority).is_some_and(|origin| Some(origin) == authority(host))
}

fn is_of_type(wanted: &str, headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|value| value.split(';').next()).map(str::trim);
    media_type.is_some_and(|media_type| media_type.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    const JSON: (&str, &str) = ("content-type", "application/json");
    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
    const HOST: (&str, &str) = ("host", "stats.example:8787");

    fn passes(method: &Method, headers: &[(&'static str, &'static str)]) -> bool {
        passes_as(false, method, headers)
    }

    fn passes_as(form: bool, method: &Method, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        check(method, &headers.collect(), form).is_ok()
    }

    #[test]
    fn our_own_page_may_change_something() {
        assert!(passes(&Method::POST, &[JSON, HOST, ("sec-fetch-site", "same-origin")]));
        assert!(passes(&Method::DELETE, &[JSON, HOST, ("origin", "https://stats.example:8787")]));
        let charset = ("content-type", "Application/JSON; charset=utf-8");
        assert!(passes(&Method::PATCH, &[charset, HOST, ("origin", "http://STATS.example:8787")]));
    }

    #[test]
    fn another_page_may_not_and_neither_may_nobody() {
        for foreign in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://stats.example:8787")],
            &[("origin", "https://evil.example")],
            &[("origin", "https://stats.example")],
            &[("origin", "https://stats.example:8787.evil.example")],
            &[("origin", "null")],
            &[],
        ] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert!(!passes(&method, &[&[JSON, HOST], foreign].concat()), "{method} {foreign:?}");
                let form = [&[FORM, HOST], foreign].concat();
                assert!(!passes_as(true, &method, &form), "{method} {foreign:?}");
            }
        }
    }

    #[test]
    fn what_a_form_can_send_changes_nothing() {
        for form in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json"] {
            let headers = [("content-type", form), HOST, ("sec-fetch-site", "same-origin")];
            assert!(!passes(&Method::POST, &headers), "{form}");
        }
        assert!(!passes(&Method::POST, &[HOST, ("sec-fetch-site", "same-origin")]));
    }

    #[test]
    fn where_a_form_is_taken_it_is_our_own_and_nothing_else_is_taken() {
        assert!(passes_as(true, &Method::POST, &[FORM, HOST, ("sec-fetch-site", "same-origin")]));
        assert!(passes_as(true, &Method::POST, &[FORM, HOST, ("origin", "http://stats.example:8787")]));
        for other in ["text/plain", "application/json", "multipart/form-data"] {
            let headers = [("content-type", other), HOST, ("sec-fetch-site", "same-origin")];
            assert!(!passes_as(true, &Method::POST, &headers), "{other}");
        }
    }

    #[test]
    fn reading_needs_neither() {
        assert!(passes(&Method::GET, &[]) && passes(&Method::HEAD, &[]));
    }
}
