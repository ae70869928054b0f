//! The page's files, part of the program: no file is read at run time, and no other server is asked.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::Write as _,
    iter::once,
    sync::LazyLock,
};

use axum::{
    body::Bytes,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use flate2::{Compression, write::GzEncoder};

use crate::html;

mod lean;

/// The media type of pages.
pub(crate) const HTML: &str = "text/html; charset=utf-8";
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
    "login.html": HTML,
    "password.html": HTML,
    "setup.html": HTML,
    "style.css": CSS,
    "parts.css": CSS,
    "icon.svg": SVG,
    "address.js": SCRIPT,
    "admin.css": CSS,
    "admin.js": SCRIPT,
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
    "login.css": CSS,
    "login.js": SCRIPT,
    "memory.js": SCRIPT,
    "numbers.js": SCRIPT,
    "password.js": SCRIPT,
    "past.js": SCRIPT,
    "plain.css": CSS,
    "popovers.js": SCRIPT,
    "processes.js": SCRIPT,
    "query.js": SCRIPT,
    "range-picker.js": SCRIPT,
    "ranges.js": SCRIPT,
    "rule-form.js": SCRIPT,
    "rule-words.js": SCRIPT,
    "send.js": SCRIPT,
    "series.js": SCRIPT,
    "session.js": SCRIPT,
    "settings.js": SCRIPT,
    "setup.js": SCRIPT,
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

/// A file as it goes out.
#[derive(Debug)]
struct Ready {
    /// It changes with the content, and so with every build that matters.
    tag: String,
    plain: Bytes,
    /// For nearly every browser. The page is opened often and compressed once.
    gzip: Bytes,
}

/// Every file as it goes out, in the order of [`ASSETS`].
static READY: LazyLock<Vec<Ready>> = LazyLock::new(|| ASSETS.iter().map(Ready::new).collect());

impl Ready {
    fn new(asset: &Asset) -> Self {
        let is_ours = !asset.path.starts_with("vendor/");
        let plain = match std::str::from_utf8(asset.bytes) {
            Ok(text) if is_ours && [SCRIPT, CSS, HTML].contains(&asset.media_type) => lean::lean(text).into(),
            _ => Bytes::from_static(asset.bytes),
        };
        let mut hasher = DefaultHasher::new();
        plain.hash(&mut hasher);
        let gzip = gzip(&plain);
        Self { tag: format!("\"{:016x}\"", hasher.finish()), plain, gzip }
    }
}

/// The encoder tries longer than at zlib's best, 9: it does so once, when the server starts.
const HARDEST: Compression = Compression::new(10);

/// `bytes`, compressed. Writing into memory does not fail.
fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), HARDEST);
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes everything").into()
}

/// `GET /`
pub(crate) fn page(headers: &HeaderMap) -> Response {
    serve(PAGE, headers)
}

/// `GET /login`
pub(crate) async fn login_page(headers: HeaderMap) -> Response {
    serve("login.html", &headers)
}

/// The place in that page where it is said why somebody is not let in.
const LOGIN_MESSAGE: &str = "<p id=\"message\" role=\"alert\" hidden></p>";

/// That page for whoever has no scripts and was not let in: why, and what to do.
pub(crate) fn login_refusal(message: &str, hints: &[String]) -> String {
    let lines: Vec<_> = once(message)
        .chain(hints.iter().map(String::as_str))
        .map(|line| html::text(line).to_string())
        .collect();
    let told = format!("<p id=\"message\" role=\"alert\">{}</p>", lines.join("\n"));
    include_str!("../assets/login.html").replacen(LOGIN_MESSAGE, &told, 1)
}

/// `GET /setup`
pub(crate) async fn setup_page(headers: HeaderMap) -> Response {
    serve("setup.html", &headers)
}

/// `GET /password`
pub(crate) async fn password_page(headers: HeaderMap) -> Response {
    serve("password.html", &headers)
}

/// `GET /assets/{*path}`
pub(crate) async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    serve(&path, &headers)
}

