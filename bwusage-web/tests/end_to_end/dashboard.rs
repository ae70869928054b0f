//! What one can do with the page: look closer, further back, at one program, and be told.

use serde_json::json;

use crate::{
    devtools::{Browser, Page},
    page::{another_tick, names, open, pill_says, show, text},
    recording,
    servers::Servers,
};

const NETWORK: &str = "#network .u-over";

/// Chooses in a list as a person does.
fn choose(page: &mut Page, list: &str, value: &str) {
    page.value(&format!(
        "{{ const list = document.querySelector({list:?}); list.value = {value:?}; list.dispatchEvent(new Event('change')); }}"
    ));
}

fn is_visible(selector: &str) -> String {
    format!("document.querySelector({selector:?})?.checkVisibility()")
}

fn asked(page: &Page, words: &[&str]) -> bool {
    page.requests().iter().any(|url| words.iter().all(|word| url.contains(word)))
}

#[test]
fn a_theme_is_kept_and_is_there_before_anything_is_drawn() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    let ground = "getComputedStyle(document.body).backgroundColor";
    assert_eq!(page.value(ground), "rgb(11, 15, 21)");
    choose(&mut page, "#theme", "light");
    assert_eq!(page.value(ground), "rgb(244, 246, 249)");
    page.open(&format!("{}/?again#ledger", servers.origin()));
    assert_eq!(page.value("document.documentElement.dataset.theme"), "light");
    let before_everything = "document.querySelector('head > script').src.endsWith('theme.js') && !document.querySelector('head > script').defer";
    assert_eq!(page.value(before_everything), true, "the script that sets it is not waited for");
    assert_eq!(page.value("document.querySelector('#theme').value"), "light");
}

#[test]
fn a_page_says_how_often_it_wants_to_be_told() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    assert!(asked(&page, &["/stream?", "interval_ms=2000"]), "{:?}", page.requests());
    choose(&mut page, "#interval", "500");
    page.wait_until_asked(&["/stream?", "interval_ms=500"]);
    another_tick(&mut page);
    page.open(&format!("{}/?again", servers.origin()));
    page.wait_for(&pill_says("live"));
    assert_eq!(page.value("document.querySelector('#interval').value"), "500", "the browser remembers it");
}

#[test]
fn a_part_of_a_chart_is_looked_at_closer_in_every_chart_and_left_again() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    assert_eq!(page.value("document.querySelector('#zoom').checkVisibility()"), false);
    page.draw_over(NETWORK, 0.5, 0.9);
    page.wait_for(&is_visible("#zoom"));
    let length = "(() => { const parts = new URLSearchParams(location.hash.split('?')[1]); return parts.get('to') - parts.get('from'); })()";
    let length = page.value(length).as_f64().unwrap();
    assert!((40_000.0..56_000.0).contains(&length), "two fifths of two minutes: {length}");
    for card in ["network", "cpu", "memory", "disk"] {
        page.wait_for(&format!("/past \\d+ s/.test(document.querySelector('#{card} .chart').ariaLabel)"));
    }
    page.double_click("#cpu .u-over");
    page.wait_for("!document.querySelector('#zoom').checkVisibility()");
    assert_eq!(page.value("location.hash"), "#programs");
    page.value("history.back()");
    page.wait_for(&is_visible("#zoom"));
    page.press("0");
    page.wait_for("!document.querySelector('#zoom').checkVisibility()");
}

#[test]
fn the_crosshair_is_at_the_same_moment_in_every_chart() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    another_tick(&mut page);
    page.point_at(NETWORK, 0.99);
    // In one look: two would see two ticks.
    let moments = page.wait_for(
        "/^\\d+:\\d+:\\d+ · ▼/.test(document.querySelector('#network .range').textContent)
            && [...document.querySelectorAll('.cards .range')].map((range) => range.textContent.slice(0, 8))",
    );
    let moments: Vec<String> = serde_json::from_value(moments).unwrap();
    assert_eq!(moments.len(), 4);
    assert!(moments.iter().all(|moment| *moment == moments[0]), "{moments:?}");
}

