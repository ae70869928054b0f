//! The page says how wire bytes come about, and what became of every way of counting.

use crate::{
    devtools::{Browser, Page},
    page::{open, text},
    servers::Servers,
};

fn assert_fits(page: &mut Page, width: u32) {
    let widths = page.value("[document.documentElement.scrollWidth, document.documentElement.clientWidth]");
    assert_eq!(widths[0], widths[1], "in a page that is {width} wide");
}

#[test]
fn computed_bytes_are_marked_and_a_ledger_that_cannot_be_says_what_it_would_take() {
    let (servers, browser) = (Servers::start_computing(), Browser::start());
    for width in [390, 1440] {
        let mut page = open(&browser, &servers, width);
        assert_eq!(text(&mut page, "#quality"), "computed");
        assert!(page.value("document.querySelector('#quality').title").to_string().contains("own counters"));
        let head = "#programs th[data-sort=rx] button";
        assert_eq!(text(&mut page, head), "▼ ~rate");
        let hint = page.value(&format!("document.querySelector({head:?}).title")).to_string();
        assert!(hint.contains("Sort by receiving now – computed: "), "{hint}");
        assert_fits(&mut page, width);

        page.click("nav a[href='#connections']");
        page.wait_for("document.querySelectorAll('#connections tbody tr').length === 2");
        assert_eq!(text(&mut page, "#connections th[data-sort=tx] button"), "▲ ~bytes");

        page.click("nav a[href='#ledger']");
        page.wait_for("!document.querySelector('#ledger-note').hidden");
        let note = text(&mut page, "#ledger-note");
        assert!(note.starts_with("There is no ledger: ") && note.contains("--counting exact"), "{note}");
        assert_fits(&mut page, width);
        assert_eq!(page.complaints(), [] as [&str; 0]);
    }
}

#[test]
fn every_way_of_counting_is_explained_and_the_kernels_words_do_nothing() {
    let (servers, browser) = (Servers::start(), Browser::start());
    for width in [390, 1440] {
        let mut page = open(&browser, &servers, width);
        assert_eq!(
            text(&mut page, "#programs th[data-sort=rx] button"),
            "▼ rate",
            "a recording of counted packets"
        );
        assert_eq!(text(&mut page, "#quality"), "recorded");
        page.click("#quality a");
        page.wait_for("document.querySelector('#rungs li')?.checkVisibility()");
        let rungs = page.value("[...document.querySelectorAll('#rungs li')].map((rung) => rung.textContent)");
        let rungs: Vec<String> = serde_json::from_value(rungs).unwrap();
        assert!(
            rungs[0].starts_with("tracepointsrefused, exact") && rungs[0].contains("boot another kernel"),
            "{rungs:?}"
        );
        assert!(rungs[0].contains("<img src=x onerror='window.pwned=1'>\\u{202e}gnp\\x0a"), "{rungs:?}");
        assert!(
            rungs[1].starts_with("fentryin use") && rungs[2].contains("a better one counts"),
            "{rungs:?}"
        );
        assert_eq!(text(&mut page, "#hooks li .name"), "tp_btf/x");
        assert_eq!(text(&mut page, "#blind-spots li .about"), "what came before");
        assert_eq!(page.value("typeof window.pwned"), "undefined");
        assert_eq!(page.value("document.querySelectorAll('main img').length"), 0);
        assert_fits(&mut page, width);
        assert_eq!(page.complaints(), [] as [&str; 0]);
    }
}

#[test]
fn a_filter_for_connections_is_refused_where_rows_are_programs() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    page.press("/");
    page.type_text("port:443");
    page.wait_for("document.querySelector('#filter').ariaInvalid === 'true'");
    let said = "port: filters connections, not processes: look among the connections";
    page.wait_for(&format!("document.querySelector('#filter-error').textContent === {said:?}"));
    assert!(page.value("document.querySelectorAll('#programs tbody tr').length").as_u64().unwrap() >= 11);
}