fn serve(path: &str, request: &HeaderMap) -> Response {
    let Some(index) = ASSETS.iter().position(|asset| asset.path == path) else {
        return (StatusCode::NOT_FOUND, "no such file\n").into_response();
    };
    let (asset, ready) = (&ASSETS[index], &READY[index]);
    let tag = ready.tag.as_str();
    // Kept by the browser, but asked for each time: a new version of the program is seen at once.
    let cache = [
        (header::ETAG, tag),
        (header::CACHE_CONTROL, "no-cache"),
        (header::VARY, header::ACCEPT_ENCODING.as_str()),
    ];
    if lists(request, &header::IF_NONE_MATCH, |known| known.trim_start_matches("W/") == tag) {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    let media_type = [(header::CONTENT_TYPE, asset.media_type)];
    if lists(request, &header::ACCEPT_ENCODING, |coding| coding == "gzip" || coding == "*") {
        let coding = [(header::CONTENT_ENCODING, "gzip")];
        return (cache, media_type, coding, ready.gzip.clone()).into_response();
    }
    (cache, media_type, ready.plain.clone()).into_response()
}

/// Whether a header that is a list has an entry that fits. One with a weight fits nothing: browsers give none.
fn lists(request: &HeaderMap, name: &header::HeaderName, fits: impl Fn(&str) -> bool) -> bool {
    let values = request.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|entry| fits(entry.trim()))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fmt::Write as _};

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

    /// The files that a browser loads before anybody clicks: those that the page names, and what they import.
    fn loaded_at_once() -> BTreeSet<&'static str> {
        let mut loaded = BTreeSet::from([PAGE]);
        let named = text(PAGE).split('"').filter_map(|word| word.strip_prefix("assets/"));
        let mut waiting: Vec<&'static str> = named.collect();
        while let Some(path) = waiting.pop() {
            let is_script = path.rsplit_once('.').is_some_and(|(_, kind)| kind == "js");
            if loaded.insert(path) && is_script && !path.starts_with("vendor/") {
                let imports = text(path).lines().filter_map(|line| line.split_once(" from \"./"));
                waiting.extend(imports.map(|(_, rest)| rest.trim_end_matches("\";")));
            }
        }
        loaded
    }

    fn compressed_bytes(fits: impl Fn(&str) -> bool) -> usize {
        let files = ASSETS.iter().zip(&*READY).filter(|(asset, _)| fits(asset.path));
        files.map(|(_, ready)| ready.gzip.len()).sum()
    }

    #[test]
    fn the_page_is_small_and_what_it_loads_later_is_not_much() {
        let at_once = loaded_at_once();
        assert!(at_once.contains("chart.js") && !at_once.contains("alerts-page.js"), "{at_once:?}");
        let bytes = compressed_bytes(|path| at_once.contains(path));
        assert!(bytes <= 60 * 1024, "the page is {bytes} bytes, compressed");
        let all = compressed_bytes(|_| true);
        assert!(all <= 100 * 1024, "everything there is has {all} bytes, compressed");
    }

    #[test]
    fn whoever_is_not_let_in_is_told_why_on_the_page_of_the_login() {
        let page = login_refusal("the <password> is wrong", &["try \"again\"".into()]);
        assert!(page.contains(
            "<p id=\"message\" role=\"alert\">the &lt;password&gt; is wrong\ntry &quot;again&quot;</p>"
        ));
        assert!(page.contains("<form method=\"post\">") && !page.contains(LOGIN_MESSAGE), "{page}");
    }

    #[test]
    fn what_goes_out_compressed_is_what_goes_out_plain() {
        for ready in &*READY {
            let mut plain = Vec::new();
            std::io::copy(&mut flate2::read::GzDecoder::new(&*ready.gzip), &mut plain).unwrap();
            assert_eq!(plain, ready.plain);
        }
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
    fn scripts_import_only_files_that_exist() {
        for asset in ASSETS.iter().filter(|asset| asset.media_type == SCRIPT && !asset.path.contains('/')) {
            let imports = ["from \"./", "import(\"./"].map(|start| text(asset.path).split(start).skip(1));
            for rest in imports.into_iter().flatten() {
                let imported = rest.split('"').next().unwrap();
                assert!(
                    ASSETS.iter().any(|asset| asset.path == imported),
                    "{} imports {imported}",
                    asset.path
                );
            }
        }
    }

    #[test]
    fn every_page_names_only_files_that_exist_and_holds_nothing_inline() {
        let pages = ASSETS.iter().filter(|asset| asset.media_type == HTML).map(|asset| text(asset.path));
        for page in pages {
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
}