#[test]
fn a_longer_time_comes_from_the_history_and_is_in_the_address() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    assert!(!asked(&page, &["history?", "by=host"]));
    page.click("[data-range='6h']");
    page.wait_for("location.hash === '#programs?range=6h'");
    page.wait_for("document.querySelector('[data-range=\"6h\"]').ariaPressed === 'true'");
    page.wait_until_asked(&["history?by=host", "bucket=minute"]);
    page.press("]");
    page.wait_for("location.hash === '#programs?range=24h'");
    page.press("[");
    page.press("[");
    page.wait_for("location.hash === '#programs?range=1h'");
    assert_eq!(page.complaints(), [] as [&str; 0]);
}

#[test]
fn a_chart_is_also_a_table_of_numbers() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 390);
    another_tick(&mut page);
    page.click("#network .numbers");
    page.wait_for("document.querySelectorAll('#numbers tbody tr').length > 2");
    assert_eq!(text(&mut page, "#numbers thead tr"), "Timereceivedsent");
    page.press_escape();
    page.wait_for("!document.querySelector('#numbers').open");
    page.click("#network .icon[popovertarget]");
    page.wait_for(&is_visible("#why-network"));
}

#[test]
fn every_core_can_be_seen() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    page.click("#cores");
    page.wait_for("document.querySelectorAll('#cpu .cores li').length === 8");
    page.wait_for("document.querySelector('#cpu .cores').checkVisibility()");
    assert_eq!(page.value("document.querySelector('#cpu .chart').checkVisibility()"), false);
}

#[test]
fn whoever_used_the_network_most_can_be_looked_at_alone() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    let chip = "[...document.querySelectorAll('#strip-list button')].find((chip) => chip.firstChild.textContent === 'firefox')";
    page.wait_for(chip);
    page.value(&format!("{chip}.click()"));
    page.wait_for("document.querySelectorAll('#programs tbody tr').length === 1");
    assert_eq!(names(&mut page), [recording::TITLE]);
    assert_eq!(page.value("document.querySelector('#filter').value"), "app:\"firefox\"");
    page.wait_for(&format!("{chip}.ariaPressed === 'true'"));
    page.value(&format!("{chip}.click()"));
    page.wait_for("document.querySelectorAll('#programs tbody tr').length >= 11");
}

#[test]
fn how_the_table_looks_is_in_the_address() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = browser.page(1440, 900);
    page.open(&format!(
        "{}/#programs?by=pid&sort=-name&filter=firefox+%7C+nginx&columns=name+rx+container",
        servers.origin()
    ));
    page.wait_for("document.querySelectorAll('#programs tbody tr').length === 3");
    assert_eq!(names(&mut page), ["nginx", "firefox", "firefox"]);
    assert_eq!(text(&mut page, "#programs thead tr"), "NameContainer▼ rate");
    assert_eq!(page.value("document.querySelector('#filter').value"), "firefox | nginx");
    page.click("#programs th.name button");
    page.wait_for("location.hash.includes('sort=name&')");
    page.value("document.querySelector('#columns-list input[value=cpu]').click()");
    page.wait_for("document.querySelector('#programs thead tr').textContent === 'NameContainer▼ rateCPU'");
    page.wait_for("location.hash.includes('columns=name+container+rx+cpu')");
    show(&mut page, "ledger");
    show(&mut page, "programs");
    page.wait_for("location.hash.includes('columns=name+container+rx+cpu')");
    assert_eq!(page.complaints(), [] as [&str; 0]);
}

#[test]
fn columns_go_where_there_is_no_room_and_names_stay() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 390);
    assert_eq!(text(&mut page, "#programs thead tr"), "Name▼ rate▲ rateCPU");
    page.resize(1440, 900);
    page.wait_for("document.querySelectorAll('#programs th').length === 13");
    let width = page.value("document.querySelector('#programs td.name').clientWidth");
    assert!(width.as_u64().unwrap() >= 190, "the name has {width} pixels");
}

#[test]
fn rows_have_a_small_chart_and_keep_the_focus_while_they_change() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    page.wait_for("/^M.+L/.test(document.querySelector('#programs td.graph path.rx').getAttribute('d'))");
    page.value("document.querySelector('#programs tbody tr:nth-child(4) a').focus()");
    page.value("window.focused = document.activeElement");
    page.value("scrollTo(0, 100)");
    another_tick(&mut page);
    another_tick(&mut page);
    let is_focused = "document.activeElement === window.focused && document.activeElement.tagName";
    assert_eq!(page.value(is_focused), "A");
    assert_eq!(page.value("scrollY"), 100);
    // From one end of the table to the other.
    for first in ["<img", "thunderbird"] {
        page.value("document.querySelector('#programs th.name button').click()");
        page.wait_for(&format!(
            "document.querySelector('#programs td.name .main').textContent.startsWith({first:?})"
        ));
        assert_eq!(page.value(is_focused), "A", "{first}");
    }
}

