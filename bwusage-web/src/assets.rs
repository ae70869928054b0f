//! The page's files, part of the program: no file is read at run time, and no other server is asked.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::LazyLock,
};

use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// One file of the page.
#[derive(Debug)]
struct Asset {
    path: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

macro_rules! assets {
    ($($path:literal: $media_type:expr),+ $(,)?) => {
        &[$(Asset {
            path: $path,
            media_type: $media_type,
            bytes: include_bytes!(concat!("../assets/", $path)),
        }),+]
    };
}

/// The page itself.
const PAGE: &str = "index.html";

static ASSETS: &[Asset] = assets! {
    "index.html": HTML,
    "style.css": CSS,
    "parts.css": CSS,
    "icon.svg": SVG,
    "address.js": SCRIPT,
    "alert-bell.js": SCRIPT,
    "alerts-page.js": SCRIPT,
    "api.js": SCRIPT,
    "app.js": SCRIPT,
    "bars.js": SCRIPT,
    "cards.js": SCRIPT,
    "chart.js": SCRIPT,
    "colours.js": SCRIPT,
    "columns.js": SCRIPT,
    "connections.js": SCRIPT,
    "controls.js": SCRIPT,
    "dom.js": SCRIPT,
    "drawer.js": SCRIPT,
    "engine.js": SCRIPT,
    "format.js": SCRIPT,
    "grouping.js": SCRIPT,
    "history-page.js": SCRIPT,
    "ledger.js": SCRIPT,
    "memory.js": SCRIPT,
    "numbers.js": SCRIPT,
    "past.js": SCRIPT,
    "popovers.js": SCRIPT,
    "processes.js": SCRIPT,
    "query.js": SCRIPT,
    "range-picker.js": SCRIPT,
    "ranges.js": SCRIPT,
    "rule-form.js": SCRIPT,
    "series.js": SCRIPT,
    "session.js": SCRIPT,
    "settings.js": SCRIPT,
    "sparkline.js": SCRIPT,
    "stream.js": SCRIPT,
    "strip.js": SCRIPT,
    "table.js": SCRIPT,
    "theme.js": SCRIPT,
    "toasts.js": SCRIPT,
    "window.js": SCRIPT,
    "vendor/uPlot.iife.min.js": SCRIPT,
    "vendor/uPlot.min.css": CSS,
    "vendor/LICENSE.uPlot": "text/plain; charset=utf-8",
};

/// Every file's tag, in the order of [`ASSETS`]. It changes with the content, and so with every build that matters.
static TAGS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let tag = |asset: &Asset| {
        let mut hasher = DefaultHasher::new();
        asset.bytes.hash(&mut hasher);
        format!("\"{:016x}\"", hasher.finish())
    };
    ASSETS.iter().map(tag).collect()
});

/// `GET /`
pub(crate) async fn page(headers: HeaderMap) -> Response {
    serve(PAGE, &headers)
}

/// `GET /assets/{*path}`
pub(crate) async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    serve(&path, &headers)
}

fn serve(path: &str, request: &HeaderMap) -> Response {
    let Some(index) = ASSETS.iter().position(|asset| asset.path == path) else {
        return (StatusCode::NOT_FOUND, "no such file\n").into_response();
    };
    let (asset, tag) = (&ASSETS[index], TAGS[index].as_str());
    // Kept by the browser, but asked for each time: a new version of the program is seen at once.
    let cache = [(header::ETAG, tag), (header::CACHE_CONTROL, "no-cache")];
    let known = request.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    if known.flat_map(|tags| tags.split(',')).any(|known| known.trim().trim_start_matches("W/") == tag) {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    (cache, [(header::CONTENT_TYPE, asset.media_type)], asset.bytes).into_response()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use sha2::{Digest as _, Sha256};

    use super::*;

    fn text(path: &str) -> &'static str {
        let asset = ASSETS.iter().find(|asset| asset.path == path).unwrap();
        std::str::from_utf8(asset.bytes).unwrap()
    }

    #[test]
    fn the_vendored_files_are_the_published_ones() {
        let notes = include_str!("../assets/vendor/VENDOR.md");
        let vendored =
            ASSETS.iter().filter_map(|asset| Some((asset.path.strip_prefix("vendor/")?, asset.bytes)));
        let mut checked = 0;
        for (name, bytes) in vendored {
            let sum = Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
                write!(hex, "{byte:02x}").unwrap();
                hex
            });
            let line = notes.lines().find(|line| line.starts_with(&format!("| `{name}`"))).expect(name);
            assert!(line.contains(&sum), "{name} has SHA-256 {sum}, VENDOR.md says {line}");
            checked += 1;
        }
        assert_eq!(checked, 3);
    }

    #[test]
    fn our_own_files_never_write_markup_or_name_another_server() {
        for asset in ASSETS.iter().filter(|asset| !asset.path.starts_with("vendor/")) {
            let text = text(asset.path);
            for forbidden in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "https://"]
            {
                assert!(!text.contains(forbidden), "{} contains {forbidden}", asset.path);
            }
            let foreign =
                text.match_indices("http://").find(|(at, _)| !text[*at..].starts_with("http://www.w3.org/"));
            assert_eq!(foreign, None, "{}", asset.path);
        }
    }

    #[test]
    fn the_page_names_only_files_that_exist_and_holds_nothing_inline() {
        let page = text(PAGE);
        for attribute in ["src=\"", "href=\"assets/"] {
            for (at, _) in page.match_indices(attribute) {
                let path = page[at..].split('"').nth(1).unwrap();
                let path = path.strip_prefix("assets/").expect(path);
                assert!(ASSETS.iter().any(|asset| asset.path == path), "{path}");
            }
        }
        for forbidden in ["style=", "<style", "onclick", "onload", "<script>"] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
    }
}