#[test]
fn a_program_is_shown_in_full_and_has_an_address() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 390);
    page.click("#programs a.main[href*=firefox]");
    page.wait_for(&format!(
        "document.querySelector('#drawer-title')?.textContent === {:?}",
        recording::TITLE
    ));
    page.wait_for("document.querySelectorAll('#drawer tbody tr').length >= 2");
    page.wait_for("document.querySelector('#drawer dl').textContent.includes('PID4242 4243')");
    assert_eq!(page.value("document.querySelectorAll('#drawer .u-over').length"), 4);
    assert_eq!(page.value("document.querySelector('#drawer').getBoundingClientRect().width"), 390);
    assert_eq!(page.value("document.querySelector('#drawer').scrollWidth"), 390);
    assert_eq!(page.value("document.querySelector('#drawer').contains(document.activeElement)"), true);
    let address = page.value("location.href");
    page.press_escape();
    // It says that it is closed a moment after it is.
    page.wait_for("!document.querySelector('#drawer').open && location.hash === '#programs'");

    let mut other = browser.page(1440, 900);
    other.open(address.as_str().unwrap());
    other.wait_for(&format!(
        "document.querySelector('#drawer[open] h2')?.textContent === {:?}",
        recording::TITLE
    ));
    other.wait_for("document.querySelector('#drawer .actions a:last-child').href.includes('rule=')");
    other.click("#drawer .actions a:last-child");
    other.wait_for("document.querySelector('.rule')?.value === 'app firefox: total > 1GB / day'");
    other.wait_for("!document.querySelector('#drawer').open");
    show(&mut other, "programs");
    assert_eq!(other.value("document.querySelector('#drawer').open"), false, "it is not come back to");
    assert_eq!(other.complaints(), [] as [&str; 0]);
}

#[test]
fn a_hostile_program_does_nothing_in_full_either() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    // Not with the mouse: rows change their places.
    page.value("document.querySelector('#programs a.main[href*=onerror]').click()");
    page.wait_for("document.querySelector('#drawer dl')?.textContent.includes('onerror')");
    page.wait_for("document.querySelector('#drawer tbody td')?.textContent.includes('onerror')");
    assert_eq!(page.value("typeof window.pwned"), "undefined");
    assert_eq!(page.value("document.querySelectorAll('main img, dialog img').length"), 0);
}

#[test]
fn a_rule_is_tried_while_it_is_typed_kept_and_told_of_when_it_fires() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    page.value(
        "window.shown = []; window.Notification = class extends EventTarget {
            static permission = 'default';
            static async requestPermission() { return this.permission = 'granted'; }
            constructor(title, { body }) { super(); window.shown.push(body); }
        }",
    );
    show(&mut page, "alerts");
    page.click("#notify");
    page.value("document.querySelector('.rule').focus()");
    page.type_text("rx > 1kB");
    page.wait_for("document.querySelector('.rule').ariaInvalid === 'true'");
    assert!(text(&mut page, "#trial").contains("/ 1d"), "what is missing is named");
    page.type_text(" / day");
    // What it would say now, and what of the past: also where nothing is known yet.
    page.wait_for(
        "/^(would|cannot tell) .* – (Since|The past) /.test(document.querySelector('#trial').textContent)",
    );
    page.click(".alert-form .primary");
    // First: it goes away after a while.
    page.wait_for("document.querySelector('#toasts p[data-kind=alert]')");
    page.wait_for("document.querySelector('.rules code')?.textContent === 'rx > 1kB / day'");
    page.wait_for("document.querySelector('.rules .badge').textContent === 'firing'");
    page.wait_for("document.querySelector('#bell-count').textContent === '1'");
    page.wait_for("document.querySelector('.log .badge')?.textContent === 'firing'");
    let shown = page.value("window.shown");
    assert!(shown[0].as_str().unwrap().contains("more than 1.00 kB"), "{shown}");
    assert_eq!(shown.as_array().unwrap().len(), 1);

    page.click("[data-what='enable 1']");
    page.wait_for("document.querySelector('.rules .badge').textContent === 'off'");
    page.wait_for("!document.querySelector('#bell-count').checkVisibility()");
    page.click("[data-what='edit 1']");
    page.wait_for("document.querySelector('.rule').value === 'rx > 1kB / day'");
    page.click("[data-what='remove 1']");
    assert_eq!(text(&mut page, "[data-what='remove 1']"), "Really?");
    page.click("[data-what='remove 1']");
    page.wait_for("!document.querySelector('.rules li')");
    assert_eq!(page.complaints().iter().filter(|said| !said.contains("400")).count(), 0);
}

#[test]
fn buttons_of_a_rule_stay_while_what_it_measures_changes() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    servers.send("POST", "/api/v1/alerts", &json!({ "rule": "rx > 1kB / day" }));
    show(&mut page, "alerts");
    page.wait_for("document.querySelector('.rules .badge')?.textContent === 'firing'");
    page.click("[data-what='remove 1']");
    page.value("window.measured = document.querySelector('.rules .words').textContent");
    page.wait_for("document.querySelector('.rules .words').textContent !== window.measured");
    assert_eq!(text(&mut page, "[data-what='remove 1']"), "Really?");
    page.click("[data-what='remove 1']");
    page.wait_for("!document.querySelector('.rules li')");
}

#[test]
fn nobody_is_notified_who_did_not_ask_for_it() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 390);
    page.value(
        "window.shown = []; window.Notification = class { static permission = 'granted'; constructor() { window.shown.push(this); } }",
    );
    page.value(
        "fetch('api/v1/alerts', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{\"rule\":\"rx > 1kB / day\"}' })",
    );
    page.wait_for("document.querySelector('#toasts p')");
    assert_eq!(page.value("window.shown.length"), 0);
}

#[test]
fn the_past_is_shown_in_bars_compared_and_taken_along() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    // What the daemon has counted so far is the last bar, as soon as it is stored; the others are gaps.
    show(&mut page, "history");
    page.wait_for("[...document.querySelectorAll('#history tbody td.name')].some((cell) => cell.textContent === 'firefox')");
    let columns = page.value("document.querySelectorAll('#history .column').length");
    assert!((30..=31).contains(&columns.as_u64().unwrap()), "{columns} days");
    let last = "#history .column:last-of-type";
    assert_eq!(page.value(&format!("document.querySelectorAll('{last} .unknown').length")), 0);
    assert_eq!(page.value("document.querySelectorAll('#history .column:first-of-type .unknown').length"), 1);
    choose(&mut page, "#history-bucket", "hour");
    page.wait_for("location.hash.includes('bucket=hour')");
    page.wait_for("document.querySelectorAll('#history .column').length <= 25");
    choose(&mut page, "#history-by", "user");
    page.wait_for("[...document.querySelectorAll('#history tbody td.name')].some((cell) => cell.textContent === 'root')");
    page.click("#history-compare");
    page.wait_for("document.querySelector('#history thead tr').textContent.endsWith('Change')");
    page.wait_for("document.querySelector('#history tbody td:last-child').textContent === 'new'");
    let csv = page.value("document.querySelector('#history-csv').href");
    assert!(csv.as_str().unwrap().contains("history.csv?bucket=hour&range=24h&by=user"), "{csv}");
    let said =
        page.value("fetch(document.querySelector('#history-csv').href).then((answer) => answer.text())");
    assert!(said.as_str().unwrap().contains("root"), "{said}");
    page.click("#history-numbers");
    page.wait_for("document.querySelectorAll('#numbers tbody tr').length >= 24");
    assert!(text(&mut page, "#numbers tbody").contains("not known"), "a gap is no zero");
    assert_eq!(page.complaints(), [] as [&str; 0]);
}

#[test]
fn the_table_can_be_taken_along_as_it_is() {
    let (servers, browser) = (Servers::start(), Browser::start());
    let mut page = open(&browser, &servers, 1440);
    page.press("/");
    page.type_text("nginx");
    page.wait_for("document.querySelectorAll('#programs tbody tr').length === 1");
    for (link, word) in [("#top-csv", "nginx"), ("#top-json", "\"bwusage.top/1\"")] {
        let said = page
            .value(&format!("fetch(document.querySelector('{link}').href).then((answer) => answer.text())"));
        let said = said.as_str().unwrap();
        assert!(said.contains(word) && !said.contains("postgres"), "{said}");
    }
}
